// Which widths a control may take, as in structure/allowed_widths.py, which must agree.

// The allowed width nearest to one, halves up.
export function nearestWidth(width, { lower, upper, divisor }) {
  const rounded = Math.floor(width / divisor + 0.5) * divisor;
  return Math.min(Math.max(rounded, lower), upper);
}

// The multiples of a number among a group's widths; the group's own widths where there is none.
function gridOf(group, multiple) {
  const step = (group.divisor * multiple) / greatestCommonDivisor(group.divisor, multiple);
  const multiples = {
    lower: Math.ceil(group.lower / step) * step, upper: Math.floor(group.upper / step) * step, divisor: step,
  };
  return multiples.lower <= multiples.upper ? multiples : group;
}

// The multiple nearest to a width, or the model's own width.
export function nearestMultiple(width, group, multiple) {
  if (group.fixed) return group.width;
  const nearest = nearestWidth(width, gridOf(group, multiple));
  return multiple > 1 && Math.abs(group.width - width) < Math.abs(nearest - width) ? group.width : nearest;
}

// Where a slider goes that a hand has moved: with a key to the next multiple, dragged to the nearest.
export function snapped(width, before, group, multiple) {
  if (multiple === 1) return nearestWidth(width, group);
  if (Math.abs(width - before) > group.divisor) return nearestWidth(width, gridOf(group, multiple));
  const { lower, upper, divisor } = gridOf(group, multiple);
  // Where there is no further multiple it stays.
  if (width > before) return Math.min((Math.floor(before / divisor) + 1) * divisor, Math.max(upper, before));
  return Math.max((Math.ceil(before / divisor) - 1) * divisor, Math.min(lower, before));
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
