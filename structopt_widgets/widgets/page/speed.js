// Speed: whether arithmetic or memory bounds the structure on a machine, and how long it takes on this one.
import { enable, html, setText } from "./elements.js";
import { durationText, formatMetric } from "./format.js";
import { alike } from "./state.js";
import { say } from "./words.js";

const OWN = ""; // the machine whose rates are typed

// As metrics/roofline.py, which must agree: of a batch.
export function roofline({ flops, weights, activations, batch }, [flopsPerSecond, bytesPerSecond]) {
  const [work, moved] = [batch * flops, weights + 2 * activations];
  const intensity = work / moved;
  const bound = intensity >= flopsPerSecond / bytesPerSecond ? "compute" : "memory";
  return { intensity, bound, seconds: Math.max(work / flopsPerSecond, moved / bytesPerSecond) };
}

export function speedView(state) {
  const { model } = state;
  const machines = new Map(model.machines.map(([name, ...rates]) => [name, rates]));
  const summary = html("span", { className: "sw-dim sw-small" });
  const machine = html("select", { "aria-label": say("machine") }, ...[...machines.keys(), OWN].map((name) => html("option", { value: name }, name || say("your own"))));
  const field = (label) => html("input", { type: "number", min: 0, step: "any", "aria-label": label, placeholder: label });
  const [rate, traffic] = [field(say("GFLOPs a second")), field(say("GB a second"))];
  const own = html("span", { className: "sw-group", hidden: true }, rate, traffic);
  const words = html("p");
  const time = html("button", { type: "button", title: say("this structure and the model, compiled, one sample and a batch: explorer.timing.measure()"), onclick: () => state.ask("latency") }, say("Time it here"));
  // A budget of latency has no formula: structures are built and timed until one is found.
  const most = html("input", { type: "number", min: 0, step: "any", placeholder: say("none"), "aria-label": say("budget of latency here, milliseconds a batch") });
  const fit = html("button", { type: "button", title: say("build and time structures of all widths alike, about eight, and set the sliders to the widest that is fast enough: explorer.timing.fit(seconds)"),
    onclick: () => state.ask("fit_latency", { seconds: Number(most.value) / 1000, batch_size: Number(samples.value) }) }, say("Fit"));
  const samples = html("select", { "aria-label": say("batch that is timed") });
  const budget = html("div", { className: "sw-bar-head" }, html("label", {}, html("span", { className: "sw-dim" }, say("budget")), most), html("span", { className: "sw-dim" }, say("ms, batch of")), samples, fit);
  const measured = html("div", { className: "sw-small" });
  const el = html("section", { className: "sw-pane sw-speed" }, html("div", { className: "sw-bar-head" }, html("h2", {}, say("Speed")), summary),
    html("details", {}, html("summary", {}, say("machine, time it here")),
      html("div", { className: "sw-bar-head" }, html("span", { className: "sw-dim" }, say("on")), machine, own, time), words, budget, measured));
  const chosen = () => state.looks.machine ?? [...machines.keys()][0];
  machine.addEventListener("change", () => state.look({ machine: machine.value }));
  [rate, traffic].forEach((each, place) => each.addEventListener("change", () => {
    const rates = [...(state.looks.rates ?? [0, 0])];
    rates[place] = Math.max(0, Number(each.value)) * 1e9;
    state.look({ rates });
  }));
  most.addEventListener("input", () => enable(fit, canFit()));
  most.addEventListener("change", () => {
    const { seconds: _, ...limits } = state.looks.limits;
    state.look({ limits: Number(most.value) > 0 ? { ...limits, seconds: Number(most.value) / 1000 } : limits });
  });
  const canFit = () => Number(most.value) > 0 && !state.work.what && state.free.length > 0;
  const ratesOf = (name) => (name === OWN ? state.looks.rates : machines.get(name));
  const paint = (changed) => {
    const name = chosen();
    const rates = ratesOf(name);
    machine.value = name;
    own.hidden = name !== OWN;
    [rate, traffic].forEach((each, place) => {
      if (document.activeElement !== each) each.value = state.looks.rates?.[place] ? state.looks.rates[place] / 1e9 : "";
    });
    const { seconds } = state.looks.limits;
    if (document.activeElement !== most) most.value = seconds > 0 ? Number((1000 * seconds).toPrecision(6)) : "";
    const { program } = model;
    const read = (metric) => state.values[program.totals[metric]];
    const activations = program.layers.activation_bytes.reduce((sum, slot) => sum + state.values[slot], 0);
    const batch = state.settings.batch_size;
    const of = { flops: read("flops"), weights: read("weight_bytes"), activations, batch };
    const isKnown = rates?.every((each) => each > 0);
    const found = roofline(of, isKnown ? rates : [1, 1]);
    const least = durationText(found.seconds);
    const isBound = state.total("uncounted") > 0;
    const told = { n: `${isBound ? "≥ " : ""}${formatMetric(found.intensity, "ratio")}`, machine: name || say("your own") };
    const isMemory = found.bound === "memory";
    setText(summary, !isKnown ? say("{n} FLOPs a byte", told) : isMemory ? say("{n} FLOPs a byte: memory bound on {machine}", told) : say("{n} FLOPs a byte: compute bound on {machine}", told));
    const known = () => ({ batch, least, n: formatMetric(rates[0] / rates[1], "ratio") });
    setText(words, !isKnown ? say("Say what your machine can do: its peak arithmetic and the rate of its memory.")
      : isMemory ? say("A batch of {batch} takes {least} at least there; moving weights and tensors is what it waits for. From {n} FLOPs a byte on it is arithmetic.", known())
        : say("A batch of {batch} takes {least} at least there; arithmetic is what it waits for. From {n} FLOPs a byte on it is arithmetic.", known()));
    const batches = [...new Set([1, batch])].map(String);
    if (!alike([...samples.options].map(({ value }) => value), batches)) {
      const was = samples.value;
      samples.replaceChildren(...batches.map((each) => html("option", {}, each)));
      samples.value = batches.includes(was) ? was : "1";
    }
    if (!["latency", "work", "steps", "structure", "looks"].some((each) => changed.has(each))) return;
    enable(time, !state.work.what);
    enable(fit, canFit());
    time.hidden = budget.hidden = Boolean(state.work.alone);
    measured.hidden = time.hidden && state.latency.lines === undefined;
    const { lines, structure } = state.latency;
    const isOld = lines !== undefined && !alike(structure, state.changes());
    const shown = lines === undefined ? [say("Not timed yet.")] : [...lines, ...(isOld ? [say("Timed before the sliders moved.")] : [])];
    if (measured.textContent !== shown.join("")) measured.replaceChildren(...shown.map((line) => html("div", {}, line)));
  };
  return { el, paint };
}
