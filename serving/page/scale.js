// A value with its interval as a bar on a scale, known materials marked below it.

import { svg } from "./elements.js";

const ROW = 15; // px
const WIDTH = 320; // px, the narrowest that labels are spaced for; the scale takes what there is
const EDGE = 2; // percent

// low, high: ends of the scale; ticks: [[place, words]]; marks: [{label, value, words}]
export function scale({ low, high, value, lower, upper, ticks, marks = [], name, width = WIDTH }) {
  const at = (x) => EDGE + (100 - 2 * EDGE) * Math.min(1, Math.max(0, (x - low) / (high - low)));
  const rows = labelRows(marks.filter((mark) => mark.value >= low && mark.value <= high), at, width);
  const height = 46 + ROW * rows.length;
  const percent = (x) => `${at(x).toFixed(2)}%`;
  const start = at(lower);
  const end = at(upper);
  return svg(
    "svg",
    { class: "scale", width: "100%", height, role: "img", "aria-label": name },
    svg("line", { x1: `${EDGE}%`, x2: `${100 - EDGE}%`, y1: 13, y2: 13, class: "scale-line" }),
    svg("rect", { x: `${start}%`, width: `${Math.max(0.6, end - start)}%`, y: 6, height: 14, rx: 7, class: "scale-band" }),
    ticks.map(([place, words]) => [
      svg("line", { x1: percent(place), x2: percent(place), y1: 22, y2: 26, class: "scale-tick" }),
      svg("text", { x: percent(place), y: 38, class: "scale-words", "text-anchor": anchor(at(place)) }, words),
    ]),
    rows.flatMap((row, depth) =>
      row.map((mark) => {
        const y = 44 + ROW * depth;
        return [
          svg("line", { x1: percent(mark.value), x2: percent(mark.value), y1: 3, y2: 23, class: "scale-mark" }),
          svg("text", { x: percent(mark.value), y: y + 10, class: "scale-known", "text-anchor": anchor(at(mark.value)) }, subscripts(mark.label), svg("title", {}, mark.words ?? "")),
        ];
      }),
    ),
    svg("circle", { cx: percent(value), cy: 13, r: 6, class: "scale-dot" }),
  );
}

// Li6PS5Cl with the subscripts that text has; a drawing knows no others.
function subscripts(label) {
  return label.replace(/(?<=[A-Za-z])\d+/g, (number) => [...number].map((digit) => String.fromCodePoint(0x2080 + Number(digit))).join(""));
}

function anchor(place) {
  return place < 8 ? "start" : place > 92 ? "end" : "middle";
}

// Labels in as few rows as they need not to touch.
function labelRows(marks, at, width) {
  const rows = [];
  for (const mark of [...marks].sort((a, b) => a.value - b.value)) {
    const half = (mark.label.length * 6.4 + 12) / 2 / width * 100;
    const from = at(mark.value) - half;
    const row = rows.find((each) => each.end <= from);
    if (row) {
      row.marks.push(mark);
      row.end = from + 2 * half;
    } else rows.push({ end: from + 2 * half, marks: [mark] });
  }
  return rows.map((row) => row.marks);
}

// A value and its interval small enough for a cell of a table.
export function sparkline(interval, low, high, name) {
  const at = (x) => 2 + 96 * Math.min(1, Math.max(0, (x - low) / (high - low)));
  const start = at(interval.lower);
  return svg(
    "svg",
    { class: "spark", width: 96, height: 14, viewBox: "0 0 100 14", preserveAspectRatio: "none", role: "img", "aria-label": name },
    svg("line", { x1: 2, x2: 98, y1: 7, y2: 7, class: "scale-line" }),
    svg("rect", { x: start, width: Math.max(1, at(interval.upper) - start), y: 4, height: 6, class: "scale-band" }),
    svg("rect", { x: at(interval.value) - 1.2, width: 2.4, y: 1, height: 12, class: "spark-value" }),
  );
}

// Places of round numbers on a logarithmic scale.
export function decades(low, high, step = 1) {
  const found = [];
  for (let power = Math.ceil(low); power <= Math.floor(high); power += step) found.push(power);
  return found;
}
