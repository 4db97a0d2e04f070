// The instrument: all views of one state, painted together once a frame.
import { findingsView, limitView, marginalView } from "./advice.js";
import { barsView } from "./bars.js";
import { html } from "./elements.js";
import { headView } from "./head.js";
import { jupyterHost } from "./jupyter_host.js";
import { curveView } from "./learning_curve.js";
import { leversView } from "./levers.js";
import { notesView } from "./notes.js";
import { pictureView } from "./picture.js";
import { plotView } from "./plot.js";
import { unpacked } from "./program.js";
import { State } from "./state.js";
import { stripView } from "./strip.js";
import { tableView } from "./trials_table.js";
import { workView } from "./work.js";

const RESTED = 150; // milliseconds without a change
const EVERYTHING = ["structure", "steps", "looks", "settings", "study", "work", "curve", "findings"];

// Draw a state into an element; returns what ends it. A host (in Jupyter, or of a page) never meets a view.
export function mount(el, state) {
  const [head, strip, levers, bars, curve] = [headView, stripView, leversView, barsView, curveView].map((view) => view(state));
  const [plot, table, work, notes] = [plotView, tableView, workView, notesView].map((view) => view(state));
  const [marginal, limit, findings, picture] = [marginalView, limitView, findingsView, pictureView].map((view) => view(state));
  const views = [head, strip, picture, levers, bars, marginal, curve, findings, plot, limit, table, work, notes];
  const tradeoff = html("section", { className: "sw-pane sw-tradeoff" },
    html("div", { className: "sw-bar-head" }, html("h2", {}, "Trade-off"), work.buttons), work.el, plot.el, limit.el, table.el);
  // A model of a few layers has room under its levers, one of many blocks beside them.
  const isFew = !levers.isFolded;
  const pair = html("div", { className: "sw-pair" }, ...(isFew ? [bars.el, marginal.el] : [marginal.el, findings.el]));
  const left = isFew ? [levers.el, pair, findings.el] : [levers.el, pair];
  const right = isFew ? [tradeoff, curve.el] : [tradeoff, bars.el, curve.el];
  const body = html("div", { className: "sw-body" },
    html("div", { className: "sw-column" }, ...left), html("div", { className: "sw-column" }, ...right));
  el.classList.add("sw-instrument");
  el.tabIndex = -1; // no stop for Tab, but a place for the focus
  el.replaceChildren(head.el, strip.el, picture.el, body, notes.el);

  let [frame, timer] = [null, null];
  let changed = new Set(EVERYTHING);
  const rest = () => {
    // A hand that rests on a slider has not let it go.
    if (!state.isHeld) state.commit();
    views.forEach((view) => view.rest?.());
  };
  const paint = () => {
    frame = null;
    const what = changed;
    changed = new Set();
    if (what.has("structure")) {
      state.compute();
      clearTimeout(timer);
      timer = setTimeout(rest, RESTED);
    }
    views.forEach((view) => view.paint(what));
  };
  state.subscribe((what) => {
    changed.add(what);
    frame ??= requestAnimationFrame(paint);
  });
  paint();

  const held = (event) => {
    // The middle of a drag is no step; what a key does is one when it rests.
    state.isHeld = event.target.closest?.("input[type=range], [data-drag]") !== null;
  };
  const released = () => {
    if (!state.isHeld) return;
    state.isHeld = false;
    state.commit();
  };
  const typed = (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    const isUndo = isCommand && event.key.toLowerCase() === "z" && event.target.type !== "search";
    if (isUndo) {
      if (event.shiftKey) state.redo();
      else state.undo();
      event.preventDefault();
    }
    // Plain keys would be commands of the notebook; Ctrl+S goes on to save it.
    if (isUndo || !isCommand) event.stopPropagation();
  };
  el.addEventListener("pointerdown", held);
  el.addEventListener("keydown", typed);
  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, released));
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    ["pointerup", "pointercancel"].forEach((name) => document.removeEventListener(name, released));
    views.forEach((view) => view.end?.());
  };
}

async function render({ model, el }) {
  const host = jupyterHost(model);
  const state = new State(await unpacked(model.get("model")), host.ask);
  const leave = host.join(state);
  const end = mount(el, state);
  return () => {
    end();
    leave();
  };
}

export default { render };
