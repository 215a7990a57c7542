// Conductivity against a second wish: what no other material beats in both.

import { figure, formulaLabel, h } from "./elements.js";
import { afterPaint, axis, draw } from "./plots.js";
import { digits, energy, energyText, energyUnit, fixed, powerOfTen, sigmaLog, sigmaText, sigmaUnit } from "./units.js";

const MOST = 2_000; // points
const WISHES = {
  dendrite_suppression_score: { words: "dendrite suppression score", sign: 1, shown: (value) => value, text: (value) => fixed(value) },
  activation_energy_ev: { words: "activation energy", sign: -1, shown: (value) => energy(value), text: (value) => `${energyText(value)} ${energyUnit()}` },
  shear_modulus_gpa: { words: "shear modulus (GPa), softer is better", sign: -1, shown: (value) => value, text: (value) => `${digits(value)} GPa` },
};

// null where nothing can be plotted
export function pareto(rows, asked, open) {
  const usable = rows.filter(({ item }) => item.log10_conductivity_s_cm && item.dendrite_suppression_score && item.activation_energy_ev && item.shear_modulus_gpa);
  if (!usable.length) return null;
  const place = h("div", { class: "plot", role: "group", "aria-label": "Pareto plot" });
  const choice = h("select", { id: "wish", "aria-label": "Second wish" }, Object.entries(WISHES).map(([value, wish]) => h("option", { value }, wish.words)));
  let shown = [];
  const render = () => {
    const wish = choice.value;
    const front = frontOf(usable, wish);
    shown = usable.length > MOST ? [...front, ...usable.filter((row) => !front.has(row)).slice(0, MOST - front.size)] : usable;
    place.setAttribute("aria-label", `Pareto plot of ${usable.length} materials; on the front: ${[...front].slice(0, 10).map((row) => row.item.formula).join(", ")}`);
    return draw(place, (colours) => plot(shown, front, wish, colours), (drawn) => {
      drawn.on("plotly_click", ({ points: [point] }) => open(shown[point.customdata]));
    });
  };
  choice.addEventListener("change", render);
  afterPaint(render);
  const share = Number((100 * asked.coverage).toPrecision(3));
  return figure(
    "Trade-off",
    h("div", {}, h("label", { class: "wish" }, "Conductivity against ", choice), place),
    `Each point is a prediction; ringed points are the Pareto front: no other material is better in both. Thin lines are ${share} % intervals of the front. Where they overlap, the order is not certain. Click a point to see its card; the table above has the same rows for the keyboard.`,
    { id: "pareto" },
  );
}

export function frontOf(rows, wish) {
  const { sign } = WISHES[wish];
  const sorted = [...rows].sort((a, b) => b.item.log10_conductivity_s_cm.value - a.item.log10_conductivity_s_cm.value || sign * (b.item[wish].value - a.item[wish].value));
  const front = new Set();
  let best = -Infinity;
  for (const row of sorted) {
    const value = sign * row.item[wish].value;
    if (value > best) {
      front.add(row);
      best = value;
    }
  }
  return front;
}

function plot(rows, front, wish, colours) {
  const { shown, text, words } = WISHES[wish];
  const places = rows.map((row, at) => ({ row, at }));
  const trace = (chosen, more) => ({
    x: chosen.map(({ row }) => sigmaLog(row.item.log10_conductivity_s_cm.value)),
    y: chosen.map(({ row }) => shown(row.item[wish].value)),
    customdata: chosen.map(({ at }) => at),
    text: chosen.map(({ row }) => `${formulaLabel(row.item.formula)}<br>${sigmaText(row.item.log10_conductivity_s_cm.value)} ${sigmaUnit()}, ${text(row.item[wish].value)}`),
    mode: "markers", hovertemplate: "%{text}<extra></extra>", ...more,
  });
  const best = places.filter(({ row }) => front.has(row));
  const rest = places.filter(({ row }) => !front.has(row));
  const error = (key, scaled) => ({
    type: "data", symmetric: false, color: colours.orange, thickness: 0.8, width: 0,
    array: best.map(({ row }) => Math.abs(scaled(row.item[key].upper) - scaled(row.item[key].value))),
    arrayminus: best.map(({ row }) => Math.abs(scaled(row.item[key].value) - scaled(row.item[key].lower))),
  });
  const inside = (wanted) => rest.filter(({ row }) => row.item.in_domain === wanted);
  const data = [
    trace(inside(true), { name: "inside the data", marker: { color: colours.accent, size: 7, opacity: 0.7 } }),
    trace(inside(false), { name: "outside the data", marker: { color: colours.muted, size: 7, symbol: "x-thin-open", line: { width: 1.5, color: colours.muted } } }),
    trace(best, { name: "Pareto front", marker: { color: colours.accent, size: 11, line: { width: 2.5, color: colours.orange } }, error_x: error("log10_conductivity_s_cm", sigmaLog), error_y: error(wish, shown) }),
  ].filter((each) => each.x.length);
  const values = rows.map((row) => sigmaLog(row.item.log10_conductivity_s_cm.value));
  const powers = [];
  for (let power = Math.floor(Math.min(...values)) - 2; power <= Math.ceil(Math.max(...values)) + 2; power += 1) powers.push(power);
  return {
    data,
    layout: {
      margin: { l: 62, r: 14, t: 12, b: 84 },
      legend: { orientation: "h", x: 0, y: -0.18, yanchor: "top", bgcolor: "rgba(0,0,0,0)" },
      hovermode: "closest",
      xaxis: axis(colours, { title: { text: `conductivity at 25 °C (${sigmaUnit()})`, standoff: 8 }, tickvals: powers, ticktext: powers.map(powerOfTen) }),
      yaxis: axis(colours, { title: { text: wish === "activation_energy_ev" ? `${words} (${energyUnit()})` : words, standoff: 8 } }),
    },
  };
}
