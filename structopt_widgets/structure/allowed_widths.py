"""Is a choice allowed? If not, say what was expected, what came and what to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.checks import short, typed, whole
from ..graph.wording import say

if TYPE_CHECKING:
    from .width_groups import WidthGroup

# Names that keras.initializers.get understands and that need no argument of their own.
INITIALIZERS: tuple[str, ...] = (
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "variance_scaling",
    "ones",
    "zeros",
)


def allowed_width(group: WidthGroup, width: Any) -> int:
    """``width`` as an int, if ``group`` may take it."""
    if isinstance(width, bool) or not isinstance(width, (int, np.integer)):
        raise TypeError(
            say(
                "Expected a whole number as the width of {group}, got {width}. Round it first.",
                group=repr(group.name),
                width=typed(width),
            )
        )
    if width == group.width:
        return int(width)
    if group.fixed:
        raise ValueError(
            say(
                "Expected a width that is free. The width of {group} is fixed at {fixed}, got {width}: {why}.",
                group=repr(group.name),
                fixed=group.width,
                width=short(width),
                why=group.why,
            )
        )
    if not group.lower <= width <= group.upper:
        raise ValueError(
            say(
                "Expected a width of {group} from {lower} to {upper}, got {width}. For larger ones, read the model "
                "with a larger growth: StructureSpace.from_keras(model, growth=4).",
                group=repr(group.name),
                lower=group.lower,
                upper=group.upper,
                width=short(width),
            )
        )
    if width % group.divisor:
        raise ValueError(
            say(
                "Expected a multiple of {divisor} as the width of {group}, got {width} ({why}). "
                "The nearest is {nearest}.",
                divisor=group.divisor,
                group=repr(group.name),
                width=width,
                why=group.why,
                nearest=nearest_width(group, int(width)),
            )
        )
    return int(width)


def allowed_widths(group: WidthGroup, widths: Any) -> np.ndarray:
    """An array of widths, if ``group`` may take them all."""
    try:
        array = np.asarray(widths)
    except ValueError:
        array = np.array("rows of other lengths")
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"Expected whole numbers as the widths of {group.name!r}, got {array.dtype} in {short(widths)}. Round them."
        )
    if array.ndim != 1:
        raise ValueError(
            f"Expected a list of widths of {group.name!r}, got {short(widths)} of {array.ndim} dimensions."
        )
    for width in {int(array.min()), int(array.max())} if array.size else ():
        allowed_width(group, width - width % group.divisor)
    if (array % group.divisor).any():
        allowed_width(group, int(array[array % group.divisor != 0][0]))
    return array.astype(np.int64)


def nearest_width(group: WidthGroup, width: float, multiple_of: int = 1) -> int:
    """The allowed width nearest to ``width``, and a multiple of ``multiple_of`` where the bounds leave one.

    With a ``multiple_of`` the model's own width stays allowed. Halves go up, as in
    ``widgets/page/widths.js``, which must agree.
    """
    if group.fixed:
        return group.width
    first, last, step = grid(group, multiple_of)
    nearest = min(max(math.floor(width / step + 0.5) * step, first), last)
    is_nearer = multiple_of > 1 and abs(group.width - width) < abs(nearest - width)
    return group.width if is_nearer else nearest


def grid(group: WidthGroup, multiple_of: int) -> tuple[int, int, int]:
    """First, last and step of the widths of ``group`` that are multiples of ``multiple_of`` and of its divisor.

    Where there is none between its bounds, the group's own.
    """
    multiple_of = whole(multiple_of, "multiple_of", least=1)
    step = math.lcm(group.divisor, multiple_of)
    first, last = -(-group.lower // step) * step, group.upper // step * step
    return (first, last, step) if first <= last else (group.lower, group.upper, group.divisor)
