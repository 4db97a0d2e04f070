// A prediction before the number: what has moved, a field for what the chosen cost will be, and how near it came.
import { html, setText } from "./elements.js";
import { formatExact, inWords, isExact } from "./format.js";
import { alike } from "./state.js";
import { described } from "./words.js";

const NEAR = 0.005; // of a number that is shown with three digits

export function predictionView(state) {
  const question = html("span");
  const field = html("input", { type: "number", "aria-label": "prediction" });
  const check = html("button", { type: "submit", className: "sw-go" }, "Check");
  const show = html("button", { type: "button", onclick: () => reveal(`${state.label(metric())}: ${number(value())}.`) }, "Show");
  const form = html("form", { className: "sw-bar-head" }, question, field, check, show);
  const answer = html("div", { className: "sw-answer", role: "status" });
  const el = html("section", { className: "sw-pane sw-prediction", hidden: !state.lesson.predict, "aria-label": "predict first" }, form, answer);
  let known = state.changes(); // the structure whose numbers have been seen

  const metric = () => state.metrics.get(state.looks.metric);
  const value = () => state.total(metric().name);
  const number = (each) => `${formatExact(each, metric().unit)}${inWords(metric().unit) && ` (${each.toLocaleString("en-US")}${inWords(metric().unit, " ")})`}`;
  const reveal = (words) => {
    known = state.changes();
    setText(answer, words);
    state.tell("looks");
    state.explain({ metric: metric().name, layer: null });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value === "") return;
    const [said, right] = [Number(field.value), value()];
    const isRight = isExact(right, metric().unit) ? said === right : Math.abs(said - right) <= NEAR * Math.abs(right);
    const off = right ? ` (${said > right ? "+" : "−"}${Math.abs((100 * (said - right)) / right).toFixed(1)} %)` : "";
    reveal(isRight ? `Right: ${number(right)}.` : `You said ${said.toLocaleString("en-US")}${off}; it is ${number(right)}.`);
  });
  const paint = (changed) => {
    if (!state.lesson.predict) return;
    const now = state.changes();
    const isOpen = !alike(now, known);
    if (isOpen !== state.isGuessing || changed.has("looks")) {
      if (isOpen && !state.isGuessing) {
        field.value = "";
        setText(answer, "");
      }
      state.isGuessing = isOpen;
      el.closest(".sw-instrument")?.classList.toggle("sw-guessing", isOpen);
      form.hidden = !isOpen;
    }
    const unit = inWords(metric().unit, ", in ");
    setText(question, isOpen ? `${described(state.model, now)}. ${state.label(metric())} now${unit}?` : "");
    if (!isOpen && answer.textContent === "") setText(answer, "Move a slider, and predict what it costs before you see it.");
  };
  return { el, paint };
}
