// What the instrument says in words, in the language of its model: English, or what a catalogue has for the English text.

let WORDS = {}; // by English text: another, or a list of plural forms
let PLURAL = null; // the rules of a language with a catalogue

// Take the words that come with a model; an English one has none.
export function takeWords({ language, words = {} }) {
  WORDS = words;
  PLURAL = language === undefined ? null : new Intl.PluralRules(language);
}

// A text for people, each {name} in it replaced by the value of that name. It is what the catalogue knows it by: a whole
// sentence or a label, never half of one.
export function say(text, values) {
  return filled(WORDS[text] ?? text, values);
}

// One text for 1, another for other numbers, or as many as the language has; {n} is the number.
export function sayMany(n, one, many, values) {
  const forms = WORDS[one];
  const text = forms === undefined ? (n === 1 ? one : many) : forms[PLURAL.resolvedOptions().pluralCategories.indexOf(PLURAL.select(n))] ?? forms.at(-1);
  return filled(text, { n, ...values });
}

function filled(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

// How many letters a text is long; one of Chinese is as wide as two.
export function lengthOf(text) {
  return text.length + (text.match(/[\u3000-\u9fff\uff00-\uffef]/g)?.length ?? 0);
}

function percentage(now, base) {
  const percent = Math.abs((100 * (now - base)) / base);
  return percent.toFixed(percent < 10 ? 1 : 0);
}

// The change against the baseline: an arrow and a sign, so that colour is not needed to read it.
export function changedBy(now, base) {
  if (now === base) return say("as the model");
  if (base === 0) return `▲ ${say("from 0")}`;
  return `${now < base ? "▼ −" : "▲ +"}${percentage(now, base)} %`;
}

// The same between two trials, without an arrow.
export function changedTo(now, base) {
  return now === base ? say("same") : changedBy(now, base).slice(2);
}

// The same in words: screen readers skip arrows and signs.
export function spoken(now, base) {
  if (now === base) return say("as the model");
  if (base === 0) return say("from 0");
  const n = percentage(now, base);
  return now < base ? say("minus {n} percent", { n }) : say("plus {n} percent", { n });
}

// How a structure differs from the model, such as "dense 128→64, tanh; dense_1 no bias", as describe() in Python.
export function described(model, changes) {
  const parts = new Map();
  const add = (key, words) => parts.set(key, [...(parts.get(key) ?? []), words]);
  const words = {
    widths: (place, value) => `${model.baseline.widths[place]}→${value}`,
    activations: (_, value) => value,
    biases: (_, value) => (value ? say("bias") : say("no bias")),
    initializers: (_, value) => say("initializer {name}", { name: value }),
    blocks: (_, value) => (value ? say("kept") : say("left out")),
  };
  Object.entries(words).forEach(([choice, word]) => (changes[choice] ?? []).forEach(([place, value]) => {
    add(model.keys[choice][place], word(place, value));
  }));
  return [...parts].map(([name, each]) => say("{name} {changes}", { name, changes: each.join(say(", ")) })).join(say("; ")) || say("baseline");
}

// A score for people.
export function scoreText(value, unit, percent = "%") {
  if (value === null || value === undefined) return "";
  return unit === "share" ? `${(100 * value).toFixed(1)}${percent}` : value.toFixed(3);
}

// A difference of scores: of shares in points, since a percentage would be one of the score.
export function gainText(value, unit, isBare = false) {
  const n = `${value < 0 ? "−" : "+"}${scoreText(Math.abs(value), unit, "")}`;
  return unit === "share" && !isBare ? say("{n} points", { n }) : n;
}
