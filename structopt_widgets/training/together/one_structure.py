"""The seeds of one structure trained in one compiled step of JAX: Keras's own layers, vectorized over the members.

Members of one shape need no padding, so that nothing of Keras is replaced: each has its own weights, its own state of
normalization and dropout, its own order of the samples and its own optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from ...keras_bridge import build_model
from ...keras_bridge.inheriting.variables import placed_weights
from ..budget import Budget
from ..compiled import as_loss
from ..fitting import compile_for
from ..objective import Objective
from ..run import Run
from ..settling import moving_states
from .joint_training import JointTraining, NotStackableError


class OneStructure(JointTraining):
    """The models of several runs of one structure, with a first axis for the members in all of their weights.

    Args:
        runs: of one structure, each with a seed of its own.
        objective: which all of them share.
        x, y: training samples and targets.
        budget: for the optimizer and the size of a batch.
        weights: ``"fresh"`` or ``"inherit"``.
        check: called for each member that has been built; what it raises ends the preparation.

    Raises :class:`NotStackableError` where an optimizer does more than update weights by gradients.
    """

    is_keras_own = True

    def __init__(
        self,
        runs: Sequence[Run],
        objective: Objective,
        x: Any,
        y: np.ndarray,
        budget: Budget,
        weights: str,
        check: Callable[[], object],
    ) -> None:
        import jax

        models = []
        for run in runs:
            check()
            models.append(build_model(run.structure, weights, False, seed=run.seed, examples=run.examples))
        self._structure, self._model = runs[0].structure, models[0]
        self._loss, self._loss_weight = as_loss(objective.loss), objective.loss_weight
        self._optimizer = optimizer = compile_for(runs[0], self._model, objective, budget)
        if hasattr(optimizer, "inner_optimizer"):
            raise NotStackableError("mixed precision scales the loss by what earlier steps have shown")
        if optimizer.use_ema:
            raise NotStackableError("averaged weights take the place of the others at each epoch's end")
        optimizer.build(self._model.trainable_variables)
        self._trainable, self._state = (
            [np.stack([np.asarray(each) for each in members]) for members in zip(*variables, strict=True)]
            for variables in (
                [model.trainable_variables for model in models],
                [model.non_trainable_variables for model in models],
            )
        )
        started = [np.asarray(each) for each in optimizer.variables]
        self._slots = [np.broadcast_to(each, (len(runs), *each.shape)) for each in started]
        self._moving = moving_states(self._structure, self._model)
        self._x, self._y = keras.tree.map_structure(jax.numpy.asarray, x), jax.numpy.asarray(y)
        self._size = budget.batch_size
        # Samples are the same for all, in an order of each one's own.
        self._step = jax.jit(jax.vmap(self._updated, in_axes=(0, 0, 0, 0, None, None)))
        self._seen = jax.jit(jax.vmap(self._state_after, in_axes=(0, 0, 0, None)))
        self._apply = jax.jit(jax.vmap(self._outputs, in_axes=(0, 0, None)))

    def steps(self, orders: np.ndarray, first: int, count: int, number: int) -> np.ndarray:
        losses = []
        for place in range(first, first + count):
            self._trainable, self._state, self._slots, loss = self._step(
                self._trainable, self._state, self._slots, self._rows(orders, place), self._x, self._y
            )
            losses.append(loss)
        return np.stack([np.asarray(each) for each in losses])

    def outputs(self, x: Any, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
        starts = range(0, len(keras.tree.flatten(x)[0]), batch)
        parts = (
            keras.tree.map_structure(lambda each: each[start : start + batch], x)  # noqa: B023 - at once
            for start in starts
        )
        made = [np.asarray(self._apply(self._trainable, self._state, part)) for part in parts]
        # An array of JAX does not remember what a sigmoid or softmax made it of, alone as well as here.
        return np.concatenate(made, axis=1).astype(np.float32), None

    def mean_losses(self, outputs: np.ndarray, logits: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
        return np.array([float(self._mean_loss(targets, each)) for each in outputs])

    def settle(self, orders: np.ndarray, batches: int, number: int) -> None:
        state = list(self._state)
        sums = [np.zeros_like(each) for each in state]
        for place in range(batches):
            # From 0 a statistic becomes its share of the batch's; dropout goes on from the batch before.
            blank = [
                each if moves is None else np.zeros_like(each) for each, moves in zip(state, self._moving, strict=True)
            ]
            state = self._seen(self._trainable, blank, self._rows(orders, place), self._x)
            sums = [
                total if moves is None else total + np.asarray(each)
                for total, each, moves in zip(sums, state, self._moving, strict=True)
            ]
        self._state = [
            each if moves is None else total / (batches * moves.share)
            for each, total, moves in zip(self._state, sums, self._moving, strict=True)
        ]

    def weights(self, number: int) -> dict[tuple[str, int], np.ndarray]:
        variables = [*self._model.trainable_variables, *self._model.non_trainable_variables]
        values = {
            id(each): np.asarray(stacked[number])
            for each, stacked in zip(variables, [*self._trainable, *self._state], strict=True)
        }
        return {key: values[id(each)] for key, each in placed_weights(self._structure, self._model).items()}

    def _rows(self, orders: np.ndarray, place: int) -> np.ndarray:
        return orders[:, place * self._size : (place + 1) * self._size]

    def _updated(self, trainable: Any, state: Any, slots: Any, rows: Any, x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
        """One member after a step on its ``rows`` of the samples, and its loss in it."""
        import jax

        def loss_of(trainable: Any) -> tuple[Any, Any]:
            made, updated, added = self._model.stateless_call(
                trainable, state, _gathered(x, rows), training=True, return_losses=True
            )
            loss = self._mean_loss(_gathered(y, rows), made)
            for each in added:
                loss += keras.ops.sum(keras.ops.cast(each, loss.dtype))
            return loss, updated

        (loss, state), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        trainable, slots = self._optimizer.stateless_apply(slots, gradients, trainable)
        return trainable, state, slots, loss

    def _mean_loss(self, y: Any, outputs: Any) -> Any:
        return self._loss_weight * keras.ops.mean(self._loss(y, outputs))

    def _state_after(self, trainable: Any, state: Any, rows: Any, x: Any) -> Any:
        return self._model.stateless_call(trainable, state, _gathered(x, rows), training=True)[1]

    def _outputs(self, trainable: Any, state: Any, x: Any) -> Any:
        return self._model.stateless_call(trainable, state, x, training=False)[0]


def _gathered(arrays: Any, rows: Any) -> Any:
    return keras.tree.map_structure(lambda each: keras.ops.take(each, rows, axis=0), arrays)
