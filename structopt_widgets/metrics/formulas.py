"""Costs as SymPy expressions: the same rules, run on symbols instead of numbers.

Sums are expanded. The largest of many and the longest of many paths are written with ``Max``, from
which what is never the largest is left out: term by term smaller than another for all widths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from ..layer_rules import ConnectedGraph, Setting
from .memory import live_bytes, tensor_bytes
from .operations import call_costs
from .totals import ADDITIVE, layer_costs

if TYPE_CHECKING:
    import sympy

# The column of the table by layer that a total which is no sum is made of.
LAYER_COLUMN_OF = {"peak_activation_bytes": "live_bytes", "parallelism": "span"}


def layer_formulas(
    connected: ConnectedGraph, at: Setting, metric: str, batch_size: int, slots: int
) -> dict[str, sympy.Expr]:
    """One term a layer that has any, in execution order."""
    import sympy

    column = LAYER_COLUMN_OF.get(metric, metric)
    if column == "live_bytes":
        return {layer: _largest(each) for layer, each in _live_by_layer(connected, at, batch_size).items()}
    # What is alive is asked for above; a Max of it here would only take time.
    rows = layer_costs(connected, at, call_costs(connected, at), [0] * len(connected.calls), batch_size, slots)
    return {layer: sympy.sympify(row[column]) for layer, row in rows.items() if row[column] != 0}


def model_formula(connected: ConnectedGraph, at: Setting, metric: str, batch_size: int, slots: int) -> sympy.Expr:
    """The whole model's ``metric``, one of the totals."""
    import sympy

    if metric == "peak_activation_bytes":
        live = _live_by_layer(connected, at, batch_size)
        return _largest([term for terms in live.values() for term in terms])
    if metric == "span":
        return _longest_path(connected, at)
    if metric == "parallelism":
        return model_formula(connected, at, "flops", batch_size, slots) / _longest_path(connected, at)
    if metric not in ADDITIVE:
        raise ValueError(f"Expected a total of the model as the metric of a formula, got {metric!r}.")
    return sympy.expand(sympy.Add(*layer_formulas(connected, at, metric, batch_size, slots).values()))


def _live_by_layer(connected: ConnectedGraph, at: Setting, batch_size: int) -> dict[str, list[Any]]:
    import sympy

    live: dict[str, list[Any]] = {}
    for each, alive in zip(connected.calls, live_bytes(connected, tensor_bytes(connected, at)), strict=True):
        live.setdefault(each.call.layer, []).append(sympy.expand(batch_size * alive))
    return live


def _longest_path(connected: ConnectedGraph, at: Setting) -> sympy.Expr:
    """Span of the graph. A path is a bag of its calls' spans: what two share stands outside their ``Max``."""
    import sympy

    finished: list[Counter[Any]] = [Counter() for _ in connected.graph.tensors]
    for each, cost in zip(connected.calls, call_costs(connected, at), strict=True):
        done = _joined([finished[index] for index in each.call.inputs])
        if cost.span != 0:
            done[sympy.sympify(cost.span)] += 1
        for index in each.call.outputs:
            finished[index] = done.copy()
    total = _total(_joined([finished[index] for index in connected.graph.output_tensors]))
    return sympy.Integer(1) if total == 0 else total


def _joined(paths: list[Counter[Any]]) -> Counter[Any]:
    if not paths:
        return Counter()
    common = reduce(and_, paths, paths[0])  # a bag of its own also for a single path
    longest = _largest([_total(path - common) for path in paths])
    return common if longest == 0 else common + Counter([longest])


def _total(path: Counter[Any]) -> sympy.Expr:
    import sympy

    return sympy.Add(*(times * span for span, times in path.items()))


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
