// Where the picture's columns stand: ranks from left to right, branches above one another, wires over what they skip.
import { homesOf, inputsOf } from "./cost_parts.js";
import { sectionKey } from "./levers_tree.js";

export const FEW = 12; // columns that are drawn with their names and what lies between them
const MOST = 100; // columns that can be told apart: of a larger model each block is one, until it is unfolded

// A column a layer that makes a width, and one an input; the layers after it that make none are its own.
// An attention is one of its heads, each as high as its size.
export function columnsOf(model, open = new Set()) {
  const columns = [];
  const sectionOf = new Map(model.sections.flatMap(({ layers }, index) => layers.map((layer) => [layer, index])));
  const owner = new Map();
  model.layers.forEach(({ kind, group, shape }, layer) => {
    const isInput = kind === "InputLayer";
    const parts = partsOf(model, layer);
    const own = group !== null && model.groups[group].layers.includes(layer) ? group : null;
    if (isInput || own !== null || parts.length || columns.length === 0) {
      const [heads, size] = ["heads", "head size"].map((label) => parts.find((part) => model.groups[part].label === label) ?? null);
      const isAttention = heads !== null && size !== null;
      const first = isInput ? null : isAttention ? heads : own ?? parts[0] ?? null;
      const width = isAttention ? model.groups[heads].width * model.groups[size].width
        : first === null ? shape.at(-1) ?? 1 : model.groups[first].width;
      owner.set(layer, columns.length);
      columns.push({
        layer, group: first, size: isAttention ? size : null, width, kind, section: sectionOf.get(layer), layers: [layer],
        sides: shape.length > 1 ? shape.slice(0, -1) : [],
      });
    }
  });
  homesOf(model, owner).forEach((column, layer) => { if (!owner.has(layer)) columns[column].layers.push(layer); });
  return columns.length > MOST && model.sections.length > 1 ? byBlock(model, columns, open) : columns;
}

function partsOf(model, layer) {
  return model.groups.flatMap(({ label, layers }, group) => (label !== null && layers[0] === layer ? [group] : []));
}

// One column a block: its widest; of those that are open a column a layer, of the latest as many as there is room for.
function byBlock(model, columns, open) {
  const sizes = model.sections.map((_, section) => columns.filter((column) => column.section === section).length);
  let room = Math.max(MOST / 2, MOST - sizes.filter((size) => size > 0).length);
  const unfolded = new Set([...open].reverse().flatMap((key) => {
    const section = model.sections.findIndex((each) => sectionKey(each) === key);
    if (section < 0 || sizes[section] - 1 > room) return [];
    room -= sizes[section] - 1;
    return [section];
  }));
  const blocks = new Map();
  columns.forEach((column) => {
    if (unfolded.has(column.section)) {
      blocks.set(column, column);
      return;
    }
    const known = blocks.get(column.section);
    if (known === undefined) blocks.set(column.section, { ...column, isBlock: true, layers: [...column.layers] });
    else Object.assign(known, column.width > known.width && column.group !== null ? column : {}, { layers: [...known.layers, ...column.layers] });
  });
  return [...blocks.values()];
}

// The ranks, each with its columns from top to bottom, and the wires between what is not side by side.
// A wire goes from the rank "from" over the ranks "over" to the rank "to": before its column, or behind a sum.
export function ranksOf(model, columns) {
  const at = standsAt(columns);
  const columnAt = new Map(columns.map(({ layer }, index) => [at(layer), index]));
  const inputsAt = model.layers.map(() => new Set());
  model.layers.forEach((_, layer) => inputsOf(model, layer).forEach((each) => inputsAt[at(layer)].add(at(each))));
  const [rank, source, reached] = [[], [], []]; // by layer
  const ranks = [];
  const found = new Map();
  const feeders = columns.map(() => []);
  model.layers.forEach((_, layer) => {
    if (at(layer) !== layer) return;
    // What a block takes from later ones goes round.
    const inputs = [...inputsAt[layer]].filter((each) => each < layer);
    const own = columnAt.get(layer);
    const before = Math.max(-1, ...inputs.map((each) => rank[each]));
    const isJoin = new Set(inputs.map((each) => source[each])).size > 1;
    rank[layer] = own === undefined ? Math.max(0, before) : before + 1;
    source[layer] = own !== undefined || isJoin || inputs.length === 0 ? layer : source[inputs[0]];
    // The columns whose output this is, as far right as it is itself.
    reached[layer] = own !== undefined ? [own] : [...new Set(inputs.filter((each) => rank[each] === before).flatMap((each) => reached[each]))];
    if (own !== undefined) {
      (ranks[rank[layer]] ??= []).push(own);
      feeders[own] = [...new Set(inputs.filter((each) => rank[each] === before).flatMap((each) => reached[each]))];
    }
    if (own === undefined && !isJoin) return;
    const last = own === undefined ? rank[layer] : rank[layer] - 1;
    inputs.forEach((each) => {
      // What comes from weights alone comes from no column.
      if (rank[each] >= last || reached[each].length === 0) return;
      const key = `${source[each]} ${last} ${own ?? ""}`;
      found.set(key, { columns: reached[each], from: rank[each], to: last, into: own ?? null, joins: own === undefined ? reached[layer] : [own] });
    });
  });
  return { ranks: inOrder(ranks, feeders), wires: levels([...found.values()]), feeders };
}

// The layers of a block that is one column stand where its first does.
function standsAt(columns) {
  const first = new Map(columns.filter(({ isBlock }) => isBlock).flatMap(({ layers }) => {
    const least = Math.min(...layers);
    return layers.map((layer) => [layer, least]);
  }));
  return (layer) => first.get(layer) ?? layer;
}

// Branches keep the order of what they come from.
function inOrder(ranks, feeders) {
  const place = new Map();
  return ranks.map((columns) => {
    const wanted = new Map(columns.map((column) => {
      const before = feeders[column].map((each) => place.get(each) ?? 0);
      return [column, before.length ? before.reduce((a, b) => a + b, 0) / before.length : 0];
    }));
    const sorted = columns.toSorted((a, b) => wanted.get(a) - wanted.get(b) || a - b);
    sorted.forEach((column, index) => place.set(column, index - (sorted.length - 1) / 2));
    return sorted;
  });
}

// How many shorter wires each one lies over.
function levels(wires) {
  const sorted = wires.toSorted((a, b) => (a.to - a.from) - (b.to - b.from) || a.from - b.from);
  sorted.forEach((wire, index) => {
    const under = sorted.slice(0, index).filter((each) => each.from < wire.to && wire.from < each.to);
    wire.level = under.length ? 1 + Math.max(...under.map(({ level }) => level)) : 0;
  });
  return sorted;
}

// The length of a map's side, 1 for what has none.
function sideOf({ sides }) {
  return Math.max(1, Math.sqrt(sides.reduce((a, b) => a * b, 1)));
}

// Where each rank is, from left to right: breadths by resolution, gaps between sections.
export function laidOut(columns, ranks, width, isFew) {
  if (isFew) {
    const most = Math.min(36, width / (2 * ranks.length));
    const lengths = ranks.map(([first]) => sideOf(columns[first]));
    // Only maps of two axes have a resolution that is seen.
    const breadths = lengths.map((length, rank) => (
      columns[ranks[rank][0]].sides.length < 2 ? most : most * (0.5 + 1.2 * (length / Math.max(...lengths)) ** 0.8)));
    const rest = width - breadths.reduce((a, b) => a + b, 0);
    const gap = ranks.length > 1 ? rest / (ranks.length - 1) : 0;
    let x = -gap;
    return breadths.map((breadth, rank) => {
      x += gap + (rank ? breadths[rank - 1] : 0);
      return { x, breadth };
    });
  }
  const sections = ranks.map(([first]) => columns[first].section);
  const gapBefore = (index) => {
    if (index === 0) return 0;
    const isNew = sections[index] !== sections[index - 1];
    return ranks.length > 100 ? (isNew && !columns[ranks[index][0]].isBlock ? 2 : 0.3) : isNew ? 6 : 1.5;
  };
  const gaps = ranks.reduce((total, _, index) => total + gapBefore(index), 0);
  const sides = ranks.map((inside) => Math.max(...inside.map((column) => sideOf(columns[column]))) ** 0.8);
  const least = Math.min(5, ((width - gaps) * 0.7) / ranks.length);
  const total = sides.reduce((a, b) => a + b, 0);
  const rest = Math.max(0, width - gaps - least * ranks.length);
  let x = 0;
  return ranks.map((_, index) => {
    x += gapBefore(index);
    const breadth = least + (rest * sides[index]) / total;
    const found = { x, breadth };
    x += breadth;
    return found;
  });
}

// The span of each column in time, on the same x: branches are worked on one after another.
export function timeline(columns, ranks, layout, width) {
  const rankOf = new Map(ranks.flatMap((inside, rank) => inside.map((column) => [column, rank])));
  const starts = [0];
  let highest = -1;
  const lowestAfter = [];
  for (let index = columns.length - 1, low = Infinity; index >= 0; index -= 1) {
    low = Math.min(low, rankOf.get(index));
    lowestAfter[index] = low;
  }
  columns.forEach((_, index) => {
    if (index && lowestAfter[index] > highest) starts.push(index);
    highest = Math.max(highest, rankOf.get(index));
  });
  return starts.flatMap((start, which) => {
    const end = starts[which + 1] ?? columns.length;
    const left = which ? layout[lowestAfter[start]].x : 0;
    const right = end < columns.length ? layout[lowestAfter[end]].x : width;
    return Array.from({ length: end - start }, (_, step) => left + ((right - left) * step) / (end - start));
  });
}

// Stages and their blocks from left to right, with where they begin and end.
export function stagesOf(model, columns, ranks, layout) {
  const spans = [];
  ranks.forEach(([first], rank) => {
    const { x, breadth } = layout[rank];
    const { title, stage: [stage, inStage] = [title] } = model.sections[columns[first].section];
    const block = inStage ?? undefined;
    if (spans.at(-1)?.stage !== stage) spans.push({ stage, x, blocks: [] });
    const span = spans.at(-1);
    span.end = x + breadth;
    // What is no block of a stage has the names of its layers.
    const isLayer = block === undefined && ranks[rank].length === 1;
    const name = isLayer ? model.layers[columns[first].layer].name : title;
    if (span.blocks.at(-1)?.title !== name) span.blocks.push({ title: name, block: isLayer ? name : block, isLayer, x });
    span.blocks.at(-1).end = x + breadth;
    span.sides = columns[first].sides;
  });
  return spans;
}
