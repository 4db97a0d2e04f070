// The learning curve: losses by epoch, one seed after the other.
import { axisAround, axisBetween } from "./axes.js";
import { axesFrame, circlePath, diamondPath, html, label, pixel, setText, svgElement } from "./elements.js";
import { tickLabel } from "./format.js";
import { say } from "./words.js";

const LOSSES = [["training", circlePath, 3], ["validation", diamondPath, 4.5]];
const CURVE = { height: 180, left: 44, right: 12, top: 26, bottom: 144 };

// Epochs between two ticks: 1, 2, 5, 10, 20, ..., so that there are at most eight.
export function epochStep(epochs) {
  const power = 10 ** Math.max(0, String(epochs).length - 2);
  return [1, 2, 5, 10, 20].map((step) => step * power).find((step) => epochs <= 8 * step);
}

function epochAxis(epochs, end) {
  const axis = axisBetween(0.6, Math.max(epochs, 1) + 0.4, CURVE.left, end, false);
  const step = epochStep(epochs);
  axis.ticks = [...Array(Math.floor(epochs / step)).keys()].map((index) => (index + 1) * step);
  return axis;
}

function drawCurve(curve, width) {
  const epochs = curve.validation.length;
  const across = epochAxis(epochs, width - CURVE.right);
  const values = LOSSES.flatMap(([name]) => curve[name]).filter(Number.isFinite);
  const up = axisAround(values, CURVE.bottom, CURVE.top, false);
  const svg = svgElement("svg", {
    class: "sw-plot", width, height: CURVE.height, viewBox: `0 0 ${width} ${CURVE.height}`, role: "img",
    "aria-label": say("Learning curve: training and validation loss of {n} epochs", { n: epochs }),
  });
  svg.append(axesFrame(across, up, String, (value) => tickLabel(value, "number")));
  svg.append(label(CURVE.left, 12, say("loss"), "sw-axis-title"));
  svg.append(label(width - CURVE.right, CURVE.height - 4, say("epoch, one seed after the other"), "sw-axis-title", "end"));
  const starts = new Set(curve.starts);
  LOSSES.forEach(([name, mark, size], index) => {
    // A new seed starts anew: no line leads to it.
    let isDrawn = false;
    const places = curve[name].map((loss, epoch) => [across.at(epoch + 1), up.at(loss), Number.isFinite(loss), epoch]);
    const path = places.map(([x, y, isKnown, epoch]) => {
      const step = !isKnown ? "" : `${isDrawn && !starts.has(epoch) ? "L" : "M"}${pixel(x)} ${pixel(y)}`;
      isDrawn = isKnown;
      return step;
    }).join("");
    const group = svgElement("g", { class: `sw-${name}` }, svgElement("path", { class: "sw-curve", d: path }));
    // A mark an epoch would be a band of thousands.
    if (epochs <= 60) {
      const marks = places.filter((each) => each[2]).map(([x, y]) => mark(x, y, size)).join("");
      group.append(svgElement("path", { class: "sw-mark", d: marks }));
    }
    const x = CURVE.left + 60 + 116 * index;
    group.append(svgElement("path", { class: "sw-curve", d: `M${x} 8h22` }));
    group.append(svgElement("path", { class: "sw-mark", d: mark(x + 11, 8, size) }), label(x + 27, 12, name === "training" ? say("training loss") : say("validation loss"), "sw-tick"));
    svg.append(group);
  });
  return svg;
}

export function curveView(state) {
  const title = html("span", { className: "sw-dim sw-curve-title" });
  const words = html("p", { className: "sw-dim sw-curve-end" });
  const place = html("div", { className: "sw-learning-curve" });
  const el = html("section", { className: "sw-pane sw-curve-pane", hidden: true },
    html("div", { className: "sw-bar-head" }, html("h2", {}, say("Learning curve")), title), place, words);
  let [frame, width] = [null, 0];
  const draw = () => {
    frame = null;
    const { curve } = state;
    el.hidden = !curve.validation?.length;
    if (el.hidden) return;
    setText(title, curve.title);
    title.title = curve.title;
    setText(words, curve.words);
    // Before it is in the page it has no width.
    place.replaceChildren(drawCurve(curve, Math.min(760, Math.max(240, place.clientWidth || 400))));
  };
  const resized = new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) > 1) frame ??= requestAnimationFrame(draw);
    width = place.clientWidth;
  });
  resized.observe(place);
  return {
    el,
    paint: (changed) => { if (changed.has("curve")) draw(); },
    end: () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
    },
  };
}
