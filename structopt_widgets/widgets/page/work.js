// Runs and sweeps: buttons, what they may spend, how far they are, and what came of them.
import { enable, html, keepFocus, oneStop, setText, toldNumber } from "./elements.js";
import { formatExact } from "./format.js";
import { helpButton } from "./help.js";
import { alike } from "./state.js";
import { say, sayMany, scoreText } from "./words.js";

const fieldsOfWork = () => ({
  epochs: [say("epochs"), 1, 1000], seeds: [say("seeds"), 1, 100], batch_size: [say("batch size"), 1, 65536],
  structures: [say("structures"), 1, 100000], at_most: [say("at most, parameters"), 1, 2 ** 53],
});

export function workView(state) {
  const button = (text, title, act, className = "") => html("button", { type: "button", title, onclick: act, className }, text);
  const run = button(say("Run"), say("train this structure from fresh weights and validate it"), () => state.ask("run"), "sw-go");
  const sweep = button(say("Sweep"), say("train many structures of other widths, each with this budget"), () => state.ask("sweep"));
  const cancel = button(say("Cancel"), say("stop; what is finished is kept"), () => state.ask("cancel"));
  const fields = Object.entries(fieldsOfWork()).map(([name, [text, least, most]]) => {
    const input = html("input", { type: "number", "aria-label": text, required: true });
    Object.assign(input, { min: least, max: most, step: 1 });
    input.addEventListener("change", () => {
      const value = Math.round(Number(input.value));
      if (input.value !== "") state.setting({ [name]: Math.min(Math.max(value, least), most) });
      input.value = state.settings[name];
    });
    return { name, input, el: html("label", {}, html("span", { className: "sw-dim" }, text), input) };
  });
  // What a sweep varies, and the costs that it weighs against the score: one at least of each.
  const several = (name, options) => {
    const boxes = options.map(([value, text]) => {
      const box = html("input", { type: "checkbox" });
      box.addEventListener("change", () => {
        const chosen = options.map(([each]) => each).filter((each) => (each === value ? box.checked : state.settings[name].includes(each)));
        if (chosen.length) state.setting({ [name]: chosen });
        else box.checked = true;
      });
      return { value, box, el: html("label", {}, box, html("span", {}, text)) };
    });
    return { name, boxes, els: boxes.map(({ el: each }) => each) };
  };
  const { model } = state;
  const vary = several("vary", [
    ["widths", say("widths"), state.free.length], ["activations", say("activations"), model.activations.length],
    ["biases", say("biases"), model.baseline.biases.length], ["blocks", say("depth"), model.blocks.length],
  ].filter(([, , count]) => count > 0));
  const minimize = several("minimize", model.metrics.filter(({ inTrials, more, shown }) => inTrials && shown && !more).map(({ name, trialLabel }) => [name, trialLabel]));
  const halving = html("input", { type: "checkbox" });
  halving.addEventListener("change", () => state.setting({ halving: halving.checked }));
  const sampler = html("select", { "aria-label": say("sampler") });
  sampler.addEventListener("change", () => state.setting({ sampler: sampler.value }));
  const summary = html("summary");
  const settings = html("details", { className: "sw-settings" }, summary,
    html("div", { className: "sw-fields" }, html("b", {}, say("each run")), helpButton(state, "runs"), ...fields.slice(0, 3).map(({ el }) => el)),
    html("div", { className: "sw-fields" }, html("b", {}, say("a sweep")), fields[3].el,
      html("label", {}, html("span", { className: "sw-dim" }, say("sampler")), sampler), fields[4].el,
      html("label", { title: say("successive halving: all are trained for a third of the budget, the best third of them for all of it; at least 3 epochs") }, halving, html("span", {}, say("halving")))),
    html("div", { className: "sw-fields", role: "group", "aria-label": say("what a sweep varies") }, html("b", {}, say("varies")), ...vary.els),
    html("div", { className: "sw-fields", role: "group", "aria-label": say("costs that a sweep keeps small") }, html("b", { title: say("beside a good score: NSGA-II and TPE go by these, and so does the hypervolume") }, say("keeps small")), ...minimize.els));
  settings.dataset.topic = "runs";
  const fill = html("i");
  const progress = html("span", { className: "sw-progress", role: "progressbar", "aria-label": say("progress") }, fill);
  progress.setAttribute("aria-valuemin", "0");
  progress.setAttribute("aria-valuemax", "100");
  const text = html("span", { className: "sw-dim sw-progress-text" });
  // Two regions that stay in the page; only their text changes: screen readers speak it.
  const info = html("div", { className: "sw-info", role: "status" });
  const error = html("div", { className: "sw-error", role: "alert" });
  // The score with the model's own weights, which follows the sliders without training.
  const preview = html("input", { type: "checkbox" });
  const score = html("span", { className: "sw-preview" });
  const previewed = toldNumber("", () => state.explainNumber("preview", say("preview"), state.preview.score, { changes: state.preview.structure }));
  previewed.classList.add("sw-preview");
  previewed.tabIndex = 0;
  const follows = html("span", { className: "sw-small sw-follows", hidden: true, title: say("the validation score with the model's own weights, the units kept that count most, before any training") },
    html("label", {}, preview, html("span", { className: "sw-dim" }, say("preview"))), previewed, score);
  preview.addEventListener("change", () => state.setting({ preview: preview.checked }));
  const paintPreview = () => {
    const { score: value, structure, error: why, note, seconds } = state.preview;
    const isOf = structure !== undefined && alike(structure, state.changes());
    const words = why || note || say("with inherited weights, before training ({seconds} s)", { seconds: seconds?.toFixed(1) });
    const isScored = Boolean(state.settings.preview && isOf && !why);
    keepFocus(follows, () => {
      previewed.hidden = !isScored;
      setText(previewed, isScored ? scoreText(value, state.study.score.unit ?? "share") : "");
    });
    setText(score, !state.settings.preview ? say("the score with inherited weights") : isOf ? words : "…");
  };
  // The numbers of the trial that the message is of, each of which tells how it came about.
  const numbers = html("div", { className: "sw-small sw-told-trial", hidden: true });
  let told = null;
  const paintTrial = () => {
    const trial = state.study.trials.find(({ number }) => number === (state.work.trial ?? null));
    const costs = trial === undefined ? [] : (state.settings.minimize ?? []).filter((name) => Number.isFinite(trial.costs[name]));
    const now = JSON.stringify([trial, costs]);
    if (now === told) return;
    told = now;
    const parts = [];
    if (trial !== undefined && trial.score !== null) parts.push(toldNumber(scoreText(trial.score, state.study.score.unit), () => state.explainTrial(trial, "score")));
    costs.forEach((name) => {
      const { trialLabel, unit } = state.metrics.get(name);
      parts.push(toldNumber(say("{quantity} {value}", { quantity: trialLabel, value: formatExact(trial.costs[name], unit) }), () => state.explainTrial(trial, name)));
    });
    keepFocus(numbers, () => {
      numbers.hidden = parts.length === 0;
      numbers.replaceChildren(...(parts.length ? [
        html("button", { type: "button", title: say("set the sliders to it"), onclick: () => state.choice(trial.number) }, say("trial {number}", trial)), ...parts,
      ] : []));
    });
    stopAtButtons();
  };
  const noData = html("p", { className: "sw-note sw-no-data" });
  const buttons = html("span", { className: "sw-group", role: "toolbar" }, run, sweep, cancel);
  // What a run has told is one stop with what runs.
  const stopAtButtons = oneStop([buttons, numbers], () => [run, sweep, cancel, ...(numbers.hidden ? [] : numbers.children)]);
  const line = html("div", { className: "sw-bar-head sw-progress-line" }, progress, text);
  const el = html("div", { className: "sw-work" }, noData, settings, line, follows, info, numbers, error);

  const paint = (changed) => {
    const { work } = state;
    const isBusy = Boolean(work.what);
    const hasData = Boolean(work.hasData);
    follows.hidden = !work.hasData;
    buttons.hidden = settings.hidden = line.hidden = Boolean(work.alone);
    preview.checked = Boolean(state.settings.preview);
    paintPreview();
    if (["work", "study", "settings"].some((each) => changed.has(each))) paintTrial();
    if (changed.has("work")) {
      if (sampler.options.length === 0) {
        (work.samplers ?? []).forEach(([name, label]) => sampler.append(html("option", { value: name }, label)));
        changed.add("settings");
      }
      enable(run, !isBusy && hasData);
      enable(sweep, !isBusy && hasData);
      setText(noData, hasData || work.alone ? "" : say("{sentence} {next}", { sentence: say("Run and Sweep need data."), next: work.howToPassData ?? "" }));
      enable(cancel, isBusy);
      stopAtButtons();
      progress.hidden = !isBusy;
      const percent = Math.round(100 * (work.fraction ?? 0));
      fill.style.transform = `scaleX(${work.fraction ?? 0})`;
      progress.setAttribute("aria-valuenow", String(percent));
      setText(text, work.text ?? "");
      setText(info, work.status ?? "");
      setText(error, work.lost ?? work.alert ?? "");
    }
    if (changed.has("settings")) {
      fields.forEach(({ name, input }) => {
        if (document.activeElement !== input) input.value = state.settings[name];
      });
      sampler.value = state.settings.sampler;
      halving.checked = Boolean(state.settings.halving);
      [vary, minimize].forEach(({ name, boxes }) => boxes.forEach(({ value, box }) => {
        box.checked = (state.settings[name] ?? []).includes(value);
      }));
      const { epochs, seeds, batch_size: batch, structures } = state.settings;
      // What is as it is at first goes without saying.
      const others = ({ name, boxes }, first) => {
        const chosen = state.settings[name] ?? [first];
        const named = boxes.filter(({ value }) => chosen.includes(value)).map(({ el: each }) => each.textContent);
        return alike(chosen, [first]) ? "" : named.join(say(", "));
      };
      const [over, small] = [others(vary, "widths"), others(minimize, "n_params")];
      let sweeps = say("sweeps of {n}", { n: structures ?? "" });
      if (over) sweeps = say("{sweeps} over {names}", { sweeps, names: over });
      if (small) sweeps = say("{sweeps} for small {names}", { sweeps, names: small });
      const [nEpochs, nSeeds] = [epochs ?? 0, seeds ?? 0];
      setText(summary, say("{epochs}, {seeds}, batch {batch}; {sweeps}", {
        epochs: sayMany(nEpochs, "{n} epoch", "{n} epochs", { n: nEpochs.toLocaleString("en-US") }),
        seeds: sayMany(nSeeds, "{n} seed", "{n} seeds"), batch, sweeps,
      }));
    }
  };
  return { el, buttons, paint };
}
