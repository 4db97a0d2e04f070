"""How any kind of model is run once on symbolic inputs, without changing the model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from ..batch import batch_prime
from ..nodes import UNSAID, called_again, graph_of, has_own_cell, has_own_graph, leaves, own_call
from ..opening.opening import is_ruled
from .held_twice import wrappers_of_shared


@dataclass(frozen=True)
class Run:
    """Attributes:
    model: what is run: the user's own, or a copy of one that is not built yet.
    inputs: symbolic tensors, whose batch is ``prime``.
    call: makes the outputs from the inputs, and takes ``training``.
    originals: the user's own layer for each of the copy's, by ``id``.
    """

    model: Any
    inputs: Any
    prime: int
    call: Callable[..., Any]
    originals: dict[int, Any]


def needs_run(graph: keras.Model, input_shape: Any) -> bool:
    """Whether a functional graph as Keras keeps it says too little: a layer to be opened, or lengths that are given."""
    return bool(
        (input_shape is not None and _has_free_axes(graph))
        or not all(map(_is_known, graph.operations))
        or wrappers_of_shared(graph._flatten_layers())
        or _reads_weights(graph)
        or _moves_the_batch(graph)
        or _returns_scores(graph)
    )


def run_of(model: keras.Model, input_shape: Any, dtype: Any) -> Run:
    """How to run ``model`` on symbolic inputs of ``input_shape``, that of one sample, and ``dtype``.

    Both may be dictionaries by the inputs' names.
    """
    prime = batch_prime(model)
    graph = graph_of(model)
    if graph is not None and has_own_graph(model):
        shapes = [tuple(tensor.shape)[1:] for tensor in graph.inputs]
        if input_shape is not None and any(None in shape for shape in shapes):
            shapes = _each_shape(input_shape)
        if len(shapes) != len(graph.inputs):
            raise ValueError(f"Expected an input_shape for each of {len(graph.inputs)} inputs, got {input_shape}.")
        inputs = [
            keras.Input(batch_shape=(prime, *shape), dtype=tensor.dtype, name=tensor.name)
            for shape, tensor in zip(shapes, graph.inputs, strict=True)
        ]
        packed = keras.tree.pack_sequence_as(graph._inputs_struct, inputs)
        return Run(model, packed, prime, lambda given, training=None: called_again(graph, given, training), {})
    originals: dict[int, Any] = {}
    traced = model
    if not model.built:
        shape = _needed_shape(model, input_shape)
        traced = _unbuilt_copy(model)
        pairs = zip(leaves(traced), leaves(model), strict=True)
        originals = {id(copied): original for copied, original in pairs}
    else:
        shape = input_shape if input_shape is not None else _built_shape(model)
    inputs = _symbolic(shape, dtype, prime)
    return Run(traced, inputs, prime, _told(traced, own_call(traced)), originals)


def open_shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    """The shape of a sample for each input, flat, with ``None`` where the model says that any length goes."""
    graph = graph_of(model)
    if graph is not None and has_own_graph(model):
        return [tuple(tensor.shape)[1:] for tensor in graph.inputs]
    built = (model.get_build_config() or {}).get("input_shape") if model.built else None
    return [] if not built else _each_shape(_built_shape(model))


def at_lengths(run: Run, shapes: Sequence[tuple[int, ...]]) -> Run:
    """The same on samples of other shapes, one for each input."""
    made = [
        keras.Input(batch_shape=(run.prime, *shape), dtype=tensor.dtype, name=tensor.name)
        for shape, tensor in zip(shapes, keras.tree.flatten(run.inputs), strict=True)
    ]
    return replace(run, inputs=keras.tree.pack_sequence_as(run.inputs, made))


def _told(model: keras.Model, run: Callable[..., Any]) -> Callable[..., Any]:
    """``run``, which is ``model`` or its ``call()``, told if it is training where the model asks for that."""
    asked = inspect.signature(own_call(model)).parameters.get("training")

    def call(inputs: Any, training: int | None = None) -> Any:
        if training is None and asked is not None and asked.default not in (None, False):
            training = UNSAID  # it trains by default, or has none: as it is used, it is told that it does not
        return run(inputs, training=training) if asked is not None and training is not None else run(inputs)

    return call


def whole(run: Run) -> Run:
    """The same with the model as one layer."""
    return replace(run, call=_told(run.model, run.model))


def _is_known(operation: Any) -> bool:
    inner = graph_of(operation)
    if inner is not None:
        return has_own_graph(operation) and all(map(_is_known, inner.operations))
    return not isinstance(operation, keras.Layer) or (is_ruled(operation) and not has_own_cell(operation))


def _reads_weights(graph: keras.Model) -> bool:
    """Whether a bare operation of a functional graph reads a weight."""
    nodes = [node for nodes in graph._nodes_by_depth.values() for node in nodes]
    inner = [graph_of(node.operation) for node in nodes]
    arguments = [(node.arguments.args, node.arguments.kwargs) for node in nodes]
    found = any(isinstance(leaf, keras.Variable) for leaf in keras.tree.flatten(arguments))
    return found or any(map(_reads_weights, filter(None, inner)))


def _moves_the_batch(graph: keras.Model) -> bool:
    """Whether a tensor has another axis first: what the batch is among the others only a run can show."""
    nodes = [node for nodes in graph._nodes_by_depth.values() for node in nodes]
    inner = [graph_of(node.operation) for node in nodes]
    made = [tensor for node in nodes for tensor in node.outputs]
    return any(None in each.shape[1:] and each.shape[0] is not None for each in made) or any(
        map(_moves_the_batch, filter(None, inner))
    )


def _returns_scores(graph: keras.Model) -> bool:
    """Whether an attention returns its scores, which Keras takes to be as long as the queries both ways."""
    nodes = [node for nodes in graph._nodes_by_depth.values() for node in nodes]
    found = any(isinstance(each.operation, keras.layers.MultiHeadAttention) and len(each.outputs) > 1 for each in nodes)
    return found or any(map(_returns_scores, filter(None, (graph_of(node.operation) for node in nodes))))


def _has_free_axes(graph: keras.Model) -> bool:
    inner = (graph_of(operation) for operation in graph.operations)
    return any(None in tensor.shape[1:] for tensor in graph.inputs) or any(map(_has_free_axes, filter(None, inner)))


def _each_shape(shape: Any) -> list[tuple[int | None, ...]]:
    """The shapes in a structure of them, in Keras's order: dictionaries by sorted key."""
    if isinstance(shape, dict):
        return [tuple(shape[name]) for name in sorted(shape)]
    return [tuple(each) for each in shape] if _is_many(shape) else [_one_shape(shape)]


def _is_many(shape: Any) -> bool:
    return isinstance(shape, (list, tuple)) and any(isinstance(each, (list, tuple)) for each in shape)


def _one_shape(shape: Any) -> tuple[int | None, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _needed_shape(model: keras.Model, input_shape: Any) -> Any:
    if input_shape is None:
        raise ValueError(
            f"Expected a built model or its input shape: {model.name!r} has no weights yet. "
            "Pass input_shape=(784,), the shape of one sample, or data=..."
        )
    return input_shape


def _built_shape(model: keras.Model) -> Any:
    built = model.get_build_config() or {}
    shape = built.get("input_shape")
    if not shape and graph_of(model) is not None:  # made of a graph, around which its class has a call() of its own
        shape = keras.tree.map_structure(lambda each: tuple(each.shape), model._inputs_struct)
    if not shape:
        raise ValueError(
            f"Expected to know the input shape of {model.name!r}, which was built on {built or 'nothing known'}. "
            "Pass input_shape=(784,), the shape of one sample, or data=..."
        )
    if isinstance(shape, dict):
        return {name: tuple(each)[1:] for name, each in shape.items()}
    if isinstance(shape[0], (list, tuple)):
        return [tuple(each)[1:] for each in shape]
    return tuple(shape)[1:]


def _symbolic(shape: Any, dtype: Any, prime: int) -> Any:
    def made(each: Any, of_type: Any, name: str | None = None) -> Any:
        return keras.Input(batch_shape=(prime, *_one_shape(each)), dtype=of_type or "float32", name=name)

    if isinstance(shape, dict):
        dtypes = dtype if isinstance(dtype, dict) else dict.fromkeys(shape, dtype)
        return {name: made(each, dtypes[name], name) for name, each in shape.items()}
    if not _is_many(shape):
        return made(shape, dtype)
    return [made(*each) for each in zip(shape, dtype if isinstance(dtype, list) else [dtype] * len(shape), strict=True)]


def _unbuilt_copy(model: keras.Model) -> keras.Model:
    """A second model made as the first was, checked to be the same."""
    advice = "Build it first, by calling it once on a batch, and pass it again."
    classes = {type(layer).__name__: type(layer) for layer in [model, *leaves(model)]}
    try:
        with keras.saving.custom_object_scope(classes):
            copied = type(model).from_config(_constructor_arguments(model))
    # get_config and __init__ are the user's own code.
    except Exception as error:
        raise ValueError(
            f"Expected an unbuilt model that can be made again from its configuration, "
            f"got {type(error).__name__}: {error}. {advice}"
        ) from error
    mine, theirs = ([_settings(layer) for layer in leaves(each)] for each in (copied, model))
    if mine != theirs:
        raise ValueError(
            f"Expected the layers of {model.name!r} as its constructor makes them, "
            f"but they were changed afterwards. {advice}"
        )
    return copied


def _constructor_arguments(model: keras.Model) -> dict[str, Any]:
    """The model's configuration, without what Keras adds to it and a user's constructor does not take."""
    config = model.get_config()
    parameters = inspect.signature(type(model).__init__).parameters
    if isinstance(model, keras.Sequential) or any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return config
    return {key: value for key, value in config.items() if key in parameters}


def _settings(layer: Any) -> Any:
    """A layer's configuration without what differs from copy to copy; one made of layers is what they are."""
    if layer._layers:
        return type(layer), {}
    return type(layer), {key: value for key, value in layer.get_config().items() if key != "name"}
