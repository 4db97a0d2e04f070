"""How important each unit of a width is: the units that count least go first when a layer is narrowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..graph import Symbol
from ..graph.selection import spread
from ..layer_rules import WeightAxes


class HeldWeight(NamedTuple):
    """A weight of the original: its axes, and its values."""

    axes: WeightAxes
    values: Any


class Original(NamedTuple):
    """What units are chosen by: the model's weights, its widths by name, and the seed of a random choice."""

    weights: Sequence[HeldWeight]
    widths: Mapping[str, Symbol]
    seed: int


Scores: TypeAlias = dict[Symbol, np.ndarray]


def _l2(original: Original) -> Scores:
    """Squared, which ranks in the same order."""
    return _incoming(original, np.square)


def _l1(original: Original) -> Scores:
    return _incoming(original, np.abs)


def _batch_norm_scale(original: Original) -> Scores:
    """Liu et al. 2017, arXiv:1708.06519."""
    scales: Scores = {}
    for axes, values in original.weights:
        if axes.is_scale:
            spread(axes.axes[0], np.abs(np.asarray(values, dtype=np.float64)), scales)
    return _l2(original) | scales


def _first(_: Original) -> Scores:
    return {}  # among equals the first stay


def _random(original: Original) -> Scores:
    rng = np.random.default_rng(original.seed)
    return {symbol: rng.random(symbol.baseline) for symbol in original.widths.values()}


def _incoming(original: Original, magnitude: Callable[[np.ndarray], np.ndarray]) -> Scores:
    """Sum of the magnitudes of each unit's incoming weights, over all layers that produce the width."""
    scores: Scores = {}
    for axes, values in original.weights:
        if not axes.produced:
            continue
        magnitudes = magnitude(np.asarray(values, dtype=np.float64))
        for unit_axis in axes.produced:
            others = tuple(axis for axis in range(magnitudes.ndim) if axis != unit_axis)
            spread(axes.axes[unit_axis], magnitudes.sum(axis=others), scores)
    return scores


# Scores by unit, the higher the better; a width without any keeps its first units.
IMPORTANCES: Mapping[str, Callable[[Original], Scores]] = {
    "l2": _l2,
    "l1": _l1,
    "batch_norm_scale": _batch_norm_scale,
    "first": _first,
    "random": _random,
}
