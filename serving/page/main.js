// The page: from the address to a question, from a question to its answer.

import { answer, contributions } from "./answer.js";
import { prepareAsking, readFormula, showGiven } from "./ask.js";
import { conditions, materialOf, readControls, showControls } from "./conditions.js";
import { readList } from "./csv.js";
import { byId, h, say, show } from "./elements.js";
import { how } from "./how.js";
import { answerList } from "./list.js";
import { knownMaterials } from "./materials.js";
import { afterPaint, plotly } from "./plots.js";
import { post } from "./service.js";
import { emptyQuestion, readAddress, writeAddress } from "./state.js";
import { units } from "./units.js";

let asked = emptyQuestion();
let running = new AbortController();
let last = null; // draws the last answer again, for other units

function fresh() {
  running.abort();
  running = new AbortController();
  show(byId("fault"), false);
  show(byId("progress"), false);
  byId("answer").removeAttribute("aria-busy");
  return running.signal;
}

function fault(words) {
  byId("fault").textContent = words;
  show(byId("fault"), true);
}

async function submitted() {
  performance.mark("asked");
  readControls(asked);
  if (asked.view === "list") asked.list = byId("list").value;
  else asked.formula = byId("formula").value.trim();
  showControls(asked);
  await ask(addressed);
}

// Once the answer to a question is there, its address is the page's.
async function addressed(question) {
  const whole = await writeAddress(question);
  if (!whole) {
    const words = "too long for a link";
    document.querySelector(".actions")?.prepend(h("span", { class: "quiet" }, words));
    say(`This question is ${words}`);
  }
  document.title = title();
}

function title() {
  if (asked.view === "how") return "How this works · Frenkel";
  if (asked.view === "list") return "A list · Frenkel";
  const name = asked.structure?.name ?? asked.formula;
  return name ? `${name} · Frenkel` : "Frenkel";
}

// Answers what is asked now; ``then`` is called with the question, unless another came meanwhile.
async function ask(then = () => {}) {
  const signal = fresh();
  const isCurrent = () => signal === running.signal;
  const question = { ...asked };
  last = null;
  byId("answer").setAttribute("aria-busy", "true");
  try {
    if (question.view === "list") {
      const render = await answerList(question, byId("answer"), signal, isCurrent);
      if (isCurrent()) last = render;
    } else if (question.structure || question.formula) await askMaterial(question, signal);
    else fault("Write a formula, or drop a structure.");
  } catch (error) {
    if (error.name !== "AbortError" && isCurrent()) {
      byId("answer").replaceChildren();
      fault(error.message);
    }
  } finally {
    if (isCurrent()) byId("answer").removeAttribute("aria-busy");
  }
  if (isCurrent()) await then(question);
}

async function askMaterial(question, signal) {
  const body = { materials: [materialOf(question)], ...conditions(question) };
  const [{ predictions: [item], model }, known] = await Promise.all([post("/predict", body, signal), knownMaterials()]);
  if (signal.aborted) return;
  if (item.status === "error") {
    byId("answer").replaceChildren();
    fault(`No prediction: ${item.error.message}`);
    return;
  }
  let explained = () => "";
  const render = () => {
    byId("answer").replaceChildren(answer(item, model, known, question));
    byId("contributions-place").replaceChildren(explained());
  };
  last = render;
  // asked for first, so that it is noted when the cards are seen and before any figure is drawn
  afterPaint(() => performance.measure("enter-to-card", "asked"));
  render();
  say(`Answer for ${item.formula}`);
  // what drives the numbers comes behind the answer, which does not wait for it or fail with it
  reasons({ materials: body.materials, coverage: body.coverage, explain: true }, signal).then((found) => {
    explained = found;
    if (!signal.aborted) byId("contributions-place").replaceChildren(explained());
  });
}

// A function that draws what drives the numbers of one material, or why that is not known.
async function reasons(body, signal) {
  try {
    const { predictions: [item] } = await post("/predict", body, signal);
    return () => (item.status === "ok" && contributions(item)) || "";
  } catch (error) {
    if (error.name === "AbortError") return () => "";
    return () => h("p", { class: "quiet" }, `What drives these numbers could not be asked: ${error.message}`);
  }
}

function showQuestion() {
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === asked.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  show(byId("ask"), asked.view !== "how");
  show(byId("ask-material"), asked.view === "material");
  show(byId("ask-list"), asked.view === "list");
  byId("formula").value = asked.formula;
  byId("list").value = asked.list;
  showGiven(asked.structure, forgetStructure);
  showControls(asked);
  document.title = title();
}

function forgetStructure() {
  asked.structure = null;
  showGiven(null);
  byId("formula").focus();
}

async function view(name) {
  fresh();
  asked = { ...asked, view: name };
  byId("answer").replaceChildren();
  last = null;
  showQuestion();
  await writeAddress(asked);
  await arrive(false);
}

// What an address asks for. byAddress: whether its question is to be answered at once.
async function arrive(byAddress) {
  if (asked.view === "how") {
    const signal = fresh();
    try {
      byId("answer").replaceChildren(await how());
    } catch (error) {
      if (!signal.aborted) fault(error.message);
    }
  } else if (byAddress) {
    if (asked.view === "list" ? asked.list : asked.structure || asked.formula) {
      performance.mark("asked");
      await ask();
    }
    if (asked.view === "material" && !asked.structure) await readFormula();
  }
}

function prepareUnits() {
  for (const [id, key] of [["unit-sigma", "sigma"], ["unit-energy", "energy"]]) {
    const select = byId(id);
    const kept = localStorage.getItem(`frenkel-${key}`);
    if (kept && [...select.options].some((option) => option.value === kept)) select.value = kept;
    units[key] = select.value;
    select.addEventListener("change", () => {
      units[key] = select.value;
      localStorage.setItem(`frenkel-${key}`, select.value);
      if (last) last();
    });
  }
}

function listRead() {
  const text = byId("list").value;
  const place = byId("list-read");
  if (!text.trim()) return place.replaceChildren();
  try {
    place.textContent = `${readList(text).length} rows`;
    place.classList.remove("wrong");
  } catch (error) {
    place.textContent = error.message;
    place.classList.add("wrong");
  }
}

async function begin() {
  prepareUnits();
  byId("ask-form").addEventListener("submit", (event) => {
    event.preventDefault();
    submitted();
  });
  byId("formula").addEventListener("input", () => {
    if (asked.structure) forgetStructure();
  });
  prepareAsking({
    onStructure: (structure) => {
      asked = { ...asked, view: "material", structure, formula: "" };
      showQuestion();
      submitted();
    },
    onList: (text) => {
      asked = { ...asked, view: "list", list: text };
      showQuestion();
      submitted();
    },
    onFault: fault,
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the part behind the # belongs to the question
    byId("answer").focus();
  });
  byId("list").addEventListener("input", listRead);
  byId("stop").addEventListener("click", () => running.abort());
  byId("detail-close").addEventListener("click", () => byId("detail").close());
  for (const link of document.querySelectorAll("[data-view]")) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      view(link.dataset.view);
    });
  }
  addEventListener("popstate", async () => {
    fresh();
    asked = await readAddress();
    byId("answer").replaceChildren();
    showQuestion();
    await arrive(true);
  });
  asked = await readAddress();
  showQuestion();
  await arrive(true);
  document.documentElement.dataset.ready = "yes";
  afterPaint(plotly); // while the question is being typed, so that no figure has to wait for it
}

begin();
