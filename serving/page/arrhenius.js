// log sigma against 1000/T, with its band, a second axis in Celsius and what was measured nearby.

import { figure, formulaLabel, h, plotText } from "./elements.js";
import { afterPaint, axis, draw } from "./plots.js";
import { digits, fixed, powerOfTen, sigmaLog, sigmaText, sigmaUnit } from "./units.js";

const CELSIUS = [-100, -50, -20, 0, 25, 60, 100, 150, 200, 300, 400, 500];

export function arrhenius(item, asked) {
  const curve = item.conductivity_curve.filter((point) => point.log10_conductivity_s_cm !== null);
  if (curve.length < 2) return null;
  const place = h("div", { class: "plot", role: "group", "aria-label": `Arrhenius plot: ${words(curve)}` });
  const near = neighbours(item);
  afterPaint(() => draw(place, (colours) => plot(item.formula, curve, near, colours)));
  const share = Number((100 * asked.coverage).toPrecision(3));
  const points = near.length
    ? ` Points are measured, not predicted: filled ones the very composition, open ones its neighbours.`
    : ` No neighbour was measured with a temperature.`;
  return figure(
    "Conductivity and temperature",
    place,
    `Line: prediction. Band: holds the true value with ${share} % probability; it is narrowest at room temperature, where most was measured.${points} The slope is the activation energy.`,
    { id: "arrhenius" },
  );
}

function words(curve) {
  const [first, last] = [curve[0], curve[curve.length - 1]];
  const said = (point) => `${sigmaText(point.log10_conductivity_s_cm.value)} ${sigmaUnit()} at ${digits(point.temperature_c)} degrees Celsius`;
  return `from ${said(first)} to ${said(last)}`;
}

function inverse(celsius) {
  return 1000 / (celsius + 273.15);
}

// Measured materials with a temperature; those of the very composition once.
function neighbours(item) {
  const listed = [...item.measured.map((each) => ({ ...each, same_composition: true })), ...item.neighbours];
  const seen = new Set();
  return listed.filter((each) => {
    const key = [each.formula, each.temperature_c, each.log10_conductivity_s_cm, each.doi].join("|");
    if (each.temperature_c === null || each.log10_conductivity_s_cm === null || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function plot(formula, curve, near, colours) {
  const x = curve.map((point) => inverse(point.temperature_c));
  const bound = (end) => curve.map((point) => sigmaLog(point.log10_conductivity_s_cm[end]));
  const plain = { x, mode: "lines", hoverinfo: "skip", showlegend: false };
  const data = [
    { ...plain, y: bound("upper"), line: { width: 0 } },
    { ...plain, y: bound("lower"), line: { width: 0 }, fill: "tonexty", fillcolor: colours.band, showlegend: true, name: "interval" },
    {
      x,
      y: bound("value"),
      mode: "lines",
      name: `${formulaLabel(formula)}, predicted`,
      line: { color: colours.accent, width: 2.5 },
      customdata: curve.map((point) => [digits(point.temperature_c), sigmaText(point.log10_conductivity_s_cm.value), sigmaText(point.log10_conductivity_s_cm.lower), sigmaText(point.log10_conductivity_s_cm.upper)]),
      hovertemplate: `%{customdata[0]} °C: %{customdata[1]} ${sigmaUnit()}<br>%{customdata[2]} to %{customdata[3]}<extra></extra>`,
    },
    points(near.filter((each) => each.same_composition), "measured, this composition", { color: colours.orange, symbol: "circle", size: 9 }),
    points(near.filter((each) => !each.same_composition), "measured neighbours", { color: colours.ink, symbol: "circle-open", size: 9, line: { width: 1.8, color: colours.ink } }),
    { x: [x[0]], y: [bound("value")[0]], xaxis: "x2", mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip", showlegend: false },
  ].filter((trace) => trace.x.length);
  const places = [...x, ...near.map((each) => inverse(each.temperature_c))];
  const margin = (Math.max(...places) - Math.min(...places)) * 0.03 || 0.1;
  const range = [Math.min(...places) - margin, Math.max(...places) + margin];
  const celsius = spread(CELSIUS.filter((each) => inverse(each) >= range[0] && inverse(each) <= range[1]), range);
  return { data, layout: layout(range, celsius, data, colours) };
}

// As many Celsius labels as have room, 25 °C among them.
function spread(celsius, range) {
  const gap = (range[1] - range[0]) / 11;
  const kept = [];
  for (const each of [25, ...celsius.filter((other) => other !== 25)]) {
    if (celsius.includes(each) && kept.every((other) => Math.abs(inverse(other) - inverse(each)) > gap)) kept.push(each);
  }
  return kept;
}

function layout(range, celsius, data, colours) {
  const heights = data.flatMap((trace) => trace.y);
  const lowest = Math.floor(Math.min(...heights) - 0.2);
  const highest = Math.ceil(Math.max(...heights) + 0.2);
  const step = highest - lowest > 12 ? 2 : 1;
  const powers = [];
  for (let power = lowest; power <= highest; power += step) powers.push(power);
  return {
    margin: { l: 66, r: 14, t: 54, b: 92 },
    showlegend: true,
    legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top", bgcolor: "rgba(0,0,0,0)" },
    xaxis: axis(colours, { title: { text: "1000 / T (1/K)", standoff: 8 }, range }),
    xaxis2: axis(colours, { title: { text: "temperature (°C)", standoff: 6 }, overlaying: "x", side: "top", range, tickvals: celsius.map(inverse), ticktext: celsius.map((each) => fixed(each, 0)), showgrid: false }),
    yaxis: axis(colours, { title: { text: `conductivity (${sigmaUnit()})`, standoff: 8 }, range: [lowest, highest], tickvals: powers, ticktext: powers.map(powerOfTen) }),
  };
}

function points(near, name, marker) {
  return {
    x: near.map((each) => inverse(each.temperature_c)),
    y: near.map((each) => sigmaLog(each.log10_conductivity_s_cm)),
    mode: "markers",
    name,
    marker,
    text: near.map((each) => `${formulaLabel(each.formula)}<br>${each.bound === "<" ? "below " : ""}${sigmaText(each.log10_conductivity_s_cm)} ${sigmaUnit()} at ${digits(each.temperature_c)} °C<br>${plotText(each.doi ?? "")}`),
    hovertemplate: "%{text}<extra></extra>",
  };
}
