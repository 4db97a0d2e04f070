// Which layers one row of switches may be for: all, a stage, blocks that are built alike, layers of a kind.
import { say } from "./words.js";

// Each { key, heading, title, rows, blocks }: places of the rows and of the blocks that are meant.
export function bulkScopes(model) {
  const scope = (heading, title, layers) => {
    const inside = new Set(layers);
    const rows = model.rows.flatMap(({ layer }, row) => (inside.has(layer) ? [row] : []));
    const blocks = model.blocks.flatMap(({ layers: own }, block) => (own.every((layer) => inside.has(layer)) ? [block] : []));
    return { key: `${heading} ${title}`, heading, title, rows, blocks };
  };
  const all = { key: "", heading: "", title: say("all layers"), rows: [...model.rows.keys()], blocks: [...model.blocks.keys()] };
  const stages = gathered(model.sections, ({ title, stage }) => stage?.[0] ?? title);
  const blocks = gathered(model.sections, ({ layers }) => layers.map((layer) => model.layers[layer].kind).join(" "));
  const kinds = gathered([...model.layers.entries()].filter(([layer]) => model.rows.some((row) => row.layer === layer)), ([, { kind }]) => kind);
  const scopes = [
    ...several(stages).map(([title, sections]) => scope(say("stages"), title, sections.flatMap(({ layers }) => layers))),
    ...several(blocks).map(([, sections]) => scope(say("blocks built alike"), say("{block} and {n} like it", { block: sections[0].title, n: sections.length - 1 }), sections.flatMap(({ layers }) => layers))),
    ...several(kinds).map(([kind, layers]) => scope(say("layers"), say("every {kind}", { kind }), layers.map(([layer]) => layer))),
  ];
  // What means every row says nothing new.
  return [all, ...scopes.filter(({ rows }) => rows.length > 1 && rows.length < model.rows.length)];
}

function gathered(items, keyOf) {
  const found = new Map();
  items.forEach((item) => found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]));
  return found;
}

function several(found) {
  return [...found].filter(([, items]) => items.length > 1);
}
