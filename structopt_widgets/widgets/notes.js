// What the numbers stand on, and what is not in them.
import { html, setText } from "./elements.js";

// The layers that are not, or not wholly, in the numbers, each with the reason.
export function notCounted(state) {
  const { model } = state;
  const unknown = new Set(model.keys.activations.filter((_, place) => {
    const table = model.tables[model.activations[place]];
    return table.costs.uncounted[table.options.indexOf(state.now.activations[place])] > 0;
  }));
  return model.layers.flatMap(({ name }, place) => {
    if (state.layer("uncounted", place) === 0) return [];
    const partly = unknown.has(name) ? "the cost of its activation is not known" : "does something that its layer rule cannot count";
    return [`${name} (${model.uncounted[name] ?? partly})`];
  });
}

export function notesView(state) {
  const el = html("p", { className: "sw-notes" });
  const paint = () => {
    const isBound = state.total("uncounted") > 0;
    const batch = state.settings.batch_size;
    setText(el, "Parameters, FLOPs, MACs and parallelism are for one sample; memory is for batches of "
      + `${batch}, training with ${state.model.optimizer}. The stroke on a bar is the model as it came.`
      + (isBound ? ` Lower bounds (≥), since these are not, or not wholly, counted: ${notCounted(state).join("; ")}.` : ""));
  };
  return { el, paint };
}
