// The live panel: reads the sliders where they live, in the browser, and runs the recorded cost
// program on them. The kernel plays no part, so the numbers move in the frame of the slider.
import { formatExact } from "./format.js";

const ANNOUNCE_AFTER = 500; // milliseconds without a change

// Evaluate a straight-line program; the operations are those of graph/recording.py.
function evaluate(operations, inputs) {
  const values = new Float64Array(operations.length);
  operations.forEach(([kind, a, b], slot) => {
    switch (kind) {
      case "input": values[slot] = inputs[a]; break;
      case "constant": values[slot] = a; break;
      case "+": values[slot] = values[a] + values[b]; break;
      case "-": values[slot] = values[a] - values[b]; break;
      case "*": values[slot] = values[a] * values[b]; break;
      case "//": values[slot] = Math.floor(values[a] / values[b]); break;
      case "/": values[slot] = values[a] / values[b]; break;
      case "max": values[slot] = Math.max(values[a], values[b]); break;
      case "log2": values[slot] = bitLength(values[a] - 1); break;
      default: throw new Error(`unknown operation ${kind} in the cost program`);
    }
  });
  return values;
}

function bitLength(n) {
  return n < 2 ** 32 ? 32 - Math.clz32(n) : 32 + bitLength(Math.floor(n / 2 ** 32));
}

function percentage(now, base) {
  const percent = Math.abs((100 * (now - base)) / base);
  return percent.toFixed(percent < 10 ? 1 : 0);
}

// The change against the baseline: an arrow and a sign, so that colour is not needed to read it.
function changed(now, base) {
  if (now === base) return "as the model";
  if (base === 0) return "▲ from 0";
  return `${now < base ? "▼ −" : "▲ +"}${percentage(now, base)} %`;
}

// The same in words: screen readers skip arrows and signs.
function spoken(now, base) {
  if (now === base) return "as the model";
  if (base === 0) return "from 0";
  return `${now < base ? "minus" : "plus"} ${percentage(now, base)} percent`;
}

function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  Object.entries(properties).forEach(([name, value]) => {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  });
  node.append(...children);
  return node;
}

// The allowed width nearest to one, halves up, as in structure/allowed_widths.py, which must agree.
function nearestWidth(width, { lower, upper, divisor }) {
  const rounded = Math.floor(width / divisor + 0.5) * divisor;
  return Math.min(Math.max(rounded, lower), upper);
}

// The multiples of a number among a group's widths; the group's own widths where there is none.
function grid(group, multiple) {
  const step = (group.divisor * multiple) / greatestCommonDivisor(group.divisor, multiple);
  const multiples = {
    lower: Math.ceil(group.lower / step) * step, upper: Math.floor(group.upper / step) * step, divisor: step,
  };
  return multiples.lower <= multiples.upper ? multiples : group;
}

// The multiple nearest to a width, or the model's own width.
function nearestMultiple(width, group, multiple) {
  const nearest = nearestWidth(width, grid(group, multiple));
  return multiple > 1 && Math.abs(group.width - width) < Math.abs(nearest - width) ? group.width : nearest;
}

// Where a slider goes that a hand has moved: with a key to the next multiple, dragged to the nearest.
function snapped(width, before, group, multiple) {
  if (Math.abs(width - before) > group.divisor) return nearestWidth(width, grid(group, multiple));
  const { lower, upper, divisor } = grid(group, multiple);
  // Where there is no further multiple it stays.
  if (width > before) return Math.min((Math.floor(before / divisor) + 1) * divisor, Math.max(upper, before));
  return Math.max((Math.ceil(before / divisor) - 1) * divisor, Math.min(lower, before));
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

// One input of the program, read from its control.
function inputValue(spec, controls) {
  if (spec.constant !== undefined) return spec.constant;
  const control = controls.get(spec.control);
  // The browser knows a dropdown's choice by its place in the list only.
  if (spec.table) return spec.table[control.get("index")];
  const value = Number(control.get("value"));
  // A width can be typed that is not a multiple of the divisor.
  return spec.divisor ? nearestWidth(value, spec) : value;
}

async function findControls(model) {
  const ids = new Set(model.get("inputs").filter((spec) => spec.control).map((spec) => spec.control));
  const found = await Promise.all([...ids].map((id) => model.widget_manager.get_model(id)));
  return new Map([...ids].map((id, index) => [id, found[index]]));
}

// The width multiplier moves every free slider, and multiples are kept, here rather than in the kernel, for the
// same reason. A slider's own step would not do: the browser then moves what does not stand on a step.
async function initialize({ model }) {
  const { control, groups, snap } = model.get("multiplier");
  const multiplier = await model.widget_manager.get_model(control);
  const steps = await model.widget_manager.get_model(snap.control);
  const sliders = await Promise.all(groups.map((group) => model.widget_manager.get_model(group.control)));
  const multiple = () => snap.table[steps.get("index")];
  const move = (slider, width) => {
    if (slider.get("value") === width) return;
    slider.set("value", width);
    slider.save_changes();
  };
  const scale = () => {
    const factor = multiplier.get("value");
    groups.forEach((group, index) => move(sliders[index], nearestMultiple(group.width * factor, group, multiple())));
  };
  const settle = groups.map((group) => (slider, width, options) => {
    // What a view has changed, a hand has moved; Python and links set no view.
    if (options?.updated_view && multiple() > 1) move(slider, snapped(width, slider.previous("value"), group, multiple()));
  });
  multiplier.on("change:value", scale);
  sliders.forEach((slider, index) => slider.on("change:value", settle[index]));
  return () => {
    multiplier.off("change:value", scale);
    sliders.forEach((slider, index) => slider.off("change:value", settle[index]));
  };
}

function buildTotals(metrics, baseline) {
  const body = element("tbody");
  const cells = {};
  metrics.forEach(({ name, label, meaning, unit, exact }) => {
    const value = element("td", { className: "sw-value", "data-metric": name });
    const change = element("td", { className: "sw-change" });
    const fill = element("div", { className: "sw-fill" });
    // The column before it says the same in words.
    const bar = element("td", {}, element("div", { className: "sw-track", "aria-hidden": "true" }, fill));
    body.append(element("tr", { title: meaning }, element("th", { scope: "row" }, label), value, change, bar));
    cells[name] = (now, isBound) => {
      const base = baseline[name];
      value.dataset.value = String(now);
      value.textContent = (isBound && !exact ? "≥ " : "") + formatExact(now, unit);
      value.title = now.toLocaleString("en-US");
      change.textContent = changed(now, base);
      // The baseline stands at the middle of the track; twice the baseline fills it.
      fill.style.width = `${Math.min(100, base ? (50 * now) / base : 0)}%`;
    };
  });
  const head = element("thead", {}, element("tr", {}, ...["cost", "now", "change", "against the model"].map(
    (text) => element("th", { scope: "col" }, text))));
  const caption = element("caption", {}, "Costs of this structure");
  return { table: element("table", { className: "sw-totals" }, caption, head, body), cells };
}

function buildLayers(layers, metrics) {
  const unitOf = Object.fromEntries(metrics.map((metric) => [metric.name, metric]));
  const choice = element("select", { "aria-label": "metric of the bars" },
    ...metrics.filter(({ byLayer }) => byLayer).map(({ name, label }) => element("option", { value: name }, label)));
  const body = element("tbody");
  const rows = layers.map((name) => {
    const now = element("div", { className: "sw-fill" });
    const ghost = element("div", { className: "sw-ghost" });
    const value = element("td", { className: "sw-value" });
    const row = element("tr", {}, element("th", { scope: "row" }, name),
      element("td", { className: "sw-bar" },
        element("div", { className: "sw-track sw-plain", "aria-hidden": "true" }, ghost, now)), value);
    body.append(row);
    return { name, row, now, ghost, value };
  });
  const table = element("table", { className: "sw-layers" }, element("caption", {}, "By layer: ", choice), body);
  const paint = (current, base) => {
    const metric = choice.value;
    const pairs = rows.map(({ name }) => [current(`${metric}:${name}`), base[`${metric}:${name}`]]);
    const largest = Math.max(1, ...pairs.flat());
    rows.forEach((each, index) => {
      const [now, was] = pairs[index];
      // Hundreds of layers, of which a slider moves a few: the rest is not laid out again.
      const drawn = `${metric} ${largest} ${now}`;
      if (each.drawn === drawn) return;
      each.drawn = drawn;
      each.row.hidden = now === 0 && was === 0;
      each.now.style.width = `${(100 * now) / largest}%`;
      each.ghost.style.width = `${(100 * was) / largest}%`;
      each.value.textContent = formatExact(now, unitOf[metric].unit);
      each.value.dataset.value = String(now);
    });
  };
  return { table, choice, paint };
}

// A line for screen readers only. It waits until the numbers rest: a drag would be read out step by step.
function buildAnnouncer(metrics, baseline) {
  const line = element("div", { className: "sw-spoken", role: "status", "aria-live": "polite" });
  let said = null;
  let timer = null;
  const update = (totals, isBound) => {
    // What stands there at first can be read in the table; only changes are news.
    said ??= totals;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // The first two that moved, in the table's order: all seven would take half a minute to hear.
      const moved = metrics.filter(({ name }) => totals[name] !== said[name]).slice(0, 2);
      if (moved.length === 0) return;
      said = totals;
      line.textContent = moved.map(({ name, label, unit, exact }) => {
        const bound = isBound && !exact ? "at least " : "";
        return `${label} ${bound}${formatExact(totals[name], unit)}, ${spoken(totals[name], baseline[name])}`;
      }).join("; ");
    }, ANNOUNCE_AFTER);
  };
  return { line, update, stop: () => clearTimeout(timer) };
}

// The layers that are not, or not wholly, in the numbers, each with the reason.
function notCounted(layers, current, hasUnknownActivation, reasons) {
  return layers.filter((layer) => current(`uncounted:${layer}`) > 0).map((layer) => {
    const partly = hasUnknownActivation(layer)
      ? "the cost of its activation is not known" : "does something that its layer rule cannot count";
    return `${layer} (${reasons[layer] ?? partly})`;
  });
}

async function render({ model, el }) {
  const controls = await findControls(model);
  const program = model.get("program");
  const baseline = model.get("baseline");
  const inputs = model.get("inputs");
  const metrics = model.get("metrics");
  const names = model.get("layers");
  const shown = metrics.filter((metric) => metric.total);
  const perBatch = new Set(metrics.filter((metric) => metric.perBatch).map(({ name }) => name));
  const totals = buildTotals(shown, baseline);
  const layers = buildLayers(names, metrics);
  const announcer = buildAnnouncer(shown, baseline);
  const notes = element("p", { className: "sw-notes" });
  let frame = null;

  const paint = () => {
    frame = null;
    const given = inputs.map((spec) => inputValue(spec, controls));
    const values = evaluate(program.operations, given);
    const current = (name) => values[program.outputs[name]];
    const isBound = current("uncounted") > 0;
    Object.entries(totals.cells).forEach(([name, show]) => show(current(name), isBound));
    layers.paint(current, baseline);
    // Whoever shows the same structure follows in this frame; the multiplier is one explorer's own.
    const source = model.get("multiplier").control;
    // Trials are kept for a batch of one.
    const batch = given[program.inputs.indexOf("batch_size")];
    const costs = (name) => current(name) / (perBatch.has(name) ? batch : 1);
    document.dispatchEvent(new CustomEvent("structopt-costs", { detail: { source, costs } }));
    announcer.update(Object.fromEntries(shown.map(({ name }) => [name, current(name)])), isBound);
    const hasUnknownActivation = (layer) => given[program.inputs.indexOf(`uncounted:${layer}`)] > 0;
    notes.textContent = model.get("conventions") + (isBound
      ? ` Lower bounds (≥), since these are not, or not wholly, counted: ${
        notCounted(names, current, hasUnknownActivation, model.get("uncounted")).join("; ")}.` : "");
  };
  const schedule = () => {
    if (frame === null) frame = requestAnimationFrame(paint);
  };

  el.classList.add("sw-live-panel");
  el.append(totals.table, layers.table, notes, announcer.line);
  layers.choice.addEventListener("change", schedule);
  controls.forEach((control) => control.on("change:value change:index", schedule));
  paint();
  return () => {
    cancelAnimationFrame(frame);
    announcer.stop();
    controls.forEach((control) => control.off("change:value change:index", schedule));
  };
}

export default { initialize, render };
