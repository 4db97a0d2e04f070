// A row of controls: a layer's width, its switches, and its share of the chosen cost.
import { html, setText } from "./elements.js";
import { formatMetric } from "./format.js";
import { say } from "./words.js";

// A bar against the larger of now and the model, with a stroke where the model is.
// What its number does on a click, and the name of that, where it does something.
export function shareBar(does, act) {
  const fill = html("i");
  const mark = html("u");
  const bar = html("span", { className: "sw-bar", "aria-hidden": "true" }, fill, mark);
  const number = act === undefined ? html("span", { className: "sw-num" })
    : html("button", { type: "button", className: "sw-num sw-told", tabIndex: -1, "aria-label": does, onclick: act });
  let drawn = null;
  // words: what it is the sum of, where it is one of several.
  const paint = (now, base, largest, unit, words) => {
    if (drawn === `${now} ${base} ${largest} ${unit}`) return;
    drawn = `${now} ${base} ${largest} ${unit}`;
    fill.style.transform = `scaleX(${largest ? Math.min(1, now / largest) : 0})`;
    mark.style.left = `${largest ? Math.min(100, (100 * base) / largest) : 0}%`;
    mark.hidden = base === now;
    setText(number, formatMetric(now, unit));
    number.title = `${now.toLocaleString("en-US")}${words?.() ?? ""}`;
    number.dataset.value = String(now);
  };
  return { bar, number, paint };
}

// Why a width that was typed is another now; "" where it is no smaller and no larger than there are.
function whyNot(asked, { lower, upper }, growth) {
  if (asked < lower) return say("{n} is the least here.", { n: lower });
  return asked > upper ? say("{n} is the most here; {call} makes room for more.", { n: upper, call: `sw.explore(model, growth=${2 * growth})` }) : "";
}

// A switch with its name beside it, for where there is no room for a column with a head.
export function named(className, box, name) {
  return html("label", { className }, box, html("span", {}, name));
}

// A slider, filled up to where it stands.
export function slider(label, { min, max, step, disabled = false }) {
  const input = html("input", { type: "range", "aria-label": label });
  Object.assign(input, { min, max, step, disabled });
  const show = (value) => {
    if (Number(input.value) !== value) input.value = String(value);
    const filled = `${(100 * (value - min)) / Math.max(max - min, 1e-9)}%`;
    if (input.filled !== filled) {
      input.filled = filled;
      input.style.setProperty("--filled", filled);
    }
  };
  return { input, show };
}

// The row of place `index` in the model's rows. isHome: whether its width's slider is in it.
// prefix: of titles in its block; start: what all names in its block begin with.
export function leverRow(state, index, isHome, prefix, start) {
  const { model } = state;
  const row = model.rows[index];
  const group = row.group === null ? null : model.groups[row.group];
  const title = isHome ? group.title : row.name;
  const short = title.startsWith(`${prefix}, `) ? title.slice(prefix.length + 2)
    : start && title.startsWith(start) ? `…${title.slice(start.length)}` : title;
  const ties = isHome && group.layers.length > 1 ? ` ${say("tied {n}", { n: group.layers.length })}` : "";
  const name = html("span", { className: "sw-name", title: group ? group.layers.map((each) => model.layers[each].name).join(", ") : row.name },
    short, html("small", {}, isHome && group.fixed ? ` ${say("fixed")}` : ties));
  const cells = [name];
  const updates = [];

  if (isHome) {
    const bounds = group.fixed ? { min: 0, max: 2 * group.width } : { min: group.lower, max: group.upper };
    const { input, show } = slider(say("width of {name}", { name: group.title }), { ...bounds, step: group.divisor, disabled: group.fixed });
    const number = html("input", { type: "number", className: "sw-width", "aria-label": say("width of {name}, as a number", { name: group.title }) });
    Object.assign(number, { min: bounds.min, max: bounds.max, step: group.divisor, disabled: group.fixed });
    input.addEventListener("input", () => {
      state.setWidth(row.group, Number(input.value));
      show(state.now.widths[row.group]);
    });
    number.addEventListener("change", () => {
      const asked = Number(number.value);
      if (number.value !== "") {
        state.setWidth(row.group, asked, true);
        state.refuse(whyNot(asked, group, model.growth));
      }
      number.value = state.now.widths[row.group];
      state.commit();
    });
    cells.push(input, number);
    let written = null;
    updates.push(() => {
      const width = state.now.widths[row.group];
      show(width);
      // What is being typed stays until the width moves.
      if (written !== width) number.value = width;
      written = width;
    });
  } else {
    const reason = group !== null ? say("as {name}", { name: group.title }) : row.derived;
    cells.push(html("span", { className: "sw-reason", title: reason }, reason));
  }

  if (row.activation === null) cells.push(html("span"));
  else {
    const { options } = model.tables[model.activations[row.activation]];
    const choice = html("select", { className: "sw-activation", "aria-label": say("activation of {name}", { name: row.name }) }, ...options.map((each) => html("option", {}, each)));
    choice.addEventListener("change", () => {
      state.set("activations", row.activation, choice.value);
      state.commit();
    });
    cells.push(choice);
    updates.push(() => { choice.value = state.now.activations[row.activation]; });
  }

  if (row.bias === null) cells.push(html("span"));
  else {
    const bias = html("input", { type: "checkbox", "aria-label": say("bias of {name}", { name: row.name }) });
    bias.addEventListener("change", () => {
      state.set("biases", row.bias, bias.checked);
      state.commit();
    });
    cells.push(named("sw-bias", bias, say("bias")));
    updates.push(() => { bias.checked = state.now.biases[row.bias]; });
  }

  if (model.blocks.length) cells.push(html("span"));
  // A layer of several rows shows its cost in the first.
  const part = state.parts[index];
  const share = shareBar(say("formula of {name}", { name: model.layers[row.layer].name }), () => state.explainLayers(part));
  cells.push(...(part.length ? [share.bar, share.number] : [html("span"), html("span")]));
  const isSwitched = row.activation !== null || row.bias !== null;
  const el = html("div", { className: `sw-row${isHome ? "" : " sw-tied"}${isSwitched ? " sw-switched" : ""}` }, ...cells);
  if (group !== null) el.dataset.group = row.group;
  ["pointerdown", "focusin"].forEach((event) => el.addEventListener(event, () => state.select({ row: index, group: row.group })));
  const paint = (largest, metric) => {
    updates.forEach((update) => update());
    if (part.length) share.paint(state.cost(metric.name, part), state.cost(metric.name, part, state.base), largest, metric.unit, () => state.costWords(part));
  };
  return { el, paint, index };
}
