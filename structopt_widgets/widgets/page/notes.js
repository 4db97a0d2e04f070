// What the numbers stand on, and what is not in them.
import { html, setText } from "./elements.js";
import { say } from "./words.js";

// The layers that are not, or not wholly, in the numbers, each with the reason.
export function notCounted(state) {
  const { model } = state;
  const unknown = new Set(model.keys.activations.filter((_, place) => {
    const table = model.tables[model.activations[place]];
    return table.costs.uncounted[table.options.indexOf(state.now.activations[place])] > 0;
  }));
  return model.layers.flatMap(({ name }, place) => {
    if (state.layer("uncounted", place) === 0) return [];
    const partly = unknown.has(name) ? say("the cost of its activation is not known") : say("does something that its layer rule cannot count");
    return [say("{layer} ({why})", { layer: name, why: model.uncounted[name] ?? partly })];
  });
}

export function notesView(state) {
  const el = html("p", { className: "sw-notes" });
  const paint = () => {
    const isBound = state.total("uncounted") > 0;
    const batch = state.settings.batch_size;
    const { costs, parts } = state.lesson;
    const shown = state.model.metrics.filter(({ shown: isShown, name }) => isShown && (costs === null || costs.includes(name)));
    const named = (...scopes) => shown.filter(({ scope }) => scopes.includes(scope)).map(({ label }) => label).join(say(", "));
    const [ofSample, ofBatch] = [named("sample"), named("batch", "step")];
    const kept = parts === null || parts.includes("tradeoff") ? state.model.metrics.filter(({ inTrials, scope }) => inTrials && scope === "batch") : [];
    const stood = [
      ofSample && say("For one sample: {quantities}.", { quantities: ofSample }),
      ofBatch && say("For batches of {batch}, training with {optimizer}: {quantities}.", { batch, optimizer: state.model.optimizer, quantities: ofBatch }),
      say("The stroke on a bar is the model as it came."),
      kept.length && say("Of trials, the plot, comparisons and budgets, {quantities} are for one sample.", { quantities: kept.map(({ label }) => label).join(say(", ")) }),
    ].filter(Boolean).reduce((sentence, next) => say("{sentence} {next}", { sentence, next }));
    const next = () => say("Lower bounds (≥), since these are not, or not wholly, counted: {layers}.", { layers: notCounted(state).join(say("; ")) });
    setText(el, isBound ? say("{sentence} {next}", { sentence: stood, next: next() }) : stood);
  };
  return { el, paint };
}
