// The trials as a table: sortable; a row sets the sliders as its point does.
import { html, setText } from "./elements.js";
import { formatExact } from "./format.js";
import { changedTo, described, say, scoreText } from "./words.js";
import { paretoFront, plotted } from "./plot_drawing.js";

// Which cells tell how their number came about, and of which of a trial's numbers.
const TOLD = { score: () => "score", interval: () => "score", cost: ({ looks }) => looks.against };

export function tableView(state) {
  const { model } = state;
  const el = html("div", { className: "sw-trials", tabIndex: 0, role: "region", "aria-label": say("trials") });
  const filter = html("input", { type: "search", placeholder: say("filter trials"), "aria-label": say("filter trials") });
  const count = html("span", { className: "sw-dim sw-small" });
  const tools = html("div", { className: "sw-bar-head sw-table-tools" }, filter, count, html("span", { className: "sw-space" }),
    html("span", { className: "sw-dim sw-small" }, say("Shift-click or Shift+Enter compares two, a click on a number explains it")));
  let [drawn, rows] = ["", new Map()];

  const interval = ({ low, high, seeds }, unit, isMarked) => {
    const ends = { low: scoreText(low, unit, ""), high: scoreText(high, unit, "") };
    return isMarked && seeds === 1 ? say("{low} – {high} of this network", ends) : `${ends.low} – ${ends.high}`;
  };

  // Number, heading, what is sorted by, and what a cell says.
  const columns = () => {
    const metric = state.metrics.get(state.looks.against);
    const { unit, label } = state.study.score;
    const base = state.trialCost(metric.name, state.fresh());
    const cost = (trial) => state.costOfTrial(trial, metric.name);
    const told = (trial, tell) => (cost(trial) === null ? "" : tell(cost(trial)));
    const numbered = state.study.trials.some(({ seeds }) => seeds === 1);
    return [
      ["number", "#", (trial) => trial.number, (trial) => String(trial.number)],
      ["score", unit === "share" ? say("accuracy, %") : label ?? say("score"), (trial) => trial.score ?? -Infinity,
        (trial) => scoreText(trial.score, unit, "")],
      ["interval", "95 %", (trial) => trial.low ?? -Infinity, (trial) => (trial.low === null ? ""
        : interval(trial, unit, numbered))],
      ["cost", metric.trialLabel, (trial) => cost(trial) ?? Infinity,
        (trial) => told(trial, (value) => formatExact(value, metric.unit))],
      ["change", say("to model"), (trial) => cost(trial) ?? Infinity,
        (trial) => told(trial, (value) => changedTo(value, base))],
      ["structure", say("structure"), (trial) => (trial.changes === null ? "" : described(model, trial.changes)),
        (trial) => (trial.changes === null ? say("another model") : described(model, trial.changes))],
      ["verdict", say("against best"), (trial) => trial.said, (trial) => trial.said],
    ];
  };

  const explain = (number, trial) => state.explainTrial(trial, TOLD[columns()[number.closest("td").cellIndex][0]](state));
  const build = () => {
    const { trials, note } = state.study;
    const [by, direction] = state.looks.sort;
    const shown = columns();
    const [, , value] = shown.find(([name]) => name === by) ?? shown[0];
    const order = trials.toSorted((a, b) => {
      const [one, other] = [value(a), value(b)];
      return (one < other ? -1 : one > other ? 1 : a.number - b.number) * direction;
    });
    const { points, step } = plotted(state);
    const front = new Set(paretoFront(points, step === "vh"));
    const heads = shown.map(([name, text]) => {
      const button = html("button", { type: "button", tabIndex: -1 }, `${text}${name === by ? (direction < 0 ? " ▾" : " ▴") : ""}`);
      button.addEventListener("click", () => {
        state.look({ sort: [name, name === by ? -direction : name === "score" ? -1 : 1] });
        el.querySelector("th[aria-sort] button")?.focus();
      });
      const head = html("th", { scope: "col" }, button);
      if (name === by) head.setAttribute("aria-sort", direction < 0 ? "descending" : "ascending");
      return head;
    });
    const headRow = html("tr", {}, ...heads);
    headRow.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        el.focus();
        event.preventDefault();
      }
      const to = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
      const next = to && event.target.closest("th")?.[to];
      if (!next) return;
      next.firstChild.focus();
      event.preventDefault();
    });
    rows = new Map(order.map((trial) => {
      const cells = shown.map(([name, , , text]) => {
        const words = text(trial);
        const isFront = name === "score" && front.has(trial.number);
        // Of a thousand trials three thousand buttons would be half the time of drawing them.
        const told = words && TOLD[name] ? html("span", { className: "sw-told", role: "button", tabIndex: -1, title: say("how this number came about") }, words) : words;
        const cell = html("td", { className: `sw-${name}` }, ...(isFront ? [html("span", { className: "sw-on-front", title: say("on the front") }, "◆ ", told)] : [told]));
        if (name === "structure" || name === "verdict") cell.title = name === "verdict" && (trial.reason || trial.why) ? trial.reason || trial.why : words;
        return cell;
      });
      const row = html("tr", {}, ...cells);
      row.dataset.number = trial.number;
      row.words = `${row.textContent} ${front.has(trial.number) ? say("front") : ""}`.toLowerCase();
      row.addEventListener("click", (event) => {
        if (event.target.closest(".sw-told")) explain(event.target, trial);
        else if (event.shiftKey) state.compare(trial.number);
        else state.choice(trial.number);
      });
      return [trial.number, row];
    }));
    el.hidden = tools.hidden = trials.length === 0;
    el.replaceChildren(html("table", {}, html("caption", { className: "sw-spoken" }, say("{sentence} {next}", { sentence: say("Trials."), next: note })),
      html("thead", {}, headRow), html("tbody", {}, ...rows.values())));
  };
  // Rows that have every word.
  const sift = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      row.hidden = !words.every((word) => row.words.includes(word));
      shown += Number(!row.hidden);
    });
    setText(count, words.length ? say("{n} of {all}", { n: shown, all: rows.size }) : "");
    state.list([...rows.keys()].filter((number) => !rows.get(number).hidden));
  };
  filter.addEventListener("input", sift);
  const mark = () => rows.forEach((row, number) => {
    const isChosen = number === state.looks.chosen;
    row.classList.toggle("sw-chosen", isChosen);
    row.classList.toggle("sw-moved-on", isChosen && !state.isAtChosen());
    row.classList.toggle("sw-against", number === state.looks.against_trial);
    row.classList.toggle("sw-near", state.near.has(number));
  });
  // Arrows go through the rows, Enter takes one; to the right are its numbers, which Enter explains.
  const numberKeys = (event) => {
    const number = event.target.closest("td .sw-told");
    if (number === null) return;
    const row = number.closest("tr");
    const inRow = [...row.querySelectorAll(".sw-told")];
    const at = inRow.indexOf(number);
    const beside = (next) => {
      let other = row;
      do other = other[next]; while (other?.hidden);
      return other?.querySelectorAll(".sw-told")[at];
    };
    const to = {
      ArrowRight: () => inRow[at + 1], ArrowLeft: () => inRow[at - 1] ?? el, Escape: () => el,
      ArrowDown: () => beside("nextElementSibling"), ArrowUp: () => beside("previousElementSibling"),
      Enter: () => number.click(), " ": () => number.click(),
    }[event.key];
    if (to === undefined) return;
    to()?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  el.addEventListener("keydown", (event) => {
    if (event.target !== el) {
      numberKeys(event);
      return;
    }
    const numbers = [...rows.keys()].filter((number) => !rows.get(number).hidden);
    const at = numbers.indexOf(state.looks.chosen);
    // Over the first row are the heads.
    if (event.key === "ArrowUp" && at <= 0) {
      el.querySelector("th[aria-sort] button")?.focus();
      event.preventDefault();
      return;
    }
    const to = { ArrowDown: Math.min(at + 1, numbers.length - 1), ArrowUp: Math.max(at - 1, 0) }[event.key];
    if (to !== undefined && numbers.length) {
      state.look({ chosen: numbers[to] });
      rows.get(numbers[to]).scrollIntoView({ block: "nearest" });
      event.preventDefault();
    } else if (event.key === "ArrowRight" && numbers.length) {
      rows.get(numbers[Math.max(at, 0)]).querySelector(".sw-told")?.focus();
      event.preventDefault();
    } else if (event.key === "Enter" && event.shiftKey && at >= 0) {
      state.look({ against_trial: numbers[at] });
      event.preventDefault();
    } else if (event.key === "Enter" && at >= 0) {
      state.choice(numbers[at]);
      event.preventDefault();
    }
  });
  const paint = (changed) => {
    const now = JSON.stringify([state.looks.sort, state.looks.against]);
    if (changed.has("study") || now !== drawn) {
      drawn = now;
      build();
      sift();
    }
    mark();
  };
  return { el, tools, paint };
}

// The trials that the table lists, in its order, as a file. As in study.to_csv(), costs are of one sample, those of a training step of batch_size.
export function trialsCsv({ model, metrics: known, study, listed }) {
  const metrics = [...known.values()].filter(({ inTrials }) => inTrials);
  const own = ["number", "state", "score", "low", "high", "seeds", "batch_size", "seconds", "verdict"];
  const lines = [
    [...own.map((name) => (name === "score" ? study.score.name ?? name : name)), ...metrics.map(({ name }) => name), "structure"],
    ...listed.map((number) => study.trials.find((trial) => trial.number === number)).map((trial) => [
      ...own.map((name) => trial[name]), ...metrics.map(({ name }) => trial.costs[name]),
      trial.changes === null ? "another model" : described(model, trial.changes),
    ]),
  ];
  return lines.map((line) => line.map(csvField).join(",")).join("\r\n");
}

// A field as RFC 4180 has it.
function csvField(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
