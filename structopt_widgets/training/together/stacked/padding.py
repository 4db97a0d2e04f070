"""Layers that count their channels, among padded ones: what they compute instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ....layer_rules import Role

# Layers that normalize by the number of channels: with padding, by the member's own number.
NORMALIZING = {Role.LAYER_NORMALIZATION: True, Role.RMS_NORMALIZATION: False}  # whether they subtract the mean


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
