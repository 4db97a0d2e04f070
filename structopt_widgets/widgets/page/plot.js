// The trade-off plot: every trial against the chosen cost, the front, and where the sliders stand now.
import { html, roving, segments, setText } from "./elements.js";
import { nearestTrials } from "./nearest_trials.js";
import { drawCursor, drawPlot, keyOf, plotted } from "./plot_drawing.js";
import { say, scoreText } from "./words.js";

const CLICKED = 4; // pixels that a hand may move between press and release of a click
const REACH = 20; // pixels from a point within which the mouse means it
const SETTLED = 150; // milliseconds at rest, after which the axis makes room for a cursor that has left it

let plots = 0; // each has a clip path of its own

export function plotView(state) {
  const view = { id: (plots += 1), zoom: null, isNear: false };
  const [key, plot, tip, note, nearby] = [
    html("div", { className: "sw-key" }), html("div", { className: "sw-drawing" }),
    html("div", { className: "sw-tip", hidden: true, "aria-hidden": "true" }), // a point's own label says the same
    html("p", { className: "sw-note" }), html("p", { className: "sw-nearby" }),
  ];
  const scale = segments(say("scale of the costs"), { log: say("log"), linear: say("linear") }, (chosen) => state.look({ log: chosen === "log" }), false);
  const range = segments(say("what the plot shows"), { all: say("All"), near: say("The best") }, (chosen) => {
    view.zoom = null;
    state.look({ near: chosen === "near" });
  }, false);
  range.group.classList.add("sw-views");
  const tools = html("span", { className: "sw-group", role: "toolbar", "aria-label": say("view of the plot") }, scale.group, range.group);
  plot.append(tip);
  const el = html("div", { className: "sw-tradeoff-plot" },
    html("div", { className: "sw-bar-head" }, key, html("span", { className: "sw-space" }), tools), plot, nearby, note);
  let [seen, drawn, pointed, frame, timer, press, findNear] = [null, null, null, null, null, null, null];

  // The trials measured nearest to the sliders light up, and their scores are told.
  const light = () => {
    const near = findNear(state.now);
    state.near.forEach((number) => drawn.marks.get(number)?.classList.remove("sw-near"));
    state.near = new Set(near.map(([number]) => number));
    state.near.forEach((number) => drawn.marks.get(number)?.classList.add("sw-near"));
    const unit = state.study.score.unit ?? "share";
    const scores = new Map(state.study.trials.map(({ number, score }) => [number, scoreText(score, unit)]));
    const told = near.map(([number, distance]) => {
      const each = { number, score: scores.get(number) };
      return distance === 0 ? say("trial {number}, this one ({score})", each) : say("trial {number} ({score})", each);
    });
    setText(nearby, told.length ? say("Measured nearest to the sliders: {trials}", { trials: told.join(say(", ")) }) : "");
  };

  const point = (number) => {
    state.pointed = number;
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
  const choose = (number) => state.choice(number);

  const stray = () => drawn.marks.get(state.looks.chosen)?.classList.toggle("sw-moved-on", !state.isAtChosen());
  const build = () => {
    frame = null;
    view.isNear = state.looks.near;
    seen = plotted(state);
    const focused = Number(document.activeElement?.closest?.(".sw-point")?.dataset.number ?? NaN);
    const hadFocus = plot.contains(document.activeElement);
    drawn = drawPlot(seen, view, Math.min(760, Math.max(260, plot.clientWidth || 480)));
    plot.replaceChildren(drawn.svg, tip);
    drawCursor(drawn, seen.cursor, seen.x.unit);
    const { chosen } = state.looks;
    light();
    drawn.marks.get(chosen)?.classList.add("sw-chosen");
    stray();
    drawn.marks.get(state.looks.against_trial)?.classList.add("sw-against");
    const stop = hadFocus && drawn.marks.has(focused) ? focused : drawn.marks.has(chosen) ? chosen : order()[0];
    enter(stop);
    if (hadFocus && drawn.marks.has(focused)) drawn.marks.get(focused).focus();
    point(drawn.marks.has(pointed) ? pointed : null);
    key.replaceChildren(...keyOf(seen));
    note.textContent = state.study.note;
    range.group.hidden = seen.points.length < 3;
    scale.show(state.looks.log ? "log" : "linear");
    range.show(view.zoom !== null ? "all" : view.isNear ? "near" : "all");
    [...range.group.children].forEach((each) => { each.tabIndex = -1; }); // Tab stops at the scale
  };
  const schedule = () => { frame ??= requestAnimationFrame(build); };
  const zoom = (range) => {
    view.zoom = range;
    schedule();
  };
  // A factor below 1 comes nearer to the point that has the focus.
  const zoomAround = (number, factor) => {
    const { across, up } = drawn;
    const { x, y } = drawn.byNumber.get(number);
    const reach = (axis, value) => [axis.start, axis.end].map((end) => axis.value(axis.at(value) + factor * (end - axis.at(value))));
    zoom({ x: reach(across, x), y: reach(up, y) });
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
  // The scores at the margin tell how they came about.
  const explainReference = (mark) => {
    const [name, value, key] = state.study.references[Number(mark.dataset.reference)];
    state.explainNumber("reference", name, value, { key });
  };
  const pressed = (event) => {
    if (event.button !== 0 || event.target.closest(".sw-reference")) return;
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
      if (number !== null && event.shiftKey) state.compare(number);
      else if (number !== null) choose(number);
    } else if (Math.abs(x1 - x0) > CLICKED && Math.abs(y1 - y0) > CLICKED) {
      const ends = (axis, ...places) => places.map((each) => axis.value(each)).sort((a, b) => a - b);
      zoom({ x: ends(drawn.across, x0, x1), y: ends(drawn.up, y0, y1) });
    }
  };
  const typed = (event) => {
    const reference = event.target.closest(".sw-reference");
    if (reference !== null) {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      explainReference(reference);
      return;
    }
    const mark = event.target.closest(".sw-point");
    if (mark === null) return;
    const [number, numbers] = [Number(mark.dataset.number), order()];
    const at = numbers.indexOf(number);
    const to = {
      ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: numbers.length - 1,
    }[event.key];
    const act = { Enter: () => (event.shiftKey ? state.compare(number) : choose(number)), " ": () => choose(number), "+": () => zoomAround(number, 0.5),
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
    click: ({ target }) => {
      const reference = target.closest(".sw-reference");
      if (reference !== null) explainReference(reference);
    },
    focusin: (event) => {
      const mark = event.target.closest(".sw-point");
      if (mark !== null) point(Number(mark.dataset.number));
    },
    focusout: () => point(null),
  };
  // What is beside the points is one stop with how they are seen.
  roving(el, () => [...[...tools.querySelectorAll("button")].filter((each) => !each.parentElement.hidden), ...plot.querySelectorAll(".sw-reference")]);
  Object.entries(listeners).forEach(([name, listener]) => plot.addEventListener(name, listener));
  const resized = new ResizeObserver(() => {
    // Its own redrawing changes the height only.
    if (drawn !== null && Math.abs(plot.clientWidth - view.width) > 1) schedule();
    view.width = plot.clientWidth;
  });
  resized.observe(plot);
  const paint = (changed) => {
    if (changed.has("study") || findNear === null) findNear = nearestTrials(state);
    if (changed.has("study") || changed.has("looks") || changed.has("latency") || drawn === null) build();
    else if (changed.has("structure")) {
      const now = state.trialCost(seen.x.name);
      drawCursor(drawn, now, seen.x.unit);
      light();
      stray();
      clearTimeout(timer);
      if (view.zoom === null && !drawn.across.holds(now)) timer = setTimeout(schedule, SETTLED);
    }
  };
  return {
    el,
    paint,
    end: () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      resized.disconnect();
    },
  };
}
