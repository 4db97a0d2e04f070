// The head: name, undo and redo, snapshots, reset.
import { enable, html, oneStop, setText } from "./elements.js";
import { helpButton } from "./help.js";
import { savingView } from "./saving.js";
import { changedBy, say } from "./words.js";
import { alike } from "./state.js";

export function headView(state) {
  const button = (text, label, act) => html("button", { type: "button", title: label, "aria-label": label, onclick: act }, text);
  const undo = button("↶", say("undo (Ctrl+Z)"), () => state.undo());
  const redo = button("↷", say("redo (Ctrl+Shift+Z)"), () => state.redo());
  const keep = html("button", { type: "button", title: say("keep this structure by the next letter: A and B are compared") }, say("Keep"));
  // A and B are the page's; a cell may keep others, by any name.
  const snapshot = (name) => [name, button(name, say("go to snapshot {name}", { name }), () => state.goTo(state.snapshots[name]))];
  const kept = new Map(["A", "B"].map(snapshot));
  const others = html("span", { className: "sw-group" });
  const difference = html("span", { className: "sw-dim sw-small" });
  const reset = html("button", { type: "button", title: say("everything as the model came"), onclick: () => state.reset() }, say("Reset"));
  keep.addEventListener("click", () => {
    // The first free letter: what was kept stays.
    const now = state.changes();
    if (Object.values(state.snapshots).some((each) => alike(each, now))) return;
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    state.keep(letters.find((each) => state.snapshots[each] === undefined) ?? "Z");
  });
  const saving = savingView(state);
  const el = html("div", { className: "sw-head", role: "toolbar" }, html("span", { className: "sw-title" }, state.model.name),
    html("span", { className: "sw-space" }),
    html("span", { className: "sw-group" }, undo, redo),
    html("span", { className: "sw-group", role: "group", "aria-label": say("snapshots") }, keep, ...kept.values(), others, difference), saving.el, reset, helpButton(state, "keeping"), saving.said);
  el.dataset.topic = "keeping";
  const stop = oneStop(el, () => [undo, redo, keep, ...kept.values(), saving.el.querySelector("summary"), reset]);
  const paint = (changed) => {
    saving.paint(changed);
    const now = state.changes();
    const hasMoved = !alike(now, state.committed);
    enable(undo, state.past.length > 0 || hasMoved);
    enable(redo, state.future.length > 0 && !hasMoved);
    enable(reset, Object.keys(now).length > 0);
    Object.keys(state.snapshots).filter((name) => !kept.has(name)).forEach((name) => {
      kept.set(...snapshot(name));
      others.append(kept.get(name));
    });
    kept.forEach((each, name) => {
      const known = state.snapshots[name];
      enable(each, known !== undefined);
      each.setAttribute("aria-pressed", String(known !== undefined && alike(known, now)));
    });
    stop();
    if (!changed.has("steps")) return;
    const { A, B } = state.snapshots;
    if (A === undefined || B === undefined) {
      setText(difference, "");
      return;
    }
    const metric = state.metrics.get("n_params");
    const [a, b] = [A, B].map((each) => state.costsOf(state.changed(each))(metric.name));
    setText(difference, a === b ? say("B = A in parameters") : say("B {change} parameters", { change: changedBy(b, a) }));
  };
  return { el, paint, rest: saving.rest, end: saving.end };
}
