// How this works: what is done, and the card of the model as it tells itself.

import { h } from "./elements.js";
import { get } from "./service.js";
import { digits } from "./units.js";

const STEPS = [
  ["A formula or a structure becomes numbers", "Composition statistics, symmetry, and for a structure how its ions could move. Text is read by a parser with limits; nothing is guessed."],
  ["Several models answer, and are blended", "Boosted trees, nearest measured materials, a kernel model and an ensemble of networks. Their weights were learned on papers and compositions that they had not seen."],
  ["Every number gets an interval", "Its width comes from errors on held-out papers: a 90 % interval held the measured value in about 90 % of those cases. It widens where the models disagree or the data are far."],
  ["Physics does the rest", "Conductivity at other temperatures by Arrhenius, diffusion by Nernst-Einstein, dendrite criteria from the moduli. None of it is fitted to dendrites."],
  ["You are told where the data end", "Each answer says in words whether measured materials reach that far, and names the five nearest with their DOI. Rely on a measurement before a prediction."],
];

export async function how() {
  const card = await get("/model");
  return h("article", { class: "answer how" },
    h("h2", {}, "How this works"),
    h("ol", { class: "steps" }, STEPS.map(([title, words]) => h("li", { class: "panel" }, h("h3", {}, title), h("p", {}, words)))),
    h("h2", {}, "The model that answers"),
    h("p", { class: "quiet" }, "As the service describes it at ", h("a", { href: "/model" }, "/model"), ". Errors are on held-out papers and compositions."),
    h("div", { class: "panel card-table" }, entry(card)));
}

// Whatever the card holds: objects as rows, lists as lists.
function entry(value) {
  if (Array.isArray(value)) {
    if (!value.length) return h("span", { class: "quiet" }, "none");
    if (value.every((each) => typeof each !== "object" || each === null)) return h("span", {}, value.map(plain).join(", "));
    return listOfObjects(value);
  }
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value);
    if (!pairs.length) return h("span", { class: "quiet" }, "none");
    return h("dl", {}, pairs.map(([name, each]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, entry(each))]));
  }
  return h("span", {}, plain(value));
}

function listOfObjects(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row ?? {})))].filter((name) => rows.some((row) => row?.[name] !== null && row?.[name] !== undefined));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" }, h("table", {},
    h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name.replaceAll("_", " "))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, names.map((name) => h("td", {}, typeof row?.[name] === "object" ? entry(row[name]) : plain(row?.[name]))))))));
}

function plain(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? value.toLocaleString("en") : digits(value);
  const text = String(value);
  return /^[0-9a-f]{40,}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}
