"""Running a graph as it was read on real tensors, by the given model's own layers and weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from ...graph import UNREAD, WEIGHT, BatchSize, Call, ModelGraph, TensorRef
from ...graph.model_graph import map_structure
from ..drawing import Draw
from ..modes import MODE
from ..replayed import counts_samples, operation_class

Notice = Callable[[int, Any], Any]


def rerun(
    graph: ModelGraph,
    operations: Mapping[str, Any],
    inputs: Mapping[int, Any],
    samples: int,
    training: bool,
    see: Notice,
) -> dict[int, Any]:
    """The values of all tensors by index, for values of the graph's inputs by index.

    ``see(index, value)`` is told each tensor as it is made, and gives what the others are to read in its place.
    """
    values = {index: see(index, value) for index, value in inputs.items()}
    for call in graph.calls:
        if not any(index in inputs for index in call.outputs):
            made = rerun_call(graph, operations, call, values, samples, training)
            for index, value in zip(call.outputs, made, strict=True):
                values[index] = see(index, value)
    return values


def rerun_call(
    graph: ModelGraph,
    operations: Mapping[str, Any],
    call: Call,
    values: Mapping[int, Any],
    samples: int,
    training: bool,
) -> list[Any]:
    """What one call makes of the ``values`` that it reads."""
    layer, operation = graph.layers[call.layer], operations[call.layer]

    def filled(structure: Any) -> Any:
        return map_structure(lambda leaf: _value(leaf, values, samples), structure)

    args, kwargs = filled(call.args), filled(call.kwargs or {})
    if WEIGHT in layer.kinds:
        return [keras.ops.copy(operation.variable.value)]
    if UNREAD in layer.kinds:
        return [args[0]]
    if operation is None:  # a constant for each sample
        return [keras.ops.broadcast_to(args[0], filled(layer.config["shape"]))]
    if isinstance(operation, Draw):
        config = filled(layer.config)
        return [getattr(keras.random, config["function"])(*args, **config["arguments"], seed=config["seed"] or 0)]
    if isinstance(operation, keras.Layer):
        if "training" in inspect.signature(operation.call).parameters:
            # Whatever it was told when it was read: so does the functional model that a rebuilt one is.
            kwargs["training"] = layer.serialized.get(MODE, training)
        return keras.tree.flatten(operation(*args, **kwargs))
    if counts_samples(dict(layer.config)):
        operation = operation_class(layer.serialized).from_config(filled(layer.config))
    return keras.tree.flatten(operation(*args, **kwargs))


def _value(leaf: Any, values: Mapping[int, Any], samples: int) -> Any:
    if isinstance(leaf, BatchSize):
        return leaf.rows * samples
    return values[leaf.index] if isinstance(leaf, TensorRef) else leaf
