// Where it goes: the chosen cost by layer or by block, the largest first or in the order of execution.
import { html, segments, setText } from "./elements.js";
import { shareBar } from "./lever_row.js";

const MOST_BARS = 400;

export function barsView(state) {
  const { model } = state;
  const choice = html("select", { "aria-label": "metric of the bars" },
    ...model.metrics.filter(({ byLayer }) => byLayer).map(({ name, label }) => html("option", { value: name }, label)));
  choice.addEventListener("change", () => state.choose(choice.value));
  const by = segments("bars by", { layers: "layers", blocks: "blocks" }, (chosen) => state.look({ by: chosen }));
  const order = segments("order of the bars", { size: "largest", place: "in order" }, (chosen) => state.look({ order: chosen }));
  by.group.hidden = model.sections.length < 2;
  const list = html("div", { className: "sw-list", tabIndex: 0, role: "region", "aria-label": "costs by layer" });
  const el = html("section", { className: "sw-pane sw-where" },
    html("div", { className: "sw-bar-head" }, html("h2", {}, "Where it goes"), choice, html("span", { className: "sw-space" }), order.group, by.group), list);
  const layers = model.layers.map(({ name, group }, place) => ({ title: name, layers: [place], group }));
  const blocks = model.sections.map(({ title, layers: inside }) => ({ title, layers: inside, group: null }));
  [...layers, ...blocks].forEach((each) => {
    const share = shareBar();
    const percent = html("span", { className: "sw-num sw-dim" });
    const line = html("div", { className: "sw-line" }, html("span", { className: "sw-name", title: each.title }, each.title), share.bar, share.number, percent);
    if (each.group !== null) {
      const row = model.rows.findIndex(({ layer, group }) => layer === each.layers[0] && group === each.group);
      line.addEventListener("click", () => state.select({ row, group: each.group }));
    }
    Object.assign(each, { share, percent, line });
  });
  let drawn = null;

  const paintValues = (isResting) => {
    const metric = state.shares;
    const items = state.looks.by === "blocks" && !by.group.hidden ? blocks : layers;
    const sum = (each, values) => each.layers.reduce((total, layer) => total + state.layer(metric.name, layer, values), 0);
    const costs = items.map((each) => ({ each, now: sum(each, state.values), base: sum(each, state.base) }))
      .filter(({ now, base }) => now !== 0 || base !== 0);
    const total = costs.reduce((all, { now }) => all + now, 0);
    const largest = Math.max(1e-12, ...costs.flatMap(({ now, base }) => [now, base]));
    costs.forEach(({ each, now, base }) => {
      each.share.paint(now, base, largest, metric.unit);
      setText(each.percent, metric.additive && total ? `${Math.round((100 * now) / total)} %` : "");
    });
    if (!isResting && drawn !== null) return;
    const sorted = state.looks.order === "size" ? costs.toSorted((a, b) => b.now - a.now) : costs;
    const key = `${metric.name} ${sorted.map(({ each }) => each.title).join(" ")}`;
    if (key === drawn) return;
    drawn = key;
    list.replaceChildren(...sorted.slice(0, MOST_BARS).map(({ each }) => each.line));
  };
  return {
    el,
    paint: (changed) => {
      choice.value = state.shares.name;
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
