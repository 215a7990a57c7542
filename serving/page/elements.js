// Building the page. Text from outside only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

// h("p", {class: "quiet"}, "words", node): attributes; "on…" is a listener; null children are skipped.
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

// A formula with its numbers as subscripts, except those that lead a part: 0.75Li2S-0.25P2S5.
export function formulaNodes(text) {
  const nodes = [];
  for (const [piece, before, number] of String(text).matchAll(/([A-Za-z)\]}])([0-9.]+)|[^]/g)) {
    if (number !== undefined) nodes.push(before, h("sub", {}, number));
    else nodes.push(piece);
  }
  return nodes;
}

// The same as the little HTML that plotly reads in labels. Nothing else of it can get through.
export function formulaLabel(text) {
  return plotText(text).replace(/([A-Za-z)\]}])([0-9.]+)/g, "$1<sub>$2</sub>");
}

export function plotText(text) {
  return String(text).replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
}

export function byId(id) {
  return document.getElementById(id);
}

export function show(element, visible) {
  element.hidden = !visible;
}

// Words for screen readers alone.
export function say(words) {
  byId("said").textContent = words;
}

export function link(doi, words = doi) {
  return h("a", { href: `https://doi.org/${encodeURI(doi)}`, rel: "noreferrer", target: "_blank" }, words);
}

export function figure(title, body, caption, extra = {}) {
  return h("figure", { class: "panel", ...extra }, h("h3", {}, title), body, h("figcaption", {}, caption));
}
