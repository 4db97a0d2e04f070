// What can be kept of the structure at hand: its code, and files of it.
import { enable, html, saveText, setText } from "./elements.js";
import { pictureText } from "./picture.js";
import { RESTED, alike } from "./state.js";
import { trialsCsv } from "./trials_table.js";
import { say } from "./words.js";

const files = () => ({
  ".keras": say("Keras model"), ".json": say("structure"), ".csv": say("costs by layer"), ".html": say("page"), ".tflite": "LiteRT", ".onnx": "ONNX",
});

export function savingView(state) {
  const said = html("div", { className: "sw-dim sw-small sw-saved", role: "status" });
  const button = (text, title, act) => html("button", { type: "button", title, onclick: act }, text);
  let isTold = false; // whether what goes on is a file that was asked for here
  let isAsked = false; // whether the code is to be copied when it comes
  const copy = () => {
    isAsked = true;
    if (isOfNow()) give();
    else state.ask("code");
  };
  const isOfNow = () => state.code.text !== undefined && alike(state.code.structure, state.changes());
  const give = async () => {
    isAsked = false;
    const { text, error } = state.code;
    if (error) return setText(said, error);
    const n = text.trimEnd().split("\n").length;
    try {
      await navigator.clipboard.writeText(text);
      return setText(said, say("Copied {n} lines of Keras code.", { n }));
    } catch {
      // A page that is not served over https has no clipboard.
      saveText(`${state.model.name}.py`, "text/x-python", text);
      return setText(said, say("This page may not use the clipboard: saved {n} lines of Keras code as a file.", { n }));
    }
  };
  const byFile = Object.entries(files()).map(([suffix, text]) => ({
    suffix, text, el: button(`${text} ${suffix}`, "", () => {
      isTold = true;
      state.ask("save", { suffix });
    }),
  }));
  const trials = button(say("trials .csv"), say("the trials that the table lists, filtered as it is; study.to_csv(path) saves all"), () => saveText(`${state.model.name}-trials.csv`, "text/csv", trialsCsv(state)));
  const summary = html("summary", { title: say("copy the code, save the model, its structure, its costs") }, say("Save"));
  const entries = [button(say("Copy code"), say("stand-alone Keras code of this structure, without its weights: structure.code()"), copy),
    ...byFile.map(({ el }) => el)];
  const el = html("details", { className: "sw-saving" }, summary, html("div", { className: "sw-menu" }, ...entries,
    trials,
    button(say("picture .svg"), say("the picture of the network, as {call} does", { call: 'explorer.save("name.svg")' }), () => saveText(`${state.model.name}.svg`, "image/svg+xml", picture()))));
  // Like any menu it closes when something is chosen, and when a hand goes on elsewhere.
  el.addEventListener("click", ({ target }) => {
    if (!target.closest(".sw-menu button")) return;
    el.open = false;
    summary.focus();
  });
  const left = ({ target }) => { if (!el.contains(target)) el.open = false; };
  document.addEventListener("pointerdown", left, true);
  const place = () => el.closest(".sw-instrument")?.querySelector(".sw-picture");
  const picture = () => pictureText(place().querySelector("svg"));
  // What a saved notebook shows where no script runs is drawn here; a lesson may do without a picture.
  let [sent, timer] = ["", null];
  const send = () => {
    if (state.isHeld || state.work.alone || state.work.lost || !place() || place().hidden) return;
    const svg = picture();
    if (svg === sent) return;
    sent = svg;
    state.drawn = { svg, of: state.changes() };
    state.tell("drawn");
  };
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !el.open) return;
    el.open = false;
    summary.focus();
    event.stopPropagation();
  });
  // What lacks a package says how to have it.
  const paintFile = ({ suffix, text, el: entry }, what) => {
    const install = state.work.missing?.[suffix];
    setText(entry, install ? `${text} ${suffix} · ${install}` : `${text} ${suffix}`);
    entry.title = install ? say("needs what is not installed here: {command}", { command: install }) : say("beside the notebook, as {call} does", { call: `explorer.save("name${suffix}")` });
    enable(entry, !what && !install);
  };
  const paint = (changed) => {
    if (changed.has("pictured")) state.ask("picture", { svg: picture() });
    if (changed.has("steps")) {
      clearTimeout(timer);
      timer = setTimeout(send, RESTED);
    }
    if (changed.has("code") && isAsked && isOfNow()) give();
    const { what, alert, status, lost, alone } = state.work;
    entries.forEach((each) => { each.hidden = Boolean(alone); });
    // One thing at a time is written; the code is copied beside it.
    if (changed.has("work")) byFile.forEach((each) => paintFile(each, what));
    if (changed.has("study") || changed.has("listed")) {
      const [listed, all] = [state.listed.length, state.study.trials.length];
      setText(trials, listed < all ? say("{n} of {all} trials .csv", { n: listed, all }) : say("trials .csv"));
      enable(trials, listed > 0);
    }
    if (!changed.has("work") || !isTold) return;
    const outcome = lost || (what ? "" : alert || status);
    setText(said, outcome || (what ? `${what} …` : ""));
    isTold = !outcome;
  };
  return {
    el, said, paint, rest: send,
    end: () => {
      clearTimeout(timer);
      document.removeEventListener("pointerdown", left, true);
    },
  };
}
