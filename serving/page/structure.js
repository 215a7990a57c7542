// The unit cell of a structure that was given.

import { figure, formulaNodes, h, plotText } from "./elements.js";
import { afterPaint, draw } from "./plots.js";
import { post } from "./service.js";
import { digits, fixed } from "./units.js";

// Okabe and Ito's colours, the mobile ion always in orange.
const COLOURS = ["#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a90a", "#7f7f7f"];
const FILLING = 1.3; // plotly leaves a third of the room empty
const MOBILE = "#e69f00";
const SIZES = { H: 5, O: 9, N: 9, F: 9, S: 12, Se: 13, Te: 14, Cl: 12, Br: 13, I: 14 };

export function structure(item, asked) {
  if (!asked.structure) return null;
  const place = h("div", { class: "plot", role: "group", "aria-label": `Unit cell of ${item.formula}` });
  const facts = h("div");
  afterPaint(async () => {
    const cell = await post("/cell", { structure: asked.structure.text, format: asked.structure.format }).catch((error) => ({ error }));
    if (cell.error) {
      place.replaceChildren(h("p", { class: "quiet" }, `Not drawn: ${cell.error.message}`));
      place.classList.add("empty");
      return;
    }
    facts.replaceChildren(cellFacts(cell));
    await draw(place, (colours) => plot(cell, item.mobile_ion, colours));
  });
  return figure(
    "Structure",
    h("div", { class: "structure-parts" }, place, facts),
    "The conventional cell of the structure as it was given, nothing predicted. Sites on a face are drawn on the opposite one too. The mobile ion is orange; the fainter a ball, the less often its place is filled. Drag to turn it.",
    { id: "structure", class: "panel structure" },
  );
}

function cellFacts(cell) {
  const vectors = cell.vectors_angstrom;
  const size = (vector) => Math.hypot(...vector);
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const angle = (a, b) => (Math.acos(Math.max(-1, Math.min(1, dot(a, b) / size(a) / size(b)))) * 180) / Math.PI;
  const [a, b, c] = vectors;
  const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const partly = cell.sites.filter((site) => site.species.reduce((sum, each) => sum + each.occupancy, 0) < 0.995 || site.species.length > 1).length;
  const rows = [
    ["formula", h("span", {}, formulaNodes(cell.formula))],
    ["space group", cell.space_group_number ?? "none found"],
    ["a, b, c", `${vectors.map((each) => fixed(size(each), 3)).join(", ")} Å`],
    ["α, β, γ", `${[angle(b, c), angle(a, c), angle(a, b)].map((each) => fixed(each, 1)).join(", ")}°`],
    ["volume", `${digits(Math.abs(dot(cross, c)), 4)} Å³`],
    ["places drawn", `${cell.sites.length}, ${partly} of them partly filled or mixed`],
  ];
  return h("div", { class: "card-table" }, h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function plot(cell, mobileIon, colours) {
  const groups = new Map();
  for (const site of cell.sites) {
    const words = occupancyWords(site.species);
    groups.set(words, [...(groups.get(words) ?? []), site]);
  }
  const colourOf = elementColours(cell.sites, mobileIon);
  const balls = [...groups].map(([words, sites]) => {
    const species = [...sites[0].species].sort((a, b) => b.occupancy - a.occupancy);
    const lead = species.find((each) => each.symbol === mobileIon) ?? species[0];
    const filled = species.reduce((sum, each) => sum + each.occupancy, 0);
    const at = (axis) => sites.map((site) => site.position_angstrom[axis]);
    return {
      type: "scatter3d", mode: "markers", name: plotText(words), x: at(0), y: at(1), z: at(2),
      marker: { size: SIZES[lead.symbol] ?? 8, color: colourOf(lead.symbol), opacity: 0.35 + 0.65 * Math.min(1, filled), line: { width: 0.5, color: colours.ink } },
      hovertemplate: `${plotText(words)}<extra></extra>`,
    };
  });
  const hidden = { visible: false };
  return {
    data: [...edges(cell.vectors_angstrom, colours), ...balls],
    layout: {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      legend: { orientation: "h", x: 0, y: 0, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", itemsizing: "constant" },
      scene: { domain: { x: [0, 1], y: [0.1, 1] }, xaxis: hidden, yaxis: hidden, zaxis: hidden, aspectmode: "manual", aspectratio: proportions(cell.vectors_angstrom), camera: { eye: { x: 1.05, y: 0.77, z: 0.39 }, projection: { type: "orthographic" } } },
    },
  };
}

// The box around the cell, large enough to fill the drawing.
function proportions(vectors) {
  const span = [0, 1, 2].map((at) => vectors.reduce((sum, vector) => sum + Math.abs(vector[at]), 0));
  const longest = Math.max(...span);
  const [x, y, z] = span.map((each) => (FILLING * each) / longest);
  return { x, y, z };
}

function occupancyWords(species) {
  if (species.length === 1 && species[0].occupancy === 1) return species[0].symbol;
  return species.map((each) => `${each.symbol} ${digits(100 * each.occupancy)} %`).join(" + ");
}

function elementColours(sites, mobileIon) {
  const symbols = [...new Set(sites.flatMap((site) => site.species.map((each) => each.symbol)))].filter((each) => each !== mobileIon);
  return (symbol) => (symbol === mobileIon ? MOBILE : COLOURS[symbols.indexOf(symbol) % COLOURS.length]);
}

function edges([a, b, c], colours) {
  const sum = (...vectors) => [0, 1, 2].map((at) => vectors.reduce((total, vector) => total + vector[at], 0));
  const zero = [0, 0, 0];
  const pairs = [];
  for (const [along, others] of [[a, [b, c]], [b, [a, c]], [c, [a, b]]]) {
    for (const start of [zero, others[0], others[1], sum(...others)]) pairs.push([start, sum(start, along)]);
  }
  const line = (at) => pairs.flatMap(([from, to]) => [from[at], to[at], null]);
  return [{ type: "scatter3d", mode: "lines", x: line(0), y: line(1), z: line(2), line: { color: colours.muted, width: 2 }, hoverinfo: "skip", showlegend: false }];
}
