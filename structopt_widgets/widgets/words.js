// What the instrument says in words.

function percentage(now, base) {
  const percent = Math.abs((100 * (now - base)) / base);
  return percent.toFixed(percent < 10 ? 1 : 0);
}

// The change against the baseline: an arrow and a sign, so that colour is not needed to read it.
export function changedBy(now, base) {
  if (now === base) return "as the model";
  if (base === 0) return "▲ from 0";
  return `${now < base ? "▼ −" : "▲ +"}${percentage(now, base)} %`;
}

// The same in words: screen readers skip arrows and signs.
export function spoken(now, base) {
  if (now === base) return "as the model";
  if (base === 0) return "from 0";
  return `${now < base ? "minus" : "plus"} ${percentage(now, base)} percent`;
}

// How a structure differs from the model, such as "dense 128→64, tanh; dense_1 no bias", as describe() in Python.
export function described(model, changes) {
  const parts = new Map();
  const say = (key, words) => parts.set(key, [...(parts.get(key) ?? []), words]);
  const words = {
    widths: (place, value) => `${model.baseline.widths[place]}→${value}`,
    activations: (_, value) => value,
    biases: (_, value) => (value ? "bias" : "no bias"),
    initializers: (_, value) => `initializer ${value}`,
    blocks: (_, value) => (value ? "kept" : "left out"),
  };
  Object.entries(words).forEach(([choice, word]) => (changes[choice] ?? []).forEach(([place, value]) => {
    say(model.keys[choice][place], word(place, value));
  }));
  return [...parts].map(([key, each]) => `${key} ${each.join(", ")}`).join("; ") || "baseline";
}

// A score for people.
export function scoreText(value, unit, percent = "%") {
  if (value === null || value === undefined) return "";
  return unit === "share" ? `${(100 * value).toFixed(1)}${percent}` : value.toFixed(3);
}

// A difference of scores: of shares in points, since a percentage would be one of the score.
export function gainText(value, unit) {
  return `${value < 0 ? "−" : "+"}${scoreText(Math.abs(value), unit, " points")}`;
}

// The stage of a block's title, and the block in it: "stage 2" and "1" of "stage 2 block 1", "block 4" and "a" of "block 4a".
export function stageOf(title) {
  const found = title.match(/^(.+) block (\S+)$/) ?? title.match(/^(.*\d)([a-z])$/);
  return found ? [found[1], found[2]] : [title, undefined];
}
