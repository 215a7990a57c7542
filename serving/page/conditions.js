// From the controls to the fields of POST /predict, and back.

import { byId } from "./elements.js";

const CURVE_POINTS = 36;
const ROOM_C = 25;

export function readControls(asked) {
  asked.t_min = number("t-min", 20);
  asked.t_max = number("t-max", 200);
  asked.coverage = Number(byId("coverage").value);
  asked.electrode = byId("electrode").value;
  asked.separator_thickness_um = number("thickness", 25);
}

export function showControls(asked) {
  byId("t-min").value = asked.t_min;
  byId("t-max").value = asked.t_max;
  const coverage = byId("coverage");
  coverage.value = String(asked.coverage);
  if (coverage.selectedIndex < 0) {
    coverage.add(new Option(`${percent(asked.coverage)} %`, String(asked.coverage)));
    coverage.value = String(asked.coverage);
  }
  byId("electrode").value = asked.electrode;
  byId("thickness").value = asked.separator_thickness_um;
  const metal = asked.electrode ? `, ${asked.electrode} electrode` : "";
  byId("conditions-words").textContent =
    `${asked.t_min} to ${asked.t_max} °C, ${percent(asked.coverage)} % intervals${metal}, separator of ${asked.separator_thickness_um} µm`;
}

// Even steps in 1/T, so that the curve is as smooth as the axis is; and room temperature.
export function temperatures(asked) {
  const low = Math.min(asked.t_min, asked.t_max);
  const high = Math.max(asked.t_min, asked.t_max);
  const cold = 1 / (low + 273.15);
  const warm = 1 / (high + 273.15);
  const found = new Set([low, high]);
  for (let step = 1; step < CURVE_POINTS - 1; step += 1) {
    found.add(Number((1 / (cold + ((warm - cold) * step) / (CURVE_POINTS - 1)) - 273.15).toFixed(0)));
  }
  if (low < ROOM_C && ROOM_C < high) found.add(ROOM_C);
  return [...found].sort((a, b) => a - b);
}

export function conditions(asked, withCurve = true) {
  return {
    ...(withCurve ? { temperatures_c: temperatures(asked) } : {}),
    coverage: asked.coverage,
    separator_thickness_um: asked.separator_thickness_um,
    ...(asked.electrode ? { electrode: asked.electrode } : {}),
  };
}

export function materialOf(asked) {
  if (asked.structure) return { structure: asked.structure.text, format: asked.structure.format };
  return { formula: asked.formula };
}

function percent(share) {
  return Number((100 * share).toPrecision(3));
}

function number(id, usual) {
  const text = byId(id).value;
  const value = Number(text);
  return text === "" || !Number.isFinite(value) ? usual : value;
}
