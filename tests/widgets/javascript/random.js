// Numbers that look random and are the same in every run: a congruential generator (Numerical Recipes, 2nd ed., 7.1).
export function random(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // A whole number from low to high, both included.
  next.whole = (low, high) => low + Math.floor(next() * (high - low + 1));
  next.of = (all) => all[next.whole(0, all.length - 1)];
  return next;
}
