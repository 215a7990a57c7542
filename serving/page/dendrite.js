// Every dendrite criterion with its probability, and the stability map.

import { figure, formulaLabel, h } from "./elements.js";
import { afterPaint, axis, draw } from "./plots.js";
import { get } from "./service.js";
import { digits, fixed, percent } from "./units.js";

let map = null;

export function dendrite(item, asked) {
  const panel = item.dendrite;
  if (!panel) return null;
  const place = h("div", { class: "plot", role: "group", "aria-label": mapWords(item) });
  afterPaint(async () => {
    map ??= get("/map");
    const found = await map;
    await draw(place, (colours) => mapFigure(item, found, colours));
  });
  return [
    figure(
      "Stability map",
      place,
      `Deposition stays even inside the two coloured regions. The cross is this material with its ${Number((100 * asked.coverage).toPrecision(3))} % intervals; dots are known materials with moduli that are not ours. Boundaries are for a Poisson ratio of 0.33, without the surface term.`,
      { id: "stability-map" },
    ),
    h("section", { class: "panel", id: "dendrite", "aria-labelledby": "dendrite-title" },
      h("h3", { id: "dendrite-title" }, `Dendrite criteria against ${panel.electrode} metal`),
      criteria(panel),
      measured(panel),
      h("p", { class: "caption" }, "The mechanism of dendrites is not settled and no single number decides. Both criteria are about an ideal, smooth, isotropic interface."),
      h("details", {}, h("summary", {}, "What is not predicted, and design rules"),
        h("ul", {}, panel.not_predicted.map((each) => h("li", {}, each))),
        h("ul", {}, panel.design_rules.map((each) => h("li", {}, each)))),
    ),
  ];
}

function criteria(panel) {
  const stability = panel.linear_stability;
  const newman = panel.monroe_newman;
  const chi = stability.chi_kj_mol_nm;
  const wavelength = stability.critical_wavelength_nm;
  const rank = stability.percentile_chi;
  const rows = [
    ["Linear stability χ", `${digits(chi.value)} kJ/mol/nm`, `${digits(chi.lower)} to ${digits(chi.upper)}`, stability.stable ? "stable" : "not stable", `Probability of χ < 0: ${percent(stability.probability_stable)}. ${sentence(stability.validity)}.`],
    ["Critical wavelength", wavelength < 0 ? "any" : `${digits(wavelength)} nm`, `${length(stability.critical_wavelength_worst_nm)} to ${length(stability.critical_wavelength_best_nm)}`, null, "Longer is better; ripples shorter than this are smoothed by surface tension."],
    ["Share of known compounds less stable", rank === null ? "–" : `${digits(rank, 2)} %`, null, null, `${sentence(stability.percentile_note)}.`],
    ["Monroe-Newman G / (2 G metal)", digits(newman.ratio), null, newman.passes ? "passes" : "fails", `Probability to pass: ${percent(newman.probability_passes)}. ${sentence(newman.validity)}.`],
    ["Volume ratio v", digits(panel.volume_ratio.value), `${digits(panel.volume_ratio.lower)} to ${digits(panel.volume_ratio.upper)}`, `from ${panel.volume_ratio.source}`, `${sentence(panel.volume_ratio.explanation)}.`],
    ["Poisson ratio", fixed(panel.poisson_ratio), null, null, null],
    ["Young's modulus E", `${digits(panel.youngs_modulus_gpa)} GPa`, null, null, null],
    ["Pugh ratio K/G", fixed(panel.pugh_ratio), null, null, `${sentence(panel.ductility_hint)}.`],
  ];
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Dendrite criteria" },
    h("table", { class: "criteria" },
      h("thead", {}, h("tr", {}, ["criterion", "value", "interval", "verdict", "how sure"].map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, rows.map(([name, value, between, verdict, sure]) =>
        h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "numeric" }, value), h("td", { class: "numeric" }, between ?? ""), h("td", {}, verdict ? h("span", { class: "verdict" }, verdict) : ""), h("td", { class: "sure" }, sure ?? "")))),
    ));
}

function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function length(value) {
  return value < 0 ? "any" : `${digits(value)} nm`;
}

function measured(panel) {
  if (!panel.measured.length) return null;
  return h("ul", {}, panel.measured.map((each) => h("li", {}, `Measured ${each.quantity}, ${digits(each.value)} ${each.unit}: ${each.statement} (${each.source})`)));
}

function mapWords(item) {
  const panel = item.dendrite;
  return `Stability map: volume ratio ${digits(panel.volume_ratio.value)}, shear modulus ${digits(item.shear_modulus_gpa.value)} gigapascal, ${panel.linear_stability.stable ? "in" : "outside"} the stable regions`;
}

function mapFigure(item, found, colours) {
  const panel = item.dendrite;
  const metal = found.metals[panel.electrode];
  const log = Math.log10;
  const low = log(found.modulus_ratio_range[0]);
  const high = log(found.modulus_ratio_range[1]);
  const region = (boundary, edge, colour, name) => ({
    x: [...boundary.map(([v]) => log(v)), log(boundary[boundary.length - 1][0]), log(boundary[0][0])],
    y: [...boundary.map(([, ratio]) => Math.min(high, Math.max(low, log(ratio)))), edge, edge],
    mode: "lines", fill: "toself", line: { color: colour, width: 1.5 }, fillcolor: translucent(colour), name, hoverinfo: "skip",
  });
  const known = metal.known;
  const ratio = (gpa) => log(gpa / metal.shear_modulus_gpa);
  const shear = item.shear_modulus_gpa;
  const volume = panel.volume_ratio;
  const newman = log(found.monroe_newman);
  const [left, right] = found.volume_ratio_range.map(log);
  const error = (interval, scaled) => ({
    type: "data", symmetric: false, color: colours.orange, thickness: 2, width: 5,
    array: [scaled(interval.upper) - scaled(interval.value)], arrayminus: [scaled(interval.value) - scaled(interval.lower)],
  });
  const data = [
    region(metal.density_driven, low, colours.green, "stable: soft, v below 1"),
    region(metal.pressure_driven, high, colours.purple, "stable: stiff, v above 1"),
    { x: [left, right], y: [newman, newman], mode: "lines", line: { color: colours.muted, dash: "dash", width: 1 }, name: "Monroe-Newman, for polymers", hoverinfo: "skip" },
    {
      x: known.map((each) => log(each.volume_ratio)), y: known.map((each) => ratio(each.shear_modulus_gpa)), mode: "markers+text", name: "known",
      text: known.map((each) => formulaLabel(each.formula)), textposition: known.map((each) => each.side), textfont: { size: 11, color: colours.muted }, marker: { color: colours.muted, size: 6 },
      customdata: known.map((each) => [digits(each.shear_modulus_gpa), digits(each.volume_ratio)]), hovertemplate: "%{text}: G %{customdata[0]} GPa, v %{customdata[1]}<extra></extra>", cliponaxis: false,
    },
    {
      x: [log(volume.value)], y: [ratio(shear.value)], mode: "markers", name: `${formulaLabel(item.formula)}, predicted`, marker: { color: colours.orange, size: 11, symbol: "diamond" },
      error_x: error(volume, log), error_y: error(shear, ratio), hovertemplate: `G ${digits(shear.value)} GPa, v ${digits(volume.value)}<extra></extra>`,
    },
  ];
  const ticks = (values) => ({ tickvals: values.map(log), ticktext: values.map(String) });
  return {
    data,
    layout: {
      margin: { l: 60, r: 14, t: 12, b: 110 },
      legend: { orientation: "h", x: 0, y: -0.17, yanchor: "top", bgcolor: "rgba(0,0,0,0)" },
      xaxis: axis(colours, { title: { text: `volume ratio v, ${panel.electrode} ion to ${panel.electrode} metal`, standoff: 8 }, range: [left, right], ...ticks([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]) }),
      yaxis: axis(colours, { title: { text: `G / G of ${panel.electrode} metal`, standoff: 8 }, range: [low, high], ...ticks([0.1, 0.3, 1, 3, 10, 30]) }),
    },
  };
}

function translucent(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},0.2)`;
}
