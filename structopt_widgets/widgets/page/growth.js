// How the front has grown: the hypervolume of score and costs by trial, as a line, and a word when it stalls.
import { html, pixel, setText, svgElement, toldNumber } from "./elements.js";
import { say, sayMany } from "./words.js";

const [BREADTH, HEIGHT] = [140, 24]; // pixels

export function growthView(state) {
  const line = svgElement("path", { class: "sw-front" });
  const svg = svgElement("svg", { class: "sw-growth-line", width: BREADTH, height: HEIGHT, role: "img" }, line);
  const number = toldNumber("", () => state.explainNumber("hypervolume", sayTrials(), state.study.growth.values.at(-1)));
  number.tabIndex = 0;
  const sayTrials = () => sayMany(state.study.growth.values.length, "after {n} trial", "after {n} trials");
  const text = html("span", { className: "sw-dim sw-small" });
  const words = html("p", { className: "sw-note" });
  const el = html("div", { className: "sw-growth", hidden: true },
    html("div", { className: "sw-bar-head" }, html("span", { className: "sw-small" }, say("Hypervolume")), svg, number, " ", text), words);
  const paint = (changed) => {
    if (!changed.has("study")) return;
    const { values = [], costs = [], words: told = "" } = state.study.growth ?? {};
    el.hidden = values.length === 0;
    if (el.hidden) return;
    const x = (index) => pixel(2 + (index / Math.max(1, values.length - 1)) * (BREADTH - 4));
    const y = (value) => pixel(HEIGHT - 2 - value * (HEIGHT - 4));
    // It grows by steps: between two trials nothing happens.
    line.setAttribute("d", values.map((value, index) => (index ? `H${x(index)}V${y(value)}` : `M${x(0)} ${y(value)}`)).join(""));
    const named = costs.map((name) => state.metrics.get(name)?.trialLabel ?? name).join(say(", "));
    const now = values.at(-1).toFixed(2);
    svg.setAttribute("aria-label", say("hypervolume by trial, from {first} to {now} in {n} trials", { first: values[0].toFixed(2), now, n: values.length }));
    setText(number, now);
    setText(text, say("after {n} trials: score, {costs}", { n: values.length, costs: named }));
    setText(words, told);
  };
  return { el, paint };
}
