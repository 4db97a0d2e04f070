// Whose costs stand together. Rows, bars and the picture show the same numbers, and each cost once: a layer that has no
// row, such as a normalization, stands with the one whose output it takes; a layer of several rows, with the first.
import { MANY } from "./levers_tree.js";
import { say } from "./words.js";

// For each row, the places of the layers whose costs are its own, first the layer of the row: it is the one that is meant.
export function costParts(model) {
  const first = new Map();
  model.rows.forEach(({ layer }, row) => { if (!first.has(layer)) first.set(layer, row); });
  const parts = model.rows.map(() => []);
  if (parts.length === 0) return parts;
  homesOf(model, first).forEach((row, layer) => {
    if (first.get(layer) === row) parts[row].unshift(layer);
    else parts[row].push(layer);
  });
  return parts;
}

// For each layer which of the owners it stands with. owner: from a layer's place to the number of the owner that it is.
export function homesOf(model, owner) {
  // The rows of a block that folds add up to the block.
  const isFolded = model.rows.length > MANY;
  const sectionOf = new Map(isFolded ? model.sections.flatMap(({ layers }, index) => layers.map((layer) => [layer, index])) : []);
  const inSection = new Map();
  owner.forEach((number, layer) => {
    const section = sectionOf.get(layer);
    inSection.set(section, [...(inSection.get(section) ?? []), number]);
  });
  const home = [];
  model.layers.forEach((_, layer) => {
    const before = inputsOf(model, layer).map((each) => home[each]);
    const near = [Math.max(-1, ...before), home.at(-1) ?? -1].filter((number) => number >= 0);
    const own = inSection.get(sectionOf.get(layer));
    home.push(owner.get(layer) ?? near.find((number) => own?.includes(number) ?? true) ?? own?.[0] ?? near[0] ?? 0);
  });
  return home;
}

// The layers whose outputs a layer takes, but weights and what comes round again.
export function inputsOf(model, layer) {
  return model.layers[layer].inputs.filter((each) => each < layer && model.layers[each].kind !== "Weight");
}

// What such layers are called together, the first that costs something, and those that cost beside it.
export function partName(names) {
  return names.length > 2 ? say("{name} + {n} more", { name: names[0], n: names.length - 1 }) : names.join(" + ");
}
