"""Carrying weights from the original into a model of other widths."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np

from ...graph import Symbol
from ...graph.selection import copied, origins, shares
from ...layer_rules import WeightAxes
from ...structure import Structure
from ..rebuilding.names import operations_of
from ..rebuilding.source import KerasSource
from ..without_weights import is_allocated
from .examples import Examples
from .importance import HeldWeight, Importance, Original, chosen_importance, score_units

Build = Callable[[Structure], keras.Model]


def inherit_weights(
    structure: Structure,
    source: KerasSource,
    operations: Mapping[str, Any],
    build: Build,
    importance: Importance | None = None,
    seed: int | None = None,
    examples: Examples | None = None,
) -> None:
    """Fill the weights of ``operations``, freshly built, with the original's.

    When narrowing, the most important units are kept, in order, and the same ones on both sides of
    every consumer. When widening, units are copied in turn, and whoever sums over them divides its
    weights among the copies (Chen et al. 2016, arXiv:1511.05641). A bias the original does not have
    comes in as zero. A layer that the original never built keeps its fresh weights. ``build`` makes a copy of the
    original, where units are chosen by what it computes.
    """
    unallocated = [name for name, each in source.operations.items() if not all(map(is_allocated, _weights(each)))]
    if unallocated:
        raise ValueError(
            f"Expected weights to inherit, but {source.model.name!r} was built without any "
            f"({unallocated[0]!r} has none). Use build(weights='fresh')."
        )
    chosen = choose_units(structure, source, build, importance, seed, examples)
    for name in operations:
        axes = structure.space.connected.weights[name]
        if not axes:
            continue
        old = _present(axes, source.weights(name), _uses_bias(structure.space.baseline, name))
        fresh = _in_order_of(_weights(operations[name]), source.weights(name))
        for place, variable in _present(axes, fresh, _uses_bias(structure, name)).items():
            if place in old:
                variable.assign(_carried(axes[place], np.asarray(old[place]), chosen))
            elif old:
                variable.assign(np.zeros(variable.shape))
        if hasattr(operations[name], "finalize_state"):
            operations[name].finalize_state()  # an adapted Normalization computes with copies of its weights


def choose_units(
    structure: Structure,
    source: KerasSource,
    build: Build,
    importance: Importance | None = None,
    seed: int | None = None,
    examples: Examples | None = None,
) -> dict[Symbol, np.ndarray]:
    """For every width that changes, the old unit each new unit comes from."""
    space = structure.space
    scores = _scores(structure, source, build, importance, seed, examples)
    chosen = {}
    for name, group in space.width_groups.items():
        symbol = space.symbols[name]
        wanted = structure.widths[name] // group.divisor
        if wanted < symbol.baseline:
            # A stable sort: among equals the first units stay, whatever the platform.
            ranked = np.argsort(-scores.get(symbol, np.zeros(symbol.baseline)), kind="stable")
            chosen[symbol] = np.sort(ranked[:wanted])
        elif wanted > symbol.baseline:
            chosen[symbol] = copied(symbol.baseline, wanted)
    for block in space.blocks.values():
        if block.width is not None and not structure.blocks[block.name]:
            # What read the hidden layer's units now reads the units that layer would have read.
            source_shape, result_shape = (space.connected.shapes[tensor] for tensor in (block.source, block.result))
            chosen[block.width] = origins(source_shape[result_shape.index(block.width)], chosen)
    return chosen


def _scores(
    structure: Structure,
    source: KerasSource,
    build: Build,
    importance: Importance | None,
    seed: int | None,
    examples: Examples | None,
) -> Mapping[Symbol, np.ndarray]:
    """How important the units of the widths that are narrowed are."""
    space = structure.space
    importance = chosen_importance(importance, examples is not None)
    groups = {
        space.symbols[name]: group for name, group in space.width_groups.items() if structure.widths[name] < group.width
    }
    if not groups:
        return {}
    if examples is not None and importance == "taylor":
        examples.judge(_checksum(weight for each in source.operations.values() for weight in _weights(each)))
        if structure in examples.ranked:
            return examples.ranked[structure]
    held = _held(structure, source)
    widths = {symbol: structure.widths[group.name] // group.divisor for symbol, group in groups.items()}
    original = Original(
        [each for _, _, each in held], widths, seed or 0, examples, lambda: _copy(space.baseline, held, build)
    )
    scores = score_units(importance, original, groups)
    if examples is not None and importance == "taylor":
        examples.ranked[structure] = scores
    return scores


def _copy(baseline: Structure, held: list[tuple[str, int, HeldWeight]], build: Build) -> tuple[keras.Model, list[Any]]:
    """A copy of the original, and the variables in it that hold the weights which ``held`` names."""
    model = build(baseline)
    operations = operations_of(baseline, model)
    return model, [
        _present(baseline.space.connected.weights[name], _weights(operations[name]), _uses_bias(baseline, name))[place]
        for name, place, _ in held
    ]


def _checksum(weights: Iterable[Any]) -> int:
    """Of all values: whoever trains the model on has other units that matter."""
    found = 0
    for each in weights:
        found = zlib.crc32(np.ascontiguousarray(keras.ops.convert_to_numpy(each.value)).view(np.uint8).data, found)
    return found


def _held(structure: Structure, source: KerasSource) -> list[tuple[str, int, HeldWeight]]:
    """The weights that have a say, each with its layer and its place among those the layer declares."""
    space = structure.space
    held: list[tuple[str, int, HeldWeight]] = []
    for name in structure.layers:  # what is left out has no say in what stays
        axes = space.connected.weights[name]
        present = _present(axes, source.weights(name), _uses_bias(space.baseline, name))
        held.extend(
            (name, place, HeldWeight(space.graph.layers[name], axes[place], present[place])) for place in present
        )
    return held


def _carried(axes: WeightAxes, old: np.ndarray, chosen: Mapping[Symbol, np.ndarray]) -> np.ndarray:
    """The new values of a weight: its units picked along every axis, and shared out where the layer sums over them."""
    value = old
    for axis, dim in enumerate(axes.axes):
        come_from = origins(dim, chosen)
        if np.array_equal(come_from, np.arange(old.shape[axis])):
            continue
        value = np.take(value, come_from, axis)
        factor = np.ones(len(come_from))
        if axis in axes.summed or axis == axes.query_axis:
            factor = shares(come_from)
        if axis == axes.query_axis:
            factor = factor * np.sqrt(len(come_from) / old.shape[axis])  # attention divides by the new size's root
        value = value * factor.reshape(-1, *[1] * (old.ndim - axis - 1))
    return value


def _present(axes: tuple[WeightAxes, ...], weights: list[Any], has_bias: bool) -> dict[int, Any]:
    """The variables that exist, by their place among the declared weights; none for a layer that is not built."""
    declared = [place for place, each in enumerate(axes) if has_bias or not each.is_bias]
    return dict(zip(declared, weights, strict=True)) if weights and axes else {}


def _weights(operation: Any) -> list[Any]:
    """Weights of a layer; a bare operation has none."""
    return getattr(operation, "weights", [])


def _in_order_of(weights: list[Any], others: list[Any]) -> list[Any]:
    """``weights`` in the order of ``others``: a layer quantized after it was built keeps its weights in another."""
    places = {weight.name: place for place, weight in enumerate(others)}
    is_reordered = {weight.name for weight in weights} == set(places) and len(places) == len(weights) == len(others)
    return sorted(weights, key=lambda weight: places[weight.name]) if is_reordered else weights


def _uses_bias(structure: Structure, layer: str) -> bool:
    return structure.biases.get(layer, True)
