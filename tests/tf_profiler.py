"""Operations as TensorFlow's own profiler counts them."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def profiled(model: keras.Model, shape: tuple[int, ...]) -> dict[str, int]:
    """Floating-point operations by kind of operation, as ``tf.profiler`` registers them."""
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, *shape), tf.float32)
    )
    graph = convert_variables_to_constants_v2(traced).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    found = tf.compat.v1.profiler.profile(graph, cmd="op", options=options.with_empty_output().build())
    by_kind = {"total": found.total_float_ops}
    nodes = list(found.children)
    while nodes:
        node = nodes.pop()
        by_kind[node.name] = node.float_ops
        nodes.extend(node.children)
    return by_kind
