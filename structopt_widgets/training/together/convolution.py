"""Convolutions whose filters differ from member to member, as products of patches: TensorFlow has no other way."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import tensorflow as tf


def use_patches(layer: Any) -> None:
    """Make a convolutional layer compute with patches."""
    is_depthwise = isinstance(layer, (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D))
    product = _depthwise if is_depthwise else _dense

    def call(inputs: Any) -> Any:
        outputs = product(layer, inputs, tf.convert_to_tensor(layer.kernel))
        if layer.use_bias:
            outputs = outputs + tf.convert_to_tensor(layer.bias)
        return outputs if layer.activation is None else layer.activation(outputs)

    layer.call = call


def is_convolution(layer: Any) -> bool:
    """Whether :func:`use_patches` knows this layer."""
    kinds = (
        keras.layers.Conv1D,
        keras.layers.Conv2D,
        keras.layers.Conv3D,
        keras.layers.DepthwiseConv1D,
        keras.layers.DepthwiseConv2D,
    )
    return type(layer) in kinds and layer.data_format == "channels_last"


def _dense(layer: Any, inputs: Any, kernel: Any) -> Any:
    *window, each, filters = kernel.shape
    patches = _shifted(layer, inputs, window)
    if layer.groups == 1:
        joined = tf.concat(patches, axis=-1) if len(patches) > 1 else patches[0]
        return tf.matmul(joined, tf.reshape(kernel, (len(patches) * each, filters)))
    # Filters of a group see only that group's channels.
    groups, made = layer.groups, filters // layer.groups
    parts = tf.split(tf.stack(patches, axis=-2), groups, axis=-1)
    kernels = tf.split(tf.reshape(kernel, (len(patches), each, filters)), groups, axis=-1)
    results = [
        tf.matmul(
            tf.reshape(part, [*_lengths(part)[:-2], len(patches) * each]), tf.reshape(own, (len(patches) * each, made))
        )
        for part, own in zip(parts, kernels, strict=True)
    ]
    return tf.concat(results, axis=-1)


def _depthwise(layer: Any, inputs: Any, kernel: Any) -> Any:
    *window, channels, multiplier = kernel.shape
    patches = _shifted(layer, inputs, window)
    kernels = tf.unstack(tf.reshape(kernel, (len(patches), channels, multiplier)))
    total = sum(tf.expand_dims(patch, -1) * each for patch, each in zip(patches, kernels, strict=True))
    return tf.reshape(total, [*_lengths(total)[:-2], channels * multiplier])


def _shifted(layer: Any, inputs: Any, window: list[int]) -> list[Any]:
    """For each place of the window, in row-major order, what the inputs hold there: (batch, *positions, channels)."""
    lengths = list(inputs.shape[1:-1])
    before, made = [], []
    for length, size, stride, dilation in zip(lengths, window, layer.strides, layer.dilation_rate, strict=True):
        reach = (size - 1) * dilation + 1
        if layer.padding == "valid":
            before.append((0, 0))
            made.append((length - reach) // stride + 1)
            continue
        count = -(-length // stride)
        missing = max((count - 1) * stride + reach - length, 0)
        # TensorFlow's "same" puts the odd one behind; "causal" puts all in front.
        front = missing // 2 if layer.padding == "same" else reach - 1
        before.append((front, missing - front if layer.padding == "same" else 0))
        made.append(count)
    if any(map(any, before)):
        inputs = tf.pad(inputs, [(0, 0), *before, (0, 0)])
    patches = []
    for place in itertools.product(*map(range, window)):
        slices = [slice(None)]
        for offset, count, stride, dilation in zip(place, made, layer.strides, layer.dilation_rate, strict=True):
            start = offset * dilation
            slices.append(slice(start, start + (count - 1) * stride + 1, stride))
        patches.append(inputs[tuple(slices)])
    return patches


def _lengths(tensor: Any) -> list[Any]:
    known, dynamic = tensor.shape, tf.shape(tensor)
    return [dynamic[axis] if length is None else length for axis, length in enumerate(known)]
