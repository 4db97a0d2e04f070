"""Getting a graph of calls out of any kind of model, without changing the model."""

from __future__ import annotations

import collections
import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state

_NAMES_GIVEN = "object_name_uids"  # where Keras counts the names it gives


def functional_of(model: keras.Model, input_shape: Any, dtype: Any) -> tuple[keras.Model, dict[int, Any]]:
    """A functional model of the same calls, and for each of its layers (by ``id``) the user's own.

    A functional or sequential model is its own graph. A subclassed one is called once on a
    symbolic input; one that is not built yet is copied first, so that the user's stays unbuilt.
    ``input_shape`` is the shape of one sample, ``dtype`` that of the input; both may be dictionaries by
    the inputs' names.
    """
    graph = graph_of(model)
    if graph is not None:
        return _with_lengths(graph, input_shape) if _has_free_axes(graph) else graph, {}
    originals: dict[int, Any] = {}
    traced = model
    if not model.built:
        shape = _needed_shape(model, input_shape)
        traced = _unbuilt_copy(model)
        pairs = zip(_leaves(traced), _leaves(model), strict=True)
        originals = {id(copied): original for copied, original in pairs}
    else:
        shape = input_shape if input_shape is not None else _built_shape(model)
    with nodes_restored(traced), fresh_names():
        try:
            inputs = _symbolic(shape, dtype)
            outputs = traced.call(inputs)
            return keras.Model(inputs, outputs, name=model.name), originals
        # call() is the user's own code: whatever it raises, the answer is the same.
        except Exception as error:
            raise ValueError(
                f"Expected a model whose call() can be traced on a symbolic input of shape {shape}, got "
                f"{type(error).__name__}: {error}. Use keras.ops and layers instead of NumPy and Python control flow "
                "on values, check input_shape, or write the model with the functional API."
            ) from error


def graph_of(model: Any) -> keras.Model | None:
    """The functional graph inside a functional or a built sequential model, else ``None``."""
    if isinstance(model, keras.Sequential):
        # keras.Sequential keeps its graph in a private attribute; there is no public way to it.
        return model._functional if model.built else None
    return model if hasattr(model, "_nodes_by_depth") else None


def _has_free_axes(graph: keras.Model) -> bool:
    inner = (graph_of(operation) for operation in graph.operations)
    return any(None in tensor.shape[1:] for tensor in graph.inputs) or any(map(_has_free_axes, filter(None, inner)))


def _with_lengths(graph: keras.Model, input_shape: Any) -> keras.Model:
    """``graph`` called again on inputs of known lengths, in nested models too.

    Where the lengths stay unknown, so does the graph: reading it says which layer needs them.
    """
    shapes = [tuple(tensor.shape)[1:] for tensor in graph.inputs] if input_shape is None else _each_shape(input_shape)
    if any(None in shape for shape in shapes):
        return graph
    if len(shapes) != len(graph.inputs):
        raise ValueError(f"Expected an input_shape for each of {len(graph.inputs)} inputs, got {input_shape}.")
    with nodes_restored(graph), fresh_names():
        try:
            inputs = [
                keras.Input(shape, dtype=tensor.dtype, name=tensor.name)
                for shape, tensor in zip(shapes, graph.inputs, strict=True)
            ]
            structure = keras.tree.pack_sequence_as(graph._inputs_struct, inputs)
            return keras.Model(structure, _called_again(graph, structure), name=graph.name)
        except ValueError as error:
            raise ValueError(
                f"Expected an input_shape that {graph.name!r} can be called on, got {input_shape}: {error}"
            ) from error


def _called_again(graph: keras.Model, inputs: Any) -> Any:
    """The outputs of a functional graph on other inputs; unlike ``graph(inputs)``, its calls are seen one by one."""

    def flat(operation: Any) -> Any:
        inner = graph_of(operation)
        return operation if inner is None else lambda value, **_: _called_again(inner, value)

    return graph._run_through_graph(inputs, operation_fn=flat)


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


def _symbolic(shape: Any, dtype: Any) -> Any:
    if isinstance(shape, dict):
        dtypes = dtype if isinstance(dtype, dict) else dict.fromkeys(shape, dtype)
        return {name: keras.Input(each, dtype=dtypes[name] or "float32", name=name) for name, each in shape.items()}
    if _is_many(shape):
        return [keras.Input(each, dtype=dtype or "float32") for each in shape]
    return keras.Input(_one_shape(shape), dtype=dtype or "float32")


def _leaves(model: Any) -> list[Any]:
    return list(model._flatten_layers(include_self=False, recursive=True))


def _unbuilt_copy(model: keras.Model) -> keras.Model:
    """A second model made as the first was, checked to be the same."""
    advice = "Build it first, by calling it once on a batch, and pass it again."
    classes = {type(layer).__name__: type(layer) for layer in [model, *_leaves(model)]}
    try:
        with keras.saving.custom_object_scope(classes):
            copied = type(model).from_config(_constructor_arguments(model))
    # get_config and __init__ are the user's own code.
    except Exception as error:
        raise ValueError(
            f"Expected an unbuilt model that can be made again from its configuration, "
            f"got {type(error).__name__}: {error}. {advice}"
        ) from error
    mine, theirs = ([_settings(layer) for layer in _leaves(each)] for each in (copied, model))
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


@contextlib.contextmanager
def nodes_restored(model: Any) -> Iterator[None]:
    """Forget, on leaving, the calls recorded in a model's (or layer's) layers and bare operations meanwhile."""
    layers = [model, *_leaves(model)]
    operations = [operation for graph in map(graph_of, layers) if graph is not None for operation in graph.operations]
    unique = {id(each): each for each in [*layers, *operations]}.values()
    before = [(each, len(each._inbound_nodes), len(each._outbound_nodes)) for each in unique]
    try:
        yield
    finally:
        for each, inbound, outbound in before:
            del each._inbound_nodes[inbound:]
            del each._outbound_nodes[outbound:]


@contextlib.contextmanager
def fresh_names() -> Iterator[None]:
    """Bare operations made inside are named as if they were the first: read again, a model has the same names."""
    given = global_state.get_global_attribute(_NAMES_GIVEN)
    global_state.set_global_attribute(_NAMES_GIVEN, collections.defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(_NAMES_GIVEN, given)
