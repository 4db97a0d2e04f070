// What the trade-off plot shows: its traits as a picture.
import { axisAround, axisBetween } from "./axes.js";
import { axesFrame, circlePath, diamondPath, label, pixel, squarePath, svgElement } from "./elements.js";
import { durationText, formatExact, tickLabel } from "./format.js";
import { described, lengthOf, say, scoreText } from "./words.js";

const ROOM = { left: 46, right: 12, top: 34, bottom: 40 };
const NAME_LINE = 14; // pixels
const LETTER = 6.4; // pixels of breadth, as instrument.css has the names

// What both axes must hold: every interval, and where the structure stands. The references stay at the margin.
export function extent(state) {
  const { points, cursor, log } = state;
  const here = Number.isFinite(cursor) && (cursor > 0 || !log) ? [cursor] : [];
  const limits = state.limits.map((limit) => limit.x).filter((x) => x > 0);
  const xs = [...points.map((point) => point.x), ...here, ...(points.length ? limits : [])];
  const ys = points.flatMap((point) => [point.y, point.low, point.high]).filter(Number.isFinite);
  if (points.length === 0) {
    // About the sizes that can be reached from here.
    const across = here.length ? (log ? [here[0] / 100, here[0] * 10] : [0, 2 * here[0]]) : [];
    return { xs: across, ys: [0, 1] };
  }
  return { xs: spread(xs, log), ys: spread(ys, false) };
}

// Where it is decided: all sizes, and the scores of the better part of the front with their intervals.
export function decisive(state) {
  const numbers = new Set(state.front);
  const front = state.points.filter((point) => numbers.has(point.number)).sort((a, b) => a.y - b.y);
  // The front's last point is its best score, be much of it wanted or little.
  const isRising = front.at(-1)?.number === (state.step === "hv" ? state.front.at(-1) : state.front[0]);
  const part = Math.min(Math.ceil(0.3 * front.length), front.length - 1);
  const kept = isRising ? front.slice(part) : front.slice(0, front.length - part);
  return { ...extent(state), ys: extent({ ...state, points: kept }).ys };
}

// The values, or room around the one place that they are all at.
function spread(values, log) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low > 1e-6 * Math.max(Math.abs(low), Math.abs(high))) return values;
  const half = Math.abs(low) / 2 || 0.5;
  return log ? [low / 3, low * 3] : [low - half, low + half];
}

// The front as a line of steps: the best score within reach of each size.
export function frontPath(places, step) {
  return places.map(([x, y], index) => {
    if (index === 0) return `M${pixel(x)} ${pixel(y)}`;
    return step === "hv" ? `H${pixel(x)}V${pixel(y)}` : `V${pixel(y)}H${pixel(x)}`;
  }).join("");
}

// Where the names of the references go beside the axes: at their values, apart from one another, within the axis.
export function namePlaces(values, up) {
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
  const places = [];
  let above = up.start + NAME_LINE;
  order.forEach((index) => { above = places[index] = Math.min(up.at(values[index]), above - NAME_LINE); });
  let below = up.end - NAME_LINE;
  order.toReversed().forEach((index) => { below = places[index] = Math.max(places[index], below + NAME_LINE); });
  return places;
}

// What the plot shows of a state: complete trials against the chosen cost.
export function plotted(state) {
  const { study, looks } = state;
  const metric = state.metrics.get(looks.against);
  const unit = study.score.unit ?? "share";
  const points = study.trials.flatMap((trial) => {
    const x = state.costOfTrial(trial, metric.name);
    if (trial.score === null || x === null || !Number.isFinite(x) || (looks.log && x <= 0)) return [];
    const { number, score: y, low, high, alike: isAlike, seeds } = trial;
    const ends = { quantity: study.score.label, value: scoreText(y, unit), low: low === null ? "" : scoreText(low, unit), high: high === null ? "" : scoreText(high, unit) };
    const score = ends.low === "" || ends.high === "" ? say("{quantity}: {value}", ends)
      : seeds === 1 ? say("{quantity}: {value} (95 % of this network: {low} to {high})", ends) : say("{quantity}: {value} (95 %: {low} to {high})", ends);
    const text = [
      trial.changes === null ? say("trial {number} of another model", { number }) : say("trial {number} {structure}", { number, structure: described(state.model, trial.changes) }),
      score, say("{quantity}: {value}", { quantity: metric.trialLabel, value: formatExact(x, metric.unit) }),
      ...(trial.verdict ? [trial.said] : []), ...(trial.why ? [trial.why] : []),
    ].join("\n");
    return [{ number, x, y, low, high, alike: isAlike, text }];
  });
  return {
    points, front: paretoFront(points, metric.more), step: metric.more ? "vh" : "hv",
    baseline: study.baseline, cursor: state.trialCost(metric.name), log: looks.log, references: study.references,
    limits: limitsOf(state, metric), x: { name: metric.name, label: metric.trialLabel, unit: metric.unit },
    y: { ...study.score, unit }, empty: state.work.alone ? say("No trial was run before this page was saved.") : say("No trial yet: run one, and its point appears here."),
  };
}

// Where budgets end on an axis: that of its cost; and that of latency, for which there is no formula, at the widest structure
// that was timed to be fast enough.
function limitsOf(state, metric) {
  const { limits } = state.looks;
  const { fit } = state.latency;
  const found = limits[metric.name] === undefined ? [] : [{ x: limits[metric.name], text: say("budget"), title: "" }];
  if (fit === undefined || fit.seconds !== limits.seconds) return found;
  const told = { time: durationText(fit.seconds), batch: fit.batch_size };
  const title = say("the widest that was timed here to take {time} at most, batch of {batch}, all widths alike", told);
  return [...found, { x: state.trialCost(metric.name, state.changed(fit.structure)), text: told.time, title }];
}

// Numbers of the trials that no other beats, by ascending x: the best y within reach of each x.
export function paretoFront(points, isMoreBetter) {
  const order = points.toSorted((a, b) => (isMoreBetter ? b.x - a.x : a.x - b.x) || b.y - a.y);
  const front = [];
  let [best, x] = [-Infinity, null];
  order.forEach((point) => {
    if (point.y > best) [best, x] = [point.y, point.x];
    else if (point.y < best || point.x !== x) return;
    front.push(point);
  });
  return front.sort((a, b) => a.x - b.x || a.y - b.y).map(({ number }) => number);
}

// What is written beside the axis: the name, and of one that the axis does not reach its value.
function referenceText([name, value], up, unit) {
  return up.holds(value) ? name : `${value < up.low ? "▾" : "▴"} ${name} ${tickLabel(value, unit)}`;
}

function references(state, across, up) {
  const group = svgElement("g", { class: "sw-references" });
  const places = namePlaces(state.references.map(([, value]) => value), up);
  state.references.forEach(([name, value], index) => {
    if (up.holds(value)) group.append(svgElement("path", { d: `M${across.start} ${pixel(up.at(value))}H${across.end}` }));
    const title = say("{quantity}: {value}", { quantity: name, value: tickLabel(value, state.y.unit) });
    const line = label(across.end + 6, pixel(places[index] + 4), referenceText([name, value], up, state.y.unit), "sw-tick");
    line.append(svgElement("title", {}, title));
    Object.entries({ class: "sw-tick sw-reference", role: "button", tabindex: -1, "aria-label": title, "data-reference": index })
      .forEach(([key, each]) => line.setAttribute(key, each));
    group.append(line);
  });
  return group;
}

function trial(point, state, across, up) {
  const [x, y] = [across.at(point.x), up.at(point.y)];
  const isBaseline = point.number === state.baseline;
  const kind = `${isBaseline ? " sw-baseline" : ""}${point.alike ? " sw-alike" : ""}`;
  const group = svgElement("g", {
    class: `sw-point${kind}`, role: "button", tabindex: -1, "aria-label": point.text.replaceAll("\n", say(". ")),
    "data-number": point.number, "data-x": point.x, "data-y": point.y,
  });
  if (Number.isFinite(point.low) && Number.isFinite(point.high)) {
    const [low, high] = [up.at(point.low), up.at(point.high)].map(pixel);
    group.append(svgElement("path", {
      class: "sw-interval", d: `M${pixel(x)} ${low}V${high}M${pixel(x - 3)} ${low}h6M${pixel(x - 3)} ${high}h6`,
    }));
  }
  group.append(svgElement("path", { class: "sw-ring", d: circlePath(x, y, 10) }));
  group.append(svgElement("path", { class: "sw-dot", d: isBaseline ? squarePath(x, y, 5.5) : circlePath(x, y, 4) }));
  return group;
}

// The picture, and what of it changes without being drawn anew.
export function drawPlot(state, view, width) {
  const height = Math.round(Math.min(380, Math.max(240, 0.56 * width)));
  const { xs, ys } = view.isNear && state.front.length ? decisive(state) : extent(state);
  const [bottom, top] = [height - ROOM.bottom, ROOM.top];
  const up = view.zoom ? axisBetween(...view.zoom.y, bottom, top, false) : axisAround(ys, bottom, top, false);
  const letters = Math.max(0, ...state.references.map((each) => lengthOf(referenceText(each, up, state.y.unit))));
  const right = width - (letters ? Math.min(12 + LETTER * letters, width / 2) : ROOM.right);
  const across = view.zoom ? axisBetween(...view.zoom.x, ROOM.left, right, state.log)
    : axisAround(xs, ROOM.left, right, state.log);
  const clip = `sw-inside-${view.id}`;
  const title = say("{y} against {x}", { y: state.y.label, x: state.x.label });
  const svg = svgElement("svg", {
    class: "sw-plot", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title, "data-low": across.low, "data-high": across.high,
  });
  svg.append(svgElement("clipPath", { id: clip }, svgElement("rect", {
    x: across.start, y: top - 10, width: right - across.start + 10, height: bottom - top + 10,
  })));
  svg.append(axesFrame(across, up, (tick) => tickLabel(tick, state.x.unit), (tick) => tickLabel(tick, state.y.unit)));
  svg.append(label(4, 12, state.y.label, "sw-axis-title"));
  const axis = state.x.label;
  svg.append(label(right, height - 6, state.log ? say("{axis} (logarithmic)", { axis }) : axis, "sw-axis-title", "end"));
  svg.append(references(state, across, up));
  const inside = svgElement("g", { "clip-path": `url(#${clip})` });
  const byNumber = new Map(state.points.map((point) => [point.number, point]));
  const front = state.front.map((number) => byNumber.get(number)).map(({ x, y }) => [across.at(x), up.at(y)]);
  inside.append(svgElement("path", { class: "sw-front", d: frontPath(front, state.step) }));
  // The baseline last, so that its square is not under a point as large as it.
  const order = state.points.toSorted((a, b) => (a.number === state.baseline) - (b.number === state.baseline));
  const marks = new Map(order.map((point) => [point.number, trial(point, state, across, up)]));
  inside.append(...marks.values());
  inside.append(svgElement("path", { class: "sw-front-mark", d: front.map(([x, y]) => diamondPath(x, y, 8)).join("") }));
  state.limits.filter((limit) => across.holds(limit.x)).forEach((limit, place) => {
    const x = pixel(across.at(limit.x));
    inside.append(svgElement("rect", { class: "sw-beyond", x, y: top, width: Math.max(0, right - x), height: bottom - top }));
    inside.append(svgElement("path", { class: "sw-limit-line", d: `M${x} ${top}V${bottom}` }));
    const text = label(Number(x) + 3, bottom - 5 - NAME_LINE * place, limit.text, "sw-tick sw-limit-text");
    text.append(svgElement("title", {}, limit.title || limit.text));
    svg.append(text);
  });
  const cursor = svgElement("g", { class: "sw-cursor", "aria-hidden": "true" });
  const area = svgElement("rect", { class: "sw-area" });
  svg.append(cursor, inside, area);
  if (state.points.length === 0) {
    svg.append(label((across.start + right) / 2, (top + bottom) / 2, state.empty, "sw-empty", "middle"));
  }
  return { svg, marks, cursor, area, across, up, byNumber };
}

// The line at the size of the structure at hand; an arrow at the edge where it is outside.
export function drawCursor(drawn, value, unit) {
  const { cursor, across, up } = drawn;
  const isShown = Number.isFinite(value) && (value > 0 || Number.isFinite(across.at(value)));
  if (!isShown) return cursor.replaceChildren();
  const x = Math.min(Math.max(across.at(value), across.start), across.end);
  const isInside = across.holds(value);
  const arrow = isInside ? "" : value < across.low ? "◂ " : "▸ ";
  if (cursor.childElementCount === 0) cursor.append(svgElement("path"), label(0, up.end - 6, "", "sw-tick"));
  const [line, text] = cursor.children;
  line.setAttribute("d", `M${pixel(x)} ${up.end - 2}V${up.start}`);
  const anchor = x < across.start + 60 ? "start" : x > across.end - 60 ? "end" : "middle";
  text.setAttribute("x", pixel(x));
  text.setAttribute("text-anchor", anchor);
  text.textContent = `${arrow}${say("now {n}", { n: formatExact(value, unit) })}`;
  cursor.dataset.value = String(value);
  return undefined;
}

export function keyOf(state) {
  const mark = (className, d) => svgElement("svg", { width: 22, height: 18, "aria-hidden": "true" },
    svgElement("g", { class: className }, ...d.map(([kind, path]) => svgElement("path", { class: kind, d: path }))));
  const entries = [
    [mark("sw-point", [["sw-interval", "M11 1V17M8 1h6M8 17h6"], ["sw-dot", circlePath(11, 9, 4)]]), say("trial, 95 % interval")],
    [mark("", [["sw-front", "M0 9h22"], ["sw-front-mark", diamondPath(11, 9, 7)]]), say("Pareto front")],
  ];
  if (state.points.some((point) => point.alike)) {
    entries.push([mark("sw-point sw-alike", [["sw-dot", circlePath(11, 9, 4)]]), say("cannot be told apart from the best")]);
  }
  if (state.baseline !== null) {
    entries.push([mark("sw-point sw-baseline", [["sw-dot", squarePath(11, 9, 5.5)]]), say("the model as it came")]);
  }
  return entries.map(([picture, text]) => {
    const entry = document.createElement("span");
    entry.append(picture, text);
    return entry;
  });
}
