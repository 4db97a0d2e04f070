// The host in Jupyter: traits in, traits out, messages for work. The page of a report has another.
import { alike } from "./state.js";

const SAVE_LOOKS_AFTER = 300; // milliseconds

export function jupyterHost(model) {
  let state = null;
  // What a busy kernel has not been told of yet goes along, so that it works on what the page shows.
  const ask = (asked) => model.send({ ...asked, standing: state.standing, settings: state.settings });

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
    const taken = {
      standing: (value) => {
        // The hand that holds a slider has the last word.
        if (!state.isHeld && !alike(value, state.standing)) state.stand(structuredClone(value));
      },
      settings: (value) => { if (!alike(value, state.settings)) state.setting(structuredClone(value)); },
      looks: (value) => {
        if (!alike(value, state.looks)) state.look(structuredClone(value));
      },
      study: (value) => {
        state.study = value;
        state.tell("study");
      },
      work: (value) => {
        state.work = value;
        state.tell("work");
      },
      curve: (value) => {
        state.curve = value;
        state.tell("curve");
      },
    };
    const listeners = Object.entries(taken).map(([name, take]) => {
      const listener = () => {
        const value = model.get(name);
        if (value === undefined || value === null || Object.keys(value).length === 0) {
          if (name !== "curve") return;
        }
        isTaking = true;
        take(value ?? {});
        isTaking = false;
      };
      listener();
      model.on(`change:${name}`, listener);
      return [name, listener];
    });
    state.subscribe((what) => {
      if (what === "steps") save("standing", state.standing);
      if (what === "settings") save("settings", state.settings);
      if (what === "looks" && !isTaking) {
        clearTimeout(timer);
        timer = setTimeout(() => save("looks", state.looks), SAVE_LOOKS_AFTER);
      }
    });
    return () => {
      clearTimeout(timer);
      listeners.forEach(([name, listener]) => model.off(`change:${name}`, listener));
    };
  };
  return { ask, join };
}
