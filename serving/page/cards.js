// One card a property: value, interval, a bar on a scale, and a sentence on how sure it is.

import { h } from "./elements.js";
import { decades, scale } from "./scale.js";
import { digits, energy, energyText, energyUnit, fixed, powerOfTen, scientific, sigmaLog, sigmaText, sigmaUnit } from "./units.js";

export function cards(item, known, asked) {
  const made = [
    conductivity(item, known, asked),
    activation(item, known, asked),
    modulus(item, known, asked, "shear_modulus_gpa", "Shear modulus", "G"),
    modulus(item, known, asked, "bulk_modulus_gpa", "Bulk modulus", "K"),
    score(item, known, asked),
    resistance(item, known, asked),
    prefactor(item, asked),
    diffusion(item, asked),
  ];
  return h("div", { class: "cards" }, made);
}

// A card of two columns, as the style sheet has it on wide screens.
function wideWidth() {
  return matchMedia("(min-width: 74rem)").matches ? 640 : undefined;
}

function card(title, value, unit, between, drawing, caption, name) {
  return h(
    "figure",
    { class: "panel card", "data-property": name },
    h("h3", {}, title),
    h("p", { class: "value" }, h("span", { class: "number" }, value), unit ? h("span", { class: "unit" }, unit) : null),
    between ? h("p", { class: "between" }, between) : null,
    drawing,
    h("figcaption", {}, caption),
  );
}

function missing(title, name, why) {
  return h("figure", { class: "panel card none", "data-property": name }, h("h3", {}, title), h("p", { class: "value" }, "Not predicted"), h("figcaption", {}, why));
}

function shareWords(asked) {
  return `${Number((100 * asked.coverage).toPrecision(3))} %`;
}

function conductivity(item, known, asked) {
  const name = "log10_conductivity_s_cm";
  const found = item[name];
  if (!found) return missing("Ionic conductivity at 25 °C", name, "The notes above say why.");
  const low = Math.min(-10, Math.floor(found.lower));
  const high = Math.max(0, Math.ceil(found.upper));
  const shift = sigmaLog(0);
  const ticks = decades(low, high, high - low > 12 ? 4 : 2).map((power) => [power, powerOfTen(power + shift)]);
  const words = `${sigmaText(found.lower)} to ${sigmaText(found.upper)}`;
  const drawing = scale({ low, high, ...found, ticks, marks: known[name], width: wideWidth(), name: `Conductivity ${sigmaText(found.value)} ${sigmaUnit()}, ${words}` });
  return card(
    "Ionic conductivity at 25 °C",
    sigmaText(found.value),
    sigmaUnit(),
    [`${shareWords(asked)} interval ${words}`, h("span", { class: "log" }, `log₁₀ σ / (${sigmaUnit()}) = ${fixed(sigmaLog(found.value))}`)],
    drawing,
    `Two careful measurements of one material differ by ${fixed(found.aleatoric, 1)} decades; the model adds ${fixed(found.epistemic, 1)} of its own. Marked: measured values, with their source under “Known materials”.`,
    name,
  );
}

function activation(item, known, asked) {
  const name = "activation_energy_ev";
  const found = item[name];
  if (!found) return missing("Activation energy", name, "The notes above say why.");
  const high = Math.max(1.2, Math.ceil(found.upper * 5) / 5);
  const round = energyUnit() === "eV" ? [0, 0.25, 0.5, 0.75, 1].map((x) => [x, x]) : [0, 25, 50, 75, 100].map((x) => [x / energy(1), x]);
  return card(
    "Activation energy",
    energyText(found.value),
    energyUnit(),
    `${shareWords(asked)} interval ${energyText(found.lower)} to ${energyText(found.upper)}`,
    scale({ low: 0, high, ...found, ticks: round, marks: known[name], name: `Activation energy ${energyText(found.value)} ${energyUnit()}` }),
    "How steeply the conductivity rises with temperature. Marked: measured values.",
    name,
  );
}

function modulus(item, known, asked, name, title, sign) {
  const found = item[name];
  if (!found) return missing(title, name, "The notes above say why.");
  const ticks = [1, 3, 10, 30, 100, 300].map((x) => [Math.log10(x), x]);
  const marks = known[name].map((mark) => ({ ...mark, value: Math.log10(mark.value) }));
  const [value, lower, upper] = [found.value, found.lower, found.upper].map(Math.log10);
  return card(
    title,
    digits(found.value),
    "GPa",
    `${shareWords(asked)} interval ${digits(found.lower)} to ${digits(found.upper)}`,
    scale({ low: 0, high: 2.6, value, lower, upper, ticks, marks, name: `${title} ${digits(found.value)} GPa` }),
    `${sign} of a dense, isotropic crystal, on a logarithmic scale. Marked: other people’s values.`,
    name,
  );
}

function score(item, known, asked) {
  const name = "dendrite_suppression_score";
  const found = item[name];
  if (!found) return missing("Dendrite suppression score", name, "The notes above say why.");
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((x) => [x, x]);
  return card(
    "Dendrite suppression score",
    fixed(found.value),
    "of 1",
    `${shareWords(asked)} interval ${fixed(found.lower)} to ${fixed(found.upper)}`,
    scale({ low: 0, high: 1, ...found, ticks, marks: known[name], name: `Dendrite score ${fixed(found.value)}` }),
    "Physics on the predicted moduli, nothing learned from dendrites. Higher is better; every criterion stands below.",
    name,
  );
}

function resistance(item, known, asked) {
  const name = "area_specific_resistance_ohm_cm2";
  const found = item[name];
  if (!found) return null;
  const [value, lower, upper] = [found.value, found.lower, found.upper].map(Math.log10);
  const thickness = Math.log10(asked.separator_thickness_um * 1e-4); // cm
  const marks = known.log10_conductivity_s_cm.map((mark) => ({ ...mark, value: thickness - mark.value }));
  const low = Math.min(-2, Math.floor(lower));
  const high = Math.max(6, Math.ceil(upper));
  const ticks = decades(low, high, high - low > 12 ? 4 : 2).map((power) => [power, powerOfTen(power)]);
  return card(
    "Area-specific resistance at 25 °C",
    digits(found.value, 2),
    "Ω cm²",
    `${shareWords(asked)} interval ${digits(found.lower, 2)} to ${digits(found.upper, 2)}`,
    scale({ low, high, value, lower, upper, ticks, marks, width: item.log10_diffusion_coefficient_cm2_s ? undefined : wideWidth(), name: `Resistance ${digits(found.value, 2)} ohm square centimetres` }),
    `Of a separator ${Number(asked.separator_thickness_um)} µm thick, thickness over conductivity; marked: measured conductivities at the same thickness. Contacts and grain boundaries add to it.`,
    name,
  );
}

function prefactor(item, asked) {
  const name = "log10_prefactor_s_k_cm";
  const found = item[name];
  if (!found) return null;
  const ticks = decades(0, 10, 2).map((power) => [power, power]);
  return card(
    "Prefactor, log₁₀ σ₀",
    fixed(found.value, 1),
    "S K/cm",
    `${shareWords(asked)} interval ${fixed(found.lower, 1)} to ${fixed(found.upper, 1)}`,
    scale({ low: 0, high: 10, ...found, ticks, name: `Prefactor ${fixed(found.value, 1)}` }),
    "Of σT = σ₀ exp(−Eₐ / k T): from the conductivity and the activation energy, whose errors go together.",
    name,
  );
}

function diffusion(item, asked) {
  const name = "log10_diffusion_coefficient_cm2_s";
  const found = item[name];
  if (!found) return null;
  const ticks = decades(-16, -4, 4).map((power) => [power, powerOfTen(power)]);
  return card(
    "Diffusion coefficient at 25 °C",
    scientific(10 ** found.value),
    "cm²/s",
    `${shareWords(asked)} interval ${scientific(10 ** found.lower)} to ${scientific(10 ** found.upper)}`,
    scale({ low: -16, high: -4, ...found, ticks, name: `Diffusion coefficient ${scientific(10 ** found.value)}` }),
    "By Nernst-Einstein with the ions of the structure and a Haven ratio of 1.",
    name,
  );
}
