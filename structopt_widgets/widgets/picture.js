// The network as a picture: height is width, breadth is resolution; under it, on the same x, the memory alive.
import { html, label, pixel, setText, svgElement } from "./elements.js";
import { formatExact } from "./format.js";

const FEW = 12; // layers that are drawn with wires and their sums
const MEMORY = 54; // pixels of the memory's part


export function pictureView(state) {
  const { model } = state;
  const title = html("h2");
  const scaleText = html("span", { className: "sw-dim sw-small" });
  const sum = html("span", { className: "sw-dim sw-small" });
  const place = html("div");
  const save = html("button", { type: "button", title: "save the picture as an SVG file" }, "SVG");
  const el = html("section", { className: "sw-picture" },
    html("div", { className: "sw-bar-head" }, title, scaleText, html("span", { className: "sw-space" }), sum, save), place);
  const columns = columnsOf(model);
  const isFew = columns.length <= FEW;
  const rowOf = new Map(columns.filter(({ group }) => group !== null)
    .map(({ group }) => [group, model.rows.findIndex((row) => row.group === group)]));
  const outOf = model.layers.map((_, layer) => model.blocks.flatMap(({ layers }, block) => (layers.includes(layer) ? [block] : [])));
  let [drawn, width, frame] = [null, 0, null];

  const select = (group) => { if (group !== null) state.select({ row: rowOf.get(group), group }); };
  const build = () => {
    frame = null;
    width = Math.max(300, place.clientWidth || 900);
    drawn = draw(state, columns, isFew, width);
    drawn.places.forEach(({ grab, column }) => {
      grab.addEventListener("pointerdown", (event) => drag(event, column.group));
    });
    drawn.bands.forEach(({ band, group }) => band.addEventListener("pointerdown", (event) => drag(event, group)));
    drawn.svg.addEventListener("keydown", typed);
    place.replaceChildren(drawn.svg);
    setText(scaleText, isFew ? "height: units; drag a layer"
      : `height: channels${drawn.isLinear ? "" : " (square root)"}, breadth: resolution, light band: a shared width; drag a layer`);
    paint();
  };
  const drag = (event, group) => {
    if (group === null) return;
    event.preventDefault();
    drawn.svg.focus({ preventScroll: true });
    select(group);
    if (model.groups[group].fixed) return;
    const start = event.clientY;
    const isAbove = start - drawn.svg.getBoundingClientRect().top < drawn.middle;
    const before = drawn.height(state.now.widths[group]);
    const move = (to) => {
      const by = (to.clientY - start) * (isAbove ? -1 : 1);
      if (Math.abs(by) > 2) state.setWidth(group, Math.round(drawn.widthAt(Math.max(0, before + 2 * by))));
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
  };
  const typed = (event) => {
    const groups = [...new Set(columns.map(({ group }) => group).filter((group) => group !== null))];
    const at = groups.indexOf(state.looks.selected?.group);
    const step = event.shiftKey ? 8 : 1;
    const chosen = groups[at];
    const act = {
      ArrowRight: () => select(groups[Math.min(at + 1, groups.length - 1)]),
      ArrowLeft: () => select(groups[Math.max(at - 1, 0)]),
      ArrowUp: () => at >= 0 && state.setWidth(chosen, state.now.widths[chosen] + step * model.groups[chosen].divisor),
      ArrowDown: () => at >= 0 && state.setWidth(chosen, state.now.widths[chosen] - step * model.groups[chosen].divisor),
    }[event.key];
    if (act === undefined) return;
    act();
    event.preventDefault();
  };
  save.addEventListener("click", () => {
    const copy = drawn.svg.cloneNode(true);
    // Colours are the page's: they go along.
    const all = [drawn.svg, ...drawn.svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((node, index) => {
      const style = getComputedStyle(all[index]);
      ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-weight", "font-family"].forEach((name) => {
        node.style.setProperty(name, style.getPropertyValue(name));
      });
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const address = URL.createObjectURL(new Blob([copy.outerHTML], { type: "image/svg+xml" }));
    html("a", { href: address, download: `${model.name}.svg` }).click();
    URL.revokeObjectURL(address);
  });

  const isOut = (layer) => outOf[layer].some((block) => !state.now.blocks[block]);
  const paint = () => {
    const metric = state.shares;
    const cost = (column, values) => column.layers.reduce((total, layer) => total + state.layer(metric.name, layer, values), 0);
    const costs = columns.map((column) => cost(column, state.values));
    const largest = Math.max(1e-12, ...costs);
    const selected = state.looks.selected?.group ?? null;
    const { middle, height } = drawn;
    drawn.places.forEach((each, index) => {
      const { column, made, was } = each;
      const now = column.group === null ? column.width : state.now.widths[column.group];
      const share = costs[index] / largest;
      const isLeftOut = isOut(column.layer);
      const isLit = column.group !== null && column.group === selected;
      const key = `${now} ${share.toFixed(3)} ${isLeftOut} ${isLit}`;
      if (each.key === key) return;
      each.key = key;
      const tall = height(now);
      made.setAttribute("y", pixel(middle - tall / 2));
      made.setAttribute("height", pixel(tall));
      made.setAttribute("fill-opacity", isLeftOut ? 0 : column.group === null ? 0.18 : 0.16 + 0.84 * Math.sqrt(share));
      made.classList.toggle("sw-left-out", isLeftOut);
      made.classList.toggle("sw-lit", isLit);
      const [x, before] = [Number(made.getAttribute("x")), height(column.width)];
      was.setAttribute("d", now === column.width ? "" : `M${x} ${pixel(middle - before / 2)}h${each.breadth}M${x} ${pixel(middle + before / 2)}h${each.breadth}`);
    });
    drawn.bands.forEach(({ band, group }) => {
      const tall = height(state.now.widths[group]);
      band.setAttribute("y", pixel(middle - tall / 2));
      band.setAttribute("height", pixel(tall));
      band.classList.toggle("sw-lit", group === selected);
    });
    if (isFew) paintWires(state, drawn, costs, metric);
    paintMemory(state, drawn, columns);
    const group = selected === null ? null : model.groups[selected];
    const now = group === null ? 0 : state.now.widths[selected];
    setText(title, group === null ? "Network" : `${group.title} ${now}${now === group.width ? "" : ` (was ${group.width})`}`
      + `${group.layers.length > 1 ? `, shared by ${group.layers.length} layers` : ""}${group.fixed ? ", fixed" : ""}`);
    const parts = costs.filter((each) => each > 0);
    const isSum = isFew && metric.additive && parts.length > 1;
    setText(sum, isSum ? `${metric.label} = ${parts.map((each) => formatExact(each, metric.unit)).join(" + ")} = ${formatExact(parts.reduce((a, b) => a + b), metric.unit)}` : "");
  };
  const resized = new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) > 1) frame ??= requestAnimationFrame(build);
  });
  resized.observe(place);
  build();
  return {
    el,
    paint: (changed) => { if (changed.has("structure") || changed.has("looks")) paint(); },
    end: () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
    },
  };
}

// A column a layer that makes a width, and one an input; the layers after it that make none are its own.
export function columnsOf(model) {
  const columns = [];
  const sectionOf = new Map(model.sections.flatMap(({ layers }, index) => layers.map((layer) => [layer, index])));
  model.layers.forEach(({ kind, group, shape }, layer) => {
    const isInput = kind === "InputLayer";
    if (isInput || (group !== null && model.groups[group].layers.includes(layer)) || columns.length === 0) {
      const sides = shape.length > 1 ? shape.slice(0, -1) : [];
      const width = group === null ? shape.at(-1) ?? 1 : model.groups[group].width;
      columns.push({ layer, group: isInput ? null : group, width, sides, section: sectionOf.get(layer), layers: [] });
    }
    columns.at(-1).layers.push(layer);
  });
  return columns;
}

// Where each column is, from left to right: breadths by resolution, gaps between sections.
export function laidOut(columns, width, isFew) {
  if (isFew) {
    const breadth = 36;
    const gap = columns.length > 1 ? (width - columns.length * breadth) / (columns.length - 1) : 0;
    return columns.map((_, index) => ({ x: index * (breadth + gap), breadth }));
  }
  const gapBefore = (index) => {
    if (index === 0) return 0;
    const isNew = columns[index].section !== columns[index - 1].section;
    return columns.length > 100 ? (isNew ? 2 : 0.3) : isNew ? 6 : 1.5;
  };
  const gaps = columns.reduce((total, _, index) => total + gapBefore(index), 0);
  const sides = columns.map(({ sides: all }) => Math.max(1, Math.sqrt(all.reduce((a, b) => a * b, 1))) ** 0.8);
  const least = Math.min(5, ((width - gaps) * 0.7) / columns.length);
  const total = sides.reduce((a, b) => a + b, 0);
  const rest = Math.max(0, width - gaps - least * columns.length);
  let x = 0;
  return columns.map((_, index) => {
    x += gapBefore(index);
    const breadth = least + (rest * sides[index]) / total;
    const found = { x, breadth };
    x += breadth;
    return found;
  });
}

function draw(state, columns, isFew, width) {
  const { model } = state;
  const tall = Math.round(Math.min(isFew ? 260 : 240, Math.max(150, 0.16 * width)));
  const [top, bottom] = isFew ? [20, 30] : [28, 20];
  const room = tall - top - bottom;
  const middle = top + room / 2;
  const widest = Math.max(...columns.map(({ group, width: own }) => (group === null ? own : Math.max(own, model.groups[group].upper))));
  const narrowest = Math.min(...columns.map(({ width: own }) => own));
  const isLinear = widest / narrowest <= 80 || isFew;
  const height = (value) => Math.max(2, Math.min(1, isLinear ? value / widest : Math.sqrt(value / widest)) * room);
  const widthAt = (pixels) => (isLinear ? (pixels / room) * widest : (pixels / room) ** 2 * widest);
  const svg = svgElement("svg", {
    viewBox: `0 0 ${width} ${tall + MEMORY}`, height: tall + MEMORY, role: "application", tabindex: 0, "data-drag": "",
    "aria-label": "picture of the network: arrows left and right choose a layer, up and down change its width",
  });
  const layout = laidOut(columns, width, isFew);
  const bands = [];
  model.groups.forEach((_, group) => {
    const own = columns.flatMap((column, index) => (column.group === group ? [layout[index]] : []));
    if (own.length < 2 || isFew) return;
    const band = svgElement("rect", { class: "sw-band", x: pixel(own[0].x), width: pixel(own.at(-1).x + own.at(-1).breadth - own[0].x), rx: 2 });
    bands.push({ band, group });
  });
  const wires = isFew ? columns.slice(1).map(() => ({
    funnel: svgElement("path", { class: "sw-funnel" }), wire: svgElement("path", { class: "sw-wire" }), text: svgElement("text", { class: "sw-said", "text-anchor": "middle" }),
  })) : [];
  const places = columns.map((column, index) => {
    const { x, breadth } = layout[index];
    const made = svgElement("rect", { class: "sw-made", x: pixel(x), width: pixel(breadth), rx: isFew ? 3 : 1 });
    const was = svgElement("path", { class: "sw-was" });
    const isFixed = column.group === null || model.groups[column.group].fixed;
    const grab = svgElement("rect", { class: `sw-grab${isFixed ? " sw-fixed" : ""}`, x: pixel(x - 1), width: pixel(breadth + 2), y: top - 4, height: room + 8 },
      svgElement("title", {}, model.layers[column.layer].name));
    return { column, made, was, grab, x, breadth };
  });
  svg.append(...bands.map(({ band }) => band), ...wires.flatMap(({ funnel, wire }) => [funnel, wire]),
    ...places.flatMap(({ made, was }) => [made, was]));
  const texts = [];
  if (isFew) {
    places.forEach(({ column, x, breadth }, index) => {
      const anchor = index === 0 ? "start" : index === places.length - 1 ? "end" : "middle";
      const at = { start: 0, end: width, middle: x + breadth / 2 }[anchor];
      const name = model.layers[column.layer].name;
      svg.append(label(at, 12, column.group === null ? "input" : name.slice(0, 22), "sw-strong", anchor));
      const text = label(at, tall - 8, "", "sw-said", anchor);
      texts.push(text);
      svg.append(text);
      if (index === 0) return;
      const before = places[index - 1];
      wires[index - 1].text.setAttribute("x", pixel((before.x + before.breadth + x) / 2));
      wires[index - 1].text.setAttribute("y", tall - 8);
      svg.append(wires[index - 1].text);
    });
  } else drawStages(svg, model, places, tall);
  const memory = {
    area: svgElement("path", { class: "sw-live" }), line: svgElement("path", { class: "sw-live-line" }),
    peak: svgElement("circle", { class: "sw-peak", r: 3.5 }), text: svgElement("text", { class: "sw-said" }),
    largest: 1.15 * Math.max(...model.layers.map((_, layer) => state.layer("live_bytes", layer, state.base))),
  };
  svg.append(label(0, tall + 14, "memory alive, forward", ""), memory.area, memory.line, memory.peak, memory.text,
    ...places.map(({ grab }) => grab));
  return { svg, places, bands, wires, texts, memory, middle, height, widthAt, isLinear, tall, width };
}

// Stages over the picture, the numbers of their blocks under it, where there is room.
function drawStages(svg, model, places, tall) {
  const spans = [];
  places.forEach(({ column, x, breadth }) => {
    const { title } = model.sections[column.section];
    const [stage, block] = [title.replace(/ ?block .*$/, "") || title.replace(/[a-z]$/, ""), title.match(/block (\S+)$/)?.[1]];
    if (spans.at(-1)?.stage !== stage) spans.push({ stage, x, blocks: [] });
    const span = spans.at(-1);
    span.end = x + breadth;
    if (span.blocks.at(-1)?.title !== title) span.blocks.push({ title, block, x });
    span.blocks.at(-1).end = x + breadth;
    [span.side] = column.sides;
  });
  spans.forEach(({ stage, x, end, blocks, side }) => {
    svg.append(svgElement("path", { class: "sw-stage", d: `M${pixel(x)} 17.5H${pixel(end)}` }));
    const text = side > 1 && end - x > 90 ? `${stage}  ${side}²` : stage;
    if (end - x > 6.2 * stage.length) svg.append(label(pixel(x), 12, text, "sw-strong"));
    blocks.forEach((each) => {
      if (each.block === undefined || each.end - each.x < 7 * each.block.length) return;
      svg.append(label(pixel((each.x + each.end) / 2), tall - 6, each.block, "", "middle"));
    });
  });
}

// Between two dense layers: wires, and the sum that their cost is.
function paintWires(state, drawn, costs, metric) {
  const { model } = state;
  const total = costs.reduce((a, b) => a + b, 0);
  const largest = Math.max(1e-12, ...costs);
  drawn.places.forEach(({ column }, index) => {
    const now = column.group === null ? column.width : state.now.widths[column.group];
    const row = model.rows.find(({ layer }) => layer === column.layer);
    const activation = row?.activation === null || row === undefined ? "units" : state.now.activations[row.activation];
    setText(drawn.texts[index], column.group === null ? `${now} values` : `${now} ${activation}`);
    if (index === 0) return;
    const before = drawn.places[index - 1];
    const wide = before.column.group === null ? before.column.width : state.now.widths[before.column.group];
    const [left, right] = [drawn.height(wide), drawn.height(now)];
    const [x0, x1] = [before.x + before.breadth, drawn.places[index].x];
    const { funnel, wire, text } = drawn.wires[index - 1];
    const share = costs[index] / largest;
    const y = (tall, part) => pixel(drawn.middle - tall / 2 + tall * part);
    funnel.setAttribute("d", `M${pixel(x0)} ${y(left, 0)}L${pixel(x1)} ${y(right, 0)}V${y(right, 1)}L${pixel(x0)} ${y(left, 1)}Z`);
    funnel.setAttribute("opacity", 0.05 + 0.17 * share);
    const [from, to] = [left, right].map((tall) => Math.max(2, Math.min(20, Math.round(tall / 7))));
    let path = "";
    for (let a = 0; a < from; a += 1) {
      for (let b = 0; b < to; b += 1) path += `M${pixel(x0)} ${y(left, (a + 0.5) / from)}L${pixel(x1)} ${y(right, (b + 0.5) / to)}`;
    }
    wire.setAttribute("d", path);
    wire.setAttribute("opacity", 0.1 + 0.3 * share);
    const bias = row?.bias !== null && row !== undefined && state.now.biases[row.bias];
    const isPlain = model.layers[column.layer].kind === "Dense" && column.sides.length === 0 && before.column.sides.length === 0
      && costs[index] === (wide + (bias ? 1 : 0)) * now;
    const cost = formatExact(costs[index], metric.unit);
    const words = metric.name === "n_params" && isPlain ? `(${wide}${bias ? " + 1" : ""}) × ${now} = ${cost}`
      : metric.additive && total ? `${cost} (${Math.round((100 * costs[index]) / total)} %)` : cost;
    setText(text, x1 - x0 > 6.4 * words.length ? words : "");
  });
}

function paintMemory(state, { memory, places, tall, width }, columns) {
  const lives = columns.map(({ layers }) => Math.max(...layers.map((layer) => state.layer("live_bytes", layer))));
  const most = Math.max(...lives);
  const largest = Math.max(memory.largest, most, 1);
  const bottom = tall + MEMORY;
  const y = (value) => pixel(bottom - (value / largest) * (MEMORY - 16));
  let [path, peak] = ["", 0];
  lives.forEach((value, index) => {
    const [x, end] = [index ? places[index].x : 0, index + 1 < places.length ? places[index + 1].x : width];
    path += `${index ? "V" : "M0 "}${y(value)}H${pixel(end)}`;
    if (value === most && peak === 0) peak = (x + end) / 2;
  });
  memory.line.setAttribute("d", path);
  memory.area.setAttribute("d", `${path}V${bottom}H0Z`);
  memory.peak.setAttribute("cx", pixel(peak));
  memory.peak.setAttribute("cy", y(most));
  const isRight = peak > width - 160;
  memory.text.setAttribute("x", pixel(isRight ? peak - 8 : Math.max(peak + 8, 134)));
  memory.text.setAttribute("y", pixel(Number(y(most)) - 4));
  memory.text.setAttribute("text-anchor", isRight ? "end" : "start");
  setText(memory.text, `peak ${formatExact(most, "bytes")}`);
}
