// The state of the instrument. Views read it and ask it to change; costs are computed, never kept.
import { costParts } from "./cost_parts.js";
import { takeUnits } from "./format.js";
import { Program } from "./program.js";
import { say, takeWords } from "./words.js";
import { nearestMultiple, nearestWidth, snapped } from "./widths.js";

const CHOICES = ["widths", "activations", "biases", "initializers", "blocks"];
const LOOKS = {
  metric: "n_params", against: "n_params", log: true, near: false, chosen: null, selected: null,
  open: null, sort: ["number", 1], order: "size", by: "layers", limits: {},
  against_trial: null, dtype: null,
};

export const RESTED = 150; // milliseconds without a change

export class State {
  // model: see page_model.py. ask: called with what is to be done, and more.
  constructor(model, ask) {
    this.model = model;
    takeUnits(model.units);
    takeWords(model);
    this.ask = (what, more = {}) => {
      this.commit();
      ask({ do: what, ...more });
    };
    this.parts = costParts(model); // the layers whose costs each row shows
    this.metrics = new Map(model.metrics.map((metric) => [metric.name, metric]));
    this.program = new Program(model.program);
    this.inputs = new Float64Array(model.program.inputs.length);
    this.now = this.fresh();
    this.settings = { batch_size: 32 };
    this.compute();
    this.committed = {};
    [this.past, this.future, this.snapshots] = [[], [], {}];
    this.looks = { ...LOOKS };
    this.study = { trials: [], references: [], score: {}, note: "", baseline: null };
    [this.work, this.curve, this.findings, this.receipt, this.fits, this.preview] = [{}, {}, [], {}, {}, {}];
    [this.code, this.latency, this.sensitivity, this.comparison] = [{}, {}, {}, {}];
    this.lesson = { parts: null, costs: null, predict: false }; // what is shown; null for everything
    this.isGuessing = false; // whether numbers wait for a prediction
    this.help = null; // what is explained: { topic }, or { metric, layer }
    this.factors = new Map(); // what a slider of many widths was moved to, by its key
    this.drawn = {}; // the picture as it was drawn last, and of which structure
    this.isHeld = false; // whether a hand is on a control
    this.refused = ""; // why the width that was typed last is not there
    this.pointed = null; // the trial under the mouse
    this.listed = []; // numbers of the trials that the table lists
    this.near = new Set(); // trials measured nearest to where the sliders stand
    this.listeners = [];
  }

  // A structure: the model as it came.
  fresh() {
    return Object.fromEntries(CHOICES.map((choice) => [choice, [...this.model.baseline[choice]]]));
  }

  // listener: called with what has changed: "structure", "steps", "looks", "settings", "study", "comparison", "work", "curve",
  // "findings", "preview", "fits", "receipt", "code", "latency", "sensitivity", "listed" or "help";
  // "pictured" where a cell wants the picture, "drawn" where there is one of a structure at rest.
  subscribe(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    this.listeners.forEach((listener) => listener(what));
  }

  // Run the program for where the sliders stand, and for the model as it came, both at the batch size of now.
  compute() {
    const batch = this.settings.batch_size;
    if (batch !== this.baseBatch) {
      this.base = Float64Array.from(this.program.run(this.inputsOf(this.fresh(), batch)));
      this.baseBatch = batch;
    }
    this.values = this.program.run(this.inputsOf(this.now, batch));
  }

  // Costs of a structure, as a function of a metric's name; the present ones stay as they are.
  costsOf(structure, batch = this.settings.batch_size) {
    const values = Float64Array.from(this.program.run(this.inputsOf(structure, batch)));
    this.compute();
    return (metric) => values[this.model.program.totals[metric]];
  }

  inputsOf(structure, batch) {
    const { model, inputs } = this;
    model.program.inputs.forEach(([kind, place], index) => {
      if (kind === "widths") inputs[index] = structure.widths[place];
      else if (kind === "biases" || kind === "blocks") inputs[index] = Number(structure[kind][place]);
      else if (kind === "batch_size") inputs[index] = batch;
      else if (kind === "slots") inputs[index] = model.slots;
      else {
        const table = model.tables[model.activations[place]];
        inputs[index] = table.costs[kind][table.options.indexOf(structure.activations[place])];
      }
    });
    return inputs;
  }

  total(metric, values = this.values) {
    return this.stored(metric, (each) => values[this.model.program.totals[each]]);
  }

  // A cost with weights in the dtype that is looked at: their own, another, or as 8-bit deployment stores them.
  stored(metric, read) {
    const { dtype } = this.looks;
    if (metric !== "weight_bytes" || dtype === null) return read(metric);
    return dtype === "flash" ? read("flash_bytes") : Math.ceil((read("n_params") * this.model.bits[dtype]) / 8);
  }

  // What a metric is called now.
  label({ name, label }) {
    const { dtype } = this.looks;
    if (name !== "weight_bytes" || dtype === null) return label;
    return dtype === "flash" ? this.metrics.get("flash_bytes").label : say("{quantity}, {unit}", { quantity: label, unit: dtype });
  }

  // What a metric is called where it is for the batch of the settings, beside numbers of trials.
  batchLabel(metric) {
    const { label, scope } = metric;
    return scope === "batch" || scope === "step" ? say("{quantity}, batch of {n}", { quantity: label, n: this.settings.batch_size }) : label;
  }

  // A total as a trial has it: for one sample, a step of training for the batch. Of now, or of the model as it came.
  trialCost(metric, structure = this.now) {
    const own = this.values[this.model.program.totals[metric]]; // trials keep weights in their own dtype
    if (this.metrics.get(metric).scope !== "batch" && structure === this.now) return own;
    return this.costsOf(structure, this.batchOf(metric))(metric);
  }

  // A cost of a trial: kept with it, or else that of its structure; null where neither is known.
  costOfTrial({ costs, changes }, metric) {
    if (metric in costs || changes === null || changes === undefined || !(metric in this.model.program.totals)) return costs[metric] ?? null;
    return this.costsOf(this.changed(changes), this.batchOf(metric))(metric);
  }

  // The cost of a layer, by its place.
  layer(metric, place, values = this.values) {
    return this.stored(metric, (each) => values[this.model.program.layers[each][place]]);
  }

  // The cost of several layers: their sum, or of what is alive at a time the most.
  cost(metric, places, values = this.values) {
    const { additive, scope } = this.metrics.get(metric);
    const isPeak = !additive && scope === "batch";
    return places.reduce((all, place) => {
      const each = this.layer(metric, place, values);
      return isPeak ? Math.max(all, each) : all + each;
    }, 0);
  }

  // The metric by layer that goes with the chosen one.
  get shares() {
    return this.metrics.get(this.metrics.get(this.looks.metric).bars ?? "n_params");
  }

  // Of what a structure may have too much: the costs of trials that are shown, and what devices have no more of.
  get budgets() {
    return this.model.metrics.filter(({ name, inTrials, shown, more }) => name === "flash_bytes" || (inTrials && shown && !more));
  }

  get multiple() {
    return this.settings.multiple_of ?? 1;
  }

  // ----- what a hand moves

  // A width, set to one that is allowed; as a slider is moved, to a multiple.
  setWidth(place, width, isTyped = false) {
    const group = this.model.groups[place];
    const before = this.now.widths[place];
    if (group.fixed) return;
    this.refused = "";
    const to = isTyped ? nearestWidth(width, group) : snapped(width, before, group, this.multiple);
    if (to === before) return;
    this.now.widths[place] = to;
    this.tell("structure");
  }

  // Say why what was typed is not what stands there; "" takes it back, as the next width does.
  refuse(words) {
    this.refused = words;
    this.tell("looks");
  }

  // Every width of some groups, times a factor of the model's own. The key is the slider's.
  scale(places, factor, key) {
    places.forEach((place) => {
      const group = this.model.groups[place];
      this.now.widths[place] = nearestMultiple(group.width * factor, group, this.multiple);
    });
    this.factors.set(key, factor);
    this.tell("structure");
  }

  // The places of the widths that can move.
  get free() {
    return [...this.model.groups.keys()].filter((place) => !this.model.groups[place].fixed);
  }

  // What one step more of each free width costs: [place, cost], the dearest first.
  marginal(metric) {
    const before = this.total(metric);
    const structure = { ...this.now, widths: [...this.now.widths] };
    const found = this.free.map((place) => {
      const { divisor } = this.model.groups[place];
      structure.widths[place] += divisor;
      const values = this.program.run(this.inputsOf(structure, this.settings.batch_size));
      const cost = this.total(metric, values) - before;
      structure.widths[place] -= divisor;
      return [place, cost];
    });
    this.compute();
    return found.sort((a, b) => b[1] - a[1]);
  }

  // The same of one width, at the sliders as they are.
  marginOf(metric, place) {
    return this.marginal(metric).find(([each]) => each === place)?.[1] ?? 0;
  }

  // The factor at which these widths stand, or null where they have moved apart.
  factorOf(places, key) {
    const { groups } = this.model;
    const stands = (factor) => places.every((place) => (
      this.now.widths[place] === nearestMultiple(groups[place].width * factor, groups[place], this.multiple)
    ));
    const first = places[0];
    const tried = [this.factors.get(key), 1, this.now.widths[first] / groups[first].width];
    return tried.find((factor) => factor !== undefined && stands(factor)) ?? null;
  }

  // Every activation of these rows that is one and no output's, or every bias. The places in the lists.
  bulkPlaces(choice, rows) {
    const { model } = this;
    const places = rows.map((row) => model.rows[row]).filter(({ group, activation }) => (
      choice === "biases" || (activation !== null && model.baseline.activations[activation] !== "linear" && !model.groups[group]?.fixed)));
    const key = choice === "biases" ? "bias" : "activation";
    return places.map((row) => row[key]).filter((place) => place !== null);
  }

  // The activations of these rows but those of outputs, as they are now.
  shownActivations(rows) {
    const { model } = this;
    this.feeding ??= new Set(model.layers.flatMap(({ inputs }) => inputs));
    return rows.map((row) => model.rows[row]).filter(({ layer, activation }) => activation !== null && this.feeding.has(layer))
      .map(({ activation }) => this.now.activations[activation]);
  }

  // One switch for many places, where they have that choice, in one step.
  setMany(choice, places, value) {
    this.commit();
    places.forEach((place) => {
      const { model } = this;
      if (choice !== "activations" || model.tables[model.activations[place]].options.includes(value)) this.now[choice][place] = value;
    });
    this.tell("structure");
    this.commit();
  }

  // A switch: of "activations", "biases", "initializers" or "blocks".
  set(choice, place, value) {
    if (this.now[choice][place] === value) return;
    this.now[choice][place] = value;
    this.tell("structure");
  }

  // ----- steps

  // How the structure differs from the model, as changes.py writes it.
  changes(structure = this.now) {
    const found = {};
    CHOICES.forEach((choice) => {
      const base = this.model.baseline[choice];
      const pairs = structure[choice].flatMap((value, place) => (value === base[place] ? [] : [[place, value]]));
      if (pairs.length) found[choice] = pairs;
    });
    return found;
  }

  // The structure of such changes.
  changed(changes) {
    const structure = this.fresh();
    Object.entries(changes).forEach(([choice, pairs]) => {
      pairs.forEach(([place, value]) => { structure[choice][place] = value; });
    });
    return structure;
  }

  // End a gesture: what it moved is one step. Whether it moved anything.
  commit() {
    const changes = this.changes();
    if (alike(changes, this.committed)) return false;
    this.past = [...this.past, this.committed];
    [this.committed, this.future] = [changes, []];
    this.tell("steps");
    return true;
  }

  // Change what these say, each as changes.py writes it, and leave the rest: in one step.
  adopt(...all) {
    this.commit();
    all.forEach((changes) => Object.entries(changes).forEach(([choice, pairs]) => {
      pairs.forEach(([place, value]) => { this.now[choice][place] = value; });
    }));
    this.tell("structure");
    this.commit();
  }

  // Stand at a structure, given as changes, in one step.
  goTo(changes) {
    this.commit();
    this.now = this.changed(changes);
    this.tell("structure");
    this.commit();
  }

  undo() {
    this.commit();
    if (this.past.length) this.step(this.past, this.future);
  }

  redo() {
    if (!this.commit() && this.future.length) this.step(this.future, this.past);
  }

  step(from, to) {
    to.push(this.committed);
    this.committed = from.pop();
    [this.past, this.future] = [[...this.past], [...this.future]];
    this.now = this.changed(this.committed);
    this.tell("structure");
    this.tell("steps");
  }

  reset() {
    this.goTo({});
    this.factors.clear();
  }

  keep(name) {
    this.commit();
    this.snapshots = { ...this.snapshots, [name]: this.committed };
    this.tell("steps");
  }

  // Where it stands, and the way there: what is saved and shared.
  get standing() {
    return { structure: this.committed, past: this.past, future: this.future, snapshots: this.snapshots };
  }

  // Take over where Python stands.
  stand({ structure, past, future, snapshots }) {
    [this.past, this.future, this.snapshots] = [[...past], [...future], snapshots];
    if (!alike(structure, this.changes())) {
      this.now = this.changed(structure);
      this.tell("structure");
    }
    this.committed = structure;
    this.tell("steps");
  }

  // ----- what is shown

  look(changes) {
    Object.assign(this.looks, changes);
    this.tell("looks");
  }

  // The metric of bars and rows, and of the plot where trials have it.
  choose(metric) {
    const known = this.metrics.get(metric);
    this.look({ metric, ...(known.inTrials ? { against: metric } : {}) });
  }

  // Explain the cost of some layers, the first the one that is meant.
  explainLayers(places) {
    const [layer, ...layers] = this.costly(places).map((place) => this.model.layers[place].name);
    this.explain({ metric: this.shares.name, layer, layers });
  }

  explainRow(row) {
    this.explainLayers(this.parts[row].length ? this.parts[row] : [this.model.rows[row].layer]);
  }

  // What a cost of several layers is made of: " = c2 2,320 + bn 64"; nothing of one layer.
  costWords(places) {
    const { name, additive } = this.shares;
    const found = this.costly(places);
    if (found.length < 2 || !additive) return "";
    return ` = ${found.map((place) => `${this.model.layers[place].name} ${this.layer(name, place).toLocaleString("en-US")}`).join(" + ")}`;
  }

  // Of some layers those that cost anything, now or in the model as it came; the first where none does.
  costly(places) {
    const { name } = this.shares;
    const found = places.filter((place) => this.layer(name, place) !== 0 || this.layer(name, place, this.base) !== 0);
    return found.length ? found : places.slice(0, 1);
  }

  // Explain a number of a trial: its "score", or a cost.
  explainTrial({ number, batch_size: batch }, metric) {
    const isStep = metric !== "score" && this.metrics.get(metric).scope === "step";
    this.explain({ metric, layer: null, of: { trial: number, batch_size: isStep ? batch : 1 } });
  }

  // Explain a cost of a structure that is not the one at the sliders, or of its layers; name: what it is called.
  explainOther(changes, name, metric, batch, layer = null) {
    this.explain({ metric, layer, of: { changes, name, batch_size: batch } });
  }

  // Explain a number that is no cost and no trial's: "preview", "reference" or "hypervolume"; name: what it is of.
  explainNumber(metric, name, value, more = {}) {
    this.explain({ metric, layer: null, of: { name, value, batch_size: 1, ...more } });
  }

  // What help is about where it is not about the sliders: its name, and a function of a metric and layers.
  other({ trial: number, changes, name, value, batch_size: batch }) {
    if (value !== undefined) return { name, value: () => value };
    const trial = number === undefined ? undefined : this.study.trials.find((each) => each.number === number);
    const told = number === undefined ? name : say("trial {number}", { number });
    if (trial !== undefined) return { name: told, value: (metric) => (metric === "score" ? trial.score : this.costOfTrial(trial, metric)) };
    if (changes === undefined) return { name: told, value: () => null };
    return {
      name: told,
      value: (metric, places) => {
        const values = Float64Array.from(this.program.run(this.inputsOf(this.changed(changes), batch)));
        this.compute();
        return places.length ? this.cost(metric, places, values) : values[this.model.program.totals[metric]];
      },
    };
  }

  // Explain a topic, or a number: the model's, or a layer's by its name, at the sliders or of another structure. Nothing for null.
  explain(what) {
    this.help = what;
    this.tell("help");
  }

  select(group) {
    if (this.looks.selected !== group) this.look({ selected: group });
  }

  // Change settings of runs and sweeps.
  setting(changes) {
    Object.assign(this.settings, changes);
    this.compute();
    this.tell("structure");
    this.tell("settings");
  }

  // How many samples a trial's cost is for, at the settings of now.
  batchOf(metric) {
    return this.metrics.get(metric).scope === "batch" ? 1 : this.settings.batch_size;
  }

  // Ask for the structure that makes the most of a limit of the plot's cost.
  fit() {
    const metric = this.looks.against;
    this.ask("fit", { limits: { [metric]: this.looks.limits[metric] }, batch_size: this.batchOf(metric) });
  }

  // What the table lists of the trials, by their numbers, in its order.
  list(numbers) {
    if (alike(numbers, this.listed)) return;
    this.listed = numbers;
    this.tell("listed");
  }

  // Whether the sliders still stand where the chosen trial does.
  isAtChosen() {
    const trial = this.study.trials.find(({ number }) => number === this.looks.chosen);
    return Boolean(trial?.changes) && alike(trial.changes, this.changes());
  }

  // Hold a trial against the chosen one.
  compare(number) {
    this.look(this.looks.chosen === null ? { chosen: number } : { against_trial: number });
  }

  // Set the sliders to a trial's structure, and show its learning curve.
  choice(number) {
    const trial = this.study.trials.find((each) => each.number === number);
    this.look({ chosen: number });
    const fits = trial.changes !== null && (trial.changes.widths ?? []).every(([place, width]) => {
      const { lower, upper } = this.model.groups[place];
      return width >= lower && width <= upper;
    });
    // What the sliders cannot stand at, Python refuses in words.
    if (!fits) {
      this.ask("choose", { number });
      return;
    }
    this.goTo(trial.changes);
    if (trial.hasCurve) this.ask("curve", { number });
  }
}

export function alike(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
