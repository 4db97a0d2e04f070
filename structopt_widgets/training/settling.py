"""Statistics of normalization layers that a short run leaves unsettled.

Batch normalization averages the statistics of its batches with a momentum m: after n updates, m^n of
what it started from (mean 0, variance 1) is left, 74 % of it after 30 steps at m = 0.99. Validated with
those, a network with normalization looks worse than it is. Where more than :data:`LEFT` is left, the
statistics are recomputed before a validation, as the mean over training batches at the present weights:
what the moving average would settle to.

Source: Y. Wu, J. Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from ..keras_bridge.backend import compiled, without_gradients
from ..keras_bridge.inheriting.variables import placed_weights
from ..structure import Structure
from .budget import Budget

LEFT = 0.01  # of what the statistics started from, below which they have settled
SAMPLES = 2048  # to recompute them from, at most: a mean is then off by 2 % of a deviation


@dataclass(frozen=True)
class Moving:
    """How a moving statistic is averaged: with ``momentum``, ``updates`` times a step."""

    momentum: float
    updates: int

    @property
    def share(self) -> float:
        """Of a step's batch in the statistic after that step."""
        return 1 - self.momentum**self.updates

    def is_settled(self, steps: int) -> bool:
        """Whether hardly anything is left of what it started from."""
        return self.momentum ** (self.updates * steps) <= LEFT


def moving_weights(structure: Structure) -> dict[tuple[str, int], Moving]:
    """The moving statistics that training changes, by layer and place among the weights that declares."""
    connected = structure.space.connected
    found = {}
    for name in structure.layers:
        *around, config = _wrapped(connected.graph.layers[name].config)
        if not all(each.get("trainable", True) for each in (*around, config)):
            continue  # frozen: it normalizes by what it has, in training too
        for place, axes in enumerate(connected.weights.get(name, ())):
            if axes.is_moving:
                found[name, place] = Moving(float(config["momentum"]), _updates(structure, name))
    return found


def _wrapped(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A layer's configuration, that of what it wraps, and so on."""
    inner = config.get("layer")
    return [config, *(_wrapped(inner["config"]) if isinstance(inner, Mapping) else ())]


def _updates(structure: Structure, layer: str) -> int:
    """How often a step changes a layer's statistics: once in each call, and at each timestep of a wrapper's."""
    count = 0
    for each in structure.space.connected.calls:
        if layer in (each.call.layer, each.site.layer.elsewhere):
            around = len(_wrapped(each.site.config)) - 1
            count += math.prod(structure.setting.size(dim) for dim in each.site.inputs[0][:around])
    return count


def moving_states(structure: Structure, model: keras.Model) -> list[Moving | None]:
    """How each of the model's weights that are not trained moves, in their order; ``None`` for those that do not."""
    placed = placed_weights(structure, model)
    moving = {id(placed[key]): each for key, each in moving_weights(structure).items() if key in placed}
    return [moving.get(id(each)) for each in model.non_trainable_variables]


def batches_to_settle(structure: Structure, budget: Budget, samples: int, steps: int) -> int:
    """How many training batches to recompute statistics from after ``steps``; 0 where all have settled."""
    moving = moving_weights(structure).values()
    if not budget.settle_normalization or all(each.is_settled(steps) for each in moving):
        return 0
    return max(1, min(samples, SAMPLES) // budget.batch_size)


class Settling:
    """Replaces the moving statistics of a model built from ``structure`` by their means over batches.

    Nothing else in the model changes: not its weights, and not the state of its dropout.
    """

    def __init__(self, structure: Structure, model: keras.Model) -> None:
        self._model = model
        self._moving = moving_states(structure, model)

        def updated(weights: list[Any], state: list[Any], x: Any) -> list[Any]:
            return model.stateless_call(weights, state, x, training=True)[1]

        self._updated = compiled(updated)

    def settle(self, batches: Sequence[Any]) -> None:
        """Recompute the statistics at the present weights."""
        weights = [each.value for each in self._model.trainable_variables]
        state = [keras.ops.convert_to_tensor(each.value) for each in self._model.non_trainable_variables]
        sums = [keras.ops.zeros_like(each) for each in state]
        for x in batches:
            # From 0 a statistic becomes its share of the batch's; dropout goes on from the batch before.
            blank = [
                each if moves is None else keras.ops.zeros_like(each)
                for each, moves in zip(state, self._moving, strict=True)
            ]
            with without_gradients():
                state = self._updated(weights, blank, keras.tree.map_structure(keras.ops.convert_to_tensor, x))
            sums = [
                total if moves is None else total + each
                for total, each, moves in zip(sums, state, self._moving, strict=True)
            ]
        for variable, total, moves in zip(self._model.non_trainable_variables, sums, self._moving, strict=True):
            if moves is not None:
                variable.assign(total / (len(batches) * moves.share))
