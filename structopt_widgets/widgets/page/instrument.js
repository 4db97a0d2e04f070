// The instrument: all views of one state, painted together once a frame.
import { findingsView, limitView, marginalView } from "./advice.js";
import { barsView } from "./bars.js";
import { comparisonView } from "./comparison.js";
import { html } from "./elements.js";
import { growthView } from "./growth.js";
import { headView } from "./head.js";
import { heatMapView } from "./heat_map.js";
import { explainHere, helpButton, helpView } from "./help.js";
import { jupyterHost } from "./jupyter_host.js";
import { curveView } from "./learning_curve.js";
import { leversView } from "./levers.js";
import { notesView } from "./notes.js";
import { pictureView } from "./picture.js";
import { plotView } from "./plot.js";
import { predictionView } from "./prediction.js";
import { unpacked } from "./program.js";
import { speedView } from "./speed.js";
import { RESTED, State } from "./state.js";
import { stripView } from "./strip.js";
import { say } from "./words.js";
import { tableView } from "./trials_table.js";
import { workView } from "./work.js";

const EVERYTHING = ["structure", "steps", "looks", "settings", "study", "comparison", "work", "curve", "findings", "preview", "fits", "receipt", "code", "latency", "sensitivity", "listed", "help"];

// Draw a state into an element; returns what ends it. A host (in Jupyter, or of a page) never meets a view.
export function mount(el, state) {
  const [head, strip, levers, bars, curve] = [headView, stripView, leversView, barsView, curveView].map((view) => view(state));
  const [plot, table, work, notes] = [plotView, tableView, workView, notesView].map((view) => view(state));
  const [marginal, limit, findings, picture, help] = [marginalView, limitView, findingsView, pictureView, helpView].map((view) => view(state));
  const [comparison, growth, speed, sensitivity] = [comparisonView, growthView, speedView, heatMapView].map((view) => view(state));
  const prediction = predictionView(state);
  const views = [prediction, head, strip, picture, levers, bars, marginal, curve, findings, plot, limit, table, work, notes, help, comparison, growth, speed, sensitivity];
  const tradeoff = html("section", { className: "sw-pane sw-tradeoff" },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Trade-off")), work.buttons), work.el, plot.el, growth.el, limit.el, table.tools, table.el, comparison.el);
  // A model of a few layers has room under its levers, one of many blocks beside them.
  const isFew = !levers.isFolded;
  const pair = html("div", { className: "sw-pair" }, ...(isFew ? [bars.el, marginal.el] : [marginal.el, findings.el]));
  const left = isFew ? [levers.el, pair, sensitivity.el, speed.el, findings.el, curve.el] : [levers.el, pair];
  const right = isFew ? [tradeoff] : [tradeoff, bars.el, sensitivity.el, speed.el, curve.el];
  const body = html("div", { className: "sw-body" },
    html("div", { className: "sw-column" }, ...left), html("div", { className: "sw-column" }, ...right));
  const topics = { picture, levers, tradeoff: { el: tradeoff }, limit, where: bars, marginal, sensitivity, speed, findings, curve };
  Object.entries(topics).forEach(([topic, view]) => {
    view.el.dataset.topic = topic;
    (view.el.querySelector("h2") ?? view.el.querySelector("label")).after(helpButton(state, topic));
  });
  const { parts } = state.lesson;
  Object.entries(topics).forEach(([topic, view]) => {
    const part = topic === "limit" ? "tradeoff" : topic;
    view.el.classList.toggle("sw-untaught", parts !== null && !parts.includes(part));
  });
  // A lesson may leave one side empty.
  const isTaught = (column) => [...column.querySelectorAll("[data-topic]")].some((each) => each.closest(".sw-untaught") === null);
  [...body.children].forEach((column) => column.classList.toggle("sw-untaught", !isTaught(column)));
  strip.el.append(help.el);
  el.classList.add("sw-instrument");
  if (state.model.language) el.lang = state.model.language;
  el.tabIndex = -1; // no stop for Tab, but a place for the focus
  el.replaceChildren(head.el, strip.el, prediction.el, picture.el, body, notes.el);

  // What is out of sight waits while a hand drags.
  const [unseen, late] = [new Set(), new Set()];
  const paintLate = () => {
    const waiting = [...late];
    late.clear();
    waiting.forEach((view) => view.paint(new Set(["structure"])));
  };
  const watched = new IntersectionObserver((entries) => {
    entries.forEach(({ target, isIntersecting }) => {
      unseen[isIntersecting ? "delete" : "add"](target);
      if (target === head.el) strip.stick(!isIntersecting);
    });
    paintLate();
  });
  views.forEach((view) => watched.observe(view.el));

  let [frame, timer] = [null, null];
  let changed = new Set(EVERYTHING);
  const rest = () => {
    // A hand that rests on a slider has not let it go.
    if (!state.isHeld) state.commit();
    paintLate();
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
    const isDrag = state.isHeld && what.size === 1 && what.has("structure");
    views.forEach((view) => {
      if (isDrag && unseen.has(view.el)) late.add(view);
      else view.paint(what);
    });
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
    const isTyping = event.target.matches?.("input:not([type=range], [type=checkbox]), select");
    if (event.key === "Escape" && state.help !== null) state.explain(null);
    if (event.key === "?" && !isTyping) {
      explainHere(state, event.target);
      event.preventDefault();
    }
    // Plain keys would be commands of the notebook; Ctrl+S goes on to save it.
    if (isUndo || !isCommand) event.stopPropagation();
  };
  // What a cell is to work on is told before it runs, rest or no rest: the hand has left for another place.
  const gone = (event) => { if (!el.contains(event.relatedTarget) && !state.isHeld) state.commit(); };
  const leaving = (event) => { if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey)) state.commit(); };
  // A notebook's program sees keys before anything in its page does; here only those that run and save are its own.
  const claimed = (event) => {
    if (!el.contains(event.target)) return;
    const isCommand = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    // It asks the control itself first, and what is around it after.
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !isCommand || event.key.toLowerCase() === "z");
  };
  window.addEventListener("keydown", claimed, true);
  el.addEventListener("focusout", gone);
  document.addEventListener("keydown", leaving, true);
  el.addEventListener("pointerdown", held);
  el.addEventListener("keydown", typed);
  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, released));
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    watched.disconnect();
    ["pointerup", "pointercancel"].forEach((name) => document.removeEventListener(name, released));
    document.removeEventListener("keydown", leaving, true);
    window.removeEventListener("keydown", claimed, true);
    views.forEach((view) => view.end?.());
  };
}

// The first cost of a lesson that can be chosen.
function firstTaught(state) {
  return state.lesson.costs.find((name) => state.metrics.get(name).bars !== null) ?? state.looks.metric;
}

async function render({ model, el }) {
  const host = jupyterHost(model);
  const state = new State(await unpacked(model.get("model")), host.ask);
  const lesson = model.get("lesson");
  if (lesson?.parts) state.lesson = lesson;
  if (lesson?.costs && !lesson.costs.includes(state.looks.metric)) state.looks.metric = firstTaught(state);
  const leave = host.join(state);
  const end = mount(el, state);
  return () => {
    end();
    leave();
  };
}

export default { render };
