"""Costs as SymPy expressions: the same rules, run on symbols instead of numbers.

Sums are expanded. Peak activations are a ``Max``, without what another term always exceeds. The
span is the sum along the path that is longest at given widths: a ``Max`` over all paths would
branch at every block, too many times for SymPy to hold in a network such as NASNet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..layer_rules import ConnectedGraph, Setting
from .memory import live_bytes, tensor_bytes
from .operations import call_costs
from .totals import ADDITIVE, layer_costs

if TYPE_CHECKING:
    import sympy

Widths = Mapping["sympy.Symbol", int]


def layer_formulas(
    connected: ConnectedGraph, at: Setting, metric: str, batch_size: int, slots: int, widths: Widths
) -> dict[str, sympy.Expr]:
    """One term a layer that has any, in execution order; ``at`` holds symbols, which stand for ``widths``."""
    import sympy

    if metric == "peak_activation_bytes":
        return {layer: _largest(each) for layer, each in _live_by_layer(connected, at, batch_size).items()}
    if metric in ("span", "parallelism"):
        return _longest_path(connected, at, widths)
    if metric not in ADDITIVE:
        raise ValueError(f"Expected a total of the model as the metric of a formula, got {metric!r}.")
    # What is alive is asked for above; a Max of it here would only take time.
    rows = layer_costs(connected, at, call_costs(connected, at), [0] * len(connected.calls), batch_size, slots)
    return {layer: sympy.sympify(row[metric]) for layer, row in rows.items() if row[metric] != 0}


def model_formula(
    connected: ConnectedGraph, at: Setting, metric: str, batch_size: int, slots: int, widths: Widths
) -> sympy.Expr:
    """The whole model's ``metric``, one of the totals."""
    import sympy

    if metric == "peak_activation_bytes":
        live = _live_by_layer(connected, at, batch_size)
        return _largest(term for terms in live.values() for term in terms)
    if metric == "parallelism":
        work, span = (model_formula(connected, at, each, batch_size, slots, widths) for each in ("flops", "span"))
        return work / span
    total = sympy.expand(sympy.Add(*layer_formulas(connected, at, metric, batch_size, slots, widths).values()))
    return sympy.Integer(1) if metric == "span" and total == 0 else total


def _live_by_layer(connected: ConnectedGraph, at: Setting, batch_size: int) -> dict[str, list[Any]]:
    import sympy

    live: dict[str, list[Any]] = {}
    for each, alive in zip(connected.calls, live_bytes(connected, at, tensor_bytes(connected, at)), strict=True):
        live.setdefault(each.call.layer, []).append(sympy.expand(batch_size * alive))
    return live


def _longest_path(connected: ConnectedGraph, at: Setting, widths: Widths) -> dict[str, sympy.Expr]:
    """The spans on the path through the graph that is longest at ``widths``, by layer, in order."""
    import sympy

    spans = [sympy.sympify(cost.span) for cost in call_costs(connected, at)]
    numbers = {symbol: sympy.Integer(width) for symbol, width in widths.items()}
    finished: dict[int, int] = {}
    made_by: dict[int, int] = {}
    slowest_input: list[int | None] = []
    for position, each in enumerate(connected.calls):
        slowest_input.append(max(each.call.inputs, key=finished.__getitem__, default=None))
        begun = max((finished[index] for index in each.call.inputs), default=0)
        for index in each.call.outputs:
            finished[index] = begun + int(spans[position].xreplace(numbers))
            made_by[index] = position
    path = []
    tensor: int | None = max(connected.graph.output_tensors, key=finished.__getitem__)
    while tensor is not None:
        path.append(made_by[tensor])
        tensor = slowest_input[path[-1]]
    by_layer: dict[str, sympy.Expr] = {}
    for position in reversed(path):
        if spans[position] != 0:
            layer = connected.calls[position].call.layer
            by_layer[layer] = by_layer.get(layer, 0) + spans[position]
    return by_layer


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
