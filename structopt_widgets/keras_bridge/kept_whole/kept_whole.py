"""Layers that stay one call: what they do inside all the same, and which entries of their configuration are widths."""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
from keras.src.backend import compute_output_spec

from ...graph import BATCH, WHOLE, Inside, Layer, ModelGraph, Symbol, size
from ...layer_rules.steps import connected_steps
from ...layer_rules.whole import changed, connected_inside, widths_of
from ..opening.opening import trace
from ..reading.trace import Run
from ..rebuilding.made_again import made_again
from ..rebuilding.unbuilding import LATE
from .probing import probed

_ROWS = 3  # of the batch a layer is tried on: a number that says whether an output has it


@dataclass(frozen=True)
class _Part:
    """Stands for a model where only a layer is read."""

    name: str
    weights: list[Any] = field(default_factory=list)


def with_inside(layer: Layer, operation: Any, args: Any, kwargs: Mapping[str, Any], prime: int) -> Layer:
    """``layer`` with what ``operation``, called so, does inside; as it was where that cannot be known."""
    tensors = [each for each in keras.tree.flatten((args, kwargs)) if isinstance(each, keras.KerasTensor)]
    has_cell = isinstance(operation, keras.layers.RNN)
    call = (_StepOf if has_cell else _CallOf)(
        operation, args, {key: value for key, value in kwargs.items() if key != "training"}, tensors
    )
    call.is_late = layer.closed == LATE
    try:
        graphs, operations = zip(*(call.graph(training, prime) for training in call.modes()), strict=True)
        inside = Inside(graphs, _places(operation.weights, operations))
        inside = _with_entries(inside, layer, call)
        return replace(layer, kinds=layer.kinds if has_cell else (*layer.kinds, WHOLE), inside=inside)
    # The layer's own code runs here; where it cannot on symbolic tensors, it may on real ones.
    except Exception:
        return layer if has_cell else probed(layer, call.real, tensors)


class _CallOf:
    """One call of a layer, which can be made again on other tensors."""

    def __init__(self, operation: Any, args: Any, kwargs: dict[str, Any], tensors: list[Any]) -> None:
        self.operation, self.tensors = operation, tensors
        self._args, self._kwargs = args, kwargs

    is_late = False  # whether training would make weights that are not there

    def modes(self) -> list[bool]:
        """At inference, and in training where the layer is told."""
        inner = self.operation._flatten_layers(include_self=True, recursive=True)
        told = any("training" in inspect.signature(each.call).parameters for each in inner)
        return [False, True] if told and not self.is_late else [False]

    def arguments(self, tensors: Sequence[Any]) -> tuple[Any, Any]:
        """The arguments with other tensors in the place of its own."""
        given = {id(mine): other for mine, other in zip(self.tensors, tensors, strict=True)}
        return keras.tree.map_structure(lambda leaf: given.get(id(leaf), leaf), (self._args, self._kwargs))

    def graph(self, training: bool, prime: int) -> tuple[ModelGraph, dict[str, Any]]:
        """What the layer does, and its layers and weights there by name."""
        from ..reading.reader import GraphReader  # which asks for what is inside of layers

        inputs = [keras.Input(batch_shape=shape, dtype=dtype) for shape, dtype in self.given()]

        def run(given: Any, _: bool | None = None) -> Any:
            return self.run(given, training)

        found = trace(self.traced(), inputs, run, {}, training, forgets=True)
        reader = GraphReader()
        part: Any = _Part(self.operation.name)
        return reader.read_trace(found, Run(part, inputs, prime, run, {}), part), reader.operations

    def real(self, tensors: Sequence[Any]) -> Any:
        """What the layer makes of real tensors, when it is used."""
        args, kwargs = self.arguments(tensors)
        return self.operation(*args, **kwargs, **self.told(training=False))

    def told(self, training: bool) -> dict[str, bool]:
        """The argument that says whether it is training, if the layer takes it."""
        return {"training": training} if "training" in inspect.signature(self.traced().call).parameters else {}

    def traced(self) -> Any:
        """The layer that is run."""
        return self.operation

    def given(self) -> list[tuple[Any, str]]:
        """Shape and dtype of each tensor that goes in."""
        return [(tuple(each.shape), each.dtype) for each in self.tensors]

    def run(self, given: Sequence[Any], training: bool) -> Any:
        """What it makes of such tensors."""
        args, kwargs = self.arguments(given)
        return self.operation.call(*args, **kwargs, **self.told(training))

    def connected(self, inside: Inside) -> Any:
        """What is inside, connected."""
        return connected_inside(inside, self.operation.weights)

    def shapes(self, inputs: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
        """What the layer is called on where such tensors go in."""
        return inputs

    def outputs(self, made: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
        """What the layer makes where such tensors come out."""
        return made


class _StepOf(_CallOf):
    """One step of a recurrence: its cell, called on a timestep and on the states."""

    def traced(self) -> Any:
        return self.operation.cell

    def given(self) -> list[tuple[Any, str]]:
        batch, _, *features = self.tensors[0].shape
        dtype, sizes = self.operation.cell.compute_dtype, self.operation.state_size
        # Of cells one after the other each has a state, or several; else one state may have several axes.
        sizes = keras.tree.flatten(sizes) if self._is_stacked() else sizes
        states = [(batch, each) if isinstance(each, int) else (batch, *each) for each in sizes]
        return [((batch, *features), self.tensors[0].dtype), *((state, dtype) for state in states)]

    def run(self, given: Sequence[Any], training: bool) -> Any:
        step, *states = given
        if self._is_stacked():
            states = keras.tree.pack_sequence_as(self.operation.state_size, states)
        output, after = self.operation.cell.call(step, states, **self.told(training))
        return [output, *keras.tree.flatten(after)]

    def _is_stacked(self) -> bool:
        return isinstance(self.operation.cell, keras.layers.StackedRNNCells)

    def connected(self, inside: Inside) -> Any:
        return connected_steps(inside, self.operation.weights)

    def shapes(self, inputs: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
        rows, *features = inputs[0]
        return [(rows, self.tensors[0].shape[1], *features), *(tuple(each.shape) for each in self.tensors[1:])]

    def outputs(self, made: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
        (rows, *features), *states = made
        time = [self.tensors[0].shape[1]] if self.operation.return_sequences else []
        return [(rows, *time, *features), *(states if self.operation.return_state else [])]


def _places(weights: Sequence[Any], operations: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    found = [
        {
            id(variable): (name, place)
            for name, each in reversed([*named.items()])
            for place, variable in enumerate(getattr(each, "weights", []))
        }
        for named in operations
    ]
    return tuple(tuple(each.get(id(weight)) for each in found) for weight in weights)


def _with_entries(inside: Inside, layer: Layer, call: _CallOf) -> Inside:
    """``inside`` with the entries of its configuration that a layer is made again with when a width in it is another.

    Each width is tried alone, and those that cannot move alone with others of its size: the layer is made again, called
    on tensors of that width, and its weights and outputs have to come out as wide as the operations inside say.
    """
    connected = call.connected(inside)
    widths = list(widths_of(connected[0], connected[2]))
    entries: list[tuple[str, ...] | None] = [None] * len(widths)
    if "error" in layer.serialized:
        return replace(inside, entries=tuple(entries))
    ties: list[tuple[int, ...]] = []
    numbers = dict(integers(layer.config))
    for count in (1, 2, 3):
        open_widths = [at for at, width in enumerate(widths) if entries[at] is None and width.fixed is None]
        for places in itertools.combinations(open_widths, count):
            moved = [widths[at] for at in places]
            length = moved[0].baseline
            if any(width.baseline != length for width in moved) or any(entries[at] is not None for at in places):
                continue
            named = [path for path, value in numbers.items() if value == length]
            found = next((each for each in _choices(named) if _fits(call, connected, layer, moved, each)), None)
            if found is not None:
                for at in places:
                    entries[at] = found
                ties.append(places)
    return replace(inside, entries=tuple(entries), ties=tuple(each for each in ties if len(each) > 1))


def _fits(call: _CallOf, connected: Any, layer: Layer, moved: Sequence[Symbol], entries: Sequence[str]) -> bool:
    """Whether a layer made again with one more in ``entries`` is one wider where ``moved`` is."""
    inputs, parts, weights = connected

    def at(symbol: Symbol) -> int:
        return _ROWS if symbol is BATCH else symbol.baseline + (symbol in moved)

    config = {**layer.config, **changed(layer.config, dict.fromkeys(entries, moved[0].baseline + 1))}
    shapes, made = ([tuple(size(dim, at) for dim in shape) for shape in each] for each in (inputs, parts[0].outputs))
    expected = [tuple(size(dim, at) for dim in each.axes) for each in weights]
    return _is_so(call, config, call.shapes(shapes), expected, call.outputs(made))


def integers(config: Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str, int]]:
    """The whole numbers in a configuration, by the keys and places that lead there."""
    for key, value in config.items() if isinstance(config, Mapping) else enumerate(config):
        if type(value) is int:
            yield str(key), value
        elif isinstance(value, (Mapping, list, tuple)):
            yield from ((f"{key}/{path}", number) for path, number in integers(value))


def _choices(named: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """No entry, each of ``named`` alone, several of them."""
    for count in range(min(len(named), 3) + 1):
        yield from itertools.combinations(named, count)


def _is_so(
    call: _CallOf,
    config: dict[str, Any],
    shapes: Sequence[tuple[int, ...]],
    weights: Sequence[tuple[int, ...]],
    outputs: Sequence[tuple[int, ...]],
) -> bool:
    """Whether a layer of ``config``, called on such shapes, has such weights and makes such outputs."""
    try:
        with keras.StatelessScope(initialize_variables=False), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = made_again(call.operation, config)
            args, kwargs = call.arguments(
                [keras.KerasTensor(shape, dtype=each.dtype) for shape, each in zip(shapes, call.tensors, strict=True)]
            )
            results = [made(*args, **kwargs, **call.told(training)) for training in reversed(call.modes())]
            if len(made.weights) < len(weights):
                compute_output_spec(made.call, *args, **kwargs)  # which runs the cell, and so makes what is inside
    # The layer's own code, on widths that it may not take.
    except Exception:
        return False
    shown = [tuple(each.shape) for each in keras.tree.flatten(results[-1])]
    return [tuple(each.shape) for each in made.weights] == list(weights) and shown == list(outputs)
