// Which widths a slider may take, over random groups: what must hold of every one of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./random.js";
import { nearestMultiple, nearestWidth, snapped } from "./widths.js";

function groups(count) {
  const next = random(3);
  return Array.from({ length: count }, () => {
    const divisor = next.whole(1, 16);
    const lower = divisor * next.whole(1, 20);
    const upper = lower + divisor * next.whole(0, 40);
    return { divisor, lower, upper, width: lower + divisor * next.whole(0, (upper - lower) / divisor), fixed: false, next };
  });
}

const isAllowed = (width, { divisor, lower, upper }) => width % divisor === 0 && width >= lower && width <= upper;

test("the nearest width is allowed, and no allowed one is nearer", () => {
  groups(300).forEach((group) => {
    const asked = group.next.whole(-50, 1200);
    const width = nearestWidth(asked, group);
    assert.ok(isAllowed(width, group));
    for (let other = group.lower; other <= group.upper; other += group.divisor) {
      assert.ok(Math.abs(other - asked) >= Math.abs(width - asked));
    }
  });
});

test("a multiple is kept to wherever the group has one, but for the model's own width", () => {
  groups(300).forEach((group) => {
    const multiple = group.next.whole(2, 32);
    const width = nearestMultiple(group.next.whole(1, 1200), group, multiple);
    assert.ok(isAllowed(width, group));
    const all = [];
    for (let each = group.lower; each <= group.upper; each += group.divisor) if (each % multiple === 0) all.push(each);
    assert.ok(all.length === 0 || all.includes(width) || width === group.width);
  });
});

test("a fixed width never moves", () => {
  groups(50).forEach((group) => assert.equal(nearestMultiple(1, { ...group, fixed: true }, 8), group.width));
});

test("a key always moves on, and comes to both ends", () => {
  groups(100).forEach((group) => {
    [1, group.divisor].forEach((multiple) => {
      [1, -1].forEach((by) => {
        let width = group.width;
        for (let step = 0; step < 200; step += 1) {
          const to = snapped(width + by * group.divisor, width, group, multiple);
          assert.ok(to === (by > 0 ? group.upper : group.lower) || Math.sign(to - width) === by);
          width = to;
        }
        assert.equal(width, by > 0 ? group.upper : group.lower);
      });
    });
  });
});
