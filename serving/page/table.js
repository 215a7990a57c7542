// A list as a table: sorted by any column, filtered by words, intervals as sparklines.

import { formulaNodes, h, say } from "./elements.js";
import { sparkline } from "./scale.js";
import { digits, energyText, energyUnit, fixed, sigmaText, sigmaUnit } from "./units.js";

const SHOWN = 200; // rows at once; more on request

function columns() {
  const numeric = (key, title, text, ends) => ({ key, title, text, ends, value: (row) => row.item[key]?.value ?? null, numeric: true });
  return [
    { key: "line", title: "line", value: (row) => row.entry.line, numeric: true },
    { key: "formula", title: "material", value: (row) => row.item.formula ?? row.entry.formula ?? "" },
    numeric("log10_conductivity_s_cm", `σ 25 °C (${sigmaUnit()})`, sigmaText, [-10, 0]),
    numeric("activation_energy_ev", `Eₐ (${energyUnit()})`, energyText, [0, 1.2]),
    numeric("shear_modulus_gpa", "G (GPa)", (value) => digits(value), [0, 120]),
    numeric("dendrite_suppression_score", "dendrite score", (value) => fixed(value), [0, 1]),
    { key: "domain", title: "data", value: (row) => (row.item.status === "error" ? 2 : row.item.in_domain ? 0 : 1) },
  ];
}

export function resultTable(rows, asked, open) {
  const state = { key: "log10_conductivity_s_cm", down: true, words: "", kind: "all", shown: SHOWN };
  const listed = columns();
  const body = h("tbody");
  const counted = h("span", { class: "quiet", role: "status", "aria-live": "polite" });
  const more = h("button", { type: "button", class: "quiet-button", hidden: true }, "Show more");
  const heads = listed.map((column) => {
    const button = h("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      state.down = state.key === column.key ? !state.down : column.numeric === true;
      state.key = column.key;
      fill();
      say(`sorted by ${column.title}, ${state.down ? "highest" : "lowest"} first`);
    });
    return h("th", { scope: "col", class: column.numeric ? "numeric" : null, "data-key": column.key }, button);
  });

  function chosen() {
    const words = state.words.toLowerCase();
    return rows.filter(({ entry, item }) => {
      const kind = item.status === "error" ? "refused" : item.in_domain ? "inside" : "outside";
      if (state.kind !== "all" && state.kind !== kind) return false;
      return !words || `${item.formula ?? entry.formula ?? ""} ${item.error?.message ?? ""}`.toLowerCase().includes(words);
    });
  }

  function fill() {
    const column = listed.find((each) => each.key === state.key);
    const found = chosen().sort((a, b) => compare(column.value(a), column.value(b), state.down));
    body.replaceChildren(...found.slice(0, state.shown).map((row) => tableRow(row, listed, asked, open)));
    counted.textContent = found.length === rows.length ? `${rows.length} rows` : `${found.length} of ${rows.length} rows`;
    more.hidden = found.length <= state.shown;
    heads.forEach((head, at) => {
      const sorted = listed[at].key === state.key;
      if (sorted) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  const filter = h("input", { type: "search", id: "filter", placeholder: "e.g. Cl or La3", "aria-label": "Filter by formula or reason" });
  filter.addEventListener("input", () => {
    state.words = filter.value.trim();
    state.shown = SHOWN;
    fill();
  });
  const kind = h("select", { id: "kind", "aria-label": "Which rows" }, [["all", "all rows"], ["inside", "inside the data"], ["outside", "outside the data"], ["refused", "refused"]].map(([value, words]) => h("option", { value }, words)));
  kind.addEventListener("change", () => {
    state.kind = kind.value;
    state.shown = SHOWN;
    fill();
  });
  more.addEventListener("click", () => {
    state.shown += SHOWN;
    fill();
  });
  fill();
  const share = Number((100 * asked.coverage).toPrecision(3));
  return h("figure", { class: "panel", id: "results" },
    h("div", { class: "filters" }, h("span", { class: "quiet", "aria-hidden": "true" }, "Filter"), filter, kind, counted),
    h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Results" }, h("table", { class: "results" }, h("thead", {}, h("tr", {}, heads)), body)),
    more,
    h("figcaption", {}, `Predictions; a bar beside a value is its ${share} % interval on a scale that is the same for the whole column (σ from 10⁻¹⁰ to 1 S/cm, Eₐ to 1.2 eV, G to 120 GPa, score to 1). Click a material to see its card.`));
}

function compare(a, b, down) {
  if (a === null || b === null) return (a === null) - (b === null); // what has no value stands last
  const order = typeof a === "string" ? a.localeCompare(b) : a - b;
  return down ? -order : order;
}

function tableRow(row, listed, asked, open) {
  const { entry, item } = row;
  const name = item.formula ?? entry.formula ?? "a structure";
  if (item.status === "error") {
    return h("tr", { class: "refused" }, h("td", { class: "numeric" }, entry.line), h("th", { scope: "row" }, name || "(empty)"), h("td", { colspan: listed.length - 2, class: "reason" }, item.error.message));
  }
  const button = h("button", { type: "button", class: "as-link", onclick: () => open(row) }, formulaNodes(name));
  return h("tr", {},
    h("td", { class: "numeric" }, entry.line),
    h("th", { scope: "row" }, button),
    listed.filter((column) => column.ends).map((column) => {
      const found = item[column.key];
      if (!found) return h("td", { class: "numeric" }, "–");
      const words = `${column.text(found.lower)} to ${column.text(found.upper)}`;
      return h("td", { class: "numeric" }, h("span", { class: "cell", title: words }, column.text(found.value), sparkline(found, ...column.ends, words)));
    }),
    h("td", { title: item.domain.reasons.join("; ") }, h("span", { class: `chip small ${item.in_domain ? "inside" : "outside"}` }, item.in_domain ? "inside" : "outside")));
}
