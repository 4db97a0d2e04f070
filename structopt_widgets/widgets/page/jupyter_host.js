// The host in Jupyter: traits in, traits out, messages for work. The page of a report has another.
import { watchKernel } from "./kernel_status.js";
import { alike } from "./state.js";
import { say } from "./words.js";

const SAVE_LOOKS_AFTER = 300; // milliseconds

export function jupyterHost(model) {
  let state = null;
  let lost; // why nobody answers any more
  // What a busy kernel has not been told of yet goes along, so that it works on what the page shows.
  const ask = (asked) => {
    if (lost) showWork(state.work);
    else model.send({ ...asked, standing: state.standing, settings: state.settings });
  };
  // Whoever is gone does nothing: buttons that it kept busy are free.
  const showWork = (work) => {
    state.work = lost ? { ...work, what: "", text: "", fraction: 0, status: "", lost } : work;
    state.tell("work");
  };

  // Follow the traits, and save to them what a hand has changed, at rest.
  const join = (joined) => {
    state = joined;
    let timer = null;
    let isTaking = false;
    const save = (name, value) => {
      if (isTaking || alike(model.get(name), value)) return;
      model.set(name, structuredClone(value));
      model.save_changes();
    };
    const keep = (name) => (value) => {
      state[name] = value;
      state.tell(name);
    };
    const taken = {
      standing: (value) => {
        // The hand that holds a slider has the last word.
        if (!state.isHeld && !alike(value, state.standing)) state.stand(structuredClone(value));
      },
      settings: (value) => { if (!alike(value, state.settings)) state.setting(structuredClone(value)); },
      looks: (value) => {
        if (!alike(value, state.looks)) state.look(structuredClone(value));
      },
      study: keep("study"),
      comparison: keep("comparison"),
      work: showWork,
      findings: keep("findings"),
      preview: keep("preview"),
      fits: keep("fits"),
      receipt: keep("receipt"),
      code: keep("code"),
      latency: keep("latency"),
      sensitivity: keep("sensitivity"),
      curve: keep("curve"),
    };
    const listeners = Object.entries(taken).map(([name, take]) => {
      const listener = () => {
        const value = model.get(name);
        const isEmpty = value === undefined || value === null || Object.keys(value).length === 0;
        if (isEmpty && !["curve", "findings", "fits"].includes(name)) return;
        isTaking = true;
        take(value ?? (name === "findings" ? [] : {}));
        isTaking = false;
      };
      listener();
      model.on(`change:${name}`, listener);
      return [name, listener];
    });
    state.subscribe((what) => {
      if (what === "steps") save("standing", state.standing);
      // Nobody has asked: it moves nothing, and says of which structure it is.
      if (what === "drawn" && !lost) model.send({ do: "drawn", ...state.drawn });
      if (what === "settings") save("settings", state.settings);
      if (what === "looks" && !isTaking) {
        clearTimeout(timer);
        timer = setTimeout(() => save("looks", state.looks), SAVE_LOOKS_AFTER);
      }
    });
    // What a cell asks the page for.
    const told = ({ do: what }) => { if (what === "picture") state.tell("pictured"); };
    model.on("msg:custom", told);
    const unwatch = watchKernel(model, () => {
      lost = say("The kernel has stopped or was restarted. Costs still follow the sliders; runs and sweeps do not. Run the notebook's cells again to go on.");
      showWork(state.work);
    });
    return () => {
      unwatch();
      model.off("msg:custom", told);
      clearTimeout(timer);
      listeners.forEach(([name, listener]) => model.off(`change:${name}`, listener));
    };
  };
  return { ask, join };
}
