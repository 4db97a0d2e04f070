// A prediction before the number: what has moved, a field for what the chosen cost will be, and how near it came.
import { html, setText } from "./elements.js";
import { formatExact, inWords, isExact } from "./format.js";
import { alike } from "./state.js";
import { described, say } from "./words.js";

const NEAR = 0.005; // of a number that is shown with three digits

export function predictionView(state) {
  const question = html("span");
  const field = html("input", { type: "number", "aria-label": say("prediction") });
  const check = html("button", { type: "submit", className: "sw-go" }, say("Check"));
  const show = html("button", { type: "button", onclick: () => reveal(say("{quantity}: {n}.", { quantity: state.label(metric()), n: number(value()) })) }, say("Show"));
  const form = html("form", { className: "sw-bar-head" }, question, field, check, show);
  const answer = html("div", { className: "sw-answer", role: "status" });
  const el = html("section", { className: "sw-pane sw-prediction", hidden: !state.lesson.predict, "aria-label": say("predict first") }, form, answer);
  // The question stays in sight under the costs while a slider far below moves.
  const under = new ResizeObserver(([{ target }]) => { el.style.top = `${target.offsetHeight}px`; });
  let isUnder = false;
  let known = {}; // the structure whose numbers have been seen; at first the model as it came

  const metric = () => state.metrics.get(state.looks.metric);
  const value = () => state.total(metric().name);
  const number = (each) => {
    const unit = inWords(metric().unit);
    const short = formatExact(each, metric().unit);
    return unit ? say("{short} ({n} {unit})", { short, n: each.toLocaleString("en-US"), unit }) : short;
  };
  const reveal = (words) => {
    known = state.changes();
    setText(answer, words);
    state.tell("looks");
    if (!state.work.alone && !state.work.lost) state.explain({ metric: metric().name, layer: null }); // formulas are a kernel's
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [said, right] = [Number(field.value), value()];
    const isRight = isExact(right, metric().unit) ? said === right : Math.abs(said - right) <= NEAR * Math.abs(right);
    // What is wrong gives nothing away: who gives up asks to be shown.
    if (field.value === "") setText(answer, say("Write a number first."));
    else if (isRight) reveal(say("Right: {n}.", { n: number(right) }));
    else if (said < 0) setText(answer, say("Nothing costs less than 0."));
    else setText(answer, said > right ? say("Too high. Try again, or press Show.") : say("Too low. Try again, or press Show."));
  });
  const paint = (changed) => {
    if (!state.lesson.predict) return;
    if (!isUnder) under.observe(el.previousElementSibling);
    isUnder = true;
    const now = state.changes();
    const isOpen = !alike(now, known) && Object.keys(now).length > 0; // what it came with stands beside every number
    if (isOpen !== state.isGuessing || changed.has("looks")) {
      if (isOpen && !state.isGuessing) {
        field.value = "";
        setText(answer, "");
        if (state.help?.metric) state.explain(null); // the last number's formula lies over the sliders
      }
      state.isGuessing = isOpen;
      el.closest(".sw-instrument")?.classList.toggle("sw-guessing", isOpen);
      form.hidden = !isOpen;
    }
    if (isOpen && changed.has("structure")) setText(answer, ""); // what was said of other widths
    const asked = { structure: described(state.model, now), quantity: state.label(metric()), unit: inWords(metric().unit) };
    setText(question, !isOpen ? "" : asked.unit ? say("{structure}. {quantity} now, in {unit}?", asked) : say("{structure}. {quantity} now?", asked));
    if (!isOpen && answer.textContent === "") setText(answer, say("Move a slider, and predict what it costs before you see it."));
    // Help opens under the verdict, not over it.
    if (changed.has("help")) el.closest(".sw-instrument")?.style.setProperty("--asked", `${el.offsetHeight}px`);
  };
  return { el, paint, end: () => under.disconnect() };
}
