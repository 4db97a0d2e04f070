"""Several runs trained in one compiled step of TensorFlow."""

from __future__ import annotations

import abc
import functools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...keras_bridge.logits import with_logits
from ...structure import Structure
from ..budget import Budget
from ..compiled import as_loss
from ..objective import Objective
from ..optimizer import Key, exclude_from_decay
from ..settling import moving_weights
from .joint_training import JointTraining
from .optimizer_kernels import fuse

_FEW = 3  # samples on which a loss is looked at


class TensorFlowTraining(JointTraining):
    """Members whose weights lie in joint ones, for the subclasses to say how, and what is computed with them.

    They call :meth:`_begin` when they know.
    """

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
        self._is_by_sample = is_by_sample(self._loss, y[:_FEW], objective.output_shape)
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
        return self._steps(tf.constant(orders), *(tf.constant(each) for each in (first, count, number))).numpy()

    def outputs(self, x: Any, batch: int) -> tuple[np.ndarray, np.ndarray | None]:
        starts = range(0, len(tf.nest.flatten(x)[0]), batch)
        made = [self._apply(_rows(x, slice(start, start + batch))) for start in starts]
        outputs, logits = zip(*made, strict=True)
        return _joined(outputs), None if logits[0] is None else _joined(logits)

    def mean_losses(self, outputs: np.ndarray, logits: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
        given = [tf.constant(outputs), None if logits is None else tf.constant(logits), tf.constant(targets)]
        return self._losses(*(each for each in given if each is not None)).numpy()

    def settle(self, orders: np.ndarray, batches: int, number: int) -> None:
        if self._settling is None:
            # Traced when it is first needed: few models are.
            self._settling = tf.function(self._settle, autograph=False)
        self._settling(tf.constant(orders), tf.constant(batches), tf.constant(number))

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
        samples = tf.shape(outputs)[1]
        rows = tf.tile(tf.range(samples)[None], (outputs.shape[0], 1))
        found = self._joint_losses(tf.gather(targets, rows), outputs, logits)
        if found is not None:
            return found
        given = (outputs,) if logits is None else (outputs, logits)
        return tf.map_fn(lambda member: self._mean_loss(targets, *member), given, fn_output_signature=tf.float32)

    def _joint_losses(self, y: Any, outputs: Any, logits: Any) -> Any:
        """Each member's mean loss by one call, where samples do not mind what stands beside them; else ``None``.

        ``y`` are ``(members, samples, ...)`` as ``outputs`` and ``logits`` are.
        """
        if not self._is_by_sample:
            return None
        loss, members = self._loss, outputs.shape[0]
        y, outputs, logits = (None if each is None else _merged(each) for each in (y, outputs, logits))
        each_sample = loss.call(tf.cast(y, loss.dtype), with_logits(tf.cast(outputs, loss.dtype), logits))
        return self._loss_weight * tf.reduce_mean(tf.reshape(each_sample, (members, -1)), axis=1)


def is_by_sample(loss: Any, y: np.ndarray, output_shape: tuple[int, ...]) -> bool:
    """Whether a loss is the mean of one number or more a sample, the same beside any others.

    Some compare the samples of a batch with each other, or sum over them.
    """
    if loss.reduction != "sum_over_batch_size" or len(y) < _FEW:
        return False
    size = len(y) * math.prod(output_shape)
    outputs = tf.reshape(tf.cast(0.5 + 0.4 * np.sin(np.arange(size)), loss.dtype), (len(y), *output_shape))
    targets = tf.cast(y, loss.dtype)
    together = loss.call(targets, outputs)
    if together.shape[:1] != (len(y),):
        return False
    alone = tf.concat([loss.call(targets[row : row + 1], outputs[row : row + 1]) for row in range(len(y))], 0)
    return together.shape == alone.shape and bool(np.allclose(together, alone, rtol=1e-4))


def _merged(tensor: Any) -> Any:
    """Samples of all members, one after the other."""
    return tf.reshape(tensor, (-1, *tensor.shape[2:]))


def _joined(parts: Sequence[Any]) -> np.ndarray:
    return np.concatenate([each.numpy() for each in parts], axis=1).astype(np.float32)


def _rows(x: Any, rows: slice) -> Any:
    return tf.nest.map_structure(lambda each: tf.constant(each[rows]), x)
