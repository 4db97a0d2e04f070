// The picture drawn: what stands still of it once, what moves in the frame of the slider.
import { label, pixel, setText, setValue, svgElement } from "./elements.js";
import { formatExact } from "./format.js";
import { bandsOf, columnPaths, columnsAbove } from "./picture_columns.js";
import { STRIPS, memoryStrips } from "./picture_memory.js";
import { drawStages } from "./picture_labels.js";
import { lengthOf, say } from "./words.js";
import { FEW, laidOut, stagesOf, timeline } from "./picture_layout.js";

const BETWEEN = 4; // pixels between branches
const LEVEL = 5; // pixels between wires

// How wide a column is: units, or heads times their size.
export function widthOf(column, widths) {
  if (column.group === null) return column.width;
  return widths[column.group] * (column.size === null ? 1 : widths[column.size]);
}

export function drawPicture(state, columns, { ranks, wires: over, feeders }, width) {
  const { model } = state;
  const isFew = columns.length <= FEW;
  // Every value of a row of units goes to every unit of the next; a filter sees all channels as well, but not as lines.
  const isPlain = isFew && over.length === 0 && columns.every(({ sides, size }) => sides.length === 0 && size === null);
  const levels = over.length ? Math.min(6, 1 + Math.max(...over.map(({ level }) => level))) : 0;
  const tall = Math.round(Math.min(isFew ? 260 : 240, Math.max(150, 0.16 * width))) + LEVEL * levels;
  const isNamed = isFew && ranks.every((inside) => inside.length === 1);
  const [top, bottom] = [(isFew ? 20 : 28) + LEVEL * levels, isFew ? 30 : 20];
  const room = tall - top - bottom;
  const middle = top + room / 2;
  const uppers = model.groups.map(({ upper }) => upper);
  const most = columns.map((column) => Math.max(column.width, column.size === null ? widthOf(column, uppers) : 1.5 * column.width));
  const isLinear = isFew || Math.max(...most) / Math.min(...columns.map(({ width: own }) => own)) <= 80;
  const scale = isLinear ? (value) => value : Math.sqrt;
  const gaps = BETWEEN * (Math.max(...ranks.map(({ length }) => length)) - 1);
  const largest = Math.max(...ranks.map((inside) => inside.reduce((sum, column) => sum + scale(most[column]), 0)));
  const height = (value) => Math.max(2, Math.min(1, scale(value) / largest) * (room - gaps));
  const widthAt = (pixels) => (isLinear ? (pixels / (room - gaps)) * largest : ((pixels / (room - gaps)) * largest) ** 2);

  const svg = svgElement("svg", {
    viewBox: `0 0 ${width} ${tall + STRIPS}`, height: tall + STRIPS, role: "application", tabindex: 0, "data-drag": "",
    "aria-label": columns.some(({ isBlock }) => isBlock)
      ? say("picture of the network: arrows left and right choose a block, up and down change its width, Enter shows its layers")
      : say("picture of the network: arrows left and right choose a layer, up and down change its width"),
  });
  const layout = laidOut(columns, ranks, width, isFew);
  const rankOf = columns.map(() => 0);
  ranks.forEach((inside, rank) => inside.forEach((column) => { rankOf[column] = rank; }));
  const bands = isPlain ? [] : model.groups.flatMap((_, group) => {
    const own = columns.flatMap((column, index) => (column.group === group ? [layout[rankOf[index]]] : []));
    if (own.length < 2) return [];
    const [x, end] = [Math.min(...own.map((each) => each.x)), Math.max(...own.map((each) => each.x + each.breadth))];
    const grab = svgElement("rect", { class: `sw-grab${model.groups[group].fixed ? " sw-fixed" : ""}`, x: pixel(x), width: pixel(end - x) });
    return [{ group, grab, x, breadth: end - x }];
  });
  const between = isFew ? columns.flatMap((_, index) => feeders[index].map((from) => ({
    from, to: index, funnel: svgElement("path", { class: "sw-funnel" }), wire: svgElement("path", { class: "sw-wire" }),
  }))) : [];
  const places = columns.map((column, index) => {
    const { x, breadth } = layout[rankOf[index]];
    const isFixed = column.group === null || model.groups[column.group].fixed;
    const name = column.isBlock ? model.sections[column.section].title : model.layers[column.layer].name;
    const grab = svgElement("rect", { class: `sw-grab${isFixed ? " sw-fixed" : ""}`, x: pixel(x - 1), width: pixel(breadth + 2) }, svgElement("title", {}, name));
    return { column, grab, x, breadth, name, y: 0, tall: 0 };
  });
  const paths = columnPaths();
  svg.append(...bandsOf(paths), ...bands.map(({ grab }) => grab), ...between.flatMap(({ funnel, wire }) => [funnel, wire]),
    ...columnsAbove(paths), paths.skips);

  const [texts, sums] = [[], []];
  if (isNamed) {
    const roomEach = width / columns.length;
    places.forEach(({ x, breadth, column, name }, index) => {
      const anchor = index === 0 ? "start" : index === places.length - 1 ? "end" : "middle";
      const at = { start: 0, end: width, middle: x + breadth / 2 }[anchor];
      const most = Math.max(3, Math.floor(roomEach / 6.6));
      const short = name.length > most ? `${name.slice(0, most - 1)}…` : name;
      svg.append(label(at, 12, column.group === null ? say("input") : short, "sw-strong", anchor));
      texts.push(label(at, tall - 8, "", "sw-said", anchor));
      sums.push(label(index ? (places[index - 1].x + places[index - 1].breadth + x) / 2 : 0, tall - 8, "", "sw-said sw-formed", "middle"));
    });
    svg.append(...texts, ...sums);
  } else drawStages(svg, stagesOf(model, columns, ranks, layout), tall, width);
  const times = timeline(columns, ranks, layout, width);
  const memory = memoryStrips(state, tall, width);
  svg.append(...memory.flatMap(({ elements }) => elements),
    ...places.map(({ grab }) => grab));
  return {
    svg, places, ranks, layout, bands, between, paths, skips: over, texts, sums, times, memory, middle, height, widthAt,
    isLinear, isFew, isPlain, isNamed, tall, width, top,
  };
}

// Where each column is now: branches above one another, all around the middle.
export function stand(drawn, widths) {
  drawn.ranks.forEach((inside) => {
    const heights = inside.map((index) => drawn.height(widthOf(drawn.places[index].column, widths)));
    let y = drawn.middle - (heights.reduce((a, b) => a + b, 0) + BETWEEN * (inside.length - 1)) / 2;
    inside.forEach((index, row) => {
      Object.assign(drawn.places[index], { y, tall: heights[row] });
      y += heights[row] + BETWEEN;
    });
  });
}

// Wires over what they skip, from the upper edge of where they come from to that of where they join.
export function paintSkips({ skips, paths, places, ranks, layout, top }) {
  const edge = (columns) => Math.min(...columns.map((each) => places[each].y));
  const wires = skips.map(({ columns, from, to, into, joins, level }) => {
    let highest = Infinity;
    for (let rank = from + 1; rank <= to; rank += 1) highest = Math.min(highest, edge(ranks[rank]));
    const [start, end] = [layout[from].x + layout[from].breadth, into === null ? layout[to].x + layout[to].breadth : layout[to + 1].x];
    const [y0, y1] = [edge(columns), edge(joins)];
    const y = Math.max(top - LEVEL * 6, Math.min(highest, y0, y1) - LEVEL * (level + 1));
    const turn = Math.min(10, (end - start) / 3);
    return `M${pixel(start - 1)} ${pixel(y0)}C${pixel(start)} ${pixel(y)} ${pixel(start)} ${pixel(y)} ${pixel(start + turn)} ${pixel(y)}`
      + `H${pixel(end - turn)}C${pixel(end)} ${pixel(y)} ${pixel(end)} ${pixel(y)} ${pixel(end)} ${pixel(y1)}`;
  });
  setValue(paths.skips, "d", wires.join(""));
}

// Between the columns of a small network: how wide the way is; between rows of units the single lines as well.
export function paintBetween(drawn, shares) {
  const { places } = drawn;
  const at = ({ y, tall }, part) => pixel(y + tall * part);
  drawn.between.forEach(({ from, to, funnel, wire }) => {
    const [left, right] = [places[from], places[to]];
    const [x0, x1] = [left.x + left.breadth, right.x].map(pixel);
    funnel.setAttribute("d", `M${x0} ${at(left, 0)}L${x1} ${at(right, 0)}V${at(right, 1)}L${x0} ${at(left, 1)}Z`);
    funnel.setAttribute("opacity", 0.05 + 0.17 * shares[to]);
    if (!drawn.isPlain) return;
    const [many, more] = [left, right].map(({ tall }) => Math.max(2, Math.min(20, Math.round(tall / 7))));
    let path = "";
    for (let a = 0; a < many; a += 1) {
      for (let b = 0; b < more; b += 1) path += `M${x0} ${at(left, (a + 0.5) / many)}L${x1} ${at(right, (b + 0.5) / more)}`;
    }
    wire.setAttribute("d", path);
    wire.setAttribute("opacity", 0.1 + 0.3 * shares[to]);
  });
}

// Under the columns of a small network what they are, and between them what they cost.
export function paintTexts(state, drawn, costs, metric) {
  const { model, now } = state;
  const total = costs.reduce((a, b) => a + b, 0);
  const { places } = drawn;
  places.forEach(({ column, x }, index) => {
    const row = model.rows.find(({ layer }) => layer === column.layer);
    const wide = widthOf(column, now.widths);
    const before = places[index - 1];
    const apart = index ? x - before.x - before.breadth : 0;
    const room = drawn.width / places.length - 4;
    setText(drawn.texts[index], columnWords(column, now, row).find((each) => 6.2 * lengthOf(each) < room) ?? "");
    const gap = apart - (lengthOf(drawn.texts[index].textContent) + lengthOf(drawn.texts[index - 1]?.textContent ?? "")) * 3.2;
    if (index === 0) return;
    const from = widthOf(before.column, now.widths);
    const bias = row?.bias !== null && row !== undefined && now.biases[row.bias];
    const isSum = model.layers[column.layer].kind === "Dense" && column.sides.length === 0 && before.column.sides.length === 0
      && metric.name === "n_params" && costs[index] === (from + (bias ? 1 : 0)) * wide;
    const cost = formatExact(costs[index], metric.unit);
    const words = [
      ...(isSum ? [`(${from}${bias ? " + 1" : ""}) × ${wide} = ${cost}`] : []),
      ...(metric.additive && total ? [`${cost} (${Math.round((100 * costs[index]) / total)} %)`] : []), cost,
    ];
    setText(drawn.sums[index], words.find((each) => gap > 6.2 * lengthOf(each) + 8) ?? "");
  });
}

// As long as there is room, the longest first.
function columnWords({ group, size, sides, width }, now, row) {
  if (group === null) return [sides.length ? `${sides.join(" × ")} × ${width}` : say("{n} values", { n: width }), String(width)];
  if (size !== null) return [say("{n} heads × {size}", { n: now.widths[group], size: now.widths[size] }), `${now.widths[group]} × ${now.widths[size]}`];
  const n = now.widths[group];
  return [row === undefined || row.activation === null ? say("{n} units", { n }) : `${n} ${now.activations[row.activation]}`, String(n)];
}
