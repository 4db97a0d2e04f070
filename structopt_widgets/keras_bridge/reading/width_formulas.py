"""The plainest formula by which a number follows from the length of one axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...graph.plain import OfWidth

_POWERS = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.25, -0.25)
_CLOSE = 1e-5  # numbers may have been rounded to 32 bits on the way


@dataclass(frozen=True)
class Axis:
    """An axis of a tensor, and how long it is in each of several structures."""

    tensor: int
    axis: int
    sizes: tuple[int, ...]


def formula_of(axes: Sequence[Axis], values: Sequence[float]) -> OfWidth | None:
    """What makes each of ``values`` of one of the ``axes`` in that structure; of equally plain ones the first."""
    moving = [each for each in axes if len(set(each.sizes)) == len(each.sizes)]
    for is_plain in (True, False):
        for axis in moving:
            for each in _forms(axis, values):
                is_so = all(is_close(each.at(size), value) for size, value in zip(axis.sizes, values, strict=True))
                if is_so and (each.scale == 1 or each.is_floored or not is_plain):
                    return each
    return None


def is_close(one: float, other: float) -> bool:
    """Whether two numbers are one, up to their rounding."""
    return math.isclose(one, other, rel_tol=_CLOSE)


def _forms(axis: Axis, values: Sequence[float]) -> Iterator[OfWidth]:
    """A part of the axis, rounded down; a power of it or its logarithm, so many times; so many times it, and more."""
    place, sizes = (axis.tensor, axis.axis), axis.sizes
    if 0 < values[0] < sizes[0] and not any(value % 1 for value in values):
        yield OfWidth(*place, 1.0, 1 / round(sizes[0] / values[0]), is_floored=True)
    for power in (*_POWERS, 0.0):
        if power or sizes[0] > 1:
            scale = values[0] / OfWidth(*place, power).at(sizes[0])
            yield OfWidth(*place, power, float(round(scale)) if is_close(scale, round(scale)) else scale)
    scale = (values[1] - values[0]) / (sizes[1] - sizes[0])
    yield OfWidth(*place, 1.0, scale, values[0] - scale * sizes[0])
