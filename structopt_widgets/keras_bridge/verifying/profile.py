"""The second counter: TensorFlow's profiler, on the graph TensorFlow traces. It knows nothing of our layer rules.

The profiler applies a formula of TensorFlow's own to each node of a graph. Three things are added,
without which its sums mean little: nodes that no output needs are left out (Keras runs a recurrent
layer's step once more to learn its output's shape); the body of a loop counts as often as it
runs, where the profiler counts it not at all; and ``Einsum`` and the transposed 3D convolution, for which
TensorFlow has no formula, count two operations for each combination of their axes.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from .tensorflow_function import traceable

# TensorFlow's names of what we call products.
PRODUCTS: frozenset[str] = frozenset(
    {
        "MatMul",
        "BatchMatMulV2",
        "Einsum",
        "Conv2D",
        "Conv2DBackpropInput",
        "Conv3D",
        "Conv3DBackpropInputV2",
        "DepthwiseConv2dNative",
    }
)
# A dilated convolution is an ordinary one of interleaved blocks, padded to be equally large.
IN_BLOCKS = " in padded blocks"
LOOPS = ("While", "StatelessWhile")
LOOPS_SEEN = "loops"
UNSIZED = "products of unknown shapes"
NO_OPERATIONS = (LOOPS_SEEN, UNSIZED)  # what is counted besides
CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def profiled(model: keras.Model) -> dict[str, Counter[str]]:
    """Floating-point operations for one sample: by layer (``""`` for none), then by TensorFlow operation.

    What TensorFlow has no formula for counts 0. ``LOOPS_SEEN`` counts the loops a layer runs, ``UNSIZED``
    the products of which TensorFlow does not know how large they are, and counts nothing.
    """
    run, specs = traceable(model, batch_size=1, losses=True)
    graph = tf.function(run).get_concrete_function(*specs).graph
    found: dict[str, Counter[str]] = {operation.name: Counter() for operation in model.operations}
    found[""] = Counter()
    _count(graph, 1, [operation.name for operation in model.operations], found)
    return found


def _count(graph: Any, times: int, names: list[str], found: dict[str, Counter[str]], inside: str = "") -> None:
    by_node = _float_operations(graph)
    for node in _live(graph):
        scope = re.match(r"layer_(\d+)_", inside or node.name)
        counter = found[names[int(scope.group(1))] if scope else ""]
        if node.type in LOOPS:
            counter[LOOPS_SEEN] += 1
            body = graph._get_function(node.get_attr("body").name).graph
            _count(body, times * _trips(node, graph), names, found, inside=scope.group(0) if scope else "")
        elif node.type in CALLS:  # Keras compiles a grouped convolution as a function of its own
            called = graph._get_function(node.get_attr("f").name).graph
            _count(called, times, names, found, inside=scope.group(0) if scope else "")
        elif node.type in PRODUCTS and not all(each.shape.is_fully_defined() for each in (*node.inputs, *node.outputs)):
            counter[UNSIZED] += 1
        elif node.type == "Einsum":
            counter[node.type] += times * _of_einsum(node)
        elif node.type == "Conv3DBackpropInputV2":
            _, kernel, given = node.inputs  # the given tensor's channels are the kernel's last axis
            counter[node.type] += times * 2 * math.prod(given.shape[:-1]) * math.prod(kernel.shape)
        elif node.type in PRODUCTS and _is_in_blocks(node):
            counter[node.type + IN_BLOCKS] += times * by_node[node.name]
        elif by_node.get(node.name):
            counter[node.type] += times * by_node[node.name]


def _is_in_blocks(node: Any) -> bool:
    """Whether a convolution reads what a dilation was made into."""
    source = node.inputs[0].op
    while source.type in ("ExpandDims", "Identity"):
        source = source.inputs[0].op
    return bool(source.type == "SpaceToBatchND")


def _float_operations(graph: Any) -> dict[str, int]:
    """The profiler's count for each node it has a formula for."""
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation()).with_empty_output()
    with _silent():
        pending = list(profiler.profile(graph, cmd="op", options=options.build()).children)
    found = {}
    while pending:
        kind = pending.pop()
        found.update({node.name: node.float_ops for node in kind.graph_nodes})
        pending.extend(kind.children)
    return found


def _live(graph: Any) -> list[Any]:
    """The nodes an output depends on."""
    pending, seen = [tensor.op for tensor in graph.outputs], {}
    while pending:
        node = pending.pop()
        if node.name not in seen:
            seen[node.name] = node
            pending.extend([*(tensor.op for tensor in node.inputs), *node.control_inputs])
    return list(seen.values())


def _trips(loop: Any, graph: Any) -> int:
    """How often a loop runs: Keras bounds its loops by the number of timesteps, which is known when shapes are."""
    most = tf.get_static_value(loop.inputs[1])
    if most is None:
        with tf.compat.v1.Session(graph=graph) as session:
            most = session.run(loop.inputs[1])
    return int(most)


def _of_einsum(node: Any) -> int:
    taken = node.get_attr("equation").decode().split("->")[0].split(",")
    if len(taken) == 1:
        return 0  # axes moved, or summed over
    sizes: dict[str, int] = {}
    for letters, tensor in zip(taken, node.inputs, strict=True):
        # Dots stand for as many axes as are left, counted from the right.
        rest = range(tensor.shape.rank - len(letters.replace("...", "")), 0, -1)
        before, dots, after = letters.partition("...")
        axes = [*before, *(f"dots {place}" for place in rest if dots), *after]
        sizes.update(zip(axes, tensor.shape.as_list(), strict=True))
    return 2 * math.prod(sizes.values())


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without the advice to move on from TensorFlow 1's profiler: TensorFlow 2 has no other that counts."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
