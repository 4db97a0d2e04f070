"""Costs as SymPy expressions: the same rules, run on symbols instead of numbers.

Sums are expanded. Peak activations are a ``Max``, and training memory a sum and a ``Max``, without what
another term always exceeds. The span is the sum along the path that is longest at given widths: a
``Max`` over all paths would branch at every block, too many times for SymPy to hold in a network such
as NASNet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..layer_rules import ConnectedGraph, Cost, Setting
from .catalogue import METRICS
from .complexity import call_costs
from .memory import memory_of
from .moments import Moment
from .parallelism import critical_path
from .totals import layer_costs, weights_in_training

if TYPE_CHECKING:
    import sympy

Widths = Mapping["sympy.Symbol", int]


@dataclass(frozen=True)
class Estimate:
    """What the memory metrics are estimated for: see :func:`.totals.costs`."""

    batch_size: int
    slots: int
    precision: str | None = None
    recompute: bool | str = False


def layer_formulas(
    connected: ConnectedGraph, at: Setting, metric: str, estimate: Estimate, widths: Widths
) -> dict[str, sympy.Expr]:
    """One term a layer that has any, in execution order; ``at`` holds symbols, which stand for ``widths``."""
    import sympy

    if metric == "peak_activation_bytes":
        live: dict[str, list[Any]] = {}
        for moment in _moments(connected, at, estimate)[:-1]:  # the last is that of the loss
            terms = live.setdefault(connected.calls[moment.position].call.layer, [])
            terms.append(sympy.expand(estimate.batch_size * moment.alive))
        return {layer: _largest(each) for layer, each in live.items()}
    if metric in ("span", "parallelism"):
        return _longest_path(connected, at, widths)
    costs = call_costs(connected, at)
    if not METRICS[metric].by_layer:
        return {}
    # What is alive takes time and is asked for where it is needed.
    is_of_step = METRICS[metric].scope == "step"
    in_time = memory_of(connected, at, costs, estimate.precision, estimate.recompute) if is_of_step else None
    rows = layer_costs(connected, at, costs, in_time, estimate.batch_size, estimate.slots, estimate.precision)
    return {layer: sympy.sympify(row[metric]) for layer, row in rows.items() if row[metric] != 0}


def model_formula(
    connected: ConnectedGraph,
    at: Setting,
    metric: str,
    estimate: Estimate,
    widths: Widths,
    layers: Mapping[str, sympy.Expr] | None = None,
) -> sympy.Expr:
    """The whole model's ``metric``, one of the totals; ``layers``: its :func:`layer_formulas` where they are known."""
    import sympy

    if metric == "peak_activation_bytes":
        moments = _moments(connected, at, estimate)
        return _largest(sympy.expand(estimate.batch_size * moment.alive) for moment in moments)
    if metric == "training_bytes":
        moments = _moments(connected, at, estimate)
        weights = sympy.expand(sympy.Add(*weights_in_training(connected, at, estimate.slots).values()))
        return weights + _largest(sympy.expand(estimate.batch_size * moment.training) for moment in moments)
    if metric == "parallelism":
        work, span = (model_formula(connected, at, each, estimate, widths) for each in ("flops", "span"))
        return sympy.Max(1, work) / sympy.Max(1, span) if span == 0 else work / span
    if (derived := METRICS[metric].derived) is not None:
        return sympy.expand(derived(_Formulas(connected, at, estimate, widths)))
    known = layer_formulas(connected, at, metric, estimate, widths) if layers is None else layers
    return sympy.expand(sympy.Add(*known.values()))


@dataclass(frozen=True)
class _Formulas(Mapping[str, Any]):
    """The model's formulas by metric, each made when it is asked for."""

    connected: ConnectedGraph
    at: Setting
    estimate: Estimate
    widths: Widths

    def __getitem__(self, metric: str) -> sympy.Expr:
        return model_formula(self.connected, self.at, metric, self.estimate, self.widths)

    def __iter__(self) -> Iterator[str]:
        return iter(METRICS)

    def __len__(self) -> int:
        return len(METRICS)


def _moments(connected: ConnectedGraph, at: Setting, estimate: Estimate) -> list[Moment]:
    costs = call_costs(connected, at)
    return memory_of(connected, at, costs, estimate.precision, estimate.recompute).moments


class _Path:
    """A span at some widths that remembers the layers it is made of, each with its share as a formula.

    ``numbers`` are the widths: a width that is read as time is a factor of a recurrent layer's share.
    """

    def __init__(self, length: int, shares: Mapping[str, Any], numbers: Mapping[Any, Any]) -> None:
        self.length = length
        self.shares = shares
        self._numbers = numbers

    def __add__(self, other: Any) -> _Path:
        if not isinstance(other, _Path):
            return self if other == 0 else self._with(self.length + self._at(other), {**self.shares, "": other})
        layers = dict.fromkeys((*self.shares, *other.shares))
        shares = {layer: self.shares.get(layer, 0) + other.shares.get(layer, 0) for layer in layers}
        return self._with(self.length + other.length, shares)

    def __mul__(self, factor: Any) -> _Path:
        shares = {layer: factor * share for layer, share in self.shares.items()}
        return self._with(self._at(factor) * self.length, shares)

    __radd__ = __add__
    __rmul__ = __mul__

    def maximum(self, other: Any) -> _Path:
        """The longer of two."""
        theirs = other.length if isinstance(other, _Path) else self._at(other)
        return self if self.length >= theirs else other

    def _with(self, length: int, shares: Mapping[str, Any]) -> _Path:
        return _Path(length, shares, self._numbers)

    def _at(self, value: Any) -> int:
        import sympy

        return int(sympy.sympify(value).xreplace(self._numbers))


def _longest_path(connected: ConnectedGraph, at: Setting, widths: Widths) -> dict[str, sympy.Expr]:
    """The spans on the path through the graph that is longest at ``widths``, by layer, in order."""
    import sympy

    numbers = {symbol: sympy.Integer(width) for symbol, width in widths.items()}

    def path(layer: str, span: Any) -> Any:
        formula = sympy.sympify(span)
        length = formula.xreplace(numbers)
        return _Path(int(length), {layer: formula}, numbers) if length != 0 else 0

    def traced(layer: str, cost: Cost) -> Cost:
        return replace(
            cost,
            span=path(layer, cost.span),
            steps=tuple(replace(step, span=path(layer, step.span)) for step in cost.steps),
            loops=tuple(
                replace(
                    loop,
                    first=path(layer, loop.first),
                    again=path(layer, loop.again),
                    after=path(layer, loop.after),
                )
                for loop in cost.loops
            ),
        )

    costs = [
        traced(each.call.layer, cost) for each, cost in zip(connected.calls, call_costs(connected, at), strict=True)
    ]
    longest = critical_path(connected, at, costs)
    return {layer: share for layer, share in longest.shares.items() if share != 0} if isinstance(longest, _Path) else {}


def _largest(values: Iterable[Any]) -> sympy.Expr:
    """``Max`` of sums that are never negative, without those that another always exceeds."""
    import sympy

    candidates = list(dict.fromkeys(values))
    terms = [candidate.as_coefficients_dict() for candidate in candidates]

    def exceeds(more: dict[Any, Any], less: dict[Any, Any]) -> bool:
        return more is not less and all(more.get(key, 0) >= less.get(key, 0) for key in {*more, *less})

    kept = [
        candidate
        for candidate, mine in zip(candidates, terms, strict=True)
        if not any(exceeds(other, mine) for other in terms)
    ]
    # Letting SymPy compare a hundred sums with one another takes minutes.
    return kept[0] if len(kept) == 1 else sympy.Max(*kept, evaluate=False)
