// The answer for one material.

import { arrhenius } from "./arrhenius.js";
import { cards } from "./cards.js";
import { conditions, materialOf } from "./conditions.js";
import { dendrite } from "./dendrite.js";
import { figure, formulaNodes, h, link } from "./elements.js";
import { asCurl, asPython, copyButton } from "./snippets.js";
import { structure } from "./structure.js";
import { digits, energyText, energyUnit, fixed, sigmaText, sigmaUnit } from "./units.js";

const FEATURE_TARGETS = {
  log10_conductivity_s_cm: "log₁₀ conductivity (S/cm)",
  activation_energy_ev: "activation energy (eV)",
  log10_shear_modulus_gpa: "log₁₀ shear modulus (GPa)",
  log10_bulk_modulus_gpa: "log₁₀ bulk modulus (GPa)",
};

const SAME = 0.005; // steps; a formula that was rounded differs by less
const CHARGES = { Mg: "²⁺", Ca: "²⁺", Zn: "²⁺" };

// whole: with plots and the ways to copy the question; else the cards, for a dialog.
export function answer(item, model, known, asked, whole = true) {
  return h("article", { class: "answer", "data-formula": item.formula },
    heading(item, asked, whole),
    verdict(item),
    cards(item, known, asked),
    whole ? h("div", { class: "pair" }, structure(item, asked), arrhenius(item, asked), dendrite(item, asked)) : null,
    neighbours(item),
    whole ? h("div", { id: "contributions-place" }) : null,
    knownSources(known),
    h("p", { class: "quiet model" }, `Model ${model.version}, trained ${model.trained_at.slice(0, 10)}.`),
  );
}

function heading(item, asked, whole) {
  const body = { materials: [materialOf(asked)], ...conditions(asked), explain: true };
  return h("div", { class: "heading" },
    h("h2", { class: "formula" }, formulaNodes(item.formula)),
    h("p", { class: "chips" },
      h("span", { class: "chip" }, item.mobile_ion ? `mobile ion ${item.mobile_ion}${CHARGES[item.mobile_ion] ?? "⁺"}` : "no known mobile ion"),
      h("span", { class: `chip ${item.in_domain ? "inside" : "outside"}` }, item.in_domain ? "inside the training data" : "outside the training data")),
    whole ? h("div", { class: "actions" },
      copyButton("Copy link", () => location.href),
      copyButton("Copy as curl", () => asCurl(body)),
      copyButton("Copy as Python", () => asPython(body))) : null,
  );
}

function verdict(item) {
  const domain = item.domain;
  const error = domain.expected_error.log10_conductivity_s_cm;
  const first = item.measured.length ? item.notes.slice(0, 1) : []; // it says what was measured
  const shown = [...new Set([...first, ...domain.reasons])];
  const more = [...new Set([...item.notes, ...item.transport_notes])].filter((note) => !shown.includes(note));
  const nearest = domain.distance < SAME
    ? "A conductor of this composition has been measured."
    : `The nearest measured conductor is ${digits(domain.distance, 2)} steps away on the scale of elements; ${digits(domain.percentile, 2)} % of the measured ones have a nearer neighbour.`;
  const usual = error === null ? "" : ` Materials like this one are off by ${fixed(error, 1)} decades of conductivity on average.`;
  return h("section", { class: `panel verdict-panel ${item.in_domain ? "inside" : "outside"}`, id: "domain", "aria-labelledby": "domain-title" },
    h("h3", { id: "domain-title" }, item.in_domain ? "The data reach this far" : "The data do not reach this far"),
    h("p", {}, nearest, usual, item.in_domain ? "" : " Take the numbers as a guess."),
    shown.length ? h("ul", {}, shown.map((note) => h("li", {}, note))) : null,
    more.length ? h("details", {}, h("summary", {}, more.length === 1 ? "One more note" : `${more.length} more notes`), h("ul", {}, more.map((note) => h("li", {}, note)))) : null,
  );
}

function neighbours(item) {
  if (!item.neighbours.length) return null;
  const rows = item.neighbours.map((each) => h("tr", {},
    h("th", { scope: "row" }, formulaNodes(each.formula), each.same_composition ? h("span", { class: "chip small" }, "same") : null),
    h("td", { class: "numeric" }, each.bound === "<" ? "< " : "", sigmaText(each.log10_conductivity_s_cm)),
    h("td", { class: "numeric" }, each.temperature_c === null ? "–" : digits(each.temperature_c)),
    h("td", { class: "numeric" }, energyText(each.activation_energy_ev)),
    h("td", { class: "numeric" }, each.distance < SAME ? "0" : digits(each.distance, 2)),
    h("td", {}, each.doi ? link(each.doi) : "–")));
  const heads = ["material", `σ (${sigmaUnit()})`, "at (°C)", `Eₐ (${energyUnit()})`, "distance", "source"];
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Nearest measured materials" },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((words, at) => h("th", { scope: "col", class: at > 0 && at < 5 ? "numeric" : null }, words)))), h("tbody", {}, rows)));
  return figure("Nearest measured materials", table, "Measured, from the training data. The distance counts the steps that atoms are moved along a scale of elements in which neighbours replace each other readily; 0.3 is close.", { id: "neighbours" });
}

// Drawn when a second answer has come, which takes the prediction apart.
export function contributions(item) {
  const found = Object.entries(item.contributions ?? {}).filter(([, rows]) => rows.length);
  if (!found.length) return null;
  const largest = (rows) => Math.max(...rows.filter((each) => each.feature !== "base").map((each) => Math.abs(each.contribution)), 1e-9);
  const columns = found.map(([target, rows]) => {
    const base = rows.find((each) => each.feature === "base");
    const most = largest(rows);
    const listed = rows.filter((each) => each.feature !== "base");
    return h("div", { class: "contribution" },
      h("h4", {}, FEATURE_TARGETS[target] ?? target),
      h("ol", {}, listed.map((each) => {
        const bar = h("span", { class: `bar ${each.contribution < 0 ? "down" : "up"}` });
        bar.style.setProperty("--share", String(Math.abs(each.contribution) / most));
        const value = each.value === null ? "" : ` = ${digits(each.value)}`;
        return h("li", {}, h("span", { class: "feature" }, each.feature === "other" ? "all other features" : each.feature.replaceAll("_", " "), h("span", { class: "quiet" }, value)), h("span", { class: "bar-box", "aria-hidden": "true" }, bar), h("span", { class: "numeric" }, signed(each.contribution)));
      })),
      h("p", { class: "quiet" }, `Start: the mean prediction, ${fixed(base?.contribution ?? 0)}.`));
  });
  return figure("What contributed most", h("div", { class: "contributions" }, columns), "Exact tree SHAP values of the boosted trees, one of the models that are blended: what each feature adds to their mean prediction. They say what the trees use, not what causes conduction.", { id: "contributions" });
}

function signed(value) {
  return value > 0 ? `+${digits(value, 2)}` : digits(value, 2);
}

function knownSources(known) {
  const names = { log10_conductivity_s_cm: "conductivity", activation_energy_ev: "activation energy", shear_modulus_gpa: "shear modulus", bulk_modulus_gpa: "bulk modulus", dendrite_suppression_score: "dendrite score" };
  return h("details", { class: "panel sources" }, h("summary", {}, "Known materials on the scales, with sources"),
    h("ul", {}, Object.entries(names).flatMap(([key, words]) => known[key].map((mark) => h("li", {}, `${mark.label}, ${words}: ${mark.words} · `, link(mark.doi))))));
}
