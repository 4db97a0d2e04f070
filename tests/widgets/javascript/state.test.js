// Steps, snapshots and sliders of the instrument's state, over random gestures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./random.js";
import { State } from "./state.js";

// Two widths, a bias, an initializer, a block; n_params = the product of the widths.
function model() {
  const group = (width) => ({ width, lower: 1, upper: 4 * width, divisor: 1, fixed: false });
  return {
    metrics: [{ name: "n_params", scope: "sample", inTrials: true, unit: "count" }],
    program: {
      kinds: "ii*", first: [0, 1, 2], second: [0, 0, 1], inputs: [["widths", 0], ["widths", 1]],
      totals: { n_params: 2 }, layers: { n_params: [2] },
    },
    groups: [group(64), group(10)],
    activations: [], tables: [], rows: [], layers: [{ name: "product", inputs: [] }],
    baseline: { widths: [64, 10], activations: [], biases: [true], initializers: ["zeros"], blocks: [true] },
  };
}

function state() {
  const asked = [];
  const made = new State(model(), (what) => asked.push(what));
  return { made, asked };
}

function gesture(made, next) {
  const kind = next.whole(0, 4);
  if (kind === 0) made.setWidth(next.whole(0, 1), next.whole(1, 300), true);
  else if (kind === 1) made.scale([0, 1], next.whole(1, 16) / 8, "all");
  else if (kind === 2) made.set("biases", 0, next.whole(0, 1) === 1);
  else if (kind === 3) made.set("initializers", 0, next.of(["zeros", "ones", "glorot_uniform"]));
  else made.set("blocks", 0, next.whole(0, 1) === 1);
}

test("undo goes back through every step, redo forward again", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const [{ made }, next] = [state(), random(seed)];
    const seen = [made.changes()];
    for (let step = 0; step < 40; step += 1) {
      gesture(made, next);
      if (made.commit()) seen.push(made.changes());
    }
    for (let place = seen.length - 2; place >= 0; place -= 1) {
      made.undo();
      assert.deepEqual(made.changes(), seen[place]);
    }
    made.undo();
    assert.deepEqual(made.changes(), {});
    for (let place = 1; place < seen.length; place += 1) {
      made.redo();
      assert.deepEqual(made.changes(), seen[place]);
    }
    made.redo();
    assert.deepEqual(made.changes(), seen.at(-1));
  }
});

test("what was undone is gone once something else is done", () => {
  const { made } = state();
  made.setWidth(0, 32, true);
  made.commit();
  made.undo();
  made.setWidth(0, 16, true);
  made.commit();
  made.redo();
  assert.equal(made.now.widths[0], 16);
});

test("a drag is one step, however often it moved", () => {
  const { made } = state();
  for (let width = 64; width > 30; width -= 1) made.setWidth(0, width);
  made.commit();
  assert.equal(made.past.length, 1);
  made.undo();
  assert.equal(made.now.widths[0], 64);
});

test("a gesture that comes back is no step, and resting twice neither", () => {
  const { made } = state();
  made.setWidth(0, 32, true);
  made.setWidth(0, 64, true);
  assert.equal(made.commit(), false);
  assert.equal(made.past.length, 0);
});

test("changes describe a structure, and make it again", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const [{ made }, next] = [state(), random(seed)];
    for (let step = 0; step < 5; step += 1) gesture(made, next);
    assert.deepEqual(made.changed(made.changes()), made.now);
  }
});

test("costs are of where the sliders stand, and asking for others moves nothing", () => {
  const { made } = state();
  made.subscribe((what) => { if (what === "structure") made.compute(); });
  made.setWidth(0, 32, true);
  assert.equal(made.total("n_params"), 320);
  assert.equal(made.total("n_params", made.base), 640);
  assert.equal(made.costsOf({ ...made.fresh(), widths: [2, 3] })("n_params"), 6);
  assert.equal(made.total("n_params"), 320);
});

test("a slider of all widths says where they stand, and that they have moved apart", () => {
  const { made } = state();
  made.scale([0, 1], 0.5, "all");
  assert.deepEqual(made.now.widths, [32, 5]);
  assert.equal(made.factorOf([0, 1], "all"), 0.5);
  made.setWidth(1, 9, true);
  assert.equal(made.factorOf([0, 1], "all"), null);
  made.reset();
  assert.equal(made.factorOf([0, 1], "all"), 1);
});

test("a snapshot outlives everything, and is not shared with what follows", () => {
  const { made } = state();
  made.setWidth(0, 32, true);
  made.keep("A");
  made.setWidth(0, 7, true);
  made.reset();
  assert.deepEqual(made.snapshots.A, { widths: [[0, 32]] });
  made.goTo(made.snapshots.A);
  assert.equal(made.now.widths[0], 32);
});

test("what is asked of Python sees the structure of now", () => {
  const { made, asked } = state();
  made.setWidth(0, 32, true);
  made.ask("run");
  assert.deepEqual(asked, [{ do: "run" }]);
  assert.deepEqual(made.standing.structure, { widths: [[0, 32]] });
});

test("where Python stands is taken over without a word back", () => {
  const [one, other] = [state().made, state().made];
  one.setWidth(1, 3, true);
  one.commit();
  const told = [];
  other.subscribe((what) => told.push(what));
  other.stand(structuredClone(one.standing));
  assert.deepEqual(other.now, one.now);
  assert.deepEqual(told, ["structure", "steps"]);
  other.undo();
  assert.deepEqual(other.changes(), {});
});
