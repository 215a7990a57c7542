// Known electrolytes on the scales, fetched once.

let known = null;

export async function knownMaterials() {
  known ??= fetch("/page/known.json").then((response) => response.json());
  return known;
}
