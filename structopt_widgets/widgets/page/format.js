// Numbers for people: the rules of metrics/formatting.py, which must agree.

let UNITS = {}; // the rows of metrics/catalogue.py, by name
const EXACT_BELOW = 1e7;
const DECIMAL_FROM = 0.01; // below it two decimals say nothing

// Take the units that come with a model; all models of a page have the same.
export function takeUnits(rows) {
  UNITS = rows;
}

// Three digits and a unit: "1.23 M", "1.50 KiB".
export function formatMetric(value, unit) {
  return scaled(value, UNITS[unit]);
}

// The same, but every digit of a count below ten million: "1,234,567".
export function formatExact(value, unit) {
  return isExact(value, unit) ? value.toLocaleString("en-US") : formatMetric(value, unit);
}

// Whether every digit of a value is written.
export function isExact(value, unit) {
  return UNITS[unit].is_counted && Number.isInteger(value) && Math.abs(value) < EXACT_BELOW;
}

// What a bare number of that unit counts: "bytes"; nothing where the metric's name says so.
export function inWords(unit) {
  return UNITS[unit].in_words;
}

function scaled(value, { base, names: units }) {
  let power = 0;
  // 999.5 would be rounded up to 1000 in the smaller unit.
  while (Math.abs(value) >= base - 0.5 && power < units.length - 1) {
    value /= base;
    power += 1;
  }
  if (value !== 0 && Math.abs(value) < DECIMAL_FROM) return `${value.toExponential(2)} ${units[0]}`.trim();
  const isWhole = power === 0 && Number.isInteger(value);
  const digits = isWhole || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[power]}`.trim();
}

// Seconds with three digits, in the unit that fits.
export function durationText(seconds) {
  const [unit, factor] = seconds >= 1 ? ["s", 1] : seconds >= 1e-3 ? ["ms", 1e3] : ["µs", 1e6];
  return `${Number((seconds * factor).toPrecision(3))} ${unit}`;
}

// A value of an axis ("bytes", "count", "ratio", "share" of one, or a plain "number") without zeros that say nothing.
export function tickLabel(value, unit) {
  if (unit === "number") return String(Number(value.toPrecision(4)));
  const text = unit === "share" ? `${(100 * value).toFixed(1)}%` : formatMetric(value, unit);
  return text.replace(/\.(\d*?)0+(?!\d)/, (_, digits) => (digits ? `.${digits}` : ""));
}
