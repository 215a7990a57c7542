// Lists in and out: RFC 4180, and text that no spreadsheet runs.

const RUNNABLE = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
export const MOST_ROWS = 20_000;

// Rows of cells. Throws Error where a quote is never closed.
export function parseCsv(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const separator = text.split("\n", 1)[0].includes("\t") ? "\t" : ",";
  const source = text.replace(/^\ufeff/, "");
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === separator) {
      row.push(cell);
      cell = "";
    } else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && source[at + 1] === "\n") at += 1;
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += sign;
  }
  if (quoted) throw new Error("a quote in the list is never closed");
  if (cell !== "" || row.length) rows.push([...row, cell]);
  return rows;
}

// One entry a material: {line, formula} or {line, cif}. Throws Error that says what is accepted.
export function readList(text) {
  const rows = parseCsv(text).map((cells, at) => ({ line: at + 1, cells: cells.map((cell) => cell.trim()) })).filter(({ cells }) => cells.some((cell) => cell));
  if (!rows.length) throw new Error("the list is empty");
  const head = rows[0].cells.map((cell) => cell.toLowerCase());
  const formulaAt = head.indexOf("formula");
  const cifAt = head.indexOf("cif");
  const named = formulaAt >= 0 || cifAt >= 0;
  if (!named && rows.some(({ cells }) => cells.length > 1)) throw new Error("the list has several columns and none is named formula or cif");
  const body = named ? rows.slice(1) : rows;
  if (!body.length) throw new Error("the list has a header and no rows");
  if (body.length > MOST_ROWS) throw new Error(`the list has ${body.length} rows; at most ${MOST_ROWS} are read here, and any number by: frenkel score IN OUT`);
  return body.map(({ line, cells }) => {
    const cif = cifAt >= 0 ? cells[cifAt] : "";
    return cif ? { line, cif } : { line, formula: cells[Math.max(0, formulaAt)] ?? "" };
  });
}

function cellText(value) {
  if (value === null || value === undefined) return "";
  let text = String(value);
  if (typeof value === "string" && RUNNABLE.test(text) && !PLAIN_NUMBER.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function writeCsv(head, rows) {
  return [head, ...rows].map((cells) => cells.map(cellText).join(",")).join("\n") + "\n";
}

export function download(name, text, kind) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
