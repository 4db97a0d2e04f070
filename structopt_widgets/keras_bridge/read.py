"""Reading a Keras model into plain data, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import keras

from ..graph import Call, Layer, ModelGraph, Tensor, TensorRef, Weight
from ..graph.model_graph import tensor_refs
from ..graph.ordering import execution_order
from ..metrics import OPTIMIZER_SLOTS
from .adapted import adapted_entries
from .composite import open_composite
from .kinds import kinds_of, rule_of
from .load import load_model
from .source import KerasSource
from .trace import functional_of, graph_of


def read_model(model: Any, input_shape: Any = None, data: Any = None) -> tuple[ModelGraph, KerasSource]:
    """The graph of a model and a handle on the model itself; the model is not changed.

    See :meth:`StructureSpace.from_keras` for the arguments. Raises ``ValueError`` for a model that
    cannot be traced, and for axes whose length only the data knows.
    """
    model = load_model(model)
    dtype = None
    if data is not None:
        if not hasattr(data, "input_shape"):
            raise TypeError(
                f"Expected a Data to take the shape of a sample from, got {type(data).__name__}. "
                "Wrap arrays in it: sw.Data(x, y); data that is shipped is opened with sw.load_data(name)."
            )
        if input_shape is None:
            input_shape = _by_input(data.input_shape, model)
        dtype = keras.tree.map_structure(_dtype_of_tokens, data.x)
    functional, originals = functional_of(model, input_shape, dtype)
    reader = _Reader(originals)
    graph = reader.read(functional, model)
    return graph, KerasSource(model, reader.operations)


def _by_input(shape: Any, model: keras.Model) -> Any:
    """Shapes by the inputs' names in the order of a model's inputs, where those are not passed by name."""
    graph = graph_of(model)
    if graph is None or not isinstance(shape, dict) or isinstance(graph._inputs_struct, dict):
        return shape
    names = [each.name for each in graph.inputs]
    return [shape[name] for name in names] if set(names) == set(shape) else shape


def _dtype_of_tokens(x: Any) -> str | None:
    return str(x.dtype) if x.dtype.kind in "iu" and x.ndim == 2 else None


class _Reader:
    """Collects layers, calls and tensors while it walks a functional model."""

    def __init__(self, originals: dict[int, Any]) -> None:
        self._originals = originals
        self._names: dict[int, str] = {}
        self._layers: dict[str, Layer] = {}
        self._calls: list[Call] = []
        self._tensors: list[Tensor] = []
        self._kept_alive: list[keras.Model] = []  # tensors and operations are told apart by their ids
        self.operations: dict[str, Any] = {}

    def read(self, functional: keras.Model, model: keras.Model) -> ModelGraph:
        known: dict[int, int] = {}
        self._walk(functional, known, prefix="")
        outputs = _references(functional._outputs_struct, known)
        calls = execution_order(self._calls, [ref.index for ref in tensor_refs(outputs)])
        return ModelGraph(
            model.name,
            {call.layer: self._layers[call.layer] for call in calls},
            calls,
            tuple(self._tensors),
            _references(functional._inputs_struct, known),
            outputs,
            *_optimizer_of(model),
        )

    def _walk(self, functional: keras.Model, known: dict[int, int], prefix: str) -> None:
        """Add the calls of ``functional``; ``known`` maps its tensors, by ``id``, to indices."""
        # The model's own nodes: an operation's inbound nodes also hold calls from other models.
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                operation = node.operation
                inner, outer = self._opened(node)
                if inner is not None:
                    # Nesting is flattened: a nested model called twice gets tensors of its own each time.
                    # Masks come after the inputs; rebuilt, the layers inside pass them on by themselves.
                    pairs = zip(inner.inputs, outer, strict=False)
                    local = {id(tensor): known[id(outside)] for tensor, outside in pairs}
                    self._walk(inner, local, prefix=f"{prefix}{operation.name}_")
                    for tensor, outside in zip(inner.outputs, node.outputs, strict=True):
                        known[id(outside)] = local[id(tensor)]
                elif all(id(tensor) in known for tensor in node.outputs):
                    continue  # an input of a nested model, which stands for a tensor outside
                else:
                    self._add(node, known, prefix)

    def _opened(self, node: Any) -> tuple[keras.Model | None, list[Any]]:
        """The graph inside what ``node`` calls, if there is one, and the outer tensors its inputs stand for."""
        graph = graph_of(node.operation)
        if graph is not None:
            return graph, node.input_tensors
        if rule_of(node.operation) is not None:
            return None, []
        opened = open_composite(node.operation, node)
        if opened is None:
            return None, []
        self._kept_alive.append(opened[0])
        return opened

    def _add(self, node: Any, known: dict[int, int], prefix: str) -> None:
        name = self._name(node.operation, prefix)
        args = _references(node.arguments.args, known)
        kwargs = _references(node.arguments.kwargs, known)
        for tensor in node.outputs:
            shape = tuple(tensor.shape)[1:]
            known[id(tensor)] = len(self._tensors)
            self._tensors.append(Tensor(shape, str(tensor.dtype)))
        self._calls.append(
            Call(
                name,
                tuple(ref.index for ref in tensor_refs([args, kwargs])),
                tuple(known[id(tensor)] for tensor in node.outputs),
                args,
                kwargs,
            )
        )

    def _name(self, operation: Any, prefix: str) -> str:
        """The name of an operation in the graph; its layer is added at its first call."""
        if id(operation) in self._names:
            return self._names[id(operation)]
        original = self._originals.get(id(operation), operation)
        name = next(each for each in _candidates(original.name, prefix) if each not in self._layers)
        self._names[id(operation)] = name
        self._layers[name] = _layer(operation, name)
        self.operations[name] = original
        return name


def _optimizer_of(model: keras.Model) -> tuple[str | None, int | None]:
    """The compiled optimizer's name, and the arrays it keeps for each trainable weight where that is known."""
    optimizer = getattr(model, "optimizer", None)
    # Mixed precision wraps the optimizer to scale the loss.
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if optimizer is None:
        return None, None
    name = type(optimizer).__name__
    slots = OPTIMIZER_SLOTS.get(name.lower())
    if slots is not None:
        # Keras allocates these only when they are asked for.
        optional = {
            "sgd": ("momentum",),
            "rmsprop": ("momentum", "centered"),
            "adam": ("amsgrad",),
            "adamw": ("amsgrad",),
        }
        slots += sum(bool(getattr(optimizer, option, False)) for option in optional.get(name.lower(), ()))
    return name, slots


def _candidates(name: str, prefix: str) -> Iterator[str]:
    yield name
    yield prefix + name
    yield from (f"{prefix}{name}_{number}" for number in itertools.count(2))


def _layer(operation: Any, name: str) -> Layer:
    weights = tuple(
        Weight(weight.name, tuple(weight.shape), str(weight.dtype), bool(weight.trainable))
        for weight in getattr(operation, "weights", [])
    )
    return Layer(name, kinds_of(operation), weights, _serialized(operation, name))


def _serialized(operation: Any, name: str) -> dict[str, Any]:
    try:
        serialized = _without_build_config(keras.saving.serialize_keras_object(operation))
        serialized["config"] |= adapted_entries(operation)
    # get_config may be a user's own code; measuring works without it, and build() says what is missing.
    except Exception as error:
        return {"config": {"name": name}, "error": f"{type(error).__name__}: {error}"}
    serialized["config"]["name"] = name
    return serialized


def _without_build_config(value: Any) -> Any:
    """Drop the shapes layers were built on: they hide in wrapped layers and pin old widths."""
    if isinstance(value, dict):
        return {key: _without_build_config(each) for key, each in value.items() if key != "build_config"}
    if isinstance(value, (list, tuple)):
        return [_without_build_config(each) for each in value]
    return value


def _references(structure: Any, known: dict[int, int]) -> Any:
    return keras.tree.map_structure(lambda leaf: _plain(leaf, known), structure)


def _plain(leaf: Any, known: dict[int, int]) -> Any:
    if isinstance(leaf, keras.KerasTensor):
        return TensorRef(known[id(leaf)])
    # A constant of the model, as a position encoding: its values, without the backend's type.
    return keras.ops.convert_to_numpy(leaf) if keras.ops.is_tensor(leaf) else leaf
