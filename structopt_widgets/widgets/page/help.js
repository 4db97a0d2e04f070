// Help: what a quantity or a lever is, and by which formula a number came about. The words on metrics are the catalogue's.
import { partName } from "./cost_parts.js";
import { html, setText } from "./elements.js";
import { formatExact } from "./format.js";
import { typeset } from "./formula.js";
import { alike } from "./state.js";
import { say, scoreText } from "./words.js";

const PROMPT = 500; // milliseconds: a kernel that answers as fast is asked again when the sliders rest

// Why the layers' do not add up to the model's.
const NO_SUM = {
  training_bytes: () => say("A layer's is what it holds throughout; the model has besides what gradients of activations take where the most is alive."),
  peak_activation_bytes: () => say("The model's is the largest of the layers'."),
  span: () => say("Only the layers on the longest path add up to the model's."),
  parallelism: () => say("The layers' are spans along the longest path; the work stands in the formula of the FLOPs."),
};

const TOPICS = {
  picture: () => [say("Network"), [
    say("Height is how many units or channels a layer makes, breadth is the resolution it works at, and the tone is its share of the chosen cost."),
    say("Branches stand above one another, wires go over what they skip, and the step lines below are the memory alive while each layer runs, forward, and in training while its gradients are made, backward."),
  ]],
  levers: () => [say("Levers"), [
    say("Width: the units, channels, heads or head size that a layer makes. Layers whose outputs are added have one width together and share a slider."),
    say("Activation: the function after a layer's sum; bias: whether the sum has a constant. Keep: whether a block is there at all. Initial weights are of the selected layer."),
    say("One unit more of a dense layer costs n weights and a bias, and as many weights as there are units after it: N = (n + 1) u + (u + 1) m. A bias is u weights; an activation costs FLOPs and no weights; initial weights cost nothing and decide where training starts."),
    say("Depth: a block that is left out passes its input on, so that its cost is gone and the critical path shorter."),
    say("All widths multiplies every free width by one factor; steps keep widths to multiples that matrix units like. The first row is for all layers, or for those that are chosen in it: a stage, blocks that are built alike, layers of a kind."),
  ]],
  tradeoff: () => [say("Trade-off"), [
    say("Run trains the structure at hand and validates it; Sweep does so for many. Each is a point: its score against its cost, with a 95 % interval."),
    say("The Pareto front is what no other trial beats in both. What cannot be told apart from the best is hollow: a smaller one of these is as good as can be known."),
    say("A sweep varies what its settings say. Hypervolume: of the box between the worst and the best score and costs (on a logarithmic scale), the share that some trial is at least as good as; when it grows no more, the sweep has found what it can."),
    say("Preview is the score of this structure with the model's own weights, the units kept that count most, before any training: right ones / all validation samples."),
    say("Two are told apart where chance alone would open such a gap, between any two, in fewer than 5 of 100 such studies: the more structures, the larger the gaps that chance makes."),
  ]],
  runs: () => [say("Settings"), [
    say("Epochs: passes over the training samples. Seeds: how often a structure is trained, each time from other weights, which the interval takes into account. Batch size: samples a step, which memory for a batch follows."),
    say("A sweep trains so many structures. The sampler chooses them: spread out (random, quasi-random, grid), or by what came of those before (TPE, NSGA-II). None has more parameters than it may; halving trains all for a third of the budget and the best third of them for all of it."),
  ]],
  limit: () => [say("Budget"), [
    say("The most that a structure may have of the plot's cost. Fit multiplies all widths of the model by one factor, the largest that keeps within it."),
    say("By sensitivity it cuts where most cost is saved for the score lost. A latency has no formula: its budget stands in Speed, where structures are built and timed."),
  ]],
  where: () => [say("Where it goes"), [
    say("The chosen cost by layer or by block, as it is now; the stroke on a bar is the model as it came."),
  ]],
  dtype: () => [say("Stored dtype"), [
    say("Bytes if all weights were stored so: parameters × bits / 8. Nothing is rounded to it here, and what that does to the score is not known."),
    say("int8 deployment folds each batch normalization into the layer before it and keeps one bias of 32 bits a channel."),
  ]],
  marginal: () => [say("One more unit costs"), [
    say("By how much the chosen cost grows when one width alone grows by its smallest step: the cost at u + d less the cost at u."),
    say("The dearest come first: taking a unit from them saves most."),
  ]],
  sensitivity: () => [say("Sensitivity"), [
    say("What the score loses when one width alone is cut to three quarters, a half and a quarter: the model's own weights, the units kept that count most, no training. A cell sets the slider."),
    say("Cuts of several widths at once do not lose the sum of these, and training wins much of it back."),
  ]],
  speed: () => [say("Speed"), [
    say("Arithmetic intensity: FLOPs a byte that moves between memory and arithmetic, where each weight is read once and each tensor written and read once. Below what the machine can feed, memory is the bound, and fewer FLOPs alone are not faster."),
    say("Time it here runs this structure and the model as it came in turns, compiled, with one sample and with a batch: medians of up to 30 calls."),
  ]],
  findings: () => [say("Findings"), [
    say("What stands out in this structure, its data or its trials, and why it matters. Mend changes what the finding is about and nothing else."),
  ]],
  keeping: () => [say("Steps and files"), [
    say("Undo and redo go through every step, of a hand or of a cell. Keep remembers this structure as A, then as B; a click on either brings it back, and beside them stands by how much B differs."),
    say("Save has the model with its weights, its code, its costs, the trials and this page as files. Reset brings back everything as the model came, and can be undone."),
  ]],
  curve: () => [say("Learning curve"), [
    say("Training and validation loss by epoch of the run named above it. A validation loss that rises while the other falls is overfitting."),
  ]],
};

// Scores have units that costs have not.
const numberText = (value, unit) => (unit === "share" || unit === "number" ? scoreText(value, unit) : formatExact(value, unit));

export function helpButton(state, topic) {
  return html("button", {
    type: "button", className: "sw-ask", tabIndex: -1, title: say("what this is (key ?)"), "aria-label": say("what is {name}", { name: TOPICS[topic]()[0] }),
    onclick: () => state.explain({ topic }),
  }, "?");
}

export function helpView(state) {
  const title = html("h2");
  const close = html("button", { type: "button", "aria-label": say("close help") }, "×");
  const body = html("div", { className: "sw-help-body" });
  const el = html("section", { className: "sw-help", hidden: true, tabIndex: -1, role: "dialog", "aria-label": say("help") },
    html("div", { className: "sw-bar-head" }, title, html("span", { className: "sw-space" }), close), body);
  let [before, asked, isSlow] = [null, Infinity, false]; // what nobody asked for has not been waited for
  const shut = () => state.explain(null);
  close.addEventListener("click", shut);
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    shut();
    event.stopPropagation();
  });

  // A hand that goes on elsewhere wants to see what it does there.
  const left = ({ target }) => { if (state.help !== null && !el.contains(target)) shut(); };
  document.addEventListener("pointerdown", left, true);

  const ask = () => {
    asked = performance.now();
    const { metric, layer, layers = [], margin = null, of = null } = state.help;
    state.ask("receipt", { metric, layer, layers, margin, of });
  };
  const isOfNow = () => state.help.of !== undefined || alike(state.receipt.structure, state.changes()) && state.receipt.batch_size === state.settings.batch_size;
  const line = ({ name, tree, formula, numbers, value }, unit) => html("tr", {}, html("th", { scope: "row" }, name),
    html("td", { className: "sw-formula" }, tree ? typeset(tree, false) : formula || say("too long to read: see the layers"),
      ...(numbers ? [html("div", { className: "sw-dim" }, "= ", tree ? typeset(tree, true) : numbers)] : [])),
    html("td", { className: "sw-num" }, numberText(value, unit)));
  const secret = () => html("p", { className: "sw-dim" }, say("Its number and formula wait for your prediction."));
  const paintReceipt = (metric, layer, margin, of) => {
    const { receipt } = state;
    if (receipt.metric !== metric.name || receipt.layer !== layer || (receipt.margin ?? null) !== margin || !alike(receipt.of, of)) return [html("p", { className: "sw-dim" }, state.work.lost || state.work.alone ? say("Formulas need a kernel.") : say("The kernel is asked for the formula …"))];
    const table = html("table", {}, html("tbody", {}, ...receipt.lines.map((each) => line(each, metric.unit))));
    const notes = [
      ...(layer === null && !metric.additive && receipt.lines.length > 1 ? [NO_SUM[metric.name]?.() ?? say("The layers' do not add up to the model's.")] : []),
      ...(metric.name === "weight_bytes" && state.looks.dtype !== null ? [say("The formula is of weights in their own dtype.")] : []),
      ...(margin === null ? [] : [say("The whole model's cost with the next width, less that with this one.")]),
      ...(receipt.notes ?? []),
      ...(receipt.lines.length ? [] : [receipt.error ?? say("No formula by layer: see the whole model's.")]),
      ...(receipt.more ? [say("{n} smaller layers are not shown; {call} has them.", { n: receipt.more, call: `structure.measure().receipt("${metric.name}").layers` })] : []),
      ...(isOfNow() ? [] : [alike(receipt.structure, state.changes()) ? say("For a batch of {n}.", { n: receipt.batch_size }) : say("For the structure before the sliders moved.")]),
    ];
    return [table, ...notes.map((each) => html("p", { className: "sw-dim sw-small" }, each))];
  };
  const paint = () => {
    const { help } = state;
    const wasHidden = el.hidden;
    const hadFocus = el.contains(document.activeElement);
    el.hidden = help === null;
    if (help === null) {
      if (!wasHidden && hadFocus) (before?.isConnected ? before : el.closest(".sw-instrument"))?.focus({ preventScroll: true });
      return;
    }
    if (help.topic !== undefined) {
      const [name, sentences] = TOPICS[help.topic]();
      setText(title, name);
      body.replaceChildren(...sentences.map((each) => html("p", {}, each)));
    } else {
      const { unit: scoreUnit = "share", label: scoreLabel = say("score") } = state.study.score;
      const ofScores = { name: help.metric, label: scoreLabel, unit: scoreUnit, additive: true };
      const others = { score: ofScores, preview: ofScores, reference: ofScores, hypervolume: { ...ofScores, label: say("Hypervolume"), unit: "number" } };
      const metric = others[help.metric] ?? state.metrics.get(help.metric);
      const other = help.of === undefined ? null : state.other(help.of);
      const margin = help.margin === undefined ? null : state.model.keys.widths[help.margin];
      const names = help.layer === null ? [] : [help.layer, ...(help.layers ?? [])];
      const places = names.map((each) => state.model.layers.findIndex(({ name }) => name === each));
      const value = other !== null ? other.value(metric.name, places) : margin !== null ? state.marginOf(metric.name, help.margin) : names.length ? state.cost(metric.name, places) : metric.name in state.model.program.totals ? state.total(metric.name) : null;
      const isOneSample = help.of?.batch_size === 1 && metric.scope === "batch";
      const quantity = other === null ? state.label(metric) : isOneSample ? metric.trialLabel : metric.label;
      const named = names.length ? say("{quantity} of {name}", { quantity, name: partName(names) }) : quantity;
      const whose = other === null ? named : say("{quantity}, {structure}:", { quantity: named, structure: other.name });
      const told = value === null || state.isGuessing ? whose : say("{quantity} {value}", { quantity: whose, value: numberText(value, metric.unit) });
      setText(title, margin === null ? told : say("One step more of {name}: {told}", { name: state.model.groups[help.margin].title, told }));
      const meaning = metric.convention || (metric.meaning ? say("{sentence}.", { sentence: `${metric.meaning[0].toUpperCase()}${metric.meaning.slice(1)}` }) : "");
      body.replaceChildren(...(meaning ? [html("p", {}, meaning)] : []), ...(state.isGuessing ? [secret()] : paintReceipt(metric, help.layer, margin, help.of)));
    }
    if (wasHidden) {
      before = document.activeElement;
      el.focus({ preventScroll: true });
    }
  };
  return {
    el,
    end: () => document.removeEventListener("pointerdown", left, true),
    paint: (changed) => {
      if (changed.has("help") && state.help?.metric) ask();
      if (changed.has("receipt")) isSlow = performance.now() - asked > PROMPT;
      if (["help", "receipt"].some((each) => changed.has(each)) || (state.help?.metric && (changed.has("structure") || changed.has("looks")))) paint();
      // What a formula is of moves with the sliders, unless the kernel is long at it. To ask ends a gesture: not before it is a step.
      if (["steps", "settings"].some((each) => changed.has(each)) && state.help?.metric && !isSlow && !isOfNow()) ask();
    },
  };
}

// What the key ? asks about, from where the focus is.
export function explainHere(state, target) {
  // A number that tells of itself, of the sliders or not, is what is asked about.
  const number = target.closest(".sw-told:not(.sw-cut), .sw-reference");
  if (number !== null) {
    number.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    return;
  }
  const cost = target.closest("[data-cost]")?.dataset.cost;
  const topic = target.closest("[data-topic]")?.dataset.topic;
  const row = state.looks.selected && state.model.rows[state.looks.selected.row];
  if (topic === "levers" && row) state.explainRow(state.looks.selected.row);
  else if (topic !== undefined) state.explain({ topic });
  else state.explain({ metric: cost ?? state.looks.metric, layer: null });
}
