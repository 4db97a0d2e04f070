// The trade-off plot: shows its traits, answers mouse and keyboard, and says which trial was chosen.
import { draw, drawCursor, keyOf, read } from "./tradeoff_drawing.js";

const CLICKED = 4; // pixels that a hand may move between press and release of a click
const REACH = 20; // pixels from a point within which the mouse means it
const SETTLED = 150; // milliseconds at rest, after which the axis makes room for a cursor that has left it

function part(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

let views = 0;

function render({ model, el }) {
  const view = { id: (views += 1), zoom: null, isNear: false };
  const [key, plot, tip, note] = [part("div", "sw-key"), part("div", "sw-drawing"), part("div", "sw-tip", { hidden: true }), part("p", "sw-note")];
  const [all, near] = ["All", "The best"].map((text) => part("button", "", { type: "button", textContent: text }));
  const choice = part("div", "sw-views", { hidden: true });
  choice.setAttribute("role", "group");
  choice.setAttribute("aria-label", "what the plot shows");
  choice.append(all, near);
  tip.setAttribute("aria-hidden", "true"); // a point's own label says the same
  el.classList.add("sw-tradeoff-plot");
  plot.append(tip);
  const head = part("div", "sw-head");
  head.append(key, choice);
  el.append(head, plot, note);
  let [state, drawn, costs, pointed, frame, timer, press] = [read(model), null, null, null, null, null, null];

  // The panel's numbers are those of the sliders; the kernel's come later.
  const here = () => costs?.(state.x.name) ?? state.cursor;

  const point = (number) => {
    drawn.marks.get(pointed)?.classList.remove("sw-pointed");
    pointed = number;
    const mark = drawn.marks.get(number);
    tip.hidden = mark === undefined;
    if (tip.hidden) return;
    mark.classList.add("sw-pointed");
    const { x, y, text } = drawn.byNumber.get(number);
    tip.textContent = text;
    const left = Math.min(drawn.across.at(x) + 14, drawn.across.end - tip.offsetWidth);
    const top = drawn.up.at(y) - tip.offsetHeight - 14;
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${top < 0 ? drawn.up.at(y) + 16 : top}px`;
  };
  const order = () => [...drawn.byNumber.values()].sort((a, b) => a.x - b.x || a.y - b.y).map((each) => each.number);
  // One tab stop: the chosen point's, else that of the first.
  const enter = (number) => drawn.marks.forEach((mark, each) => mark.setAttribute("tabindex", each === number ? 0 : -1));
  const choose = (number) => model.send({ choose: number });

  const paint = () => {
    frame = null;
    state = read(model);
    const focused = Number(document.activeElement?.closest?.(".sw-point")?.dataset.number ?? NaN);
    const hadFocus = plot.contains(document.activeElement);
    const cursor = here();
    drawn = draw({ ...state, cursor }, view, Math.min(760, Math.max(300, plot.clientWidth || 540)));
    plot.replaceChildren(drawn.svg, tip);
    drawCursor(drawn, cursor, state.x.unit);
    drawn.marks.get(state.chosen)?.classList.add("sw-chosen");
    const stop = hadFocus && drawn.marks.has(focused) ? focused : drawn.marks.has(state.chosen) ? state.chosen : order()[0];
    enter(stop);
    if (hadFocus && drawn.marks.has(focused)) drawn.marks.get(focused).focus();
    point(drawn.marks.has(pointed) ? pointed : null);
    key.replaceChildren(...keyOf(state));
    note.textContent = state.note;
    choice.hidden = state.points.length < 3;
    all.setAttribute("aria-pressed", view.zoom === null && !view.isNear);
    near.setAttribute("aria-pressed", view.zoom === null && view.isNear);
  };
  const schedule = () => { frame ??= requestAnimationFrame(paint); };
  const zoom = (range) => {
    view.zoom = range;
    schedule();
  };
  // A factor below 1 comes nearer to the point that has the focus.
  const zoomAround = (number, factor) => {
    const { across, up } = drawn;
    const { x, y } = drawn.byNumber.get(number);
    const range = (axis, value) => [axis.start, axis.end].map((end) => axis.value(axis.at(value) + factor * (end - axis.at(value))));
    zoom({ x: range(across, x), y: range(up, y) });
  };

  // In the frame in which the panel has painted.
  const followed = (event) => {
    if (event.detail.source !== model.get("source")) return;
    costs = event.detail.costs;
    drawCursor(drawn, here(), state.x.unit);
    clearTimeout(timer);
    if (view.zoom === null && !drawn.across.holds(here())) timer = setTimeout(schedule, SETTLED);
  };

  const place = (event) => {
    const box = drawn.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const nearest = ([x, y]) => {
    let [found, least] = [null, REACH];
    drawn.byNumber.forEach((each) => {
      const distance = Math.hypot(drawn.across.at(each.x) - x, drawn.up.at(each.y) - y);
      if (distance <= least) [found, least] = [each.number, distance];
    });
    return found;
  };
  const within = ([x, y]) => [
    Math.min(Math.max(x, drawn.across.start), drawn.across.end), Math.min(Math.max(y, drawn.up.end), drawn.up.start),
  ];
  const moved = (event) => {
    const now = place(event);
    if (press === null) return point(nearest(now));
    const [[x0, y0], [x1, y1]] = [press, within(now)];
    const size = { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
    Object.entries(size).forEach(([name, value]) => drawn.area.setAttribute(name, value));
    return undefined;
  };
  const pressed = (event) => {
    if (event.button !== 0) return;
    press = within(place(event));
    plot.setPointerCapture(event.pointerId);
  };
  const released = (event) => {
    if (press === null) return;
    const [[x0, y0], [x1, y1]] = [press, within(place(event))];
    press = null;
    ["width", "height"].forEach((name) => drawn.area.setAttribute(name, 0));
    if (Math.hypot(x1 - x0, y1 - y0) < CLICKED) {
      const number = nearest(place(event));
      if (number !== null) choose(number);
    } else if (Math.abs(x1 - x0) > CLICKED && Math.abs(y1 - y0) > CLICKED) {
      const range = (axis, ...ends) => ends.map((end) => axis.value(end)).sort((a, b) => a - b);
      zoom({ x: range(drawn.across, x0, x1), y: range(drawn.up, y0, y1) });
    }
  };
  const typed = (event) => {
    const mark = event.target.closest(".sw-point");
    if (mark === null) return;
    const [number, numbers] = [Number(mark.dataset.number), order()];
    const at = numbers.indexOf(number);
    const to = {
      ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: numbers.length - 1,
    }[event.key];
    const act = { Enter: () => choose(number), " ": () => choose(number), "+": () => zoomAround(number, 0.5),
      "-": () => zoomAround(number, 2), 0: () => zoom(null), Escape: () => point(null) }[event.key];
    if (to === undefined && act === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has keys of its own
    act?.();
    if (to === undefined) return;
    const next = numbers[Math.min(Math.max(to, 0), numbers.length - 1)];
    enter(next);
    drawn.marks.get(next).focus();
  };

  const listeners = {
    pointermove: moved, pointerdown: pressed, pointerup: released, keydown: typed,
    pointerleave: () => press === null && point(null),
    pointercancel: () => { press = null; },
    dblclick: () => zoom(null),
    focusin: (event) => {
      const mark = event.target.closest(".sw-point");
      if (mark !== null) point(Number(mark.dataset.number));
    },
    focusout: () => point(null),
  };
  Object.entries(listeners).forEach(([name, listener]) => plot.addEventListener(name, listener));
  [all, near].forEach((button) => button.addEventListener("click", () => {
    view.isNear = button === near;
    zoom(null);
  }));
  document.addEventListener("structopt-costs", followed);
  const resized = new ResizeObserver(schedule);
  paint();
  resized.observe(plot);
  model.on("change", schedule);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    resized.disconnect();
    document.removeEventListener("structopt-costs", followed);
    model.off("change", schedule);
  };
}

export default { render };
