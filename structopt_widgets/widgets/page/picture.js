// The network as a picture: height is width, breadth is resolution; under it, on the same x, the memory alive.
import { html, pixel, setText, setValue, svgElement } from "./elements.js";
import { formatExact } from "./format.js";
import { drawPicture, paintBetween, paintSkips, paintTexts, stand } from "./picture_drawing.js";
import { paintMemory } from "./picture_memory.js";
import { openNow, sectionKey, toggleOpen } from "./levers_tree.js";
import { paintColumns } from "./picture_columns.js";
import { columnsOf, ranksOf } from "./picture_layout.js";
import { say } from "./words.js";

const CARRIED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-weight", "font-family"];
const PLAIN = { "fill-opacity": "1", stroke: "none", "stroke-dasharray": "none", opacity: "1", "stroke-width": "1px" };
const UNSEEN = ".sw-grab, .sw-grab *"; // what a hand takes hold of

export function pictureView(state) {
  const { model } = state;
  const title = html("h2");
  const scaleText = html("span", { className: "sw-dim sw-small" });
  const sum = html("button", { type: "button", className: "sw-dim sw-small sw-told sw-sum", title: say("the formula of this"),
    tabIndex: -1, // by keys the number over it tells the same
    onclick: () => state.explain({ metric: state.shares.name, layer: null }) });
  const place = html("div");
  const spoken = html("div", { className: "sw-spoken", role: "status", "aria-live": "polite" });
  const el = html("section", { className: "sw-picture" },
    html("div", { className: "sw-bar-head" }, title, scaleText, html("span", { className: "sw-space" }), sum), place, spoken);
  let [columns, ranked, groups, outOf] = [[], [], [], []];
  let [drawn, width, frame] = [null, 0, null];
  let unfoldedBy = null; // what is open, as it was when the columns were chosen
  let isTold = false; // whether a key has moved, and what is chosen now is to be said

  const select = (group) => { if (group !== null) state.select({ row: model.rows.findIndex((row) => row.group === group), group }); };
  // The blocks that are open are drawn by their layers.
  const chooseColumns = () => {
    const open = openNow(state);
    const now = [...open].join(" ");
    if (now === unfoldedBy) return false;
    const before = columns.map(({ layer, isBlock }) => `${layer} ${isBlock}`).join();
    [unfoldedBy, columns] = [now, columnsOf(model, open)];
    if (columns.map(({ layer, isBlock }) => `${layer} ${isBlock}`).join() === before) return false;
    ranked = ranksOf(model, columns);
    groups = [...new Set(columns.map(({ group }) => group).filter((group) => group !== null))];
    outOf = columns.map(({ layer }) => model.blocks.flatMap(({ layers }, block) => (layers.includes(layer) ? [block] : [])));
    return true;
  };
  const toggle = ({ section }) => toggleOpen(state, sectionKey(model.sections[section]));
  const build = () => {
    const isFocused = drawn?.svg.contains(document.activeElement);
    frame = null;
    width = Math.max(300, place.clientWidth || 900);
    drawn = drawPicture(state, columns, ranked, width);
    drawn.places.forEach((each) => {
      each.grab.addEventListener("pointerdown", (event) => drag(event, each.column.group, each));
      each.grab.addEventListener("dblclick", () => toggle(each.column));
    });
    drawn.bands.forEach(({ grab, group }) => grab.addEventListener("pointerdown", (event) => drag(event, group, null)));
    drawn.svg.addEventListener("keydown", typed);
    drawn.sums.forEach((text, index) => text.addEventListener("click", () => state.explainLayers(columns[index].layers)));
    drawn.memory.forEach(({ text, told }) => text.addEventListener("click", () => state.explain({ metric: told, layer: null })));
    place.replaceChildren(drawn.svg);
    if (isFocused) drawn.svg.focus({ preventScroll: true });
    stand(drawn, state.now.widths);
    paintGrabs();
    setText(scaleText, columns.some(({ isBlock }) => isBlock) ? say("a column a block: its largest width, and what it costs; drag one, double-click: its layers")
      : drawn.isFew ? say("height: width; drag a layer")
        : drawn.isLinear ? say("height: channels, breadth: resolution, light band: a shared width; drag a layer")
          : say("height: channels (square root), breadth: resolution, light band: a shared width; drag a layer"));
    paint();
  };
  // Both edges move with the hand; of an attention the number of heads.
  const drag = (event, group, grabbed) => {
    if (group === null) return;
    event.preventDefault();
    drawn.svg.focus({ preventScroll: true });
    select(group);
    if (model.groups[group].fixed) return;
    const start = event.clientY;
    const each = grabbed?.column.size == null ? 1 : state.now.widths[grabbed.column.size];
    const center = grabbed === null ? drawn.middle : grabbed.y + grabbed.tall / 2;
    const isAbove = start - drawn.svg.getBoundingClientRect().top < center;
    const before = drawn.height(state.now.widths[group] * each);
    const move = (to) => {
      const by = (to.clientY - start) * (isAbove ? -1 : 1);
      if (Math.abs(by) > 2) state.setWidth(group, Math.round(drawn.widthAt(Math.max(0, before + 2 * by)) / each));
    };
    const ends = ["pointerup", "pointercancel"];
    const end = () => {
      document.removeEventListener("pointermove", move);
      ends.forEach((name) => document.removeEventListener(name, end));
    };
    document.addEventListener("pointermove", move);
    ends.forEach((name) => document.addEventListener(name, end));
  };
  const typed = (event) => {
    const at = groups.indexOf(state.looks.selected?.group);
    const step = event.shiftKey ? 8 : 1;
    const chosen = groups[at];
    const act = {
      ArrowRight: () => select(groups[Math.min(at + 1, groups.length - 1)]),
      ArrowLeft: () => select(groups[Math.max(at - 1, 0)]),
      ArrowUp: () => at >= 0 && state.setWidth(chosen, state.now.widths[chosen] + step * model.groups[chosen].divisor),
      Enter: () => columns.some(({ isBlock }) => isBlock) && at >= 0 && toggle(columns.find(({ group }) => group === chosen)),
      ArrowDown: () => at >= 0 && state.setWidth(chosen, state.now.widths[chosen] - step * model.groups[chosen].divisor),
    }[event.key];
    if (act === undefined) return;
    isTold = true;
    act();
    event.preventDefault();
  };

  const isLeftOut = (index) => outOf[index].some((block) => !state.now.blocks[block]);
  // What a hand takes hold of: nobody does while it drags.
  const paintGrabs = () => {
    const stretch = (grab, y, tall) => {
      setValue(grab, "y", pixel(y));
      setValue(grab, "height", pixel(tall));
    };
    drawn.places.forEach(({ grab, y, tall }) => stretch(grab, y - 4, tall + 8));
    drawn.bands.forEach(({ grab, group }) => {
      const tall = drawn.height(state.now.widths[group]);
      stretch(grab, drawn.middle - tall / 2, tall);
    });
  };
  const paint = () => {
    const metric = state.shares;
    const cost = ({ layers }) => state.cost(metric.name, layers);
    const costs = columns.map(cost);
    const largest = Math.max(1e-12, ...costs);
    const shares = costs.map((each) => Math.max(0, each) / largest);
    const selected = state.looks.selected?.group ?? null;
    stand(drawn, state.now.widths);
    paintColumns(drawn, state.now.widths, shares, selected, isLeftOut);
    paintSkips(drawn);
    paintBetween(drawn, shares);
    if (drawn.isNamed) paintTexts(state, drawn, costs, metric);
    paintMemory(state, drawn, columns);
    const group = selected === null ? null : model.groups[selected];
    const now = group === null ? 0 : state.now.widths[selected];
    setText(title, group === null ? say("Network") : [
      now === group.width ? `${group.title} ${now}` : say("{name} {width} (was {was})", { name: group.title, width: now, was: group.width }),
      ...(group.layers.length > 1 ? [say("shared by {n} layers", { n: group.layers.length })] : []), ...(group.fixed ? [say("fixed")] : []),
    ].join(say(", ")));
    if (isTold) setText(spoken, title.textContent);
    isTold = false;
    const parts = costs.filter((each) => each > 0);
    const isSum = drawn.isFew && metric.additive && parts.length > 1;
    const all = parts.reduce((a, b) => a + b, 0);
    setText(sum, isSum ? `${state.label(metric)} = ${parts.map((each) => formatExact(each, metric.unit)).join(" + ")} = ${formatExact(all, metric.unit)}` : "");
  };
  const resized = new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) > 1) frame ??= requestAnimationFrame(build);
  });
  resized.observe(place);
  chooseColumns();
  build();
  return {
    el,
    paint: (changed) => {
      if (changed.has("looks") && chooseColumns()) build();
      else if (changed.has("structure") || changed.has("looks")) paint();
    },
    rest: paintGrabs,
    end: () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
    },
  };
}

// The picture as a file's text. Colours are the page's: they go along, with what is behind them.
export function pictureText(svg) {
  const copy = svg.cloneNode(true);
  const all = [svg, ...svg.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  copies.forEach((node, index) => {
    if (node.matches(UNSEEN)) return;
    const style = getComputedStyle(all[index]);
    CARRIED.filter((name) => name.startsWith("font") ? node.matches("text") : style.getPropertyValue(name) !== PLAIN[name])
      .forEach((name) => node.style.setProperty(name, style.getPropertyValue(name)));
  });
  copies.forEach((node) => { if (node.matches(UNSEEN)) node.remove(); });
  const { width, height } = svg.viewBox.baseVal;
  copy.prepend(svgElement("rect", { width, height, fill: groundOf(svg) }));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  ["role", "tabindex", "data-drag", "class"].forEach((name) => copy.removeAttribute(name));
  return copy.outerHTML;
}

// The colour that an element stands on.
function groundOf(el) {
  for (let at = el; at !== null; at = at.parentElement) {
    const ground = getComputedStyle(at).backgroundColor;
    if (ground !== "transparent" && !/^rgba\(.*, 0\)$/.test(ground)) return ground;
  }
  return "white";
}
