"""Many models as one: their weights stacked, padded to the widest, updated in one compiled step."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...keras_bridge import build_model
from ...structure import Structure
from ..budget import Budget
from ..objective import Objective, fresh_optimizer
from ..run import Run
from .dropout import KINDS, first_seed
from .forward import Forward, NotStackableError, weight_places
from .fused import fuse
from .members import Placement, envelope_of, present_weights

# Their update of an element depends on that element alone, so that one optimizer serves a stack.
_ELEMENTWISE_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "Nadam", "Adadelta", "Lion")
_REGULARIZERS = ("L1", "L2", "L1L2")


class Stack:
    """The models of several runs, trained side by side; every member is mathematically alone.

    Args:
        runs: of structures of one space.
        objective: which all of them share.
        x, y: training samples and targets.
        budget: for the optimizer.
        weights: ``"fresh"`` or ``"inherit"``.

    Raises :class:`~.forward.NotStackableError` for models that cannot be stacked.
    """

    def __init__(
        self, runs: Sequence[Run], objective: Objective, x: np.ndarray, y: np.ndarray, budget: Budget, weights: str
    ) -> None:
        structures = [run.structure for run in runs]
        envelope = envelope_of(structures)
        self._envelope_model = model = build_model(envelope, "fresh", compiled=False, seed=0)
        self._loss = keras.losses.get(objective.loss)
        self._optimizer = fresh_optimizer(structures[0], budget)
        _check(model, self._optimizer)
        self._placements = [Placement(each, envelope) for each in structures]
        self._axes = envelope.space.connected.weights
        self._places = weight_places(envelope, model)
        start, dropout_seeds = self._start(runs, weights)
        self._forward = Forward(envelope, model, structures, self._placements, dropout_seeds)
        self._trainable = [keras.Variable(start[id(each)], name=each.name) for each in model.trainable_variables]
        self._masks = [self._mask(structures, id(each)) for each in model.trainable_variables]
        self._others = [each for each in model.non_trainable_variables if id(each) in self._places]
        self._state = [tf.Variable(start[id(each)]) for each in self._others]
        self._optimizer.build(self._trainable)
        fuse(self._optimizer)
        self._batch_size = budget.batch_size
        self._x, self._y = tf.constant(x), tf.constant(y)
        self._compile(len(runs), x, y, objective)

    def _compile(self, members: int, x: np.ndarray, y: np.ndarray, objective: Objective) -> None:
        """Trace each computation once, for batches of any size."""
        spec = tf.TensorSpec
        samples = spec([None, *x.shape[1:]], x.dtype)
        outputs, targets = (
            spec([members, None, *objective.output_shape], tf.float32),
            spec([None, *y.shape[1:]], y.dtype),
        )
        function = functools.partial(tf.function, autograph=False)
        orders, number = spec([members, len(x)], tf.int32), spec([], tf.int32)
        self._steps = function(self._train_steps).get_concrete_function(orders, number, number, number)
        self._apply = function(self._evaluate).get_concrete_function(samples)
        self._losses = function(self._mean_losses).get_concrete_function(outputs, targets)

    def steps(self, orders: np.ndarray, first: int, count: int, number: int) -> np.ndarray:
        """``count`` updates in a row, the first of which is the epoch's ``first`` and the training's ``number``.

        ``orders`` holds each member's order of the samples in this epoch, ``(members, samples)``.
        Returns the losses of every step, penalties included, ``(count, members)``.
        """
        return self._steps(tf.constant(orders), *(tf.constant(each) for each in (first, count, number))).numpy()

    def outputs(self, x: np.ndarray, batch: int) -> np.ndarray:
        """Outputs of every member on the same samples, ``(members, samples, ...)``."""
        made = [self._apply(tf.constant(x[start : start + batch])).numpy() for start in range(0, len(x), batch)]
        return np.concatenate(made, axis=1).astype(np.float32)

    def mean_losses(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Mean loss of every member over all samples, without penalties."""
        return self._losses(tf.constant(outputs), tf.constant(targets)).numpy()

    def weights(self, number: int) -> dict[tuple[str, int], np.ndarray]:
        """The weights of a member by layer and place, without padding."""
        model, picked = self._envelope_model, {}
        for variable, stacked in zip(
            [*model.trainable_variables, *self._others], [*self._trainable, *self._state], strict=True
        ):
            layer, place = self._places[id(variable)]
            values = np.asarray(stacked[number])
            picked[layer, place] = self._placements[number].pick(self._axes[layer][place].axes, values)
        return picked

    def _start(self, runs: Sequence[Run], weights: str) -> tuple[dict[int, np.ndarray], dict[str, np.ndarray]]:
        """The members' own initial weights in their places, by the ``id`` of the envelope's; dropout's seeds."""
        values: dict[tuple[str, int], list[np.ndarray]] = {place: [] for place in self._places.values()}
        seeds: dict[str, list[int]] = {}
        for run, placement in zip(runs, self._placements, strict=True):
            model = build_model(run.structure, weights, compiled=False, seed=run.seed)
            for operation in model.operations:
                own = present_weights(run.structure, operation.name, operation)
                for place, axes in enumerate(self._axes.get(operation.name, ())):
                    if (operation.name, place) in values:
                        size = [len(placement.places(dim)) for dim in axes.axes]
                        mine = np.asarray(own[place]) if place in own else np.zeros(size, axes.dtype)
                        values[operation.name, place].append(placement.fill(axes.axes, mine))
                seed = first_seed(operation) if type(operation).__name__ in KINDS else None
                if seed is not None:
                    seeds.setdefault(operation.name, []).append(seed)
        start = {key: np.stack(values[place]) for key, place in self._places.items()}
        return start, {layer: np.asarray(each) for layer, each in seeds.items()}

    def _mask(self, structures: Sequence[Structure], key: int) -> Any:
        """What to multiply a weight's gradient by: 0 for members that go without that bias, 1 for others.

        ``None`` where all have it: padding needs no mask, as its gradients are zeros by themselves.
        """
        layer, place = self._places[key]
        axes = self._axes[layer][place]
        has = [not axes.is_bias or each.biases.get(layer, True) for each in structures]
        return None if all(has) else tf.reshape(tf.cast(has, tf.float32), [-1] + [1] * len(axes.axes))

    def _train_steps(self, orders: Any, first: Any, count: Any, number: Any) -> Any:
        size = self._batch_size

        def step(done: Any, losses: Any) -> Any:
            start = (first + done) * size
            return done + 1, losses.write(done, self._train(orders[:, start : start + size], number + done))

        losses = tf.TensorArray(tf.float32, size=count, element_shape=[orders.shape[0]])
        return tf.while_loop(lambda done, _: done < count, step, (0, losses))[1].stack()

    def _train(self, rows: Any, number: Any) -> Any:
        members = self._forward.inputs(tf.shape(rows)[1], number, training=True)
        x, y = tf.gather(self._x, rows), tf.gather(self._y, rows)
        weights = [each.value for each in self._trainable]
        state = [each.value() for each in self._state]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            losses, updated = tf.vectorized_map(
                self._member_loss, (weights, state, x, y, members), fallback_to_while_loop=False
            )
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        masked = [
            tf.convert_to_tensor(each) if mask is None else tf.convert_to_tensor(each) * mask
            for each, mask in zip(gradients, self._masks, strict=True)
        ]
        self._optimizer.apply(masked, self._trainable)
        for each, value in zip(self._state, updated, strict=True):
            each.assign(value)
        return losses

    def _member_loss(self, member: Any) -> Any:
        weights, state, x, y, own = member
        with self._as_member(weights, state) as scope:
            outputs = self._forward(x, own, training=True)
            # At an epoch's mean a user's own loss function counts like Keras's: as the mean over the batch.
            loss = tf.reduce_mean(self._loss(y, outputs))
            for each in self._envelope_model.trainable_variables:
                if each.regularizer is not None:
                    loss += each.regularizer(each)
            updated = [tf.convert_to_tensor(scope.get_current_value(each)) for each in self._others]
        return loss, updated

    def _evaluate(self, x: Any) -> Any:
        weights, state = [each.value for each in self._trainable], [each.value() for each in self._state]

        def outputs(member: Any) -> Any:
            with self._as_member(member[0], member[1]):
                return self._forward(x, member[2], training=False)

        members = self._forward.inputs(0, 0, training=False)
        return tf.vectorized_map(outputs, (weights, state, members), fallback_to_while_loop=False)

    def _mean_losses(self, outputs: Any, targets: Any) -> Any:
        return tf.map_fn(
            lambda each: tf.reduce_mean(self._loss(targets, each)), outputs, fn_output_signature=tf.float32
        )

    def _as_member(self, weights: Any, state: Any) -> Any:
        model = self._envelope_model
        return keras.StatelessScope(
            state_mapping=[
                *zip(model.trainable_variables, weights, strict=True),
                *zip(self._others, state, strict=True),
            ]
        )


def _check(model: keras.Model, optimizer: Any) -> None:
    kind = type(optimizer).__name__
    if kind not in _ELEMENTWISE_OPTIMIZERS or not type(optimizer).__module__.startswith("keras."):
        raise NotStackableError(f"the optimizer {kind} is not known to work element by element")
    for setting in ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor"):
        if getattr(optimizer, setting, None):
            raise NotStackableError(f"the optimizer's {setting} joins a model's weights")
    for each in model.trainable_variables:
        if each.constraint is not None:
            raise NotStackableError(f"{each.path} has a constraint")
        if each.regularizer is not None and type(each.regularizer).__name__ not in _REGULARIZERS:
            raise NotStackableError(f"{each.path} has a regularizer of another kind than L1 and L2")
        if str(each.dtype) != "float32":
            raise NotStackableError(f"{each.path} is {each.dtype}")
    if any(type(each).__name__ == "Normalization" for each in model.operations):
        raise NotStackableError("Normalization computes with statistics outside its weights")
