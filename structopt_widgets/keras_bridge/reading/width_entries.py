"""Which numbers of a user's own code follow from its widths: the code is run again where those are others.

What a layer with a rule makes there is made by that layer at the other widths, and weights are as wide; so a number
that comes out otherwise was computed from a width, as the root of a head's size is. Two other structures say by which
formula. A layer whose code takes one width alone, because its sizes are attributes, says nothing, and keeps its
numbers.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ...graph import Call, ModelGraph
from ...graph.open_lengths import Path, leaves_of
from ...graph.plain import OfWidth
from ...graph.width_numbers import WidthNumbers
from ...layer_rules.connected import ConnectedCall
from ...structure import Structure, StructureSpace
from ..drawing import Draw
from ..found import MadeSo, Resized, Trace
from ..modes import InOneMode
from ..nodes import fresh_names
from ..rebuilding.making import made_with
from ..rebuilding.names import operations_of
from ..rebuilding.rebuild import build_model
from ..rebuilding.source import KerasSource
from ..without_weights import unallocated
from .described import layer_of
from .other_widths import widths_alike, widths_apart
from .trace import Run
from .width_formulas import Axis, formula_of, is_close

_TINY = 1e-3  # what is added so that nothing is divided by zero
Leaves = dict[Path, float]


@dataclass(frozen=True)
class _Seen:
    """What one run of the code showed at a structure's widths: the operations of each opened layer, by its path."""

    structure: Structure
    nodes: Mapping[tuple[str, ...], list[Any]]
    constants: Mapping[int, Any]
    prime: int

    def numbers(self, path: tuple[str, ...], place: int) -> Leaves:
        """The numbers in one call of an operation, and in what it was made with."""
        node = self.nodes[path][place]
        given = {"args": node.arguments.args, "kwargs": node.arguments.kwargs}
        plain = keras.tree.map_structure(lambda leaf: self.constants.get(id(leaf), leaf), given)
        config = layer_of(node.operation, node.operation.name).serialized["config"]
        return self._numbers({**plain, "config": config})

    def expected(self, each: ConnectedCall) -> Leaves:
        """The same of what a copy would be made with."""
        return self._numbers(made_with(self.structure, each))

    def size(self, tensor: int, axis: int) -> int:
        return int(self.structure.setting.size(self.structure.space.connected.shapes[tensor][axis]))

    def _numbers(self, structure: Any) -> Leaves:
        found = ((path, _number(leaf)) for path, leaf in leaves_of(structure))
        return {path: value for path, value in found if value is not None and (not value or value % self.prime)}


def width_numbers(
    graph: ModelGraph,
    source: KerasSource,
    run: Run,
    found: Trace,
    known: Mapping[int, int],
    again: Callable[[Resized], Trace],
) -> WidthNumbers | None:
    """What is known of the numbers in the opened layers of ``graph`` that follow from widths.

    ``found`` is the trace that it was read from, ``known`` the indices of its tensors by ``id``; ``again`` runs the
    code once more.
    """
    space = StructureSpace(graph, source)
    base = _seen(space.baseline, found, run.prime)
    nodes = {
        path: each
        for path, each in base.nodes.items()
        if all(id(node.outputs[0]) in known for node in each) and any(map(_has_number, each))
    }
    calls = {each.call.outputs[0]: each for each in space.connected.calls}
    look = _Look(graph, base, nodes, calls, known)

    def seen(structure: Structure) -> _Seen:
        with fresh_names(), unallocated():
            made = build_model(structure, "fresh", compiled=False)
        resized = _resized(structure, source, run, found, known, operations_of(structure, made))
        return _seen(structure, again(resized), run.prime)

    for pair in (widths_apart(space), widths_alike(space)) if nodes else ():
        # The user's own code, at widths that nobody tried: what raises says nothing of what follows from them.
        with contextlib.suppress(Exception):
            if pair is not None and look.unknown:
                look.at(pair, seen)
    return look.found


class _Look:
    """What is known of the numbers so far."""

    def __init__(
        self,
        graph: ModelGraph,
        base: _Seen,
        nodes: Mapping[tuple[str, ...], list[Any]],
        calls: Mapping[int, ConnectedCall],
        known: Mapping[int, int],
    ) -> None:
        self._graph, self._base, self._nodes = graph, base, nodes
        self._calls = {path: [calls[known[id(node.outputs[0])]] for node in each] for path, each in nodes.items()}
        self._entries: dict[int, dict[Path, OfWidth]] = {}
        self._kept: dict[str, str] = {}
        self.unknown = set(nodes)

    @property
    def found(self) -> WidthNumbers | None:
        return WidthNumbers(self._entries, self._kept) if self._entries or self._kept else None

    def at(self, pair: tuple[Structure, Structure], seen: Callable[[Structure], _Seen]) -> None:
        """Look at the code at two other choices of all widths."""
        one = seen(pair[0])
        ran = {path for path in self.unknown if path in one.nodes}
        others = {path for path in ran if self._kinds(one, path) != self._kinds(self._base, path)}
        for path in others:
            self._kept[path[-1]] = "takes other operations at other widths; a copy keeps those of the model's own"
        places = [(path, place) for path in sorted(ran - others) for place in range(len(self._nodes[path]))]
        differing = [
            (path, place, where)
            for path, place in places
            for where in _differing(self._base, one, path, place, self._calls[path][place])
        ]
        many = [self._base, one, *([seen(pair[1])] if differing else [])]
        for path, place, where in differing:
            call = self._calls[path][place].call
            is_there = len(many[-1].nodes.get(path, ())) > place
            found = [each.numbers(path, place).get(where) for each in many] if is_there else []
            values = [each for each in found if each is not None]
            if len(set(values)) == 1:
                continue  # kept as an attribute, say: where its operation cannot do with that, the rule has moved it
            formula = formula_of(self._axes(path, call, many), values) if len(values) == len(many) else None
            if formula is not None:
                self._entries.setdefault(call.outputs[0], {})[where] = formula
            else:
                number = self._base.numbers(path, place)[where]
                told = f"computes with {number:g}, which at other widths is another number; a copy keeps it"
                self._kept[path[-1]] = told
        self.unknown -= ran

    @staticmethod
    def _kinds(seen: _Seen, path: tuple[str, ...]) -> list[type]:
        return [type(node.operation) for node in seen.nodes[path]]

    def _axes(self, path: tuple[str, ...], call: Call, seen: Sequence[_Seen]) -> list[Axis]:
        """Axes of what the call is made from, the nearest first; then of whatever else the layer reads and makes."""
        calls = [each.call for each in self._calls[path]]
        made_by = {index: each for each in self._graph.calls for index in each.outputs}
        behind = dict.fromkeys(call.inputs)
        for index in (pending := [*behind]):
            maker = made_by[index]
            if self._graph.layers[maker.layer].path[: len(path)] == path:
                pending.extend(each for each in maker.inputs if each not in behind)
                behind |= dict.fromkeys(maker.inputs)
        others = itertools.chain.from_iterable((*each.inputs, *each.outputs) for each in calls)
        shapes = self._base.structure.space.connected.shapes
        return [
            Axis(tensor, axis, tuple(each.size(tensor, axis) for each in seen))
            for tensor in dict.fromkeys([*behind, *others])
            for axis in range(len(shapes[tensor]))
        ]


def _seen(structure: Structure, trace: Trace, prime: int) -> _Seen:
    nodes: dict[tuple[str, ...], list[Any]] = {}
    constants = dict(trace.constants)
    of_numbers = set(constants)
    for node in trace.nodes:
        path = trace.paths.get(id(node), ())
        if not path or isinstance(node.operation, (keras.Layer, Draw, MadeSo)):
            continue
        if node.input_tensors and of_numbers.issuperset(map(id, node.input_tensors)):
            of_numbers |= set(map(id, node.outputs))
            _compute(node, constants)
        else:
            nodes.setdefault(path, []).append(node)
    return _Seen(structure, nodes, constants, prime)


def _compute(node: Any, constants: dict[int, Any]) -> None:
    """What an operation on numbers alone makes, as the root of one that was made a tensor."""
    if all(id(each) in constants for each in node.input_tensors) and not any(each.shape for each in node.outputs):
        given = (node.arguments.args, node.arguments.kwargs)
        args, kwargs = keras.tree.map_structure(lambda leaf: constants.get(id(leaf), leaf), given)
        made = keras.tree.flatten(node.operation(*args, **kwargs))
        constants |= {id(tensor): value for tensor, value in zip(node.outputs, made, strict=True)}


def _has_number(node: Any) -> bool:
    """Whether a call is given a number that may be one of a width."""
    given = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    numbers = [value for each in given if (value := _number(each)) is not None]
    has_tensor = any(isinstance(each, keras.KerasTensor) and len(each.shape) == 0 for each in given)
    return has_tensor or any(abs(value) > _TINY and abs(value) != 1 for value in numbers)


def _resized(
    structure: Structure,
    source: KerasSource,
    run: Run,
    found: Trace,
    known: Mapping[int, int],
    operations: Mapping[str, Any],
) -> Resized:
    space, at = structure.space, structure.setting
    names = {id(each): name for name, each in source.operations.items()}
    layers = {}
    for traced in run.model._flatten_layers(include_self=True, recursive=True):
        stand_in = operations.get(names.get(id(run.originals.get(id(traced), traced)), ""))
        if stand_in is not None:
            layers[id(traced)] = stand_in.layer if isinstance(stand_in, InOneMode) else stand_in
    weights: dict[int, tuple[int, ...]] = {}
    for name, operation in source.operations.items():
        variables, axes = getattr(operation, "weights", None) or [], space.connected.weights.get(name, ())
        if len(variables) == len(axes):
            for variable, each in zip(variables, axes, strict=True):
                weights[id(variable)] = tuple(int(at.size(dim)) for dim in each.axes)

    def made(tensor: Any) -> Any:
        index = known.get(id(tensor))
        if not isinstance(tensor, keras.KerasTensor) or index is None:
            return tensor
        sizes = iter([int(at.size(dim)) for dim in space.connected.shapes[index]])
        shape = [length if length and length % run.prime == 0 else next(sizes) for length in tensor.shape]
        return keras.KerasTensor(shape, dtype=tensor.dtype)

    outputs: dict[tuple[str, ...], list[Any]] = {}
    for call in found.opened:
        outputs.setdefault(call.path, []).append(keras.tree.map_structure(made, call.outputs))
    return Resized(layers, weights, outputs)


def _differing(base: _Seen, other: _Seen, path: tuple[str, ...], place: int, call: ConnectedCall) -> Iterator[Path]:
    """Where the code computes with another number than a copy would."""
    mine, theirs = base.numbers(path, place), other.numbers(path, place)
    ours = base.expected(call), other.expected(call)
    for where, value in mine.items():
        is_read_so = where in ours[0] and is_close(ours[0][where], value)
        if is_read_so and where in theirs and where in ours[1] and not is_close(ours[1][where], theirs[where]):
            yield where


def _number(leaf: Any) -> float | None:
    if isinstance(leaf, (bool, str)) or leaf is None:
        return None
    if isinstance(leaf, (int, float, np.number)):
        return float(leaf)
    is_array = isinstance(leaf, np.ndarray) or keras.ops.is_tensor(leaf)
    if is_array and len(leaf.shape) == 0 and keras.backend.standardize_dtype(leaf.dtype) not in ("bool", "string"):
        return float(keras.ops.convert_to_numpy(leaf))
    return None
