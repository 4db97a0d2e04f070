"""Statistics of normalization layers that a short run leaves unsettled.

Batch normalization averages the statistics of its batches with a momentum m: after n updates, m^n of
what it started from (mean 0, variance 1) is left, 74 % of it after 30 steps at m = 0.99. Validated with
those, a network with normalization looks worse than it is. Where more than :data:`LEFT` is left, the
statistics are recomputed before a validation, as the mean over training batches at the present weights:
what the moving average would settle to.

Source: Y. Wu, J. Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from ..keras_bridge.variables import placed_weights
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
        config = connected.graph.layers[name].config
        if not config.get("trainable", True):
            continue  # frozen: it normalizes by what it has, in training too
        calls = sum(call.layer == name for call in connected.graph.calls)
        for place, axes in enumerate(connected.weights.get(name, ())):
            if axes.is_moving:
                found[name, place] = Moving(float(config["momentum"]), calls)
    return found


def batches_to_settle(structure: Structure, budget: Budget, samples: int, steps: int) -> int:
    """How many training batches to recompute statistics from after ``steps``; 0 where all have settled."""
    moving = moving_weights(structure).values()
    if not budget.settle_normalization or all(each.is_settled(steps) for each in moving):
        return 0
    return max(1, min(samples, SAMPLES) // budget.batch_size)


def settle(structure: Structure, model: keras.Model, batches: Sequence[np.ndarray]) -> None:
    """Replace the moving statistics of a model built from ``structure`` by their means over ``batches``.

    Nothing else in the model changes: not its weights, and not the state of its dropout.
    """
    placed = placed_weights(structure, model)
    moving = {id(placed[key]): each for key, each in moving_weights(structure).items() if key in placed}
    sums = _sums_of_updates(model, moving, batches)
    for variable, total in zip(model.non_trainable_variables, sums, strict=True):
        if id(variable) in moving:
            variable.assign(total / (len(batches) * moving[id(variable)].share))


def _sums_of_updates(
    model: keras.Model, moving: Mapping[int, Moving], batches: Sequence[np.ndarray]
) -> list[tf.Tensor]:
    """The sum over batches of what each moving statistic becomes when it starts from 0."""
    trained = [each.value for each in model.trainable_variables]
    is_moving = [id(each) in moving for each in model.non_trainable_variables]

    @tf.function(autograph=False, reduce_retracing=True)
    def updated(state: list[tf.Tensor], x: tf.Tensor) -> list[tf.Tensor]:
        return model.stateless_call(trained, state, x, training=True)[1]

    state = [tf.convert_to_tensor(each.value) for each in model.non_trainable_variables]
    sums = [tf.zeros_like(each) for each in state]
    for x in batches:
        blank = [tf.zeros_like(each) if moves else each for each, moves in zip(state, is_moving, strict=True)]
        # Dropout goes on from where the batch before has left it.
        state = updated(blank, tf.constant(x))
        sums = [total + each if moves else total for total, each, moves in zip(sums, state, is_moving, strict=True)]
    return sums
