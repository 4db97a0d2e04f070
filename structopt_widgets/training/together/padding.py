"""Layers among padded channels: which of them zeros do no harm, and what others compute instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

# Zeros in the padded channels of an input leave the others as they are, and come out as zeros again,
# up to the layer's activation. Padded weights are zeros too.
NEUTRAL = frozenset(
    {
        *("Dense", "Embedding", "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Identity", "Masking"),
        *("Flatten", "Reshape", "Permute", "RepeatVector"),
        *("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"),
        *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
        *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
        *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
        *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
        *("ops.Add", "ops.Subtract", "ops.Multiply", "ops.Concatenate"),
        *("BatchNormalization", "UnitNormalization", "LayerNormalization", "RMSNormalization"),
        *("SimpleRNN", "LSTM", "GRU", "Bidirectional", "TimeDistributed"),
        *("MultiHeadAttention", "GroupedQueryAttention"),
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    }
)
# Layers that normalize by the number of channels: with padding, by the member's own number.
NORMALIZING = {"LayerNormalization": True, "RMSNormalization": False}  # whether they subtract the mean


def normalize(layer: Any, subtracts_mean: bool, masks: Sequence[tuple[int, Any]], x: Any) -> Any:
    """Layer or RMS normalization over padded axes.

    ``masks`` holds each normalized axis of ``x`` with its mask.
    """
    axes = [axis for axis, _ in masks]
    mask = tf.ones([1] * len(x.shape))
    for axis, each in masks:
        mask = mask * tf.reshape(each, [-1 if place == axis else 1 for place in range(len(x.shape))])
    count = tf.reduce_sum(mask)
    if subtracts_mean:
        # The mean's gradient would reach into the padding, which must stay zeros without a mask of its own.
        x = x * mask
        x = (x - tf.reduce_sum(x, axes, keepdims=True) / count) * mask
    variance = tf.reduce_sum(x * x, axes, keepdims=True) / count
    outputs = x * tf.math.rsqrt(variance + layer.epsilon)
    shape = [x.shape[place] if place in axes else 1 for place in range(len(x.shape))]
    for weight, join in ((_scale(layer), tf.multiply), (getattr(layer, "beta", None), tf.add)):
        if weight is not None:
            outputs = join(outputs, tf.reshape(tf.convert_to_tensor(weight), shape))
    return outputs


def _scale(layer: Any) -> Any:
    return getattr(layer, "gamma", None) if hasattr(layer, "gamma") else getattr(layer, "scale", None)
