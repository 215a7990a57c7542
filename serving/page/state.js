// The question, and the address that carries it. Long texts travel behind the #, which no server sees.

const LONGEST = 30_000; // characters behind the #
const NUMBERS = { t_min: 20, t_max: 200, coverage: 0.9, separator_thickness_um: 25 };

export function emptyQuestion() {
  return { view: "material", formula: "", structure: null, list: "", electrode: "", ...NUMBERS };
}

export async function readAddress() {
  const asked = emptyQuestion();
  const query = new URLSearchParams(location.search);
  asked.view = ["list", "how"].includes(query.get("view")) ? query.get("view") : "material";
  asked.formula = query.get("formula") ?? "";
  for (const name of Object.keys(NUMBERS)) {
    const value = Number(query.get(name));
    if (query.get(name) && Number.isFinite(value)) asked[name] = value;
  }
  if (["Li", "Na", "Mg", "K"].includes(query.get("electrode"))) asked.electrode = query.get("electrode");
  const [kind, packed] = location.hash.slice(1).split("=", 2);
  if (packed && kind === "list") asked.list = await unpacked(packed);
  if (packed && ["cif", "poscar"].includes(kind)) {
    asked.structure = { format: kind, text: await unpacked(packed), name: query.get("name") ?? `a ${kind.toUpperCase()}` };
  }
  return asked;
}

// Whether the address holds the whole question.
export async function writeAddress(asked) {
  const query = queryOf(asked);
  let hash = "";
  let whole = true;
  const [kind, text] =
    asked.view === "list" ? ["list", asked.list] : [asked.structure?.format ?? "", asked.structure?.text ?? ""];
  if (text && asked.view !== "how") {
    const pack = await packed(text);
    whole = pack.length <= LONGEST;
    if (whole) hash = `#${kind}=${pack}`;
    if (whole && asked.view === "material") query.set("name", asked.structure.name.slice(0, 80));
  }
  const search = query.toString();
  const address = `/${search ? `?${search}` : ""}${hash}`;
  if (address !== location.pathname + location.search + location.hash) history.pushState(null, "", address);
  return whole;
}

// What an address says of a question, but for the text of a list or structure.
export function queryOf(asked) {
  const query = new URLSearchParams();
  if (asked.view !== "material") query.set("view", asked.view);
  if (asked.view === "material" && asked.formula && !asked.structure) query.set("formula", asked.formula);
  for (const [name, usual] of Object.entries(NUMBERS)) if (asked[name] !== usual) query.set(name, asked[name]);
  if (asked.electrode) query.set("electrode", asked.electrode);
  return query;
}

async function packed(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Empty where the text behind the # was cut or altered on its way.
async function unpacked(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(stream).text();
  } catch {
    return "";
  }
}
