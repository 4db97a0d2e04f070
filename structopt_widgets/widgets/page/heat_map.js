// Sensitivity: what cutting each width alone loses; a cell sets the slider.
import { enable, html, keepFocus, numbersOf, setText } from "./elements.js";
import { gainText, say } from "./words.js";

const DARKEST = 0.2; // of the score: what is lost from there on has one colour

export function heatMapView(state) {
  const { model } = state;
  const measure = html("button", { type: "button", title: say("each width cut alone to three quarters, a half and a quarter, with the model's weights and without training: explorer.fitting.measure()"),
    onclick: () => state.ask("sensitivity") }, say("Measure"));
  const words = html("p", { className: "sw-small" });
  const body = html("tbody");
  const list = html("div", { className: "sw-heat" }, html("table", {}, html("caption", { className: "sw-spoken" }, say("What cutting each width alone loses")), body));
  const el = html("section", { className: "sw-pane sw-sensitivity", hidden: true },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Sensitivity")), html("span", { className: "sw-space" }), measure), words, list);
  const stop = numbersOf(list);
  let [drawn, cells] = [null, []];
  const cell = (place, [width, lost], unit) => {
    const group = model.groups[place];
    const text = gainText(-lost, unit, true);
    const button = html("button", { type: "button", className: "sw-told sw-cut", tabIndex: -1, "aria-label": say("cut {name} to {width}: {change}", { name: group.title, width, change: gainText(-lost, unit) }),
      onclick: () => {
        state.commit();
        state.setWidth(place, width, true);
        state.select({ row: model.rows.findIndex((row) => row.group === place), group: place });
        state.commit();
      } }, html("b", {}, String(width)), ` ${text}`);
    button.style.setProperty("--lost", `${Math.round(40 * Math.min(1, Math.max(0, lost) / DARKEST))}%`);
    cells.push({ button, place, width });
    return html("td", {}, button);
  };
  const build = () => {
    const { rows, unit } = state.sensitivity;
    cells = [];
    keepFocus(list, () => body.replaceChildren(...rows.map(({ place, cells: cuts }) => html("tr", {},
      html("th", { scope: "row", title: model.groups[place].title }, model.groups[place].title), ...cuts.map((cut) => cell(place, cut, unit))))));
    stop();
  };
  const paint = (changed) => {
    measure.hidden = Boolean(state.work.alone);
    el.hidden = !(state.work.hasData && !measure.hidden) && state.sensitivity.rows === undefined;
    if (changed.has("work")) enable(measure, !state.work.what);
    const { rows, words: told } = state.sensitivity;
    setText(words, told ?? say("Which widths count, and which can be cut: not measured yet."));
    if (rows !== undefined && rows !== drawn) {
      drawn = rows;
      build();
    }
    if (changed.has("structure") || changed.has("sensitivity")) cells.forEach(({ button, place, width }) => button.setAttribute("aria-pressed", String(state.now.widths[place] === width)));
  };
  return { el, paint };
}
