// SVG elements and the marks that the plots share. Text is set as text: names from models and data are no HTML.
import { say } from "./words.js";

// An element of SVG with attributes; strings among its children are text.
export function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

// An attribute of a node, set only where it differs: what is set is drawn again.
export function setValue(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// A line of text in a plot.
export function label(x, y, text, className, anchor = "start") {
  return svgElement("text", { x, y, class: className, "text-anchor": anchor }, text);
}

// A number for a path, short.
export function pixel(value) {
  return value.toFixed(1);
}

export function circlePath(x, y, radius) {
  return `M${pixel(x - radius)} ${pixel(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
}

export function diamondPath(x, y, size) {
  return `M${pixel(x)} ${pixel(y - size)}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`;
}

export function squarePath(x, y, half) {
  return `M${pixel(x - half)} ${pixel(y - half)}h${2 * half}v${2 * half}h${-2 * half}z`;
}

// Grid and ticks of both axes; tick labels by the functions given.
export function axesFrame(across, up, acrossText, upText) {
  const [left, right, bottom, top] = [across.start, across.end, up.start, up.end];
  const frame = svgElement("g", { "aria-hidden": "true" });
  across.ticks.forEach((tick) => {
    const x = pixel(across.at(tick));
    frame.append(svgElement("path", { class: "sw-grid", d: `M${x} ${top}V${bottom}` }));
    frame.append(label(x, bottom + 16, acrossText(tick), "sw-tick", "middle"));
  });
  up.ticks.forEach((tick) => {
    const y = up.at(tick);
    frame.append(svgElement("path", { class: "sw-grid", d: `M${left} ${pixel(y)}H${right}` }));
    frame.append(label(left - 6, pixel(y + 4), upText(tick), "sw-tick", "end"));
  });
  frame.append(svgElement("path", { class: "sw-axis", d: `M${left} ${top}V${bottom}H${right}` }));
  return frame;
}

// An element of HTML; names that are no properties are attributes, strings among its children are text.
export function html(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  Object.entries(properties).forEach(([name, value]) => {
    if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  });
  node.append(...children);
  return node;
}

// Keys reach what scrolls, and stop at nothing else.
export function reachable(list) {
  const isLong = list.scrollHeight > list.clientHeight + 1;
  if (list.tabIndex !== (isLong ? 0 : -1)) list.tabIndex = isLong ? 0 : -1;
}

// Text of a node, set only where it differs: the rest of the page is not laid out again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Give the user a text as a file.
export function saveText(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  html("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

// A group of buttons of which one is pressed: one tab stop, arrows inside, unless it is part of a toolbar.
// choose is called with a key.
export function segments(name, options, choose, isAlone = true) {
  const buttons = Object.entries(options).map(([key, text]) => {
    const button = html("button", { type: "button", onclick: () => choose(key) }, text);
    button.dataset.key = key;
    return button;
  });
  const group = html("span", { className: "sw-segments", role: "group", "aria-label": name }, ...buttons);
  if (isAlone) roving(group, buttons);
  const show = (pressed) => buttons.forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.key === pressed));
    button.tabIndex = button.dataset.key === pressed ? 0 : -1;
  });
  return { group, show };
}

// Arrows move the focus among these, of which one can be reached by Tab. A list that changes is given by a function.
export function roving(container, given) {
  container.addEventListener("keydown", (event) => {
    const nodes = typeof given === "function" ? given() : given;
    const at = nodes.indexOf(event.target);
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (at < 0 || by === undefined) return;
    const next = nodes[(at + by + nodes.length) % nodes.length];
    nodes.forEach((node) => { node.tabIndex = node === next ? 0 : -1; });
    next.focus();
    event.preventDefault();
  });
}

// Of these, which may come and go, one can be reached by Tab and the others by arrows. Returns what is to be called when
// some can be pressed that could not before.
export function oneStop(containers, given) {
  const able = () => given().filter((each) => !each.disabled);
  [containers].flat().forEach((each) => roving(each, able));
  return () => {
    const all = able();
    const stop = all.find((each) => each === document.activeElement) ?? all.find(({ tabIndex }) => tabIndex === 0) ?? all[0];
    given().forEach((each) => { each.tabIndex = each === stop ? 0 : -1; });
  };
}

// A number in a text, which tells at a click how it came about.
export function toldNumber(text, act) {
  return html("button", {
    type: "button", className: "sw-told", tabIndex: -1, title: say("how this number came about"),
    onclick: (event) => {
      event.stopPropagation();
      act();
    },
  }, text);
}

// The numbers of a list that act on a click: after the list was drawn anew one of them can be reached by Tab.
export function numbersOf(list) {
  const all = () => [...list.querySelectorAll("button.sw-told")];
  roving(list, all);
  return () => {
    const numbers = all();
    const stop = numbers.find(({ tabIndex }) => tabIndex === 0);
    numbers.forEach((each, index) => { each.tabIndex = (stop === undefined ? index === 0 : each === stop) ? 0 : -1; });
  };
}

// A button that can no longer be pressed gives the focus to the whole: else the next keys would be the notebook's.
export function enable(button, isEnabled) {
  if (!isEnabled && document.activeElement === button) button.closest(".sw-instrument").focus({ preventScroll: true });
  button.disabled = !isEnabled;
}

// The same for a part that is drawn anew or goes; what is still there keeps the focus.
export function keepFocus(el, change) {
  const focused = document.activeElement;
  const hadFocus = el.contains(focused);
  change();
  if (hadFocus && el.contains(focused)) focused.focus({ preventScroll: true });
  if (hadFocus && (el.hidden || !el.contains(document.activeElement))) el.closest(".sw-instrument").focus({ preventScroll: true });
}
