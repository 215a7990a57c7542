// The answer for a list: sent in blocks, shown as a table and a plot while it comes.

import { answer } from "./answer.js";
import { conditions } from "./conditions.js";
import { download, readList, writeCsv } from "./csv.js";
import { byId, formulaNodes, h, say, show } from "./elements.js";
import { knownMaterials } from "./materials.js";
import { pareto } from "./pareto.js";
import { post, Refused } from "./service.js";
import { asCurl, asPython, copyButton } from "./snippets.js";
import { queryOf } from "./state.js";
import { resultTable } from "./table.js";

const FIRST_BLOCK = 32; // soon something to see
const BLOCK = 256; // what the service accepts
const BLOCK_CHARACTERS = 1_500_000; // below the service's limit of a body
const LONGEST_CHARACTERS = 256_000; // of a structure, as the service accepts it
const TOO_LONG = {
  status: "error",
  error: { code: "invalid_material", message: "is longer than 256000 bytes, the most accepted", field: "cif" },
};
const BUSY_MS = 2_000;
const TRIES = 5;
const PROPERTIES = ["log10_conductivity_s_cm", "activation_energy_ev", "shear_modulus_gpa", "bulk_modulus_gpa", "dendrite_suppression_score"];

// Draws into ``place``; throws Error where the list cannot be read, or nothing of it was answered.
// Gives the function that draws it again, for other units, or null where it was stopped before the
// first answer or is no longer what ``isCurrent``.
export async function answerList(asked, place, signal, isCurrent) {
  const entries = readList(asked.list);
  const known = await knownMaterials();
  if (!isCurrent()) return null;
  const rows = [];
  let model = null;
  let why = null;
  progress(0, entries.length);
  show(byId("progress"), true);
  try {
    for (const block of blocks(entries)) {
      const sent = block.filter((entry) => !isTooLong(entry));
      const found = sent.length ? await patient(sent, asked, signal) : { predictions: [], model };
      model = found.model;
      const items = found.predictions.values();
      for (const entry of block) rows.push({ entry, item: isTooLong(entry) ? TOO_LONG : items.next().value });
      progress(rows.length, entries.length);
    }
  } catch (error) {
    if (!isCurrent()) return null;
    if (error.name !== "AbortError") {
      if (!rows.length) throw error;
      why = error.message;
    } else if (!rows.length) return null;
  } finally {
    if (isCurrent()) show(byId("progress"), false);
  }
  if (!isCurrent()) return null;
  const render = () => shown(rows, entries.length, why, model, known, asked, place);
  render();
  return render;
}

function* blocks(entries) {
  let block = [];
  let characters = 0;
  let most = FIRST_BLOCK;
  for (const entry of entries) {
    const length = isTooLong(entry) ? 0 : (entry.cif ?? entry.formula).length * 2 + 40;
    if (block.length && (block.length === most || characters + length > BLOCK_CHARACTERS)) {
      yield block;
      [block, characters, most] = [[], 0, BLOCK];
    }
    block.push(entry);
    characters += length;
  }
  if (block.length) yield block;
}

// One text fills a request of its own and more; the service would refuse the whole block for it.
function isTooLong(entry) {
  return (entry.cif ?? entry.formula).length > LONGEST_CHARACTERS;
}

// A busy service is asked again; it says 429.
async function patient(block, asked, signal) {
  const body = { materials: block.map(materialItem), ...conditions(asked, false) };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post("/predict", body, signal);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 429 || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS * attempt));
    }
  }
}

function materialItem(entry) {
  return entry.cif ? { structure: entry.cif, format: "cif" } : { formula: entry.formula };
}

function progress(done, all) {
  byId("progress-bar").max = all;
  byId("progress-bar").value = done;
  byId("progress-words").textContent = `${done} of ${all}`;
}

function shown(rows, all, why, model, known, asked, place) {
  const good = rows.filter(({ item }) => item.status === "ok");
  const bad = rows.length - good.length;
  const outside = good.filter(({ item }) => !item.in_domain).length;
  const openCard = (row) => detail(row, model, known, asked);
  const plot = pareto(good, asked, openCard);
  const body = { materials: rows.slice(0, BLOCK).map(({ entry }) => materialItem(entry)), ...conditions(asked, false) };
  const words = [`${good.length} answered`, bad ? `${bad} refused` : null, outside ? `${outside} outside the training data` : null, rows.length < all ? `stopped after ${rows.length} of ${all}${why ? `: ${why}` : ""}` : null].filter(Boolean).join(", ");
  place.replaceChildren(
    h("article", { class: "answer list-answer" },
      h("div", { class: "heading" },
        h("h2", {}, `${rows.length} materials`),
        h("p", { class: "chips" }, h("span", { class: "chip" }, words)),
        h("div", { class: "actions" },
          h("button", { type: "button", id: "download", onclick: () => download("frenkel.csv", asCsv(rows, model), "text/csv") }, "Download as CSV"),
          copyButton("Copy link", () => location.href),
          copyButton("Copy as curl", () => asCurl(body)),
          copyButton("Copy as Python", () => asPython(body)))),
      resultTable(rows, asked, openCard),
      plot ?? h("p", { class: "quiet" }, "There is nothing to plot: no material has both a conductivity and a dendrite score."),
      h("p", { class: "quiet model" }, model ? `Model ${model.version}. ` : "", rows.length > BLOCK ? `The copied commands ask for the first ${BLOCK}; for the whole list use: frenkel score IN OUT.` : "")));
  say(words);
}

function detail({ item, entry }, model, known, asked) {
  byId("detail-title").replaceChildren(`Row ${entry.line}: `, ...formulaNodes(item.formula));
  const alone = entry.formula ? h("p", {}, h("a", { href: `/?${queryOf({ ...asked, view: "material", formula: entry.formula, structure: null })}` }, "Open it alone, with its plots")) : null;
  byId("detail-body").replaceChildren(answer(item, model, known, asked, false), ...(alone ? [alone] : []));
  byId("detail").showModal();
  byId("detail").scrollTop = 0;
}

// The columns that ``frenkel score`` appends, with its names.
function asCsv(rows, model) {
  const ends = [["value", ""], ["lower", "_lower"], ["upper", "_upper"]];
  const head = ["line", "formula", "status", "error", "mobile_ion", ...PROPERTIES.flatMap((name) => ends.map(([, end]) => name + end)), "in_domain", "domain_reasons", "distance_percentile", "model_version"];
  const cells = rows.map(({ entry, item }) => {
    const start = [entry.line, item.formula ?? entry.formula ?? "", item.status];
    if (item.status === "error") return [...start, item.error.message, ...Array(head.length - 5).fill(null), model?.version ?? null];
    return [...start, null, item.mobile_ion, ...PROPERTIES.flatMap((name) => ends.map(([key]) => item[name]?.[key] ?? null)), item.in_domain ? "true" : "false", item.domain.reasons.join(" | "), item.domain.percentile, model.version];
  });
  return writeCsv(head, cells);
}

