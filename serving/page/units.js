// Numbers as people read them, in the units chosen.

const KJ_MOL = 96.48533212; // one eV a particle, in kJ/mol
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export const units = { sigma: "s", energy: "ev" };

export function digits(value, count = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return scientific(value, count);
  return minus(Number(value.toPrecision(count)).toLocaleString("en", { maximumFractionDigits: 6, useGrouping: false }));
}

export function fixed(value, decimals = 2) {
  return value === null || value === undefined ? "–" : minus(value.toFixed(decimals));
}

export function scientific(value, count = 2) {
  const [mantissa, exponent] = value.toExponential(count - 1).split("e");
  const power = [...String(Number(exponent))].map((sign) => SUPERSCRIPTS[sign]).join("");
  return minus(`${mantissa} × 10${power}`);
}

export function powerOfTen(exponent) {
  return `10${[...String(exponent)].map((sign) => SUPERSCRIPTS[sign]).join("")}`;
}

export function percent(share, decimals = 0) {
  const value = 100 * share;
  if (value < 1) return "below 1 %";
  if (value > 99) return "above 99 %";
  return `${value.toFixed(decimals)} %`;
}

function minus(text) {
  return text.replace(/-/g, "−");
}

export function sigmaUnit() {
  return units.sigma === "ms" ? "mS/cm" : "S/cm";
}

// log10 of S/cm to log10 of the unit chosen
export function sigmaLog(value) {
  return units.sigma === "ms" ? value + 3 : value;
}

// log10 of S/cm as a number in the unit chosen
export function sigmaText(log10) {
  if (log10 === null || log10 === undefined) return "–";
  const value = 10 ** sigmaLog(log10);
  return value >= 0.01 && value < 1e4 ? digits(value, 2) : scientific(value, 2);
}

export function energyUnit() {
  return units.energy === "kj" ? "kJ/mol" : "eV";
}

export function energy(value) {
  return value === null ? null : units.energy === "kj" ? value * KJ_MOL : value;
}

export function energyText(value) {
  if (value === null || value === undefined) return "–";
  return units.energy === "kj" ? fixed(value * KJ_MOL, 1) : fixed(value, 2);
}
