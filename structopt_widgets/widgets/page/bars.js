// Where it goes: the chosen cost by layer or by block, the largest first or in the order of execution.
import { partName } from "./cost_parts.js";
import { html, keepFocus, reachable, roving, segments, setText } from "./elements.js";
import { helpButton } from "./help.js";
import { shareBar } from "./lever_row.js";
import { say } from "./words.js";

const MOST_BARS = 400;
const LINE = 22; // pixels, as in instrument.css
const SEEN = 12; // lines

export function barsView(state) {
  const { model } = state;
  const choice = html("select", { "aria-label": say("metric of the bars") },
    ...model.metrics.filter(({ byLayer }) => byLayer).map(({ name, label }) => html("option", { value: name }, label)));
  choice.addEventListener("change", () => state.choose(choice.value));
  // How weights are stored: a metric of bytes has one more choice.
  const dtypes = { "": say("own dtype"), ...Object.fromEntries(Object.keys(model.bits).map((each) => [each, each])), flash: say("int8 deployment") };
  const dtype = html("select", { "aria-label": say("dtype of the weights"), title: say("bytes of all weights if they were stored so; int8 deployment folds batch norms and keeps biases in 32 bits") },
    ...Object.entries(dtypes).map(([name, text]) => html("option", { value: name }, text)));
  dtype.addEventListener("change", () => state.look({ dtype: dtype.value || null }));
  const storage = html("span", { className: "sw-group" }, dtype, helpButton(state, "dtype"));
  const by = segments(say("bars by"), { layers: say("layers"), blocks: say("blocks") }, (chosen) => state.look({ by: chosen }), false);
  const order = segments(say("order of the bars"), { size: say("largest"), place: say("in order") }, (chosen) => state.look({ order: chosen }), false);
  by.group.hidden = model.sections.length < 2;
  const list = html("div", { className: "sw-list", tabIndex: 0, role: "region", "aria-label": say("costs by layer") });
  const el = html("section", { className: "sw-pane sw-where" },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Where it goes")), choice, storage, html("span", { className: "sw-space" }), order.group, by.group), list);
  // As the rows have them; a model without rows has its layers.
  const parts = model.rows.length ? state.parts.map((own, row) => ({ layers: own, group: model.rows[row].group })).filter(({ layers: own }) => own.length)
    : model.layers.map(({ group }, place) => ({ layers: [place], group }));
  const layers = parts.map((part) => ({ ...part, title: model.layers[part.layers[0]].name, isPart: true }));
  const blocks = model.sections.map(({ title, layers: inside }) => ({ title, layers: inside, group: null }));
  [...layers, ...blocks].forEach((each) => {
    const [first, ...others] = each.layers.map((place) => model.layers[place].name); // a block may be one layer
    const share = each.isPart || others.length === 0 ? shareBar(say("formula of {name}", { name: first }), () => state.explainLayers(each.layers)) : shareBar();
    const percent = html("span", { className: "sw-num sw-dim" });
    const name = html("span", { className: "sw-name" });
    const line = html("div", { className: "sw-line" }, name, share.bar, share.number, percent);
    if (each.group !== null) {
      const row = model.rows.findIndex(({ layer, group }) => layer === each.layers[0] && group === each.group);
      line.addEventListener("click", () => state.select({ row, group: each.group }));
    }
    Object.assign(each, { share, percent, line, name });
  });
  // The numbers are one stop with their order.
  const numbers = () => [...list.querySelectorAll("button.sw-told")];
  roving(el, () => [...[order, by].filter(({ group }) => !group.hidden).flatMap(({ group }) => [...group.children]), ...numbers()]);
  const stop = () => numbers().forEach((each) => { each.tabIndex = each === document.activeElement ? 0 : -1; });
  let [drawn, shown, first] = [null, [], 0];
  list.addEventListener("scroll", () => {
    // Asked in a frame, it would have the whole page laid out.
    first = Math.floor(list.scrollTop / LINE);
    paintValues(false);
  });

  const paintValues = (isResting) => {
    const metric = state.shares;
    const items = state.looks.by === "blocks" && !by.group.hidden ? blocks : layers;
    const sum = (each, values) => state.cost(metric.name, each.layers, values);
    const costs = items.map((each) => ({ each, now: sum(each, state.values), base: sum(each, state.base) }))
      .filter(({ now, base }) => now !== 0 || base !== 0);
    const total = costs.reduce((all, { now }) => all + now, 0);
    const largest = Math.max(1e-12, ...costs.flatMap(({ now, base }) => [now, base]));
    // While a hand moves, the lines that are in sight.
    const inSight = isResting || drawn === null ? null : new Set(shown.slice(Math.max(0, first - 1), first + SEEN + 1));
    costs.forEach(({ each, now, base }) => {
      if (inSight !== null && !inSight.has(each)) return;
      each.share.paint(now, base, largest, metric.unit, each.isPart ? () => state.costWords(each.layers) : undefined);
      setText(each.percent, metric.additive && total ? `${Math.round((100 * now) / total)} %` : "");
    });
    if (!isResting && drawn !== null) return;
    costs.forEach(({ each }) => {
      const title = each.isPart ? partName(state.costly(each.layers).map((place) => model.layers[place].name)) : each.title;
      setText(each.name, title);
      each.name.title = title;
    });
    const sorted = state.looks.order === "size" ? costs.toSorted((a, b) => b.now - a.now) : costs;
    const key = `${metric.name} ${sorted.map(({ each }) => each.title).join(" ")}`;
    if (key === drawn) return;
    drawn = key;
    shown = sorted.slice(0, MOST_BARS).map(({ each }) => each);
    keepFocus(list, () => list.replaceChildren(...shown.map(({ line }) => line)));
    reachable(list);
    stop();
  };
  return {
    el,
    paint: (changed) => {
      choice.value = state.shares.name;
      storage.hidden = state.shares.name !== "weight_bytes";
      dtype.value = state.looks.dtype ?? "";
      by.show(state.looks.by);
      order.show(state.looks.order);
      // The order waits for rest: what is looked at stays in its place.
      paintValues(changed.has("looks"));
      const { selected } = state.looks;
      layers.forEach(({ line, group }) => line.classList.toggle("sw-selected", selected !== null && selected.group !== null && group === selected.group));
    },
    rest: () => paintValues(true),
  };
}
