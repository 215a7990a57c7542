// The form: live reading of the formula, examples, files.

import { byId, formulaNodes, h, show } from "./elements.js";
import { get } from "./service.js";

const PAUSE_MS = 120;
const LARGEST_FILE = 256_000; // bytes, as the service accepts of a structure
const LARGEST_LIST = 5_000_000;

let waiting = null;
let reading = null;

// Says under the box what the formula is read as; onAsk(question parts) when there is something to ask.
export function prepareAsking({ onStructure, onList, onFault }) {
  byId("formula").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(readFormula, PAUSE_MS);
  });
  for (const button of document.querySelectorAll("[data-formula]")) {
    button.addEventListener("click", () => {
      byId("formula").value = button.dataset.formula;
      byId("ask-form").requestSubmit();
    });
  }
  const taken = async (file) => {
    try {
      await takeFile(file, onStructure, onList);
    } catch (error) {
      onFault(error.message);
    }
  };
  for (const id of ["file", "list-file"]) {
    byId(id).addEventListener("change", async (event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) await taken(file);
    });
  }
  dropping(taken);
}

function dropping(taken) {
  const over = (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", () => byId("drop").classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    byId("drop").classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) await taken(file);
  });
}

async function takeFile(file, onStructure, onList) {
  const name = file.name.toLowerCase();
  const isList = /\.(csv|txt)$/.test(name);
  const most = isList ? LARGEST_LIST : LARGEST_FILE;
  if (file.size > most) throw new Error(`${file.name} has ${file.size} bytes; at most ${most} are accepted here`);
  const text = await file.text();
  if (isList) onList(text);
  else onStructure({ format: formatOf(name, text), text, name: file.name });
}

// The service never guesses; a file's name says its format, or its first words do.
function formatOf(name, text) {
  if (name.endsWith(".cif") || /^\s*(#[^\n]*\n\s*)*data_/.test(text)) return "cif";
  return "poscar";
}

export async function readFormula() {
  clearTimeout(waiting);
  reading?.abort();
  const place = byId("read");
  const box = byId("formula");
  const text = box.value;
  if (!text.trim()) {
    place.replaceChildren();
    box.removeAttribute("aria-invalid");
    return;
  }
  reading = new AbortController();
  try {
    const found = await get(`/parse?formula=${encodeURIComponent(text)}`, reading.signal);
    if (box.value === text) showReading(found);
  } catch (error) {
    if (error.name !== "AbortError") place.textContent = error.message;
  }
}

export function showReading(found) {
  const place = byId("read");
  const box = byId("formula");
  place.classList.toggle("wrong", found.error !== null);
  if (found.error) {
    box.setAttribute("aria-invalid", "true");
    place.textContent = found.error.message;
    return;
  }
  box.removeAttribute("aria-invalid");
  const total = found.elements.reduce((sum, each) => sum + each.amount, 0);
  const ion = found.mobile_ion ? `${found.mobile_ion} moves` : "no known mobile ion";
  place.replaceChildren(h("span", { class: "formula" }, formulaNodes(found.formula)), h("span", { class: "quiet" }, ` · ${found.elements.length} elements, ${Number(total.toPrecision(6))} atoms, ${ion}`));
}

export function showGiven(structure, onDropped) {
  const place = byId("given");
  show(place, structure !== null);
  if (!structure) return;
  place.replaceChildren(`Structure: ${structure.name} (${structure.format.toUpperCase()}) `, h("button", { type: "button", class: "quiet-button", onclick: onDropped }, "Remove"));
}
