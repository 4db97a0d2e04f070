"""The structure that makes the best of a budget: every width by one multiplier, or each by what cutting it loses."""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.checks import known, mapping, number, short, whole
from ..graph.wording import listed, say, say_n
from ..metrics import METRICS, limit_metrics, optimizer_slots
from ..metrics.formatting import format_exact
from .allowed_widths import grid, nearest_width

if TYPE_CHECKING:
    import pandas as pd

    from .space import StructureSpace
    from .structure import Structure
    from .width_groups import WidthGroup

LEVELS = 32  # widths of a group that are tried; a finer step is taken where the budget leaves room for one
WHOLE = 5_000  # structures of a space that is searched whole
EVALUATIONS = 5_000  # structures looked at in exchanging one width for another: seconds for the largest models
TABLE = ("group", "width", "lost")

Widths = dict[str, int]


class BudgetError(ValueError):
    """A budget that not even the narrowest structure keeps within.

    Attributes:
        least: the smallest reachable costs, of the limits that are missed.
    """

    def __init__(self, least: Mapping[str, float], text: str) -> None:
        super().__init__(text)
        self.least = dict(least)


def fit_budget(
    space: StructureSpace,
    limits: Mapping[str, float],
    sensitivity: Any,
    multiple_of: int,
    batch_size: int,
    optimizer: str | None,
    start: Structure,
) -> Structure:
    """See :meth:`StructureSpace.fit`."""
    limits = _limits(limits)
    curves = None if sensitivity is None else _curves(space, sensitivity)
    search = _Search(space, start, limits, whole(batch_size, "a batch size", least=1), optimizer)
    free = {name: group for name, group in space.width_groups.items() if not group.fixed}
    allowed = {name: _allowed(group, multiple_of) for name, group in free.items()}
    if curves is not None:
        # What no table tells about stays as it is, and nothing grows: no accuracy would be won back by it.
        allowed = {
            name: [width for width in widths if width <= free[name].width] if name in curves else [free[name].width]
            for name, widths in allowed.items()
        }
    search.check_reachable({name: widths[0] for name, widths in allowed.items()}, curves)
    if curves is None:
        found = _uniform(space, search, allowed, multiple_of)
    else:
        found = _by_sensitivity(search, allowed, curves, _uniform(space, search, allowed, multiple_of))
    for name, width in found.items():
        start = start.with_width(name, width)
    return start


class _Search:
    """What structures cost against their limits, by the widths of their free groups."""

    def __init__(
        self, space: StructureSpace, start: Structure, limits: Mapping[str, float], batch_size: int, optimizer: Any
    ) -> None:
        program = space.program
        self._program = program.totals.only(limits)
        self._has_blocks = bool(space.blocks)
        self._limits, self._batch_size = limits, batch_size
        slots = space.slots if optimizer is None else optimizer_slots(optimizer)
        inputs = program.inputs(start.widths, start.biases, start.activations, start.blocks, batch_size, slots)
        # The free widths come first, in the order of the groups.
        self._names = [name for name, group in space.width_groups.items() if not group.fixed]
        self._other_inputs = inputs[len(self._names) :]
        self._seen: dict[tuple[int, ...], float] = {}

    def costs(self, widths: Widths) -> dict[str, float]:
        return self._program([*(widths[name] for name in self._names), *self._other_inputs])

    def use(self, widths: Widths) -> float:
        """The share of the budget that is used up, of the limit that is nearest; above 1 it does not fit."""
        key = tuple(widths.values())
        if key not in self._seen:
            costs = self.costs(widths)
            self._seen[key] = max(costs[metric] / limit for metric, limit in self._limits.items())
        return self._seen[key]

    def excess(self, widths: Widths) -> float:
        """How far beyond its limits a structure is, of all of them together."""
        costs = self.costs(widths)
        return sum(max(0.0, costs[metric] / limit - 1) for metric, limit in self._limits.items())

    def fits(self, widths: Widths) -> bool:
        return self.use(widths) <= 1

    @property
    def looked_at(self) -> int:
        return len(self._seen)

    def check_reachable(self, least: Widths, curves: Any) -> None:
        """Raise ``ValueError`` where not even the least widths fit."""
        costs = self.costs(least)
        missed = {metric: limit for metric, limit in self._limits.items() if costs[metric] > limit}
        if missed:
            asked = [f"{metric} {limit:,}" for metric, limit in missed.items()]
            reached = [self._said(metric, costs[metric]) for metric in missed]
            raise BudgetError(
                {metric: costs[metric] for metric in missed},
                say(
                    "Expected limits that the narrowest structure meets, got {asked}: with {what} at its least the "
                    "smallest reachable is {reached}. {advice}",
                    asked=listed(say(", "), asked),
                    reached=listed(say(", "), reached),
                    what=say("every free width") if curves is None else say("every width the sensitivities tell about"),
                    advice=say("Raise the limit, or leave out blocks.")
                    if self._has_blocks
                    else say("Raise the limit."),
                ),
            )

    def _said(self, metric: str, cost: float) -> str:
        """A cost, and for how many samples where it depends on them."""
        text = f"{metric} {_exactly(metric, cost)}"
        if METRICS[metric].scope not in ("batch", "step"):
            return text
        return say_n(self._batch_size, "{cost} for one sample", "{cost} for a batch of {n}", cost=text)


def _exactly(metric: str, value: float) -> str:
    """A cost for people, and to the last digit where that is more."""
    text = format_exact(metric, value)
    return text if text == f"{value:,}" else f"{text} ({value:,})"


def _uniform(space: StructureSpace, search: _Search, allowed: Mapping[str, Sequence[int]], multiple_of: int) -> Widths:
    """One multiplier; what rounding leaves of the budget goes to some widths, a step each."""
    groups = {name: space.width_groups[name] for name in allowed}

    def at(multiplier: float) -> Widths:
        wanted = {name: nearest_width(group, group.width * multiplier, multiple_of) for name, group in groups.items()}
        return {name: min(max(width, allowed[name][0]), allowed[name][-1]) for name, width in wanted.items()}

    low, high = 0.0, max((widths[-1] / groups[name].width for name, widths in allowed.items()), default=1.0)
    found = at(high)
    if not search.fits(found):
        found = {name: widths[0] for name, widths in allowed.items()}
        # No cost falls when a width grows, so bisection finds the edge; 40 halvings tell all widths apart.
        for _ in range(40):
            middle = (low + high) / 2
            candidate = at(middle)
            low, high, found = (middle, high, candidate) if search.fits(candidate) else (low, middle, found)
    around = {}
    for name, widths in allowed.items():
        place = bisect.bisect_left(widths, found[name])
        around[name] = list(widths[place : place + 2])
    return _exchanged(search, found, around, lambda widths: (-search.use(widths),))


def _by_sensitivity(
    search: _Search,
    allowed: Mapping[str, Sequence[int]],
    curves: Mapping[str, Callable[[int], float]],
    uniform: Widths,
) -> Widths:
    """Cut, again and again, where most cost is saved for the accuracy lost; then exchange one width for another.

    The exchanges start from the uniform widths too: of two ends the better one is taken.
    """
    widths = {name: each[-1] for name, each in allowed.items()}
    levels = {name: _levels(each) for name, each in allowed.items()}

    def score(at: Widths) -> tuple[float, ...]:
        return (sum(curve(at[name]) for name, curve in curves.items()), -search.use(at))

    if math.prod(len(each) for each in allowed.values()) <= WHOLE:
        every = (dict(zip(allowed, each, strict=True)) for each in itertools.product(*allowed.values()))
        return min((each for each in every if search.fits(each)), key=score)

    def best_cut(name: str) -> tuple[float, int]:
        """The most excess saved for the accuracy lost, as a number to be least, and the width that does it."""
        excess, lost = search.excess(widths), curves[name](widths[name])
        cuts = [(1.0, widths[name])]
        for width in levels[name]:
            if width < widths[name]:
                saved = excess - search.excess({**widths, name: width})
                cuts.append((-saved / (curves[name](width) - lost + 1e-9), width))
        return min(cuts)

    # A cut saves less when others have been made: what was found before is at most too good (Minoux 1978).
    queue = [(*best_cut(name), name) for name in curves]
    heapq.heapify(queue)
    while not search.fits(widths) and queue:
        *_, name = heapq.heappop(queue)
        gain, width = best_cut(name)
        if queue and gain > queue[0][0]:
            heapq.heappush(queue, (gain, width, name))
        elif width < widths[name]:
            widths[name] = width
            heapq.heappush(queue, (*best_cut(name), name))
    if not search.fits(widths):  # the last cuts save nothing alone where several tensors are equally large
        widths |= {name: each[0] for name, each in allowed.items()}

    ends = [_exchanged(search, _exchanged(search, each, levels, score), allowed, score) for each in (widths, uniform)]
    return min(ends, key=score)


def _exchanged(
    search: _Search,
    widths: Widths,
    allowed: Mapping[str, Sequence[int]],
    score: Callable[[Widths], tuple[float, ...]],
) -> Widths:
    """The least score that changing one width, or one and then another as far as fits, leads to."""
    best, most = score(widths), search.looked_at + EVALUATIONS
    improved = True
    while improved and search.looked_at < most:
        improved = False
        for candidate in _neighbours(search, widths, allowed):
            if score(candidate) < best:
                widths, best, improved = candidate, score(candidate), True
                break
            if search.looked_at >= most:
                break
    return widths


def _neighbours(search: _Search, widths: Widths, allowed: Mapping[str, Sequence[int]]) -> Iterator[Widths]:
    names = [name for name, each in allowed.items() if len(each) > 1]
    for name in names:
        yield _filled_up(search, widths, name, allowed[name])
    for name in names:
        place = bisect.bisect_left(allowed[name], widths[name])
        # The nearest first: a few groups are tried wholly, of a hundred the evaluations end it.
        nearest = sorted((abs(each - place), each) for each in range(len(allowed[name])))
        for _, other_place in nearest[1:]:
            moved = {**widths, name: allowed[name][other_place]}
            for other in names:
                if other == name:
                    continue
                candidate = _filled_up(search, moved, other, allowed[other])
                if search.fits(candidate):
                    yield candidate
                    for third in names:
                        if third not in (name, other):
                            candidate = _filled_up(search, candidate, third, allowed[third])
                    yield candidate


def _filled_up(search: _Search, widths: Widths, name: str, allowed: Sequence[int]) -> Widths:
    """``widths`` with one of them as wide as fits, or at its least."""
    place = bisect.bisect_left(allowed, True, key=lambda width: not search.fits({**widths, name: width}))
    return {**widths, name: allowed[max(place - 1, 0)]}


def _allowed(group: WidthGroup, multiple_of: int) -> list[int]:
    first, last, step = grid(group, multiple_of)
    return sorted({*range(first, last + 1, step), *([group.width] if multiple_of > 1 else [])})


def _levels(widths: Sequence[int]) -> list[int]:
    """Some of many widths, evenly spread, the ends among them."""
    places = np.linspace(0, len(widths) - 1, min(LEVELS, len(widths))).round().astype(int)
    return [widths[place] for place in places]


def _limits(limits: Any) -> dict[str, float]:
    limits = mapping(limits, "limits", "{'n_params': 20_000}")
    if not limits:
        raise ValueError("Expected a limit of one cost at least, got none. Pass {'n_params': 20_000}.")
    return {
        known(metric, limit_metrics(), "a cost"): number(limit, f"a limit of {metric}", above=0)
        for metric, limit in limits.items()
    }


def _curves(space: StructureSpace, sensitivity: Any) -> dict[str, Callable[[int], float]]:
    """By group, what a width loses: straight between the widths of the table, and never less for a narrower one."""
    table: pd.DataFrame = getattr(sensitivity, "table", sensitivity)
    columns = getattr(table, "columns", ())
    if not set(TABLE) <= set(columns):
        raise TypeError(
            f"Expected sensitivities as sw.sensitivity() gives them, or a DataFrame with the columns "
            f"{', '.join(TABLE)}, got {short(sensitivity)}."
        )
    curves: dict[str, Callable[[int], float]] = {}
    for name, rows in table.groupby("group", sort=False):
        group = space.width_groups[known(name, space.width_groups, "a width group in the sensitivities")]
        points = {group.width: 0.0}
        for width, lost in zip(rows["width"], rows["lost"], strict=True):
            width = whole(width, f"a width of {name!r} in the sensitivities", least=1)
            if width < group.width:
                points[width] = number(lost, f"the accuracy lost by {name!r} at {width}")
        # Narrower than anything that was tried, it is guessed to lose all by nothing.
        points.setdefault(0, max(1.0, *points.values()))
        at = sorted(points)
        # A cut that seems to win is no reason to cut: it loses nothing.
        losses = np.maximum.accumulate([max(0.0, points[width]) for width in reversed(at)])[::-1]
        if not group.fixed:
            curves[name] = _straight_between(at, losses)
    if not curves:
        raise ValueError("Expected sensitivities of one free width group at least, got none.")
    return curves


def _straight_between(at: Sequence[int], losses: np.ndarray) -> Callable[[int], float]:
    return lambda width: float(np.interp(width, at, losses))
