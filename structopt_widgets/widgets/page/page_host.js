// The host of a page that was saved: no kernel is behind it. What needs Python is not offered, what was recorded is shown.
import { say } from "./words.js";

// learned: the learning curve of each trial that has one, by its number.
export function pageHost(learned) {
  let state = null;
  const ask = ({ do: what, number }) => {
    if (what === "curve" && number in learned) {
      state.curve = learned[number];
      state.tell("curve");
    }
    if (what === "choose") {
      state.work = { ...state.work, alert: say("Trial {number} is of another model, or wider than the sliders here go.", { number }) };
      state.tell("work");
    }
  };
  // Take over what the page was saved with.
  const join = (joined, { standing, settings, looks, study, comparison, curve }) => {
    state = joined;
    state.setting(settings);
    state.stand(standing);
    state.look(looks);
    Object.assign(state, { study, comparison, curve, work: { alone: true, status: say("A saved page: costs follow the sliders. To train, run sw.explore(...) in JupyterLab.") } });
  };
  return { ask, join };
}
