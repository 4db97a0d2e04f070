"""How important each unit of a width is: the units that count least go first when a layer is narrowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import keras
import numpy as np

from ...graph import Layer, Symbol
from ...graph.checks import known
from ...graph.dimensions import symbols
from ...graph.selection import spread, spread_out
from ...layer_rules import WeightAxes
from ...structure import WidthGroup
from .examples import Examples
from .taylor import rank_units


class HeldWeight(NamedTuple):
    """A weight of the original: the layer it belongs to, its axes, and the variable with its values."""

    layer: Layer
    axes: WeightAxes
    values: Any


class Original(NamedTuple):
    """What units are chosen by.

    The model's weights, the widths that are narrowed with the units they are to have, the seed of a
    random choice, samples with a loss, where there are any, and how to get a copy of the model with the
    variables of the copy that hold ``weights``.
    """

    weights: Sequence[HeldWeight]
    widths: Mapping[Symbol, int]
    seed: int
    examples: Examples | None
    copy: Callable[[], tuple[keras.Model, list[Any]]]


class UnitWeights(NamedTuple):
    """A weight along one of a width's units, as a user's own importance sees it.

    Attributes:
        layer, name: the layer, and the weight's name in it: ``"kernel"``, ``"bias"``, ``"gamma"``.
        values: ``(units, ...)``: the units' axis first; after a flattening, a unit has a second one.
        role: ``"incoming"`` where the units are what the layer makes, ``"outgoing"`` where it sums over
            them, else ``"each"``, as for a bias or a scale.
    """

    layer: str
    name: str
    values: np.ndarray
    role: str


Scores: TypeAlias = Mapping[Symbol, np.ndarray]
Importance: TypeAlias = str | Callable[[WidthGroup, list[UnitWeights]], Any]


def score_units(importance: Importance, original: Original, groups: Mapping[Symbol, WidthGroup]) -> Scores:
    """A number for each unit of the widths that are narrowed, the higher the better."""
    if callable(importance):
        return {symbol: _own(importance, symbol, groups[symbol], original) for symbol in original.widths}
    return IMPORTANCES[importance](original)


def chosen_importance(importance: Importance | None, has_examples: bool) -> Importance:
    """``importance``, checked; ``None`` becomes ``"taylor"`` where there are samples, else ``"l2"``."""
    if importance is None:
        return "taylor" if has_examples else "l2"
    if callable(importance) and not isinstance(importance, type):
        return importance
    known(importance, IMPORTANCES, "an importance")
    if importance == "taylor" and not has_examples:
        raise ValueError(
            "Expected data with importance='taylor', which goes by the loss on samples; got none. "
            "Pass data=..., such as build(importance='taylor', data=data), or importance='l2'."
        )
    return importance


def _l2(original: Original) -> Scores:
    """Squared, which ranks in the same order."""
    return _incoming(original, np.square)


def _l1(original: Original) -> Scores:
    return _incoming(original, np.abs)


def _batch_norm_scale(original: Original) -> Scores:
    """Liu et al. 2017, arXiv:1708.06519."""
    scales: dict[Symbol, np.ndarray] = {}
    for _, axes, values in original.weights:
        if axes.is_scale:
            spread(axes.axes[0], np.abs(_array(values)), scales)
    return {**_l2(original), **scales}


def _taylor(original: Original) -> Scores:
    assert original.examples is not None  # noqa: S101 - chosen_importance has seen to it
    return rank_units(original, original.examples)


def _first(_: Original) -> Scores:
    return {}  # among equals the first stay


def _random(original: Original) -> Scores:
    rng = np.random.default_rng(original.seed)
    return {symbol: rng.random(symbol.baseline) for symbol in original.widths}


def _own(importance: Callable[..., Any], symbol: Symbol, group: WidthGroup, original: Original) -> np.ndarray:
    """A user's own importance of one width."""
    found = np.asarray(importance(group, list(_along(symbol, original.weights))))
    if found.shape != (symbol.baseline,) or found.dtype.kind not in "biuf" or not np.isfinite(found).all():
        got = f"shape {found.shape}" if found.shape != (symbol.baseline,) else "others"
        raise ValueError(
            f"Expected {symbol.baseline} finite numbers from importance(group, weights), one for each unit of "
            f"{group.name!r}, got {got}. Return an array, the higher the more important."
        )
    return found.astype(np.float64)


def _along(symbol: Symbol, weights: Sequence[HeldWeight]) -> Iterator[UnitWeights]:
    """The weights that have the units of ``symbol`` along an axis, which becomes the first."""
    for layer, axes, variable in weights:
        for axis, dim in enumerate(axes.axes):
            if symbol in symbols(dim):
                rest = spread_out(dim, {symbol: np.zeros(symbol.baseline)})
                units = np.eye(symbol.baseline)
                places = np.stack([np.flatnonzero(spread_out(dim, {symbol: unit}) - rest) for unit in units])
                values = np.moveaxis(_array(variable), axis, 0)[places]
                role = "incoming" if axis in axes.produced else "outgoing" if axis in axes.summed else "each"
                yield UnitWeights(layer.name, axes.name, values[:, 0] if places.shape[1] == 1 else values, role)


def _incoming(original: Original, magnitude: Callable[[np.ndarray], np.ndarray]) -> Scores:
    """Sum of the magnitudes of each unit's incoming weights, over all layers that produce the width."""
    scores: dict[Symbol, np.ndarray] = {}
    for _, axes, values in original.weights:
        if not axes.produced:
            continue
        magnitudes = magnitude(_array(values))
        for unit_axis in axes.produced:
            others = tuple(axis for axis in range(magnitudes.ndim) if axis != unit_axis)
            spread(axes.axes[unit_axis], magnitudes.sum(axis=others), scores)
    return scores


def _array(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


# Scores by unit, the higher the better; a width without any keeps its first units.
IMPORTANCES: Mapping[str, Callable[[Original], Scores]] = {
    "l2": _l2,
    "l1": _l1,
    "batch_norm_scale": _batch_norm_scale,
    "taylor": _taylor,
    "first": _first,
    "random": _random,
}
