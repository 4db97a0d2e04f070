// The cost program of the page, on programs written by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Program, unpacked } from "./program.js";

test("each operation reads how far back its arguments are", () => {
  // slots: a = input 0, b = input 1, a * b, 7, a * b + 7, the larger of that and b, the difference of both
  const program = new Program({ kinds: "ii*c+m-", first: [0, 1, 2, 7, 2, 1, 2], second: [0, 0, 1, 0, 1, 4, 1] });
  assert.deepEqual([...program.run([3, 5])], [3, 5, 15, 7, 22, 22, 0]);
  assert.deepEqual([...program.run([-3, 5])], [-3, 5, -15, 7, -8, 5, -13]);
});

test("logarithms and divisions are whole, also beyond 32 bits", () => {
  const program = new Program({ kinds: "iild/", first: [0, 1, 2, 3, 4], second: [0, 0, 0, 2, 3] });
  [[1, 1], [2, 3], [3, 2], [1025, 10], [2 ** 31, 7], [2 ** 32 + 1, 7], [2 ** 40, 3]].forEach(([n, by]) => {
    let depth = 0;
    while (2 ** depth < n) depth += 1;
    assert.deepEqual([...program.run([n, by])].slice(2), [depth, Math.floor(n / by), n / by]);
  });
});

test("an operation that the page does not know is an error, not a number", () => {
  assert.throws(() => new Program({ kinds: "?", first: [0], second: [0] }).run([]), /unknown operation \?/);
});

test("a run does not remember the one before", () => {
  const program = new Program({ kinds: "ic*", first: [0, 3, 2], second: [0, 0, 1] });
  assert.equal(program.run([2])[2], 6);
  assert.equal(program.run([5])[2], 15);
});

test("what was compressed is read", async () => {
  const stream = new Blob([JSON.stringify({ "Ünï": [1, 2.5] })]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = Buffer.from(await new Response(stream).arrayBuffer());
  assert.deepEqual(await unpacked(bytes.toString("base64")), { "Ünï": [1, 2.5] });
});
