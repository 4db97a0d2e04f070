"""Convolutions whose filters differ from member to member, as products of patches: TensorFlow has no other way."""

from __future__ import annotations

import itertools
from typing import Any

import tensorflow as tf

from ....keras_bridge.kinds import role_of
from ....layer_rules import Role
from .products import lengths, product_of_positions


def use_patches(layer: Any) -> None:
    """Make a convolutional layer compute with patches."""
    is_depthwise = role_of(layer) is Role.DEPTHWISE_CONVOLUTION
    product = _depthwise if is_depthwise else _grouped if layer.groups > 1 else _dense

    def call(inputs: Any) -> Any:
        outputs = product(layer, inputs, tf.convert_to_tensor(layer.kernel))
        return outputs if layer.activation is None else layer.activation(outputs)

    layer.call = call


def is_convolution(layer: Any) -> bool:
    """Whether :func:`use_patches` knows this layer."""
    is_one = role_of(layer) in (Role.CONVOLUTION, Role.DEPTHWISE_CONVOLUTION)
    return is_one and bool(layer.data_format == "channels_last")


def _dense(layer: Any, inputs: Any, kernel: Any) -> Any:
    *window, each, filters = kernel.shape
    patches = _shifted(layer, inputs, window)
    size = len(patches) * each
    kernel = tf.reshape(kernel, (size, filters))
    if layer.use_bias:
        # As one more row of the product: TensorFlow is slow to sum a gradient over positions.
        patches.append(tf.ones_like(patches[0][..., :1]))
        kernel = tf.concat([kernel, tf.convert_to_tensor(layer.bias)[None]], axis=0)
    joined = tf.concat(patches, axis=-1) if len(patches) > 1 else patches[0]
    return product_of_positions(joined, kernel)


def _grouped(layer: Any, inputs: Any, kernel: Any) -> Any:
    *window, each, filters = kernel.shape
    patches = _shifted(layer, inputs, window)
    # Filters of a group see only that group's channels.
    groups, made = layer.groups, filters // layer.groups
    parts = tf.split(tf.stack(patches, axis=-2), groups, axis=-1)
    kernels = tf.split(tf.reshape(kernel, (len(patches), each, filters)), groups, axis=-1)
    results = [
        product_of_positions(
            tf.reshape(part, [*lengths(part)[:-2], len(patches) * each]), tf.reshape(own, (len(patches) * each, made))
        )
        for part, own in zip(parts, kernels, strict=True)
    ]
    return _with_bias(layer, tf.concat(results, axis=-1))


def _depthwise(layer: Any, inputs: Any, kernel: Any) -> Any:
    *window, channels, multiplier = kernel.shape
    patches = _shifted(layer, inputs, window)
    kernels = tf.unstack(tf.reshape(kernel, (len(patches), channels, multiplier)))
    total = sum(tf.expand_dims(patch, -1) * each for patch, each in zip(patches, kernels, strict=True))
    return _with_bias(layer, tf.reshape(total, [*lengths(total)[:-2], channels * multiplier]))


def _with_bias(layer: Any, outputs: Any) -> Any:
    return outputs + tf.convert_to_tensor(layer.bias) if layer.use_bias else outputs


def _shifted(layer: Any, inputs: Any, window: list[int]) -> list[Any]:
    """For each place of the window, in row-major order, what the inputs hold there: (batch, *positions, channels)."""
    axes = list(zip(inputs.shape[1:-1], window, layer.strides, layer.dilation_rate, strict=True))
    made, padding = [], []
    for length, size, stride, dilation in axes:
        reach = (size - 1) * dilation + 1
        if layer.padding == "valid":
            count, front = (length - reach) // stride + 1, 0
        else:
            count = -(-length // stride)
            missing = max((count - 1) * stride + reach - length, 0)
            # TensorFlow's "same" puts the odd one behind; "causal" puts all in front.
            front = missing // 2 if layer.padding == "same" else reach - 1
        made.append(count)
        # Room for whole strides from the window's last place on.
        padding.append((front, max(reach - 1 + count * stride - front - length, 0)))
    if any(map(any, padding)):
        inputs = tf.pad(inputs, [(0, 0), *padding, (0, 0)])
    strides = [stride for _, _, stride, _ in axes]
    sizes = [count * stride for count, stride in zip(made, strides, strict=True)]
    patches = []
    for place in itertools.product(*map(range, window)):
        start = [offset * dilation for offset, (_, _, _, dilation) in zip(place, axes, strict=True)]
        patches.append(_thinned(tf.slice(inputs, [0, *start, 0], [-1, *sizes, -1]), strides))
    return patches


def _thinned(tensor: Any, strides: list[int]) -> Any:
    """Every so many-th position of each axis, without strided slices, whose gradient takes many times as long."""
    for axis, stride in enumerate(strides, start=1):
        if stride > 1:
            sizes = lengths(tensor)
            before, after = sizes[:axis], sizes[axis + 1 :]
            blocks = tf.reshape(tensor, [*before, sizes[axis] // stride, stride, *after])
            begin, size = [0] * (len(sizes) + 1), [-1] * (len(sizes) + 1)
            size[axis + 1] = 1
            tensor = tf.reshape(tf.slice(blocks, begin, size), [*before, sizes[axis] // stride, *after])
    return tensor
