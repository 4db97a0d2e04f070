// Under the picture, on its x: the memory alive while each column is worked on, forward and backward, each with its peak.
import { label, pixel, setText, setValue, svgElement } from "./elements.js";
import { formatExact } from "./format.js";
import { GLYPH } from "./picture_labels.js";
import { lengthOf, say } from "./words.js";

const STRIP = 54; // pixels of each
const NAMED = 16; // pixels of it for the name
const [BESIDE, TEXTS_APART] = [8, 12]; // pixels from a peak to its text, and from a strip's name to that text

// What each is of, whether it goes from right to left, and what its peak is called.
const PASSES = [
  { metric: "live_bytes", name: () => say("memory alive, forward"), told: "peak_activation_bytes", isBack: false },
  { metric: "backward_bytes", name: () => say("in training, backward"), told: "training_bytes", isBack: true },
];
export const STRIPS = STRIP * PASSES.length;

export function memoryStrips(state, tall, width) {
  return PASSES.map(({ metric, name, told, isBack }, index) => {
    const bottom = tall + STRIP * (index + 1);
    const area = svgElement("path", { class: `sw-live${isBack ? " sw-back" : ""}` });
    const line = svgElement("path", { class: `sw-live-line${isBack ? " sw-back" : ""}` });
    const [peak, text] = [svgElement("circle", { class: "sw-peak", r: 3.5 }), svgElement("text", { class: "sw-said sw-formed" })];
    const called = isBack ? `◂ ${name()}` : name();
    const named = label(0, bottom - STRIP + 14, called, "");
    return { metric, told, isBack, called, area, line, peak, text, bottom, width, largest: 1.15 * most(state, metric, state.base), elements: [named, area, line, peak, text] };
  });
}

function most(state, metric, values = state.values) {
  return state.model.layers.reduce((all, _, layer) => Math.max(all, state.layer(metric, layer, values)), 0);
}

// The text of a peak, right or left of it and past the strip's name: the first of the texts, the longest first, that the
// breadth has room for; where it has for none, the last, as far right as it goes.
export function peakText(texts, peak, called, breadth) {
  const from = GLYPH * lengthOf(called) + TEXTS_APART;
  const after = Math.max(peak + BESIDE, from);
  for (const text of texts) {
    const long = GLYPH * lengthOf(text);
    if (after + long <= breadth) return { text, x: after, anchor: "start" };
    if (peak - BESIDE - long >= from) return { text, x: peak - BESIDE, anchor: "end" };
  }
  return { text: texts.at(-1), x: breadth, anchor: "end" };
}

export function paintMemory(state, { memory, times, width }, columns) {
  memory.forEach((strip) => {
    const { metric, isBack, bottom } = strip;
    const lives = columns.map(({ layers }) => state.cost(metric, layers));
    const high = most(state, metric);
    const largest = Math.max(strip.largest, high, 1);
    const y = (value) => pixel(bottom - (value / largest) * (STRIP - NAMED));
    let [path, peak] = ["", null];
    lives.forEach((value, index) => {
      const [x, end] = [times[index], times[index + 1] ?? width];
      path += `${index ? "V" : "M0 "}${y(value)}H${pixel(end)}`;
      if (value === high) peak ??= (x + end) / 2;
    });
    setValue(strip.line, "d", path);
    setValue(strip.area, "d", `${path}V${bottom}H0Z`);
    setValue(strip.peak, "cx", pixel(peak ?? 0));
    setValue(strip.peak, "cy", y(high));
    const total = state.values[state.model.program.totals.training_bytes];
    const told = { peak: formatExact(high, "bytes"), all: formatExact(total, "bytes") };
    const texts = [...(isBack ? [say("peak {peak}, with weights, gradients and optimizer {all}", told)] : []), say("peak {peak}", told)];
    const { text, x, anchor } = peakText(texts, peak ?? 0, strip.called, width);
    setValue(strip.text, "x", pixel(x));
    setValue(strip.text, "y", pixel(Number(y(high)) - 4));
    setValue(strip.text, "text-anchor", anchor);
    setText(strip.text, text);
  });
}
