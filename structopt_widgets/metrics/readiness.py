"""When a tensor is ready: at once, or place by place along its first axis.

A :class:`Readiness` says after how many operations in a row place ``t`` is there, as the largest of
straight lines ``start + slope * t``. A recurrence makes such lines of such lines, and an operation that
treats each place by itself raises them; what reads a tensor as a whole waits for its last place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..graph import Expression, maximum
from ..layer_rules import Loop
from .lives import is_zero

Number = Any
Line = tuple[Number, Number]


@dataclass(frozen=True)
class Readiness:
    """The largest of ``lines``, each a start and a slope, over ``places``; one flat line is ready at once."""

    lines: tuple[Line, ...]
    places: Number = 1

    @property
    def whole(self) -> Number:
        """When all places are ready."""
        return maximum(*(end for line in self.lines for end in self._ends(line)))

    def place(self, at: Number) -> Number:
        """When place ``at`` is ready."""
        return maximum(*(start + at * slope for start, slope in self.lines))

    def later(self, span: Number) -> Readiness:
        """Every place ``span`` operations later."""
        return Readiness(tuple((start + span, slope) for start, slope in self.lines), self.places)

    def times(self, factor: Number) -> Readiness:
        """This where ``factor`` is 1, ready at once where it is 0."""
        return Readiness(tuple((factor * start, factor * slope) for start, slope in self.lines), self.places)

    def turned(self) -> Readiness:
        """The places in reverse order."""
        last = self.places - 1
        lines = tuple((start if is_zero(slope) else start + last * slope, -1 * slope) for start, slope in self.lines)
        return Readiness(lines, self.places)

    def _ends(self, line: Line) -> tuple[Number, ...]:
        start, slope = line
        return (start,) if is_zero(slope) else (start, start + (self.places - 1) * slope)


READY = Readiness(((0, 0),))


def latest(all_of: Sequence[Readiness]) -> Readiness:
    """Each place when it is ready in all of them."""
    found: list[Line] = []
    for start, slope in (line for each in all_of for line in each.lines):
        same = next((at for at, line in enumerate(found) if _is_same(line[1], slope)), None)
        if same is None:
            found.append((start, slope))
        else:
            found[same] = (maximum(found[same][0], start), slope)
    return Readiness(tuple(found), maximum(*(each.places for each in all_of)))


def after_loop(inputs: Readiness, states: Number, loop: Loop) -> Readiness:
    """The outputs of a recurrence, step by step; ``states``: when its first state is ready.

    Step t waits for the state before it and for its input. Along a line the input that holds it up
    longest is its own or the first one.
    """
    given = inputs.turned() if loop.backwards else inputs
    lines = [Readiness(((states + loop.again, loop.again),), loop.timesteps)]
    for start, slope in given.lines:
        own, first = (start + loop.first, slope), (start + loop.first, loop.again)
        # A flat line rises nowhere: its own input never comes later than the first.
        lines.append(Readiness((first,) if is_zero(slope) else (own, first), loop.timesteps))
    made = latest(lines).later(loop.after)
    return made.turned() if loop.backwards and loop.ordered else made


def _is_same(one: Number, other: Number) -> bool:
    if isinstance(one, Expression) or isinstance(other, Expression):
        return isinstance(one, Expression) and isinstance(other, Expression) and one.slot == other.slot
    return one is other or (isinstance(one, int) and isinstance(other, int) and one == other)
