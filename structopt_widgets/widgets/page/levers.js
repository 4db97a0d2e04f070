// The levers: rows of controls that fold by block; a row is made when it is first unfolded.
import { bulkRow } from "./bulk_row.js";
import { html, numbersOf, setText } from "./elements.js";
import { leverRow, named, shareBar, slider } from "./lever_row.js";
import { MANY, commonStart, foundRows, openNow, rowsOf, toggleOpen, treeOf } from "./levers_tree.js";
import { say, sayMany } from "./words.js";

const LEAST = 0.05; // of a multiplier
const ROWS_SEEN = 26; // lines

export function leversView(state) {
  const { model } = state;
  const tree = treeOf(model);
  const homes = new Map(); // group to the first row that has it
  model.rows.forEach((row, index) => {
    if (row.group !== null && !homes.has(row.group)) homes.set(row.group, index);
  });
  const free = [...homes.keys()].filter((place) => !model.groups[place].fixed);
  const made = new Map(); // rows by their place, as they were made
  let [shown, heads, found, isUnfolded] = [[], [], null, false];
  let [lines, first] = [[], 0]; // what is drawn, from above: [element, how it is painted]; and the first in sight

  // A slider of many widths at once; its scale is logarithmic.
  const many = (label, places, key) => {
    // In hundredths, so that the model's own widths are a place of the slider.
    const [min, max] = [LEAST, model.growth].map((factor) => Math.round(100 * Math.log2(factor)) / 100);
    const bounds = { min, max, step: 0.01 };
    const { input, show } = slider(label, { ...bounds, disabled: places.length === 0 });
    const value = html("span", { className: "sw-num sw-factor" });
    input.addEventListener("input", () => {
      const factor = 2 ** Number(input.value);
      // Nobody finds 1 with a mouse; keys go by steps, which may not be taken back.
      state.scale(places, state.isHeld && Math.abs(factor - 1) < 0.012 ? 1 : factor, key);
    });
    const paint = () => {
      if (places.length === 0) return;
      const factor = state.factorOf(places, key);
      const words = factor === null ? say("mixed") : `× ${factor.toFixed(2)}`;
      setText(value, words);
      input.setAttribute("aria-valuetext", words);
      value.classList.toggle("sw-moved", factor !== 1);
      const mean = () => places.reduce((sum, place) => sum + Math.log2(state.now.widths[place] / model.groups[place].width), 0) / places.length;
      show(Math.max(bounds.min, Math.min(bounds.max, factor === null ? mean() : Math.log2(factor))));
    };
    return { input, value, paint };
  };

  const bulk = bulkRow(state, many, free, homes, () => (found === null ? null : [...found]));
  const steps = html("select", { "aria-label": say("steps of widths"), title: say("matrix units work on blocks of 8 and more") },
    ...[1, 8, 16, 32, 64].map((each) => html("option", { value: each }, each === 1 ? say("any width") : say("multiples of {n}", { n: each }))));
  steps.addEventListener("change", () => state.setting({ multiple_of: Number(steps.value) }));
  const find = html("input", { type: "search", placeholder: say("find a layer"), "aria-label": say("find"), hidden: !tree.isFolded });
  const count = html("span", { className: "sw-dim sw-count" });
  const unfold = html("button", { type: "button", hidden: tree.nodes.size === 0 });
  const bound = html("div", { className: "sw-bound sw-moved", role: "status" });
  const detail = html("div", { className: "sw-detail-of" });
  const rows = html("div", { className: "sw-rows" });
  const el = html("section", { className: `sw-pane sw-levers${model.blocks.length ? " sw-has-blocks" : ""}` },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Levers")),
      html("span", { className: "sw-space" }), find, unfold, steps),
    count, html("div", { className: "sw-detail" }, bound, detail),
    html("div", { className: "sw-row sw-heads", "aria-hidden": "true" },
      ...[say("layer"), say("width"), "", say("activation"), say("bias"), ...(model.blocks.length ? [say("keep")] : []), "", ""].map((each) => html("span", {}, each))),
    bulk.el, rows);
  const stop = numbersOf(rows);
  const metricHead = el.querySelector(".sw-heads span:last-child");

  const head = (node, isOpen, depth) => {
    const groups = [...new Set(rowsOf(node).map((row) => model.rows[row].group))].filter((group) => group !== null);
    const own = groups.filter((group) => !model.groups[group].fixed && rowsOf(node).includes(homes.get(group)));
    const caret = html("span", { className: "sw-caret", "aria-hidden": "true" }, "▸");
    const button = html("button", { type: "button", className: "sw-section", "aria-expanded": String(isOpen) }, caret, node.title);
    button.addEventListener("click", () => toggleOpen(state, node.key));
    const scale = many(say("all widths of {name}", { name: node.title }), own, node.key);
    const share = shareBar();
    const keep = node.block === null ? html("span") : named("sw-keep", blockSwitch(node.block), say("keep"));
    const line = html("div", { className: `sw-row sw-head-row${isOpen ? " sw-open" : ""}${node.block === null ? "" : " sw-switched"}` }, button,
      own.length ? scale.input : html("span"), own.length ? scale.value : html("span"),
      html("span", { className: "sw-dim" }, own.length ? sayMany(own.length, "{n} width", "{n} widths") : ""),
      ...(model.blocks.length ? [html("span"), keep] : [html("span")]), share.bar, share.number);
    line.style.setProperty("--depth", depth);
    const paint = (metric, _, largest) => {
      scale.paint();
      share.paint(sum(node, state.values), sum(node, state.base), largest, metric.unit);
      if (node.block !== null) line.classList.toggle("sw-out", !state.now.blocks[node.block]);
    };
    return { line, node, paint };
  };
  const blockSwitch = (index) => {
    const block = model.blocks[index];
    const keep = html("input", { type: "checkbox", "aria-label": say("keep {name}", { name: block.title }), title: say("{why}: keep it", { why: block.why }) });
    keep.dataset.block = index;
    keep.addEventListener("change", () => {
      state.set("blocks", index, keep.checked);
      state.commit();
    });
    return keep;
  };

  const startOf = (node) => (node === tree.root ? "" : commonStart(node.items.flatMap(({ row }) => (row === undefined ? [] : [model.rows[row].name]))));
  const build = () => {
    const opened = openNow(state);
    const focused = document.activeElement?.getAttribute?.("aria-label");
    const focusedHead = rows.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    [shown, heads, lines] = [[], [], []];
    let room = MANY;
    const add = (node, depth) => node.items.forEach((item) => {
      if (item.items) {
        const inside = rowsOf(item).filter((row) => found === null || found.has(row));
        if (found !== null && inside.length === 0) return;
        // Of a search as much as fits is open; the rest stays a press away.
        const isOpen = found === null ? opened.has(item.key) : inside.length <= room;
        if (found !== null && isOpen && !item.items.some((each) => each.items)) room -= inside.length;
        const made = head(item, isOpen, depth);
        made.line.firstChild.dataset.key = item.key;
        heads.push(made);
        lines.push([made.line, made.paint]);
        if (isOpen) add(item, depth + 1);
      } else if (item.row !== undefined) {
        if (found !== null && !found.has(item.row)) return;
        const { group } = model.rows[item.row];
        if (!made.has(item.row)) made.set(item.row, leverRow(state, item.row, homes.get(group) === item.row, node.title, startOf(node)));
        const row = made.get(item.row);
        row.el.style.setProperty("--depth", depth);
        shown.push(row);
        lines.push([row.el, (metric, largest) => row.paint(largest, metric)]);
      } else if (found === null) {
        const keep = blockSwitch(item.block);
        const line = html("label", { className: "sw-row sw-block" }, html("span", { className: "sw-name" }, say("keep {name}", { name: model.blocks[item.block].title })), keep);
        line.style.setProperty("--depth", depth);
        lines.push([line, () => {}]);
      }
    });
    add(tree.root, 0);
    rows.replaceChildren(...lines.map(([line]) => line));
    stop();
    if (focusedHead !== undefined) rows.querySelector(`[data-key="${CSS.escape(focusedHead)}"]`)?.focus();
    else if (focused && !el.contains(document.activeElement)) rows.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    const n = shown.length;
    count.hidden = found === null;
    setText(count, found === null ? "" : n < found.size ? say("{n} rows found, {shown} shown", { n: found.size, shown: n }) : say("{n} rows found", { n: found.size }));
    isUnfolded = heads.length > 0 && heads.every(({ node }) => opened.has(node.key));
    setText(unfold, isUnfolded ? say("Fold") : say("Unfold"));
  };
  unfold.addEventListener("click", () => {
    state.look({ open: isUnfolded ? [] : [...tree.nodes.keys()] });
  });
  find.addEventListener("input", () => {
    found = find.value.trim() ? new Set(foundRows(model, find.value)) : null;
    build();
    paint(new Set(["structure", "looks"]));
  });

  // What is selected, in words: why its width is shared or fixed, its initial weights.
  const paintDetail = () => {
    const { selected } = state.looks;
    const row = selected && model.rows[selected.row];
    if (!row) {
      detail.replaceChildren(html("span", { className: "sw-dim" }, say("Select a layer: why its width is shared or fixed, and its initial weights, stand here.")));
      return;
    }
    const group = row.group === null ? null : model.groups[row.group];
    const parts = [html("b", {}, row.name), ` ${model.layers[row.layer].kind}`];
    if (group !== null) {
      const why = group.why || say("from {lower} to {upper}", group);
      parts.push(say("; "), group.fixed ? say("fixed: {why}", { why }) : why);
    }
    if (row.derived) parts.push(say("; "), row.derived);
    const said = html("span", { className: "sw-why" }, ...parts);
    said.title = said.textContent;
    if (row.initializer === null) {
      detail.replaceChildren(said);
      return;
    }
    const choice = html("select", { "aria-label": say("initial weights of {name}", { name: row.name }) },
      ...model.initializers[row.initializer].map((each) => html("option", {}, each)));
    choice.value = state.now.initializers[row.initializer];
    choice.addEventListener("change", () => {
      state.set("initializers", row.initializer, choice.value);
      state.commit();
    });
    detail.replaceChildren(said, html("label", {}, html("span", { className: "sw-dim" }, say("initial weights"), " "), choice));
  };

  const sum = ({ layers }, values) => state.cost(state.shares.name, layers, values);
  const largest = (costs) => costs.reduce((most, each) => Math.max(most, each), 1e-12);
  // While a hand moves, the lines that are in sight.
  const paintLines = (isAll) => {
    const metric = state.shares;
    setText(metricHead, state.label(metric));
    const both = [state.values, state.base];
    const ofRows = largest(both.flatMap((values) => shown.map(({ index }) => state.cost(metric.name, state.parts[index], values))));
    const ofHeads = largest(both.flatMap((values) => heads.map(({ node }) => sum(node, values))));
    (isAll ? lines : lines.slice(Math.max(0, first - 1), first + ROWS_SEEN + 1)).forEach(([, paintLine]) => paintLine(metric, ofRows, ofHeads));
    if (!isAll) return;
    rows.querySelectorAll("[data-block]").forEach((each) => { each.checked = state.now.blocks[Number(each.dataset.block)]; });
  };
  rows.addEventListener("scroll", () => {
    // Asked in a frame, it would have the whole page laid out.
    const start = lines[0]?.[0].offsetTop ?? 0;
    // Where there is little breadth some lines are two high.
    first = Math.max(0, lines.findIndex(([line]) => line.offsetTop - start + line.offsetHeight > rows.scrollTop));
    paintLines(false);
  });

  let drawnOpen = null;
  let drawnDetail = null;
  const paint = (changed) => {
    const openNow = JSON.stringify(state.looks.open);
    if (openNow !== drawnOpen) {
      drawnOpen = openNow;
      build();
    }
    paintLines(changed.size > 1 || !changed.has("structure"));
    bulk.paint();
    if (changed.has("settings")) steps.value = String(state.multiple);
    setText(bound, state.refused);
    detail.hidden = state.refused !== "";
    const { selected } = state.looks;
    if (changed.has("looks")) {
      shown.forEach(({ el: line, index }) => line.classList.toggle("sw-selected", selected !== null && (
        selected.row === index || (selected.group !== null && model.rows[index].group === selected.group))));
    }
    const detailNow = `${JSON.stringify(selected)} ${state.now.initializers.join(" ")}`;
    if (detailNow !== drawnDetail) {
      drawnDetail = detailNow;
      paintDetail();
    }
  };
  return { el, paint, rest: () => paintLines(true), isFolded: tree.isFolded };
}
