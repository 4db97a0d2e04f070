// The strip: the costs of the structure, in sight while anything below it moves.
import { html, roving, setText } from "./elements.js";
import { formatExact } from "./format.js";
import { changedBy, say, spoken } from "./words.js";

const ANNOUNCE_AFTER = 500; // milliseconds without a change

export function stripView(state) {
  const { costs } = state.lesson;
  const metrics = state.model.metrics.filter(({ shown, name }) => shown && (costs === null || costs.includes(name)));
  const cells = metrics.map((metric) => {
    const value = html("span", { className: "sw-value" });
    value.dataset.metric = metric.name;
    const unit = html("small");
    const change = html("span", { className: "sw-change" });
    const fill = html("i");
    const canChoose = metric.bars !== null;
    const label = html("span", { className: "sw-label" }, metric.label);
    const cell = html(canChoose ? "button" : "div", { className: "sw-cell", title: metric.meaning },
      label, html("span", { className: "sw-number" }, value, unit),
      change, html("span", { className: "sw-track", "aria-hidden": "true" }, fill, html("b")));
    if (canChoose) {
      cell.type = "button";
      // The number that is looked at already tells how it came about.
      cell.addEventListener("click", () => {
        if (state.looks.metric === metric.name) state.explain({ metric: metric.name, layer: null });
        else state.choose(metric.name);
      });
    }
    const ask = html("button", {
      type: "button", className: "sw-ask", tabIndex: -1, title: say("what this is, and its formula (key ?)"), "aria-label": say("what is {name}", { name: metric.label }),
      onclick: () => state.explain({ metric: metric.name, layer: null }),
    }, "?");
    const home = html("div", { className: "sw-cell-home" }, cell, ask);
    home.dataset.cost = metric.name;
    return { metric, cell, ask, home, label, value, unit, change, fill, canChoose };
  });
  const announcer = html("div", { className: "sw-spoken", role: "status", "aria-live": "polite" });
  const el = html("section", { className: "sw-live-panel", "aria-label": say("costs of this structure") },
    ...cells.map(({ home }) => home), announcer);
  el.style.setProperty("--cells", cells.length);
  el.style.setProperty("--half", Math.ceil(cells.length / 2)); // where they stand in two rows
  const buttons = cells.map(({ canChoose, cell, ask }) => (canChoose ? cell : ask)); // what cannot be chosen can be asked about
  roving(el, buttons);

  const paint = () => {
    const isBound = state.total("uncounted") > 0;
    cells.forEach((each) => {
      const { metric, cell, label, value, unit, change, fill } = each;
      setText(label, state.label(metric));
      const [now, base] = [state.total(metric.name), state.total(metric.name, state.base)];
      const drawn = `${now} ${base} ${isBound}`;
      if (each.drawn !== drawn) {
        each.drawn = drawn;
        const [number, suffix = ""] = formatExact(now, metric.unit).split(" ");
        value.dataset.value = String(now);
        setText(value, (isBound && !metric.exact ? "≥ " : "") + number);
        setText(unit, suffix);
        value.title = now.toLocaleString("en-US");
        setText(change, changedBy(now, base));
        change.classList.toggle("sw-moved", now !== base);
        // The baseline stands at the middle of the track; twice the baseline fills it.
        fill.style.transform = `scaleX(${Math.min(1, base ? now / base / 2 : 0)})`;
      }
      if (each.canChoose) {
        const isChosen = state.looks.metric === metric.name;
        cell.setAttribute("aria-pressed", String(isChosen));
      }
    });
    const stop = cells.find(({ metric }) => metric.name === state.looks.metric)?.cell ?? buttons[0];
    if (!el.contains(document.activeElement)) buttons.forEach((each) => { each.tabIndex = each === stop ? 0 : -1; });
  };

  // A line for screen readers only. It waits until the numbers rest: a drag would be read out step by step.
  let [said, timer] = [null, null];
  const announce = () => {
    const totals = new Map(metrics.map(({ name }) => [name, state.total(name)]));
    // What stands there at first can be read in the strip; only changes are news.
    said ??= totals;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (state.isGuessing) return;
      // The first two that moved: all of them would take half a minute to hear.
      const moved = metrics.filter(({ name }) => totals.get(name) !== said.get(name)).slice(0, 2);
      if (moved.length === 0) return;
      said = totals;
      const isBound = state.total("uncounted") > 0;
      announcer.textContent = moved.map(({ name, label, unit, exact }) => {
        const now = totals.get(name);
        const told = { label, value: formatExact(now, unit), change: spoken(now, state.total(name, state.base)) };
        return isBound && !exact ? say("{label} at least {value}, {change}", told) : say("{label} {value}, {change}", told);
      }).join(say("; "));
    }, ANNOUNCE_AFTER);
  };

  return {
    el,
    paint: (changed) => {
      paint();
      if (changed.has("structure")) announce();
    },
    // What stands above it is out of sight: it sticks there.
    stick: (isStuck) => {
      el.style.setProperty("--row", `${cells[0].home.offsetHeight + 1}px`);
      el.classList.toggle("sw-stuck", isStuck);
    },
    end: () => clearTimeout(timer),
  };
}
