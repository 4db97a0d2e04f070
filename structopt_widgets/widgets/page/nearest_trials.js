// Which trials were measured nearest to where the sliders stand.
const MOST_NEAR = 3;

// How far each trial of the model is from a structure: a doubling of one width is 1, another activation, bias,
// initializer or block is 1. Returns a function of a structure: up to three [number, distance], the nearest first.
export function nearestTrials(state) {
  const logs = ({ widths }) => Float64Array.from(widths, Math.log2);
  const known = state.study.trials.filter(({ changes, score }) => changes !== null && score !== null).map(({ number, changes }) => {
    const structure = state.changed(changes);
    return { number, structure, logs: logs(structure) };
  });
  return (now) => {
    const here = logs(now);
    const others = Object.keys(now).filter((choice) => choice !== "widths");
    const found = known.map((each) => {
      let distance = 0;
      here.forEach((log, place) => { distance += Math.abs(log - each.logs[place]); });
      others.forEach((choice) => now[choice].forEach((value, place) => { distance += Number(value !== each.structure[choice][place]); }));
      return [each.number, distance];
    });
    return found.sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, MOST_NEAR);
  };
}
