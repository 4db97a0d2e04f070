"""Collecting the layers, calls and tensors of a graph from Keras's records of calls."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from ...graph import BatchSize, Call, Layer, ModelGraph, Tensor, TensorRef
from ...graph.model_graph import map_structure, tensor_refs
from ...graph.ordering import execution_order
from ...graph.plain import Computed
from ..batch import UnreadableError, one_sample, rows_counted, tensor_of, with_batch_sizes
from ..drawing import Draw
from ..found import Trace
from ..kept_whole.kept_whole import with_inside
from ..masks import CarriesMask
from ..modes import MODE
from ..nodes import graph_of, has_own_cell, said
from ..opening.repeated import REPEATED, repeated_layer
from ..opening.timesteps import wrapped_as
from ..rebuilding.source import HeldWeights, ReadWeight
from .described import layer_of, optimizer_of, unread_layer, weight_layer
from .held_twice import owners_of_shared
from .trace import Run


class GraphReader:
    """Names layers, numbers tensors, and keeps the user's own layer for each name."""

    def __init__(self) -> None:
        self._originals: dict[int, Any] = {}
        self._names: dict[int, str] = {}
        self._layers: dict[str, Layer] = {}
        self._calls: list[Call] = []
        self._tensors: list[Tensor] = []
        self._known: dict[int, int] = {}
        self._model = ""
        self._prime = 0  # of a traced graph, else none
        self._variables: dict[int, Any] = {}  # by the id of what stands for them
        self._constants: dict[int, Any] = {}
        self._makers: dict[int, tuple[str, ...]] = {}
        self._computed: dict[int, Computed | np.ndarray] = {}
        self._reasons: dict[int, str] = {}
        self._unproven: frozenset[int] = frozenset()
        self._owners: dict[int, Any] = {}
        self._reached: set[int] = set()
        self._tried: set[str] = set()
        self._modes: dict[int, bool | None] = {}
        self._kept_alive: list[Any] = []  # tensors and operations are told apart by their ids
        self.operations: dict[str, Any] = {}
        self.computed: dict[int, Computed | np.ndarray] = {}  # how a constant in an argument is made, by its id

    def read(self, functional: keras.Model, model: keras.Model) -> ModelGraph:
        """The graph of a functional model whose layers all stay what they are."""
        self._walk(functional, self._known, prefix="")
        return self._graph(model, functional._inputs_struct, functional._outputs_struct)

    def read_trace(self, trace: Trace, run: Run, model: keras.Model) -> ModelGraph:
        """The graph that a trace shows. Raises :class:`UnreadableError` with the ``path`` of what it cannot say."""
        self._originals, self._prime, self._model = run.originals, run.prime, model.name
        self._constants, self._makers, self._reasons = {**trace.constants}, {**trace.makers}, trace.closed
        self._modes, self._unproven, self._computed = trace.modes, trace.unproven, {**trace.computed}
        self._variables = {id(tensor): variable for variable, tensor in trace.weights.values()}
        self._variables |= {id(variable): variable for variable, _ in trace.weights.values()}
        layers = [node.operation for node in trace.nodes if isinstance(node.operation, keras.Layer)]
        shared = owners_of_shared(layers)
        self._owners = {
            id(variable): (layer, place)
            for layer in reversed(layers)
            if id(layer) not in shared
            for place, variable in enumerate(layer.weights)
        }
        for tensor in keras.tree.flatten(trace.inputs):
            history = tensor._keras_history
            self._add(history.operation._inbound_nodes[history.node_index], self._known, "", ())
        for node in trace.nodes:
            path = trace.paths.get(id(node), ())
            if isinstance(node.operation, CarriesMask) and not trace.needs_masks:
                self._known[id(node.outputs[0])] = self._known[id(node.input_tensors[0])]
                continue
            if self._is_constant(node):
                self._compute(node)
                continue
            try:
                self._add(node, self._known, "".join(f"{each}_" for each in path), path, trace.masks)
            except UnreadableError as error:
                error.path = error.path or path
                raise
        return self._graph(run.model, trace.inputs, trace.outputs)

    def _is_constant(self, node: Any) -> bool:
        """Whether a bare operation reads constants alone: an opened layer may hand those on to another."""
        # What is there once for each sample is kept once.
        is_bare = not isinstance(node.operation, (keras.Layer, Draw)) and not self._repeats_for_samples(node.operation)
        constants = [self._constants.get(id(each)) for each in node.input_tensors]
        if not is_bare or not constants or any(each is None for each in constants):
            return False
        return not any(rows_counted(self._value(each), self._prime) for each in constants)

    def _repeats_for_samples(self, operation: Any) -> bool:
        is_repeated = type(operation).__name__ == "BroadcastTo"
        return is_repeated and any(isinstance(each, int) and each % self._prime == 0 for each in operation.shape)

    def _compute(self, node: Any) -> None:
        given = (node.arguments.args, node.arguments.kwargs)
        args, kwargs = keras.tree.map_structure(lambda leaf: self._constants.get(id(leaf), leaf), given)
        made = keras.tree.flatten(node.operation(*args, **kwargs))
        if len(made) == 1 and any(id(each) in self._computed for each in node.input_tensors):
            serialized = dict(layer_of(node.operation, node.operation.name).serialized)
            args, kwargs = keras.tree.map_structure(lambda leaf: self._computed.get(id(leaf), self._value(leaf)), given)
            self._computed[id(node.outputs[0])] = Computed(serialized, args, kwargs)
        for tensor, value in zip(node.outputs, made, strict=True):
            self._constants[id(tensor)] = value
            self._makers[id(tensor)] = self._makers.get(id(node.input_tensors[0]), ())
        self._kept_alive.append(node)

    def _value(self, leaf: Any) -> Any:
        value = self._constants.get(id(leaf), leaf)
        is_tensor = value is not None and not isinstance(value, (str, int, float)) and keras.ops.is_tensor(value)
        return keras.ops.convert_to_numpy(value) if is_tensor else value

    def indices(self) -> dict[int, int]:
        """Where each tensor of the trace is in the graph, by ``id``."""
        return dict(self._known)

    def _graph(self, model: keras.Model, inputs: Any, outputs: Any) -> ModelGraph:
        given, made = self._references(inputs, self._known), self._references(outputs, self._known)
        names = {id(each): name for name, each in self.operations.items()}
        for key, owner in owners_of_shared(self.operations.values()).items():
            self._layers[names[key]] = replace(self._layers[names[key]], elsewhere=names[id(owner)])
        unread = [each for each in model.weights if id(each) not in self._reached]
        unread.sort(key=lambda variable: not variable.trainable)  # as a layer lists its own
        if unread:
            made = self._with_unread(unread, made)
        ends, starts = ([ref.index for ref in tensor_refs(each)] for each in (made, given))
        calls = execution_order(self._calls, ends, starts)
        return ModelGraph(
            model.name,
            {call.layer: self._layers[call.layer] for call in calls},
            calls,
            tuple(self._tensors),
            given,
            made,
            *optimizer_of(model),
        )

    def _with_unread(self, variables: list[Any], outputs: Any) -> Any:
        """``outputs``, with the first one passed on by what holds the weights that nothing reads."""
        name, read = self._unused("not_read", ""), tensor_refs(outputs)[0]
        made = TensorRef(len(self._tensors))
        self._layers[name] = unread_layer(variables, name)
        self.operations[name] = HeldWeights(variables)
        self._tensors.append(self._tensors[read.index])
        self._calls.append(Call(name, (read.index,), (made.index,), (read,)))
        return map_structure(lambda leaf: made if leaf is read else leaf, outputs)

    def _walk(self, functional: keras.Model, known: dict[int, int], prefix: str) -> None:
        """Add the calls of ``functional``; ``known`` maps its tensors, by ``id``, to indices."""
        # The model's own nodes: an operation's inbound nodes also hold calls from other models.
        for depth in sorted(functional._nodes_by_depth, reverse=True):
            for node in functional._nodes_by_depth[depth]:
                inner = graph_of(node.operation)
                if inner is not None:
                    # Nesting is flattened: a nested model called twice gets tensors of its own each time.
                    # Masks come after the inputs; rebuilt, the layers inside pass them on by themselves.
                    pairs = zip(inner.inputs, node.input_tensors, strict=False)
                    local = {id(tensor): known[id(outside)] for tensor, outside in pairs}
                    self._walk(inner, local, prefix=f"{prefix}{node.operation.name}_")
                    for tensor, outside in zip(inner.outputs, node.outputs, strict=True):
                        known[id(outside)] = local[id(tensor)]
                elif all(id(tensor) in known for tensor in node.outputs):
                    continue  # an input of a nested model, which stands for a tensor outside
                else:
                    self._add(node, known, prefix, ())

    def _add(
        self,
        node: Any,
        known: dict[int, int],
        prefix: str,
        path: tuple[str, ...],
        masks: dict[int, dict[str, Any]] | None = None,
    ) -> None:
        self._kept_alive.append(node)
        kwargs = dict(node.arguments.kwargs)
        for key, mask in (masks or {}).get(id(node.outputs[0]), {}).items():
            if kwargs.get(key) is None:
                kwargs[key] = mask
        mode = self._modes.get(id(node), said(kwargs.get("training")))
        if mode is None:
            kwargs.pop("training", None)
        given = node.arguments.args
        if isinstance(node.operation, keras.Layer) and all(id(each) in self._constants for each in node.input_tensors):
            given = keras.tree.map_structure(lambda leaf: self._constant(leaf, known, path), given)
        args = self._references(given, known, path)
        named = self._references(kwargs, known, path) if kwargs else {}
        name = self._name(node.operation, prefix, path)
        needs_inside = id(node.operation) in self._reasons or (self._prime and has_own_cell(node.operation))
        if needs_inside and id(node.operation) not in self._unproven and name not in self._tried:
            # Arguments as they were: what Keras hands on by itself, as masks, is not the layer's to be told.
            self._tried.add(name)
            given = node.arguments
            self._layers[name] = with_inside(self._layers[name], node.operation, given.args, given.kwargs, self._prime)
        if self._modes.get(id(node)) is not None:
            layer = self._layers[name]
            self._layers[name] = replace(layer, serialized={**layer.serialized, MODE: mode})
        outputs = [self._new_tensor(tensor, known) for tensor in node.outputs]
        self._calls.append(
            Call(name, tuple(ref.index for ref in tensor_refs([args, named])), tuple(outputs), args, named)
        )

    def _new_tensor(self, tensor: Any, known: dict[int, int]) -> int:
        made = tensor_of(tensor, self._prime) if self._prime else Tensor(tuple(tensor.shape)[1:], str(tensor.dtype))
        known[id(tensor)] = len(self._tensors)
        self._tensors.append(made)
        return known[id(tensor)]

    def _name(self, operation: Any, prefix: str, path: tuple[str, ...]) -> str:
        """The name of an operation in the graph; its layer is added at its first call."""
        if id(operation) in self._names:
            return self._names[id(operation)]
        original = wrapped_as(operation, self._originals)
        is_layer = isinstance(operation, keras.Layer)
        name = self._unused(original.name, prefix) if is_layer or not path else self._inside(original.name, prefix)
        self._names[id(operation)] = name
        self._reached |= {id(each) for each in getattr(operation, "weights", [])}
        layer = layer_of(operation, name, path, self._reasons.get(id(operation), ""))
        if isinstance(operation, keras.layers.InputLayer):
            layer.config["batch_shape"] = (None, *operation.batch_shape[1:])  # type: ignore[index] # a dict of its own
        elif self._prime and not is_layer:
            layer = Layer(name, layer.kinds, layer.weights, with_batch_sizes(dict(layer.serialized), self._prime), path)
        self._layers[name] = layer
        self.operations[name] = original
        return name

    def _unused(self, name: str, prefix: str) -> str:
        return next(each for each in _candidates(name, prefix) if each not in self._layers)

    def _inside(self, name: str, prefix: str) -> str:
        """A name for what an opened layer does, which says so."""
        return self._unused(f"{prefix}{re.sub(r'_[0-9]+$', '', name)}", "")

    def _references(self, structure: Any, known: dict[int, int], path: tuple[str, ...] = ()) -> Any:
        made = keras.tree.map_structure(lambda leaf: self._plain(leaf, known, path), structure)
        return with_batch_sizes(made, self._prime) if self._prime else made

    def _plain(self, leaf: Any, known: dict[int, int], path: tuple[str, ...]) -> Any:
        if id(leaf) in self._variables:
            return TensorRef(known.get(id(leaf), -1)) if id(leaf) in known else self._weight(leaf, known, path)
        if isinstance(leaf, keras.KerasTensor) and id(leaf) not in self._constants:
            return TensorRef(known[id(leaf)])
        maker, how = self._makers.get(id(leaf), ()), self._computed.get(id(leaf))
        leaf = self._constants.get(id(leaf), leaf)
        # Whether a number is a tensor takes Keras long to say.
        if leaf is None or isinstance(leaf, (str, int, float)) or not keras.ops.is_tensor(leaf):
            return leaf
        # A constant of the model, as a position encoding: its values, without the backend's type.
        if not self._prime:
            return keras.ops.convert_to_numpy(leaf)
        try:
            value, shape = one_sample(leaf, self._prime)
        except UnreadableError as error:
            error.path = maker
            raise
        if value.ndim == 0 and (rows := rows_counted(value, self._prime)):
            return self._counted(rows, value.dtype, path)
        if how is not None and shape is None:
            self.computed[id(value)] = how
        return value if shape is None else self._repeated(value, shape, path)

    def _weight(self, leaf: Any, known: dict[int, int], path: tuple[str, ...]) -> TensorRef:
        """A weight that an operation reads, as a tensor; its call is added when it is first read."""
        variable = self._variables[id(leaf)]
        if id(variable) not in known:
            layer, place = self._owners.get(id(variable), (None, 0))
            owner = None if layer is None else (self._name(layer, "", ()), place)
            name = self._unused("_".join(variable.path.removeprefix(f"{self._model}/").split("/")), "")
            self._layers[name] = weight_layer(variable, name, path, owner, "float32")
            self.operations[name] = ReadWeight(variable, owner is None)
            self._reached.add(id(variable))
            index = known[id(variable)] = len(self._tensors)
            self._tensors.append(Tensor(tuple(variable.shape), str(variable.dtype), None))
            self._calls.append(Call(name, (), (index,)))
        known[id(leaf)] = known[id(variable)]
        return TensorRef(known[id(leaf)])

    def _constant(self, leaf: Any, known: dict[int, int], path: tuple[str, ...]) -> Any:
        """A constant that a layer is called on, as a tensor."""
        if id(leaf) in self._constants and id(leaf) not in known:
            value, shape = one_sample(self._constants.pop(id(leaf)), self._prime)
            if id(leaf) in self._computed:
                self.computed[id(value)] = self._computed[id(leaf)]
            known[id(leaf)] = self._repeated(value, value.shape if shape is None else shape, path).index
        return leaf

    def _repeated(self, value: Any, shape: Iterable[Any], path: tuple[str, ...]) -> TensorRef:
        """A constant that is there once for each sample, as zeros of the batch's size are, or once for all."""
        name = self._inside(REPEATED, "".join(f"{each}_" for each in path))
        self._layers[name] = repeated_layer(name, tuple(shape), path)
        index = len(self._tensors)
        axes = [axis for axis, length in enumerate(shape) if not isinstance(length, int)]
        lengths = tuple(length for length in shape if isinstance(length, int))
        self._tensors.append(Tensor(lengths, str(value.dtype), *((axes[0], 1) if axes else (None,))))
        self._calls.append(Call(name, (), (index,), (value,)))
        self.operations[name] = None
        return TensorRef(index)

    def _counted(self, rows: int, dtype: Any, path: tuple[str, ...]) -> TensorRef:
        """The number of samples, or of their rows, as a tensor: so many for each sample, added up."""
        each = self._repeated(np.full((1,), rows, dtype), (BatchSize(1),), path)
        added: Any = ops.sum(keras.KerasTensor((self._prime,), str(dtype)), axis=0)
        operation = added._keras_history.operation
        name = self._name(operation, "".join(f"{each}_" for each in path), path)
        self._kept_alive.append(operation)
        index = len(self._tensors)
        self._tensors.append(Tensor((), str(dtype), None))
        self._calls.append(Call(name, (each.index,), (index,), (each,), {}))
        return TensorRef(index)


def _candidates(name: str, prefix: str) -> Iterator[str]:
    yield name
    yield prefix + name
    yield from (f"{prefix}{name}_{number}" for number in itertools.count(2))
