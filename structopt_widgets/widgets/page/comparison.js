// From one trial to another: scores, costs, and layer by layer what differs.
import { html, keepFocus, numbersOf, setText, toldNumber } from "./elements.js";
import { formatExact, formatMetric } from "./format.js";
import { changedBy, described, gainText, say, scoreText } from "./words.js";

const MOST_LINES = 60;

export function comparisonView(state) {
  const { model } = state;
  const title = html("h2");
  const close = html("button", { type: "button", "aria-label": say("close comparison"), onclick: () => state.look({ against_trial: null }) }, "×");
  const body = html("div", { className: "sw-comparison-body", tabIndex: 0, role: "region", "aria-label": say("comparison of two trials") });
  const el = html("section", { className: "sw-pane sw-comparison", hidden: true },
    html("div", { className: "sw-bar-head" }, title, html("span", { className: "sw-space" }), close), body);
  const cell = (text, className = "") => html("td", { className }, text);
  const line = (name, ...cells) => html("tr", {}, html("th", { scope: "row" }, name), ...cells);
  const stop = numbersOf(body);
  const find = (number) => state.study.trials.find((trial) => trial.number === number);

  // What the test of the pair says; until Python has answered nothing, where nobody does what can be seen without.
  let asked = "";
  const tested = (one, two) => {
    const { number, other, words } = state.comparison;
    if (number === one.number && other === two.number) return words;
    if (state.work.lost || state.work.alone) return whyUncertain(one, two);
    const pair = `${one.number} ${two.number}`;
    if (asked !== pair) state.ask("compare", { number: one.number, other: two.number });
    asked = pair;
    return "";
  };
  const layersOf = (structure) => {
    const values = Float64Array.from(state.program.run(state.inputsOf(structure, state.settings.batch_size)));
    state.compute();
    return (metric, place) => state.layer(metric, place, values);
  };
  const build = () => {
    const { chosen, against_trial: other } = state.looks;
    const [one, two] = [find(chosen), find(other)];
    keepFocus(el, () => { el.hidden = one === undefined || two === undefined || one === two; });
    if (el.hidden) return;
    const { unit, label } = state.study.score;
    setText(title, say("From trial {one} to trial {two}", { one: one.number, two: two.number }));
    const score = ({ score: value, low, high }) => (value === null ? "" : low === null ? scoreText(value, unit)
      : say("{value} ({low} to {high})", { value: scoreText(value, unit), low: scoreText(low, unit), high: scoreText(high, unit) }));
    const words = one.score === null || two.score === null ? "" : [gainText(two.score - one.score, unit), tested(one, two)].filter(Boolean).join(say(", "));
    const costs = model.metrics.filter(({ inTrials, name }) => inTrials && [one, two].every((each) => Number.isFinite(each.costs[name])));
    const rows = [
      html("tr", {}, cell(""), ...[say("trial {number}", one), say("trial {number}", two), say("change")].map((text) => html("th", { scope: "col" }, text))),
      line(label ?? say("score"), ...[one, two].map((each) => cell(toldNumber(score(each), () => state.explainTrial(each, "score")))), cell(words)),
      ...costs.map((metric) => line(metric.trialLabel, ...[one, two].map((each) => (
        cell(toldNumber(formatExact(each.costs[metric.name], metric.unit), () => state.explainTrial(each, metric.name)), "sw-num"))),
        cell(two.costs[metric.name] === one.costs[metric.name] ? say("same") : changedBy(two.costs[metric.name], one.costs[metric.name]), "sw-num"))),
    ];
    if ([one, two].every(({ changes }) => changes !== null)) {
      const metric = state.shares;
      const [a, b] = [one, two].map(({ changes }) => layersOf(state.changed(changes)));
      const explain = ({ number, changes }, name) => state.explainOther(changes, say("trial {number}", { number }), metric.name, state.settings.batch_size, name);
      const differing = model.layers.map(({ name }, place) => ({ name, was: a(metric.name, place), now: b(metric.name, place) }))
        .filter(({ now, was }) => now !== was);
      rows.push(
        line(say("structure"), ...[one, two].map(({ changes }) => cell(described(model, changes))), cell("")),
        ...differing.slice(0, MOST_LINES).map(({ name, now, was }) => line(say("{name}, {quantity}", { name, quantity: state.batchLabel(metric) }),
          ...[[was, one], [now, two]].map(([value, trial]) => cell(toldNumber(formatMetric(value, metric.unit), () => explain(trial, name)), "sw-num")), cell(changedBy(now, was), "sw-num"))),
        ...(differing.length > MOST_LINES ? [line(say("and {n} layers more", { n: differing.length - MOST_LINES }))] : []),
      );
    }
    body.replaceChildren(html("table", {}, html("tbody", {}, ...rows)));
    stop();
  };
  return {
    el,
    paint: (changed) => {
      if (!["study", "looks", "comparison"].some((each) => changed.has(each))) return;
      const before = el.hidden ? null : title.textContent;
      build();
      // It opens under the table; who clicked in the plot may not see that far.
      if (!el.hidden && title.textContent !== before && !el.contains(document.activeElement)) el.scrollIntoView({ block: "nearest" });
    },
  };
}

// Why a difference of scores may say nothing of the structures, in the words of verdicts.py; "" where it does.
export function whyUncertain(one, two) {
  const both = [one, two];
  if (one.training !== two.training) return say("trained otherwise: not comparable");
  // What seeds do may be known from other trials: then the verdicts are others.
  if (both.every(({ seeds, verdict }) => seeds === 1 && verdict.endsWith("not comparable"))) return say("one run each: not comparable");
  if (both.some(({ low }) => low === null)) return say("no interval");
  return one.low > two.high || two.low > one.high ? "" : say("intervals overlap: {call} tests the pair", { call: "sw.compare(a, b)" });
}
