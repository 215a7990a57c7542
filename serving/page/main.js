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
  const question = { ...asked }; // what is asked may change while it is answered
  await ask();
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

async function ask() {
  const signal = fresh();
  last = null;
  byId("answer").setAttribute("aria-busy", "true");
  try {
    if (asked.view === "list") await askList(signal);
    else if (asked.structure || asked.formula) await askMaterial(signal);
    else fault("Write a formula, or drop a structure.");
  } catch (error) {
    if (error.name !== "AbortError") {
      byId("answer").replaceChildren();
      fault(error.message);
    }
  } finally {
    if (!signal.aborted) byId("answer").removeAttribute("aria-busy");
  }
}

async function askMaterial(signal) {
  const body = { materials: [materialOf(asked)], ...conditions(asked) };
  const [{ predictions: [item], model }, known] = await Promise.all([post("/predict", body, signal), knownMaterials()]);
  if (item.status === "error") {
    byId("answer").replaceChildren();
    fault(`No prediction: ${item.error.message}`);
    return;
  }
  const question = { ...asked };
  let explained = null;
  const render = () => {
    byId("answer").replaceChildren(answer(item, model, known, question));
    if (explained) byId("contributions-place").replaceChildren(contributions(explained) ?? "");
  };
  last = render;
  // asked for first, so that it is noted when the cards are seen and before any figure is drawn
  afterPaint(() => performance.measure("enter-to-card", "asked"));
  render();
  say(`Answer for ${item.formula}`);
  const again = await post("/predict", { materials: body.materials, coverage: body.coverage, explain: true }, signal);
  explained = again.predictions[0].status === "ok" ? again.predictions[0] : null;
  if (explained && !signal.aborted) byId("contributions-place").replaceChildren(contributions(explained) ?? "");
}

async function askList(signal) {
  const question = { ...asked };
  last = await answerList(question, byId("answer"), signal);
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
    if (asked.view === "material" && asked.formula && !asked.structure) await readFormula();
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
