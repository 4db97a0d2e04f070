"""Several runs trained in one compiled step."""

from __future__ import annotations

import abc
import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...keras_bridge.internals import layers_inside
from ...keras_bridge.kinds import role_of
from ...keras_bridge.logits import with_logits
from ...layer_rules import Role
from ...structure import Structure
from ..budget import Budget
from ..compiled import as_loss
from ..objective import Objective
from ..optimizer import Key, exclude_from_decay
from ..settling import moving_weights
from .optimizer_kernels import fuse

# Their update of an element depends on that element alone, so that one optimizer serves many models.
_ELEMENTWISE_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "Nadam", "Adadelta", "Lion")
_REGULARIZERS = ("L1", "L2", "L1L2")


class NotStackableError(Exception):
    """Why structures cannot be trained in one step."""


class JointTraining(abc.ABC):
    """Members that are updated in one compiled step; every one is mathematically alone.

    How the weights of the members lie in the joint ones, and what is computed with them, is up to the
    subclasses. They call :meth:`_begin` when they know.

    Attributes:
        adds_losses: whether layers add losses of their own, as was seen when the steps were traced.
    """

    adds_losses = False

    def _begin(
        self,
        envelope: Structure,
        trainable: Sequence[tuple[Key, str, np.ndarray, np.ndarray | None]],
        state: Sequence[tuple[Key, np.ndarray]],
        optimizer: Any,
        objective: Objective,
        members: int,
        x: Any,
        y: np.ndarray,
        budget: Budget,
    ) -> None:
        """Place the weights, and trace each computation once, for batches of any size.

        Args:
            envelope: what the layers are those of.
            trainable: of each joint weight its layer and place, its name, its values at the start, and what to
                multiply its gradient by: 0 for members that go without that bias, ``None`` where all have it.
            state: layer and place of the weights that are not trained, and their values at the start.
            optimizer: a new one.
            objective: which all members share.
            members: how many there are.
            x, y: training samples, an array or a tuple or dictionary of them, and targets.
            budget: for the size of a batch.
        """
        self._trainable = [keras.Variable(values, name=name) for _, name, values, _ in trainable]
        self._masks = [None if mask is None else tf.constant(mask, tf.float32) for *_, mask in trainable]
        self._state = [tf.Variable(values) for _, values in state]
        moving = moving_weights(envelope)
        self._moving = [moving.get(key) for key, _ in state]
        self._optimizer = optimizer
        keys = [key for key, *_ in trainable]
        exclude_from_decay(optimizer, envelope, budget, dict(zip(keys, self._trainable, strict=True)))
        optimizer.build(self._trainable)
        fuse(optimizer)
        self._loss, self._loss_weight = as_loss(objective.loss), objective.loss_weight
        self._batch_size = budget.batch_size
        self._x, self._y = tf.nest.map_structure(tf.constant, x), tf.constant(y)
        spec = tf.TensorSpec
        samples = tf.nest.map_structure(lambda each: spec([None, *each.shape[1:]], each.dtype), x)
        outputs, targets = (
            spec([members, None, *objective.output_shape], tf.float32),
            spec([None, *y.shape[1:]], y.dtype),
        )
        function = functools.partial(tf.function, autograph=False)
        orders, number = spec([members, len(y)], tf.int32), spec([], tf.int32)
        self._steps = function(self._train_steps).get_concrete_function(orders, number, number, number)
        self._apply = function(self._evaluate).get_concrete_function(samples)
        self._settling: Any = None
        logits = None if self._apply.structured_outputs[1] is None else outputs
        self._losses = function(self._mean_losses).get_concrete_function(outputs, logits, targets)

    def steps(self, orders: np.ndarray, first: int, count: int, number: int) -> np.ndarray:
        """``count`` updates in a row, the first of which is the epoch's ``first`` and the training's ``number``.

        ``orders`` holds each member's order of the samples in this epoch, ``(members, samples)``.
        Returns the losses of every step, penalties included, ``(count, members)``.
        """
        return self._steps(tf.constant(orders), *(tf.constant(each) for each in (first, count, number))).numpy()

    def outputs(self, x: Any, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Outputs of every member on the same samples, ``(members, samples, ...)``.

        And what a closing sigmoid or softmax made them of, which Keras's crossentropies read; ``None`` without one.
        """
        starts = range(0, len(tf.nest.flatten(x)[0]), batch)
        made = [self._apply(_rows(x, slice(start, start + batch))) for start in starts]
        outputs, logits = zip(*made, strict=True)
        return _joined(outputs), None if logits[0] is None else _joined(logits)

    def mean_losses(self, outputs: np.ndarray, logits: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
        """Mean loss of every member over all samples, without penalties."""
        given = [tf.constant(outputs), None if logits is None else tf.constant(logits), tf.constant(targets)]
        return self._losses(*(each for each in given if each is not None)).numpy()

    def settle(self, orders: np.ndarray, batches: int, number: int) -> None:
        """Replace moving statistics by their mean over the first ``batches`` of an epoch's order.

        Weights stay as they are. ``number`` is that of the training's next step, whose dropout masks these
        batches see. See :mod:`~structopt_widgets.training.settling`.
        """
        if self._settling is None:
            # Traced when it is first needed: few models are.
            self._settling = tf.function(self._settle, autograph=False)
        self._settling(tf.constant(orders), tf.constant(batches), tf.constant(number))

    @abc.abstractmethod
    def weights(self, number: int) -> dict[tuple[str, int], np.ndarray]:
        """The weights of a member by layer and place among the weights that declares."""

    @abc.abstractmethod
    def _member_losses(self, weights: Any, state: Any, rows: Any, number: Any) -> tuple[Any, Any]:
        """Each member's loss on its ``rows`` of the samples, ``(members,)``; the updated state."""

    @abc.abstractmethod
    def _member_outputs(self, weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Each member's outputs on the samples ``x``, ``(members, samples, ...)``, and their logits or ``None``."""

    def _train_steps(self, orders: Any, first: Any, count: Any, number: Any) -> Any:
        size = self._batch_size

        def step(done: Any, losses: Any) -> Any:
            start = (first + done) * size
            return done + 1, losses.write(done, self._train(orders[:, start : start + size], number + done))

        losses = tf.TensorArray(tf.float32, size=count, element_shape=[orders.shape[0]])
        return tf.while_loop(lambda done, _: done < count, step, (0, losses))[1].stack()

    def _train(self, rows: Any, number: Any) -> Any:
        weights, state = self._values()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            losses, updated = self._member_losses(weights, state, rows, number)
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

    def _settle(self, orders: Any, batches: Any, number: Any) -> None:
        weights, state = self._values()
        shares = {place: each.share for place, each in enumerate(self._moving) if each is not None}
        blank = [tf.zeros_like(each) if place in shares else each for place, each in enumerate(state)]

        def add(done: Any, sums: Any) -> Any:
            rows = orders[:, done * self._batch_size : (done + 1) * self._batch_size]
            _, updated = self._member_losses(weights, blank, rows, number + done)
            return done + 1, [total + updated[place] for total, place in zip(sums, shares, strict=True)]

        _, sums = tf.while_loop(lambda done, _: done < batches, add, (0, [blank[place] for place in shares]))
        for (place, share), total in zip(shares.items(), sums, strict=True):
            self._state[place].assign(total / (tf.cast(batches, total.dtype) * share))

    def _evaluate(self, x: Any) -> Any:
        return self._member_outputs(*self._values(), x)

    def _values(self) -> tuple[list[Any], list[Any]]:
        return [each.value for each in self._trainable], [each.value() for each in self._state]

    def _mean_loss(self, y: Any, outputs: Any, logits: Any = None) -> Any:
        return self._loss_weight * tf.reduce_mean(self._loss(y, with_logits(outputs, logits)))

    def _mean_losses(self, outputs: Any, logits: Any, targets: Any) -> Any:
        given = (outputs,) if logits is None else (outputs, logits)
        return tf.map_fn(lambda member: self._mean_loss(targets, *member), given, fn_output_signature=tf.float32)


def _joined(parts: Sequence[Any]) -> np.ndarray:
    return np.concatenate([each.numpy() for each in parts], axis=1).astype(np.float32)


def _rows(x: Any, rows: slice) -> Any:
    return tf.nest.map_structure(lambda each: tf.constant(each[rows]), x)


def refuse_optimizer(optimizer: Any) -> None:
    """Raise :class:`NotStackableError` for an optimizer that does not treat each element by itself."""
    kind = type(optimizer).__name__
    if kind not in _ELEMENTWISE_OPTIMIZERS or not type(optimizer).__module__.startswith("keras."):
        raise NotStackableError(f"the optimizer {kind} is not known to work element by element")
    for setting in ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor"):
        if getattr(optimizer, setting, None):
            raise NotStackableError(f"the optimizer's {setting} joins a model's weights")


def refuse_weights(model: keras.Model) -> None:
    """Raise :class:`NotStackableError` for a model with weights that are not updated by the optimizer alone."""
    for each in model.trainable_variables:
        if each.constraint is not None:
            raise NotStackableError(f"{each.path} has a constraint")
        if each.regularizer is not None and type(each.regularizer).__name__ not in _REGULARIZERS:
            raise NotStackableError(f"{each.path} has a regularizer of another kind than L1 and L2")
        if str(each.dtype) != "float32":
            raise NotStackableError(f"{each.path} is {each.dtype}")
    if any(role_of(each) is Role.ADAPTED_NORMALIZATION for each in model.operations):
        raise NotStackableError("Normalization computes with statistics outside its weights")


def refuse_layer(name: str, layer: Any) -> None:
    """Raise :class:`NotStackableError` for a layer that keeps a state, or does not compute in full precision."""
    for each in layers_inside(layer):
        if getattr(each, "stateful", False):
            raise NotStackableError(f"{name} keeps a state")
        if each.compute_dtype != "float32" and each.weights:
            raise NotStackableError(f"{name} computes in {each.compute_dtype}")
