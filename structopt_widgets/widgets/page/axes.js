// Scales from values to pixels with about five round ticks, as figures/svg.py draws them.

// An axis that holds all values with a margin.
export function axisAround(values, start, end, log) {
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : log ? [1, 10] : [0, 1];
  if (log) {
    const margin = Math.max((high / low) ** 0.06, 1.1);
    return axisBetween(low / margin, high * margin, start, end, true);
  }
  const margin = (high - low) * 0.06 || 0.05 * Math.abs(high) || 0.05;
  return axisBetween(low - margin, high + margin, start, end, false);
}

// An axis from low to high.
export function axisBetween(low, high, start, end, log) {
  const scale = log ? Math.log10 : (value) => value;
  const [from, to] = [scale(low), scale(high)];
  return {
    low, high, start, end,
    ticks: log ? logTicks(low, high) : linearTicks(low, high),
    at: (value) => start + ((scale(value) - from) / (to - from)) * (end - start),
    // The value at a pixel.
    value: (place) => {
      const position = from + ((place - start) / (end - start)) * (to - from);
      return log ? 10 ** position : position;
    },
    holds: (value) => value >= low && value <= high,
  };
}

function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]) {
    const ticks = [];
    for (let power = first; power <= last; power += 1) {
      // Divided for small ones: 10 ** -1 is not exact, and its multiples less so.
      steps.forEach((step) => ticks.push(power < 0 ? step / 10 ** -power : step * 10 ** power));
    }
    const inside = ticks.filter((tick) => tick >= low && tick <= high);
    const every = Math.ceil(inside.length / 8);
    if (inside.length >= 3) return inside.filter((_, index) => index % every === 0);
  }
  return linearTicks(low, high);
}

function linearTicks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const ticks = [];
  for (let count = Math.ceil(low / step); count <= Math.floor(high / step); count += 1) ticks.push(step * count);
  return ticks;
}
