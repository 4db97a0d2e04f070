"""Products with weights, of all samples and positions at once.

A product for each position, as Keras has them, would become as many small ones for every member,
and the gradient of the weights a sum over them.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from ....keras_bridge.kinds import role_of
from ....layer_rules import Role


def use_whole_products(layer: Any) -> None:
    """Make a dense layer multiply all positions at once."""
    contracted = len(_contracted(layer))

    def call(inputs: Any, *_: Any, **__: Any) -> Any:
        kernel = tf.convert_to_tensor(layer.kernel)
        made = kernel.shape[contracted:]
        size = math.prod(kernel.shape[:contracted])
        joined = tf.reshape(inputs, [*lengths(inputs)[:-contracted], size])
        outputs = product_of_positions(joined, tf.reshape(kernel, (size, math.prod(made))))
        outputs = tf.reshape(outputs, [*lengths(outputs)[:-1], *made])
        if layer.bias is not None:
            outputs = outputs + tf.convert_to_tensor(layer.bias)
        return outputs if layer.activation is None else layer.activation(outputs)

    layer.call = call


def is_dense(layer: Any) -> bool:
    """Whether :func:`use_whole_products` knows this layer."""
    return bool(_contracted(layer))


def product_of_positions(inputs: Any, kernel: Any) -> Any:
    """``(..., n) @ (n, m)`` as one product of two matrices."""
    flat = tf.reshape(inputs, (-1, kernel.shape[0]))
    return tf.reshape(tf.matmul(flat, kernel), [*lengths(inputs)[:-1], kernel.shape[1]])


def lengths(tensor: Any) -> list[Any]:
    """The length of each axis, as a number where it is known."""
    known, dynamic = tensor.shape, tf.shape(tensor)
    return [dynamic[axis] if length is None else length for axis, length in enumerate(known)]


def _contracted(layer: Any) -> str:
    """The axes of the inputs that a layer multiplies away, where these are their last and the kernel's first."""
    if role_of(layer) is Role.DENSE:
        return "n"
    if role_of(layer) is not Role.EINSUM_DENSE:
        return ""
    inputs, kernel, outputs = (each.strip(" .") for each in layer.equation.replace("->", ",").split(","))
    contracted = "".join(axis for axis in kernel if axis not in outputs)
    rest, made = inputs[: len(inputs) - len(contracted)], kernel[len(contracted) :]
    whole = inputs == rest + contracted and kernel == contracted + made and outputs == rest + made
    return contracted if whole else ""
