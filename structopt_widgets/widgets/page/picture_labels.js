// The words over and under the picture of a deep network: stages and blocks, as many as there is room for.
import { label, pixel, svgElement } from "./elements.js";
import { lengthOf, say } from "./words.js";

export const GLYPH = 6.6; // pixels
const WORDS_APART = 3; // pixels between two words
const [OVERHANG, OVER_APART] = [1.5, 10]; // how much longer than its item a word may be, and pixels between such words
const EVEN_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

// Which words fit into a breadth: [item, text] of each, the items as they came. An item has x and end, where it is, and
// texts, the longest first, of a numbered one the number at last. Numbers that follow one another are left out evenly; a
// name may stand a little over the edges of its item where nothing else does.
export function fittingWords(items, breadth) {
  const chosen = new Map();
  const counted = new Set(); // of which some are left out
  numberedRuns(items).forEach((series) => {
    series.forEach((item) => {
      const text = textsOf(item, series).find((each) => GLYPH * lengthOf(each) + WORDS_APART < item.end - item.x);
      if (text !== undefined) chosen.set(item, text);
    });
    if (series.length < 2 || series.every((item) => chosen.has(item))) return;
    series.forEach((item) => {
      chosen.delete(item);
      counted.add(item);
    });
    evenWords(series, breadth).forEach(([item, text]) => chosen.set(item, text));
  });
  const taken = [...chosen].map(([item, text]) => wordPlace(item, text));
  items.forEach((item) => {
    if (chosen.has(item) || counted.has(item)) return;
    const text = textsOf(item, [item]).at(-1);
    const [from, to] = wordPlace(item, text);
    const isFar = to - from > OVERHANG * (item.end - item.x) || from < 0 || to > breadth;
    if (isFar || taken.some(([start, end]) => from < end + OVER_APART && start < to + OVER_APART)) return;
    chosen.set(item, text);
    taken.push([from, to]);
  });
  return items.filter((item) => chosen.has(item)).map((item) => [item, chosen.get(item)]);
}

// A number alone says nothing where no other is beside it.
function textsOf({ number, texts }, series) {
  return number === undefined || series.length > 1 || texts.length === 1 ? texts : texts.slice(0, -1);
}

// Where a word is: in the middle of its item, or from its left edge on.
function wordPlace({ x, end, isLeft }, text) {
  const breadth = GLYPH * lengthOf(text);
  const start = isLeft ? x : (x + end - breadth) / 2;
  return [start, start + breadth];
}

// Runs of items whose numbers go up by one; any other is alone.
function numberedRuns(items) {
  const runs = [];
  items.forEach((item) => {
    const last = runs.at(-1)?.at(-1);
    const goesOn = item.number !== undefined && last?.number === item.number - 1 && last.kind === item.kind;
    if (goesOn) runs.at(-1).push(item);
    else runs.push([item]);
  });
  return runs;
}

// The first and every second, fifth, tenth ... of a series: as many as fit, none over the edge of the picture.
function evenWords(series, breadth) {
  const tried = (step) => {
    const [{ number: first }] = series;
    // Every second counts from the first, tens are tens.
    const shown = series.filter(({ number }) => number === first || (step === 2 ? (number - first) % 2 === 0 : number % step === 0 && number - first >= 0.8 * step));
    return shown.map((item, index) => {
      const room = (shown[index + 1]?.x ?? Math.max(item.end, item.x + (item.end - item.x) * step)) - item.x;
      return [item, item.texts.find((each) => GLYPH * lengthOf(each) + WORDS_APART < room)];
    });
  };
  const step = EVEN_STEPS.find((each) => tried(each).every(([, text]) => text !== undefined)) ?? EVEN_STEPS.at(-1);
  const [[first], ...others] = tried(step);
  // The first says what is numbered.
  const named = first.texts.at(-2) ?? first.texts.at(-1);
  const end = wordPlace(first, named)[1] + WORDS_APART;
  const isInside = ([from, to]) => from >= end && to <= breadth;
  return [[first, named], ...others.filter(([item, text]) => text !== undefined && isInside(wordPlace(item, text)))];
}

// Stages over the picture, the numbers of their blocks under it.
// How large a map is, in words; nothing for a single place.
export function sizeWords(sides) {
  const [first] = sides;
  if (sides.every((side) => side === 1)) return "";
  if (sides.length === 1) return say("{n} positions", { n: first });
  const power = { 2: "²", 3: "³" }[sides.length];
  return power && sides.every((side) => side === first) ? `${first}${power}` : sides.join(" × ");
}

export function drawStages(svg, spans, tall, breadth) {
  const numbered = (text) => (/\d+$/.test(text) ? { number: Number(text.match(/\d+$/)[0]), kind: text.replace(/\d+$/, "") } : {});
  const stages = spans.map(({ stage, x, end, sides }) => {
    const found = numbered(stage);
    const size = sizeWords(sides);
    return {
      x, end, isLeft: true, ...found,
      texts: [...(size ? [`${stage}  ${size}`] : []), stage, ...(found.kind ? [String(found.number)] : [])],
    };
  });
  spans.forEach(({ x, end }) => svg.append(svgElement("path", { class: "sw-stage", d: `M${pixel(x)} 17.5H${pixel(end)}` })));
  fittingWords(stages, breadth).forEach(([{ x }, text]) => svg.append(label(pixel(x), 12, text, "sw-strong")));
  const blocks = spans.flatMap((span, index) => span.blocks.filter(({ block }) => block !== undefined).map(({ block, x, end, isLayer }) => (
    { x, end, texts: [block], ...(/^\d+$/.test(block) && !isLayer ? { number: Number(block), kind: index } : {}) })));
  fittingWords(blocks, breadth).forEach(([{ x, end }, text]) => svg.append(label(pixel((x + end) / 2), tall - 6, text, "", "middle")));
}
