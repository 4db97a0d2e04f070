// What to do next: what one more unit costs, and what stands out, each with its remedy.
import { enable, html, keepFocus, numbersOf, reachable, setText, toldNumber } from "./elements.js";
import { formatExact, inWords } from "./format.js";
import { shareBar } from "./lever_row.js";
import { described, gainText, say } from "./words.js";

const MOST_SHOWN = 60;
const MANY_TIMES = 10; // from here on nobody thinks in percent
const ALONE = 2; // findings of a kind that are shown one by one

export function marginalView(state) {
  const { model } = state;
  const of = html("span", { className: "sw-dim sw-small" });
  const list = html("div", { className: "sw-list", tabIndex: 0, role: "region", "aria-label": say("what one more unit costs") });
  const el = html("section", { className: "sw-pane sw-marginal", hidden: state.free.length === 0 },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("One more unit costs")), of), list);
  const stop = numbersOf(list);
  const lines = new Map();
  let drawn = null;
  const chosen = () => `${state.looks.metric} ${state.looks.dtype}`;
  const line = (place) => {
    const group = model.groups[place];
    const share = shareBar(say("formula of one more of {name}", { name: group.title }), () => state.explain({ metric: state.looks.metric, layer: null, margin: place }));
    const node = html("div", { className: "sw-line" }, html("span", { className: "sw-name", title: group.title }, group.title), share.bar, share.number);
    const row = model.rows.findIndex((each) => each.group === place);
    node.addEventListener("click", () => state.select({ row, group: place }));
    return { node, share };
  };
  const rest = () => {
    const metric = state.metrics.get(state.looks.metric);
    drawn = chosen();
    const costs = state.marginal(metric.name).slice(0, MOST_SHOWN);
    const largest = Math.max(1e-12, ...costs.map(([, cost]) => cost));
    setText(of, say("{quantity}; the dearest, and best next cut, first", { quantity: state.label(metric) }));
    list.replaceChildren(...costs.map(([place, cost]) => {
      if (!lines.has(place)) lines.set(place, line(place));
      const { node, share } = lines.get(place);
      share.paint(Math.max(0, cost), Math.max(0, cost), largest, metric.unit);
      setText(share.number, `${cost < 0 ? "−" : "+"}${formatExact(Math.abs(cost), metric.unit)}`);
      return node;
    }));
    reachable(list);
    stop();
    select();
  };
  const select = () => lines.forEach(({ node }, place) => node.classList.toggle("sw-selected", state.looks.selected?.group === place));
  return {
    el,
    rest,
    // Where another metric is chosen there is no hand to wait for.
    paint: (changed) => {
      if (drawn !== chosen() && !changed.has("structure")) rest();
      else select();
    },
  };
}

export function findingsView(state) {
  const count = html("span", { className: "sw-dim sw-small" });
  const list = html("div", { className: "sw-findings", tabIndex: 0, role: "region", "aria-label": say("findings") });
  const el = html("section", { className: "sw-pane", hidden: true },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Findings")), count), list);
  const mendButton = (text, label, found) => {
    const remedies = found.map(({ changes }) => changes).filter(Boolean);
    if (remedies.length === 0) return [];
    return [html("button", { type: "button", "aria-label": label, onclick: () => state.adopt(...remedies) }, text)];
  };
  const finding = (found, sentence, mend) => html("div", { className: "sw-finding" },
    html("span", { className: "sw-mark-of-finding", "aria-hidden": "true" }, "!"),
    html("div", {}, sentence, html("div", { className: "sw-dim sw-small" }, found[0].why)), ...mend);
  // Of many that are alike the first stands for all.
  const shown = (found) => {
    const [{ sentence, why }] = found;
    if (found.length <= ALONE) return found.map((each) => finding([each], each.sentence, mendButton(say("Mend"), say("Mend: {sentence}", each), [each])));
    const more = html("details", {}, html("summary", {}, say("{sentence} So {n} more.", { sentence, n: found.length - 1 })),
      ...found.slice(1, MOST_SHOWN).map((each) => html("div", { className: "sw-small" }, each.sentence)));
    return [finding(found, more, mendButton(say("Mend all"), say("Mend all {n}: {why}", { n: found.length, why }), found))];
  };
  const paint = (changed) => {
    if (!changed.has("findings")) return;
    const kinds = new Map();
    state.findings.forEach((each) => kinds.set(each.why, [...(kinds.get(each.why) ?? []), each]));
    setText(count, String(state.findings.length));
    keepFocus(el, () => {
      el.hidden = kinds.size === 0;
      list.replaceChildren(...[...kinds.values()].flatMap(shown).slice(0, MOST_SHOWN));
    });
    reachable(list);
  };
  return { el, paint };
}

// A limit of the plot's cost: a field, a line in the plot, and Fit, which sets the sliders to make the most of it.
export function limitView(state) {
  const field = html("input", { type: "number", min: 0, placeholder: say("none") });
  const of = html("select", { "aria-label": say("what the budget is of"), title: say("the cost of the budget, and of the plot") },
    ...state.budgets.map(({ name, label }) => html("option", { value: name }, label)));
  of.addEventListener("change", () => state.look({ against: of.value }));
  const text = html("button", { type: "button", className: "sw-dim sw-small sw-told sw-used", tabIndex: -1, title: say("how this number came about"),
    onclick: () => {
      const { against, limits } = state.looks;
      if (limits[against] === undefined) state.explain({ metric: against, layer: null });
      else state.explainOther(state.changes(), say("of a budget of {n}", { n: formatExact(limits[against], state.metrics.get(against).unit) }), against, state.batchOf(against));
    } });
  const fit = html("button", { type: "button", title: say("set the sliders to make the most of the budget: all widths alike"), onclick: () => state.fit() }, say("Fit"));
  const label = html("span", { className: "sw-limit-name" }, say("budget"));
  const fits = html("div", { className: "sw-fits" });
  const refused = html("div", { className: "sw-refused", "aria-live": "assertive" });
  const el = html("div", { className: "sw-limit" }, html("div", { className: "sw-bar-head" }, html("label", {}, label, field), of, fit, text), refused, fits);
  const stop = numbersOf(el);
  field.addEventListener("change", () => {
    const limits = { ...state.looks.limits };
    if (Number(field.value) > 0) limits[state.looks.against] = Number(field.value);
    else delete limits[state.looks.against];
    state.look({ limits });
  });
  let drawn = null;
  // The ways to keep within the budget side by side, each to be taken.
  const paintFits = () => {
    const { limits, found, score, unit, why } = state.fits;
    // Work tells of itself many times a second: a button that is pressed or has the focus stays what it is.
    const now = JSON.stringify([state.fits, state.looks.limits, state.looks.against, state.work.hasData, Boolean(state.work.what)]);
    if (now === drawn) return;
    drawn = now;
    const [name] = Object.keys(limits ?? {});
    const isOfNow = name !== undefined && name === state.looks.against && state.looks.limits[name] === limits[name];
    const isShown = isOfNow && found?.length > 0;
    setText(refused, (isOfNow && why) || "");
    if (!isShown) {
      keepFocus(fits, () => fits.replaceChildren());
      return;
    }
    const metric = state.metrics.get(name);
    const lines = found.map(({ by, changes, costs, lost }) => {
      const way = by === "uniform" ? say("all widths alike") : say("by sensitivity");
      const take = html("button", { type: "button", "aria-label": by === "uniform" ? say("take the fit with all widths alike") : say("take the fit by sensitivity"), onclick: () => state.goTo(changes) }, say("Take"));
      const cost = toldNumber(formatExact(costs[name], metric.unit), () => state.explainOther(changes, say("fit, {way}", { way }), name, state.fits.batch_size));
      const loss = lost === null ? [] : [say(", "), toldNumber(unit === "share" ? say("{change} before training, single losses added up", { change: gainText(-lost, unit) }) : say("{change} of R² before training, single losses added up", { change: gainText(-lost, unit) }), () => state.explain({ topic: "sensitivity" }))];
      return html("div", { className: "sw-line" }, html("span", {}, way),
        html("span", { className: "sw-dim sw-small", title: described(state.model, changes) }, cost, ...loss), take);
    });
    const canMeasure = score === null && state.work.hasData;
    const measure = html("button", { type: "button", disabled: Boolean(state.work.what), title: say("cut each width alone, with the model's weights and without training, and see what is lost"),
      onclick: () => state.ask("sensitivity") }, say("Fit by sensitivity too"));
    keepFocus(fits, () => fits.replaceChildren(...lines, ...(canMeasure ? [measure] : [])));
    stop();
  };
  const paint = (changed) => {
    if (["fits", "looks", "work"].some((each) => changed.has(each))) paintFits();
    const metric = state.metrics.get(state.looks.against);
    const limit = state.looks.limits[metric.name];
    fit.hidden = Boolean(state.work.alone);
    of.value = metric.name;
    field.setAttribute("aria-label", say("budget of {name}", { name: metric.trialLabel }));
    if (document.activeElement !== field) field.value = limit ?? "";
    enable(fit, limit !== undefined && !metric.more && !state.work.what);
    const unitWords = inWords(metric.unit);
    if (limit === undefined) {
      setText(text, unitWords ? say("{quantity}, {unit}", { quantity: metric.trialLabel, unit: unitWords }) : metric.trialLabel);
      return;
    }
    const share = state.trialCost(metric.name) / limit;
    const told = { limit: formatExact(limit, metric.unit), quantity: metric.trialLabel };
    const use = share >= MANY_TIMES ? say("{limit} {quantity}: this takes {n} times as much", { ...told, n: Math.round(share).toLocaleString("en-US") })
      : share > 1 ? say("{limit} {quantity}: over by {n} %", { ...told, n: (100 * (share - 1)).toFixed(share < 1.1 ? 1 : 0) })
        : say("{limit} {quantity}: {n} % used", { ...told, n: (100 * share).toFixed(0) });
    // Of a batch the strip has another number of the same name.
    const above = metric.scope !== "batch" ? ""
      : say("{value} for the batch of {n}", { value: formatExact(state.total(metric.name), metric.unit), n: state.settings.batch_size });
    setText(text, [use, above].filter(Boolean).join(say("; ")));
    text.classList.toggle("sw-moved", share > 1);
  };
  return { el, paint };
}
