"""Carrying weights from the original into a model of other widths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import Symbol
from ..graph.selection import NEW, origins, spread
from ..layer_rules import WeightAxes
from ..structure import Structure
from .source import KerasSource
from .without_weights import is_allocated


def inherit_weights(structure: Structure, source: KerasSource, operations: Mapping[str, Any]) -> None:
    """Fill the weights of ``operations``, freshly built, with the original's where they fit.

    When narrowing, the units with the largest L2 norm of incoming weights are kept, in order, and
    the same ones on both sides of every consumer. When widening, all are kept; the rest stays as
    initialized. A layer that the original never built keeps its fresh weights.
    """
    unallocated = [name for name, each in source.operations.items() if not all(map(is_allocated, _weights(each)))]
    if unallocated:
        raise ValueError(
            f"Expected weights to inherit, but {source.model.name!r} was built without any "
            f"({unallocated[0]!r} has none). Use build(weights='fresh')."
        )
    chosen = choose_units(structure, source)
    for name in operations:
        axes, original = structure.space.connected.weights[name], source.operations[name]
        old = _present(axes, _weights(original), _uses_bias(structure.space.baseline, name))
        for place, variable in _present(axes, _weights(operations[name]), _uses_bias(structure, name)).items():
            if place in old:
                variable.assign(_carried(axes[place], np.asarray(old[place]), np.asarray(variable), chosen))
        if hasattr(operations[name], "finalize_state"):
            operations[name].finalize_state()  # an adapted Normalization computes with copies of its weights


def choose_units(structure: Structure, source: KerasSource) -> dict[Symbol, np.ndarray]:
    """For every width that changes, the old unit each new unit comes from, or ``NEW``."""
    space = structure.space
    scores = _importance(structure, source)
    chosen = {}
    for name, group in space.width_groups.items():
        symbol = space.symbols[name]
        wanted = structure.widths[name] // group.divisor
        if wanted < symbol.baseline:
            # A stable sort: among equals the first units stay, whatever the platform.
            ranked = np.argsort(-scores.get(symbol, np.zeros(symbol.baseline)), kind="stable")
            chosen[symbol] = np.sort(ranked[:wanted])
        elif wanted > symbol.baseline:
            chosen[symbol] = np.concatenate([np.arange(symbol.baseline), np.full(wanted - symbol.baseline, NEW)])
    for block in space.blocks.values():
        if block.width is not None and not structure.blocks[block.name]:
            # What read the hidden layer's units now reads the units that layer would have read.
            source_shape, result_shape = (space.connected.shapes[tensor] for tensor in (block.source, block.result))
            chosen[block.width] = origins(source_shape[result_shape.index(block.width)], chosen)
    return chosen


def _importance(structure: Structure, source: KerasSource) -> dict[Symbol, np.ndarray]:
    """Squared L2 norm of each unit's incoming weights, over all layers that produce the width."""
    scores: dict[Symbol, np.ndarray] = {}
    for name, axes in structure.space.connected.weights.items():
        weights = _weights(source.operations[name])
        for place, variable in _present(axes, weights, _uses_bias(structure.space.baseline, name)).items():
            each = axes[place]
            if each.incoming is None:
                continue
            values = np.square(np.asarray(variable, dtype=np.float64))
            for unit_axis in (each.incoming,) if isinstance(each.incoming, int) else each.incoming:
                others = tuple(axis for axis in range(values.ndim) if axis != unit_axis)
                spread(each.axes[unit_axis], values.sum(axis=others), scores)
    return scores


def _carried(axes: WeightAxes, old: np.ndarray, fresh: np.ndarray, chosen: Mapping[Symbol, np.ndarray]) -> np.ndarray:
    if old.ndim == 0:
        return old
    value = fresh.copy()
    come_from = [origins(dim, chosen) for dim in axes.axes]
    value[np.ix_(*(np.flatnonzero(each != NEW) for each in come_from))] = old[
        np.ix_(*(each[each != NEW] for each in come_from))
    ]
    return value


def _present(axes: tuple[WeightAxes, ...], weights: list[Any], has_bias: bool) -> dict[int, Any]:
    """The variables that exist, by their place among the declared weights; none for a layer that is not built."""
    declared = [place for place, each in enumerate(axes) if has_bias or not each.is_bias]
    return dict(zip(declared, weights, strict=True)) if weights else {}


def _weights(operation: Any) -> list[Any]:
    """Weights of a layer; a bare operation has none."""
    return getattr(operation, "weights", [])


def _uses_bias(structure: Structure, layer: str) -> bool:
    return structure.biases.get(layer, True)
