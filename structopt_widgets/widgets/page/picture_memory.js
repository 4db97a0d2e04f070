// Under the picture, on its x: the memory alive while each column is worked on, forward and backward, each with its peak.
import { label, pixel, setText, setValue, svgElement } from "./elements.js";
import { formatExact } from "./format.js";
import { say } from "./words.js";

const STRIP = 54; // pixels of each
const NAMED = 16; // pixels of it for the name
const NAME_ROOM = 134; // pixels
const LONG_TEXT = 560; // pixels of breadth, from which on it has room
const PEAK_ROOM = { short: 200, long: 440 }; // pixels of a text; on paper its letters are larger

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
    const named = label(0, bottom - STRIP + 14, isBack ? `◂ ${name()}` : name(), "");
    return { metric, told, isBack, area, line, peak, text, bottom, width, largest: 1.15 * most(state, metric, state.base), elements: [named, area, line, peak, text] };
  });
}

function most(state, metric, values = state.values) {
  return state.model.layers.reduce((all, _, layer) => Math.max(all, state.layer(metric, layer, values)), 0);
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
    const isLong = isBack && width > LONG_TEXT;
    const room = isLong ? PEAK_ROOM.long : PEAK_ROOM.short;
    const isRight = peak > width - room;
    // On neither side over the name at the left.
    setValue(strip.text, "x", pixel(isRight ? Math.min(Math.max(peak - 8, NAME_ROOM + room), width) : Math.max(peak + 8, NAME_ROOM)));
    setValue(strip.text, "y", pixel(Number(y(high)) - 4));
    setValue(strip.text, "text-anchor", isRight ? "end" : "start");
    const total = state.values[state.model.program.totals.training_bytes];
    const told = { peak: formatExact(high, "bytes"), all: formatExact(total, "bytes") };
    setText(strip.text, isLong ? say("peak {peak}, with weights, gradients and optimizer {all}", told) : say("peak {peak}", told));
  });
}
