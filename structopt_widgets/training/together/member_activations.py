"""An activation for each member of a stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

# Those of keras.activations that treat each element by itself.
ELEMENTWISE = frozenset(
    {
        *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh"),
        *("leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
        *("softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink"),
    }
)


def choose_between(functions: Sequence[Callable[[Any], Any]], chosen: Any, x: Any) -> Any:
    """``functions[chosen](x)`` for a scalar tensor ``chosen``.

    A function that is not chosen sees zeros, since the gradient of an infinity that nobody takes is
    not a number.
    """
    result = tf.zeros_like(x)
    for number, function in enumerate(functions):
        mine = tf.equal(chosen, number)
        result = tf.where(mine, function(tf.where(mine, x, tf.zeros_like(x))), result)
    return result


def keeps_zero(function: Callable[[Any], Any]) -> bool:
    """Whether padding of zeros stays zero."""
    return not keras.ops.convert_to_numpy(function(keras.ops.zeros((1, 2)))).any()


def holder(layer: Any) -> Any:
    """The object whose ``activation`` a layer computes with: a recurrent layer's is its cell."""
    return getattr(layer, "cell", layer)
