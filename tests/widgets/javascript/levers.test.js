// What moves many things at once, what one unit more costs, and weights in another dtype.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./random.js";
import { State } from "./state.js";

const OPTIONS = ["linear", "relu", "tanh"];

// Three layers, the last an output; n_params = a b + 5 c, its layers the terms, 4 bytes each, 1 in flash.
function model() {
  const group = (width, fixed = false) => ({ width, lower: 1, upper: 4 * width, divisor: 1, fixed });
  const row = (place) => ({ layer: place, group: place, activation: place, bias: place });
  const costs = { n_params: 6, weight_bytes: 8, flash_bytes: 6 };
  const layers = { n_params: [3, 5], weight_bytes: [3, 5], flash_bytes: [3, 5] };
  return {
    metrics: Object.keys(costs).map((name) => ({ name, label: name, scope: "model", inTrials: true, unit: "count" })),
    // a, b, c, a b, 5, 5 c, a b + 5 c, 4, 4 (a b + 5 c): operands by how far back they are
    program: {
      kinds: "iii*c*+c*", first: [0, 1, 2, 3, 5, 1, 3, 4, 2], second: [0, 0, 0, 2, 0, 3, 1, 0, 1],
      inputs: [["widths", 0], ["widths", 1], ["widths", 2]], totals: costs, layers,
    },
    bits: { int8: 8, int4: 4 },
    groups: [group(6), group(4), group(3, true)],
    rows: [row(0), row(1), row(2)],
    layers: [[], [0], [1]].map((inputs, place) => ({ name: String(place), kind: "Dense", inputs })),
    activations: [0, 0, 0], tables: [{ options: OPTIONS, costs: {} }],
    baseline: { widths: [6, 4, 3], activations: ["relu", "linear", "tanh"], biases: [true, true, true], initializers: [], blocks: [] },
  };
}

function state() {
  const made = new State(model(), () => {});
  made.subscribe((what) => { if (what === "structure") made.compute(); });
  return made;
}

test("every activation that is one changes, outputs and linear ones stay", () => {
  const made = state();
  const places = made.bulkPlaces("activations", [0, 1, 2]);
  assert.deepEqual(places, [0]);
  made.setMany("activations", places, "tanh");
  assert.deepEqual(made.now.activations, ["tanh", "linear", "tanh"]);
  made.setMany("activations", places, "swish"); // none of its choices
  assert.deepEqual(made.now.activations, ["tanh", "linear", "tanh"]);
  assert.deepEqual(made.bulkPlaces("biases", [0, 2]), [0, 2]);
  made.setMany("biases", [0, 2], false);
  assert.deepEqual(made.now.biases, [false, true, false]);
  assert.equal(made.past.length, 2);
});

test("linear activations are seen although they are not set along, outputs are not", () => {
  const made = state();
  assert.deepEqual(made.shownActivations([0, 1, 2]), ["relu", "linear"]);
  assert.deepEqual(made.shownActivations([2]), []);
});

test("one unit more costs what the next width costs more, the dearest first", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const [made, next] = [state(), random(seed)];
    const [a, b] = [next.whole(1, 24), next.whole(1, 16)];
    made.setWidth(0, a, true);
    made.setWidth(1, b, true);
    const costs = made.marginal("n_params");
    assert.deepEqual(new Map(costs), new Map([[0, b], [1, a]]));
    assert.ok(costs[0][1] >= costs[1][1]);
    assert.equal(made.total("n_params"), a * b + 15);
  }
});

test("remedies change what they are about and nothing else, together in one step", () => {
  const made = state();
  made.setWidth(1, 9, true);
  made.adopt({ widths: [[0, 2]] }, { biases: [[1, false]] });
  assert.deepEqual(made.now.widths, [2, 9, 3]);
  assert.deepEqual(made.now.biases, [true, false, true]);
  made.undo();
  assert.deepEqual(made.changes(), { widths: [[1, 9]] });
});

test("weights in another dtype are counted so, and trials keep their own", () => {
  const made = state();
  assert.equal(made.total("weight_bytes"), 4 * 39);
  for (const [dtype, bytes] of [["int8", 39], ["int4", 20], ["flash", 39]]) {
    made.look({ dtype });
    assert.equal(made.total("weight_bytes"), bytes);
    assert.equal(made.trialCost("weight_bytes"), 4 * 39);
    assert.equal(made.total("n_params"), 39);
  }
});
