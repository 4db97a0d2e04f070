// Formulas typeset as MathML, which browsers draw by themselves: with the names of widths, or with their numbers put in.
import { html } from "./elements.js";

const MATH = "http://www.w3.org/1998/Math/MathML";
const WEAK = { "*": ["+", "-"], "^": ["+", "-", "*", "/", "^"] };
const FENCES = { ceil: ["⌈", "⌉"], floor: ["⌊", "⌋"] };

// A tree of formula_tree.py, a term an element: a sum that is longer than a line goes on in the next.
export function typeset(tree, withNumbers) {
  const terms = tree[0] === "+" ? tree.slice(1) : [tree];
  const parts = terms.flatMap((term, index) => {
    const isTaken = term[0] === "-";
    const sign = isTaken ? [operator("−")] : index ? [operator("+")] : [];
    const [kind, ...args] = term;
    if (!["max", "min"].includes(kind)) return [[...sign, isTaken ? closed(term[1], withNumbers, "*") : drawn(term, withNumbers)]];
    // So is what has one of many.
    return args.map((each, place) => [
      ...(place ? [] : [...sign, math("mi", {}, kind), fence("(")]), drawn(each, withNumbers),
      place < args.length - 1 ? operator(",") : fence(")"),
    ]);
  });
  return html("span", { className: "sw-math" }, ...parts.flatMap((part) => [math("math", {}, ...part), " "]));
}

function math(tag, attributes, ...children) {
  const node = document.createElementNS(MATH, tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

function operator(text) {
  return math("mo", { form: "infix" }, text);
}

// Only around a fraction does one grow.
function fence(text, inner) {
  return math("mo", { stretchy: String(Boolean(inner?.querySelector?.("mfrac"))) }, text);
}

function drawn(tree, withNumbers) {
  const [kind, ...parts] = tree;
  const inside = () => parts.map((part) => drawn(part, withNumbers));
  const fenced = (inner, [left, right]) => [fence(left, inner), inner, fence(right, inner)];
  const between = (sign, nodes) => math("mrow", {}, ...nodes.flatMap((node, index) => (index ? [operator(sign), node] : [node])));
  if (kind === "n") return math("mn", {}, parts[0]);
  if (kind === "u") return withNumbers ? math("mn", { class: "sw-put" }, String(parts[1])) : math("mtext", { class: "sw-put" }, parts[0]);
  if (kind === "+") {
    return math("mrow", {}, ...parts.flatMap((part, index) => {
      const isTaken = part[0] === "-";
      const node = isTaken ? closed(part[1], withNumbers, "*") : drawn(part, withNumbers);
      return isTaken ? [operator("−"), node] : index ? [operator("+"), node] : [node];
    }));
  }
  if (kind === "-") return math("mrow", {}, operator("−"), closed(parts[0], withNumbers, "*"));
  if (kind === "*") return between("·", parts.map((part) => closed(part, withNumbers, "*")));
  if (kind === "/") return math("mfrac", {}, ...inside());
  if (kind === "^") return math("msup", {}, closed(parts[0], withNumbers, "^"), drawn(parts[1], withNumbers));
  if (kind in FENCES) return math("mrow", {}, ...fenced(inside()[0], FENCES[kind]));
  const name = kind === "log2" ? math("msub", {}, math("mi", {}, "log"), math("mn", {}, "2")) : math("mi", {}, kind);
  return math("mrow", {}, name, ...fenced(between(",", inside()), "()"));
}

function closed(tree, withNumbers, within) {
  const node = drawn(tree, withNumbers);
  return WEAK[within].includes(tree[0]) ? math("mrow", {}, fence("(", node), node, fence(")", node)) : node;
}
