// What to do next: what one more unit costs, and what stands out, each with its remedy.
import { html, setText } from "./elements.js";
import { formatExact } from "./format.js";
import { shareBar } from "./lever_row.js";

const MOST_SHOWN = 60;

export function marginalView(state) {
  const { model } = state;
  const of = html("span", { className: "sw-dim sw-small" });
  const list = html("div", { className: "sw-list", tabIndex: 0, role: "region", "aria-label": "what one more unit costs" });
  const el = html("section", { className: "sw-pane sw-marginal", hidden: state.free.length === 0 },
    html("div", { className: "sw-bar-head" }, html("h2", {}, "One more unit costs"), of), list);
  const lines = new Map();
  const line = (place) => {
    const group = model.groups[place];
    const share = shareBar();
    const node = html("div", { className: "sw-line" }, html("span", { className: "sw-name", title: group.title }, group.title), share.bar, share.number);
    const row = model.rows.findIndex((each) => each.group === place);
    node.addEventListener("click", () => state.select({ row, group: place }));
    return { node, share };
  };
  const rest = () => {
    const metric = state.metrics.get(state.looks.metric);
    const costs = state.marginal(metric.name).slice(0, MOST_SHOWN);
    const largest = Math.max(1e-12, ...costs.map(([, cost]) => cost));
    setText(of, `${metric.label}; the dearest, and best next cut, first`);
    list.replaceChildren(...costs.map(([place, cost]) => {
      if (!lines.has(place)) lines.set(place, line(place));
      const { node, share } = lines.get(place);
      share.paint(Math.max(0, cost), Math.max(0, cost), largest, metric.unit);
      setText(share.number, `${cost < 0 ? "−" : "+"}${formatExact(Math.abs(cost), metric.unit)}`);
      return node;
    }));
    mark();
  };
  const mark = () => lines.forEach(({ node }, place) => node.classList.toggle("sw-selected", state.looks.selected?.group === place));
  return {
    el,
    rest,
    // Where another metric is chosen there is no hand to wait for.
    paint: (changed) => {
      if (changed.has("looks") && !changed.has("structure")) rest();
      else mark();
    },
  };
}

export function findingsView(state) {
  const count = html("span", { className: "sw-dim sw-small" });
  const list = html("div", { className: "sw-findings", tabIndex: 0, role: "region", "aria-label": "findings" });
  const el = html("section", { className: "sw-pane", hidden: true },
    html("div", { className: "sw-bar-head" }, html("h2", {}, "Findings"), count), list);
  const paint = (changed) => {
    if (!changed.has("findings")) return;
    const { findings } = state;
    el.hidden = findings.length === 0;
    setText(count, String(findings.length));
    list.replaceChildren(...findings.slice(0, MOST_SHOWN).map(({ sentence, why, changes }) => {
      const parts = [html("span", { className: "sw-mark-of-finding", "aria-hidden": "true" }, "!"),
        html("div", {}, sentence, html("div", { className: "sw-dim sw-small" }, why))];
      if (changes) {
        const mend = html("button", { type: "button", "aria-label": `Mend: ${sentence}` }, "Mend");
        mend.addEventListener("click", () => state.goTo(changes));
        parts.push(mend);
      }
      return html("div", { className: "sw-finding" }, ...parts);
    }));
  };
  return { el, paint };
}

// A limit of the plot's cost: a field, a line in the plot, and Fit, which sets the sliders to make the most of it.
export function limitView(state) {
  const field = html("input", { type: "number", min: 0, placeholder: "none" });
  const text = html("span", { className: "sw-dim sw-small" });
  const fit = html("button", { type: "button", title: "set the sliders to make the most of the budget: all widths alike", onclick: () => state.fit() }, "Fit");
  const label = html("span", { className: "sw-limit-name" }, "budget");
  const el = html("div", { className: "sw-bar-head sw-limit" }, html("label", {}, label, field), fit, text);
  field.addEventListener("change", () => {
    const limits = { ...state.looks.limits };
    if (Number(field.value) > 0) limits[state.looks.against] = Number(field.value);
    else delete limits[state.looks.against];
    state.look({ limits });
  });
  const paint = () => {
    const metric = state.metrics.get(state.looks.against);
    const limit = state.looks.limits[metric.name];
    field.setAttribute("aria-label", `budget of ${metric.label}`);
    if (document.activeElement !== field) field.value = limit ?? "";
    fit.disabled = limit === undefined || metric.more || Boolean(state.work.what);
    if (limit === undefined) {
      setText(text, `${metric.label}${metric.unit === "bytes" ? ", bytes" : ""}`);
      return;
    }
    const share = state.trialCost(metric.name) / limit;
    const used = share > 1 ? `over by ${(100 * (share - 1)).toFixed(share < 1.1 ? 1 : 0)} %` : `${(100 * share).toFixed(0)} % used`;
    setText(text, `${formatExact(limit, metric.unit)} ${metric.label}: ${used}`);
    text.classList.toggle("sw-moved", share > 1);
  };
  return { el, paint };
}
