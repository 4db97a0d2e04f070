"""Many models as one: their weights stacked, padded to the widest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ....keras_bridge import build_model
from ....keras_bridge.inheriting.variables import placed_weights
from ....keras_bridge.logits import logits_of
from ....structure import Structure
from ...budget import Budget
from ...objective import Objective
from ...optimizer import fresh_optimizer
from ...run import Run
from ..initial_weights import Weights, initial_weights
from ..joint_training import NotStackableError, refuse_optimizer, refuse_weights
from ..members import Placement, envelope_of
from ..tensorflow_training import TensorFlowTraining
from .forward import Forward


class Stack(TensorFlowTraining):
    """The models of several runs, padded with zeros to the widest, with a first axis for the members.

    Args:
        runs: of structures of one space.
        objective: which all of them share.
        x, y: training samples and targets.
        budget: for the optimizer.
        weights: ``"fresh"`` or ``"inherit"``.
        check: called for each member that has been built; what it raises ends the preparation.

    Raises :class:`NotStackableError` for models that cannot be stacked.
    """

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
        structures = [run.structure for run in runs]
        self._is_one_seed = len({run.seed for run in runs}) == 1
        envelope = envelope_of(structures)
        self._envelope_model = model = build_model(envelope, "fresh", compiled=False, seed=0)
        optimizer = fresh_optimizer(structures[0], budget)
        refuse_optimizer(optimizer)
        refuse_weights(model)
        self._placements = [Placement(each, envelope) for each in structures]
        self._axes = envelope.space.connected.weights
        self._places = {id(variable): key for key, variable in placed_weights(envelope, model).items()}
        own, dropout_seeds = initial_weights(runs, weights, check)
        start = {variable: self._joined(own, *key) for variable, key in self._places.items()}
        self._forward = Forward(envelope, model, structures, self._placements, dropout_seeds)
        self._others = [each for each in model.non_trainable_variables if id(each) in self._places]
        trainable = [
            (self._places[id(each)], each.name, start[id(each)], self._mask(structures, id(each)))
            for each in model.trainable_variables
        ]
        state = [(self._places[id(each)], start[id(each)]) for each in self._others]
        self._begin(envelope, trainable, state, optimizer, objective, len(runs), x, y, budget)

    def weights(self, number: int) -> dict[tuple[str, int], np.ndarray]:
        model, picked = self._envelope_model, {}
        for variable, stacked in zip(
            [*model.trainable_variables, *self._others], [*self._trainable, *self._state], strict=True
        ):
            layer, place = self._places[id(variable)]
            values = np.asarray(stacked[number])
            picked[layer, place] = self._placements[number].pick(self._axes[layer][place].axes, values)
        return picked

    def _joined(self, own: Sequence[Weights], layer: str, place: int) -> np.ndarray:
        """A weight of all members, each in its place among zeros, ``(members, ...)``."""
        axes = self._axes[layer][place]
        filled = []
        for placement, weights in zip(self._placements, own, strict=True):
            absent = np.zeros([len(placement.places(dim)) for dim in axes.axes], axes.dtype)
            filled.append(placement.fill(axes.axes, weights.get((layer, place), absent)))
        return np.stack(filled)

    def _mask(self, structures: Sequence[Structure], key: int) -> np.ndarray | None:
        """What to multiply a weight's gradient by: 0 for members that go without that bias, 1 for others.

        ``None`` where all have it: padding needs no mask, as its gradients are zeros by themselves.
        """
        layer, place = self._places[key]
        axes = self._axes[layer][place]
        has = [not axes.is_bias or each.biases.get(layer, True) for each in structures]
        return None if all(has) else np.reshape(has, [-1] + [1] * len(axes.axes))

    def _member_losses(self, weights: Any, state: Any, rows: Any, number: Any) -> tuple[Any, Any]:
        members = self._forward.inputs(tf.shape(rows)[1], number, training=True)
        if self._is_one_seed:
            # All see the same samples: what is computed of them before any weights is computed once.
            x, y = self._gathered(rows[0])
            return tf.vectorized_map(
                lambda member: self._member_loss(x, y, *member),
                (weights, state, members),
                fallback_to_while_loop=False,
            )
        x, y = self._gathered(rows)
        return tf.vectorized_map(
            lambda member: self._member_loss(*member), (x, y, weights, state, members), fallback_to_while_loop=False
        )

    def _gathered(self, rows: Any) -> tuple[Any, Any]:
        return tf.nest.map_structure(lambda each: tf.gather(each, rows), (self._x, self._y))

    def _member_loss(self, x: Any, y: Any, weights: Any, state: Any, own: Any) -> Any:
        with self._as_member(weights, state) as scope:
            given = dict(scope.state_mapping)
            outputs = self._forward(x, own, training=True)
            self._refuse_assignments(given, scope.state_mapping, self._others)
            loss = self._mean_loss(y, outputs)
            for each in self._envelope_model.trainable_variables:
                if each.regularizer is not None:
                    loss += each.regularizer(each)
            for added in scope.losses:
                self.adds_losses = True
                loss += tf.reduce_sum(tf.cast(added, loss.dtype))
            updated = [tf.convert_to_tensor(scope.get_current_value(each)) for each in self._others]
        return loss, updated

    def _member_outputs(self, weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
        def outputs(member: Any) -> Any:
            with self._as_member(member[0], member[1]) as scope:
                given = dict(scope.state_mapping)
                made = self._forward(x, member[2], training=False)
                self._refuse_assignments(given, scope.state_mapping, kept=())
                logits = logits_of(made)
                return (made,) if logits is None else (made, logits)

        members = self._forward.inputs(0, 0, training=False)
        made, *logits = tf.vectorized_map(outputs, (weights, state, members), fallback_to_while_loop=False)
        return made, logits[0] if logits else None

    def _as_member(self, weights: Any, state: Any) -> Any:
        model = self._envelope_model
        return keras.StatelessScope(
            state_mapping=[
                *zip(model.trainable_variables, weights, strict=True),
                *zip(self._others, state, strict=True),
            ],
            collect_losses=True,
        )

    def _refuse_assignments(self, given: Mapping[int, Any], now: Mapping[int, Any], kept: Sequence[Any]) -> None:
        """Raise where layers assigned to weights other than those whose new values are ``kept``."""
        may = {id(each) for each in kept}
        changed = {key for key, value in now.items() if key not in may and given.get(key) is not value}
        if changed:
            names = [each.path for each in self._envelope_model.variables if id(each) in changed]
            raise NotStackableError(
                f"a layer assigns to {', '.join(names) or 'a variable of its own'} when it is called"
            )
