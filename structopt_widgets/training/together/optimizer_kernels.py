"""Updates of whole weights by one kernel of TensorFlow, where Keras takes a dozen passes over them."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ...keras_bridge.internals import adam_slots, place_of


def fuse(optimizer: Any) -> None:
    """Make an optimizer compute its updates with TensorFlow's kernel of the same formula, if there is one.

    Learning rate schedules and weight decay stay Keras's.
    """
    kind = type(optimizer)
    if kind in (keras.optimizers.Adam, keras.optimizers.AdamW) and not optimizer.amsgrad:
        optimizer.update_step = lambda *args: _adam(optimizer, *args)
    elif kind is keras.optimizers.SGD:
        optimizer.update_step = lambda *args: _sgd(optimizer, *args)


def _adam(optimizer: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    place, step = place_of(optimizer, variable), tf.cast(optimizer.iterations + 1, variable.dtype)
    momentum, velocity = adam_slots(optimizer, place)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=momentum.value.handle,
        v=velocity.value.handle,
        beta1_power=optimizer.beta_1**step,
        beta2_power=optimizer.beta_2**step,
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=gradient,
    )


def _sgd(optimizer: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    rate = tf.cast(learning_rate, variable.dtype)
    if not optimizer.momentum:
        tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)
        return
    tf.raw_ops.ResourceApplyKerasMomentum(
        var=variable.handle,
        accum=optimizer.momentums[place_of(optimizer, variable)].value.handle,
        lr=rate,
        grad=gradient,
        momentum=optimizer.momentum,
        use_nesterov=optimizer.nesterov,
    )
