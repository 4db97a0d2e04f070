// How the rows of controls fold: by stage where there are many blocks, by block, and inside by the layers that were opened.
import { say } from "./words.js";

const SHORT = 6; // letters
export const MANY = 24; // rows that fit on a screen: a model with more is folded

// A node is { key, title, layers, items, block, isStage }: its rows and nodes, all its layers, the block it is as a
// whole, and whether it holds blocks.
// A row is { row }, the switch of a block that is no node { block }.
export function leversTree(model) {
  const isFolded = model.rows.length > MANY;
  const sectionOf = new Map(model.sections.flatMap(({ layers }, index) => layers.map((layer) => [layer, index])));
  const inHead = new Map(model.blocks.map(({ title }, index) => [title, index]));
  const root = { key: "", title: model.name, layers: [...model.layers.keys()], items: [], block: null };
  const nodes = new Map();
  const within = (parent, key, title, layers, block = null) => {
    if (!nodes.has(key)) {
      nodes.set(key, { key, title, layers, items: [], block });
      parent.items.push(nodes.get(key));
    }
    return nodes.get(key);
  };
  const blocks = model.blocks.map(({ layers }, index) => ({ index, first: Math.min(...layers) }));
  const waiting = blocks.filter(({ index }) => {
    const title = model.blocks[index].title;
    return !(isFolded && model.sections.some((section) => section.title === title && hasRows(model, section)));
  });
  const stages = isFolded && model.sections.length > MANY ? stagesOfSections(model) : null;
  let place = root;
  model.rows.forEach((row, index) => {
    const section = model.sections[sectionOf.get(row.layer)];
    place = root;
    if (isFolded) {
      const stage = stages?.get(section);
      const home = stage === undefined ? root : within(root, `stage ${stage.title}`, stage.title, stage.layers);
      home.isStage = stage !== undefined;
      place = within(home, sectionKey(section), section.title, section.layers, inHead.get(section.title) ?? null);
    }
    model.layers[row.layer].path.forEach((name, depth) => {
      const inside = model.layers.flatMap((layer, layerPlace) => (layer.path[depth] === name ? [layerPlace] : []));
      // The one layer of a section that was opened is the section.
      if (depth === 0 && inside.length === place.layers.length && place !== root) return;
      place = within(place, `${place.key}/${name}`, name, inside);
    });
    while (waiting.length && waiting[0].first <= row.layer) place.items.push({ block: waiting.shift().index });
    place.items.push({ row: index });
  });
  waiting.forEach(({ index }) => place.items.push({ block: index }));
  return { root, nodes, isFolded };
}

const trees = new WeakMap();

// The same tree of a model each time.
export function treeOf(model) {
  if (!trees.has(model)) trees.set(model, leversTree(model));
  return trees.get(model);
}

// The keys of the nodes that are open, the latest last; rows and picture unfold by them.
export function openNow(state) {
  return new Set(state.looks.open ?? openAtFirst(treeOf(state.model), (layer) => state.layer("n_params", layer, state.base)));
}

// Fold a node, or unfold it with those it is in.
export function toggleOpen(state, key) {
  const now = openNow(state);
  if (!now.delete(key)) [...nodesAround(treeOf(state.model), key), key].forEach((each) => now.add(each));
  state.look({ open: [...now] });
}

function nodesAround({ nodes }, key) {
  const around = [...nodes.values()].find(({ items }) => items.some((item) => item.key === key));
  return around === undefined ? [] : [...nodesAround({ nodes }, around.key), around.key];
}

// The key of the node of a section.
export const sectionKey = ({ title }) => `section ${title}`;

// The stage of each section, where it has more than one: by their titles, or ten blocks that only count.
function stagesOfSections(model) {
  const found = new Map();
  const titleOf = ({ title, stage: [stage, block] = [title], number }) => {
    if ((block ?? null) !== null) return stage;
    const first = Math.floor((number - 1) / 10) * 10 + 1;
    return (number ?? null) === null ? title : say("blocks {first} to {last}", { first, last: first + 9 });
  };
  const named = model.sections.map((section) => [section, titleOf(section)]);
  named.forEach(([section, title]) => {
    const stage = found.get(title) ?? { title, sections: [], layers: [] };
    found.set(title, { title, sections: [...stage.sections, section], layers: [...stage.layers, ...section.layers] });
  });
  return new Map(named.flatMap(([section, title]) => (found.get(title).sections.length > 1 ? [[section, found.get(title)]] : [])));
}

function hasRows(model, section) {
  return model.rows.some(({ layer }) => section.layers.includes(layer));
}

// The keys of the nodes that are open at first: all of a small model, the heaviest part of a large one.
export function openAtFirst({ root, nodes, isFolded }, weight) {
  if (!isFolded) return [...nodes.keys()];
  const heavy = (node) => node.layers.reduce((sum, layer) => sum + weight(layer), 0);
  const heaviestOf = (items) => items.reduce((best, node) => (heavy(node) > heavy(best) ? node : best));
  const first = heaviestOf(root.items);
  const heaviest = first.isStage ? heaviestOf(first.items) : first;
  return [...nodes.keys()].filter((key) => key === first.key || key === heaviest.key || key.startsWith(`${heaviest.key}/`));
}

// The rows that a search finds, by place; every row for an empty one.
export function foundRows(model, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const sectionOf = new Map(model.sections.flatMap(({ title, layers }) => layers.map((layer) => [layer, title])));
  const texts = model.rows.map((row) => (
    `${row.name} ${row.group === null ? "" : model.groups[row.group].title} ${sectionOf.get(row.layer)}`.toLowerCase()
  ));
  const having = (parts) => texts.flatMap((each, index) => (parts.every((part) => each.includes(part)) ? [index] : []));
  // "block 3" is not to find "block 13", but "block 4 squeeze" the row "block4a_se_reduce".
  const whole = having([words.join(" ")]);
  return whole.length ? whole : having(words);
}

// What all these names begin with, up to a place where a word ends; nothing where that is short.
export function commonStart(names) {
  if (names.length < 2) return "";
  const [first, ...others] = names;
  let length = 0;
  while (length < first.length && others.every((each) => each[length] === first[length])) length += 1;
  const start = first.slice(0, length).match(/^.*[_/.]/)?.[0] ?? "";
  return start.length >= SHORT && names.every((each) => each !== start) ? start : "";
}

// Every row of a node.
export function rowsOf(node) {
  return node.items.flatMap((item) => (item.items ? rowsOf(item) : item.row === undefined ? [] : [item.row]));
}
