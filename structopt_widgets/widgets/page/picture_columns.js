// The columns of the picture. All that look alike are one path: a browser lays out and paints each element it is given,
// and of a deep network they would be a thousand in every frame.
import { pixel, setValue, svgElement } from "./elements.js";

const SHADES = 24; // steps that the eye tells apart
const FAINTEST = 0.16;
const INPUT = "0.18"; // its opacity: what comes in costs nothing
const HEADS = 32; // of more the parts could not be told apart
const RECURRENT = /^(LSTM|GRU|SimpleRNN|RNN|ConvLSTM\dD|Bidirectional)$/;

export function columnPaths() {
  const path = (className, more = {}) => svgElement("path", { class: className, ...more });
  return {
    band: path("sw-band"), litBand: path("sw-band sw-lit"), input: path("sw-made", { "fill-opacity": INPUT }),
    // The dearer a layer, the stronger.
    shades: Array.from({ length: SHADES + 1 }, (_, step) => path("sw-made", {
      "fill-opacity": (FAINTEST + ((1 - FAINTEST) * step) / SHADES).toFixed(2),
    })),
    leftOut: path("sw-made sw-left-out"), lit: path("sw-lit-column"), heads: path("sw-inner"), loops: path("sw-inner sw-loop"),
    was: path("sw-was"), skips: path("sw-skip"),
  };
}

// From below; bands are under what lies between the columns.
export const bandsOf = ({ band, litBand }) => [band, litBand];
export const columnsAbove = ({ input, shades, leftOut, lit, heads, loops, was }) => [input, ...shades, leftOut, lit, heads, loops, was];

// A box; round corners are for columns that are wide enough to show them.
function boxPath(x, y, breadth, tall, round) {
  if (round === 0) return `M${pixel(x)} ${pixel(y)}h${pixel(breadth)}v${pixel(tall)}h${pixel(-breadth)}z`;
  const r = Math.min(round, breadth / 2, tall / 2);
  const turn = (toX, toY) => `a${pixel(r)} ${pixel(r)} 0 0 1 ${pixel(toX)} ${pixel(toY)}`;
  return `M${pixel(x + r)} ${pixel(y)}h${pixel(breadth - 2 * r)}${turn(r, r)}v${pixel(tall - 2 * r)}${turn(-r, r)}`
    + `h${pixel(2 * r - breadth)}${turn(-r, -r)}v${pixel(2 * r - tall)}${turn(r, -r)}z`;
}

// The lines between an attention's heads.
function headsPath({ column, x, breadth, y, tall }, widths) {
  if (column.size === null) return "";
  let path = "";
  const heads = widths[column.group];
  for (let head = 1; head < heads && heads <= HEADS; head += 1) path += `M${pixel(x)} ${pixel(y + (tall * head) / heads)}h${pixel(breadth)}`;
  return path;
}

// A loop where the output comes in again; with two directions, two.
function loopsPath({ column, x, breadth, y, tall }) {
  if (breadth < 8 || !RECURRENT.test(column.kind)) return "";
  const turn = (at, by) => `M${pixel(x + breadth * 0.8)} ${pixel(at)}c${pixel(breadth / 2)} ${by} ${pixel(-breadth * 1.1)} ${by} ${pixel(-breadth * 0.6)} 0m-1 ${by / 3}l1 ${-by / 3}l6 ${by / 6}`;
  return turn(y, -24) + (column.kind === "Bidirectional" ? turn(y + tall, 24) : "");
}

// Where each column is now, how strong by its share of the cost, what is left out, chosen, and was otherwise.
export function paintColumns(drawn, widths, shares, selected, isLeftOut) {
  const { paths, places } = drawn;
  const round = drawn.isFew ? 3 : 0;
  const boxes = new Map();
  const add = (path, text) => boxes.set(path, (boxes.get(path) ?? "") + text);
  places.forEach((place, index) => {
    const { column, x, breadth, y, tall } = place;
    const box = boxPath(x, y, breadth, tall, round);
    if (isLeftOut(index)) add(paths.leftOut, box);
    else add(column.group === null ? paths.input : paths.shades[Math.round(SHADES * Math.sqrt(shares[index]))], box);
    if (selected !== null && [column.group, column.size].includes(selected)) add(paths.lit, box);
    const [before, center] = [drawn.height(column.width), y + tall / 2];
    if (before !== tall) add(paths.was, `M${pixel(x)} ${pixel(center - before / 2)}h${pixel(breadth)}M${pixel(x)} ${pixel(center + before / 2)}h${pixel(breadth)}`);
    add(paths.heads, headsPath(place, widths));
    add(paths.loops, loopsPath(place));
  });
  drawn.bands.forEach(({ group, x, breadth }) => {
    const tall = drawn.height(widths[group]);
    add(group === selected ? paths.litBand : paths.band, boxPath(x, drawn.middle - tall / 2, breadth, tall, round));
  });
  [...bandsOf(paths), ...columnsAbove(paths)].forEach((path) => setValue(path, "d", boxes.get(path) ?? ""));
}
