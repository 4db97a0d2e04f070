"""What of a graph follows from the length it was read at: its calls are held against those of a reading at another."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ...graph import ModelGraph
from ...graph.open_lengths import Path, leaves_of, map_leaves
from ...graph.plain import Computed, Length
from ...layer_rules.blocks import Block
from ...layer_rules.effects import DRAW
from ...structure import StructureSpace
from ..rebuilding.making import made_with

MOST = 200  # operations that make one array


class FixedLengthError(ValueError):
    """Why a copy takes samples of one length alone."""


@dataclass(frozen=True)
class Reading:
    """A model as it was read at one length, and how the constants in its arguments are made, by their ids."""

    graph: ModelGraph
    computed: Mapping[int, Computed | np.ndarray]


def length_entries(graph: ModelGraph, other: Reading, again: Callable[[], Reading]) -> dict[int, dict[Path, Any]]:
    """See :class:`~structopt_widgets.graph.open_lengths.OpenLengths`, whose ``entries`` these are.

    ``other`` is the model of ``graph`` read at another length; ``again`` reads it at the same once more, where it has
    to be known how the constants are made.

    Raises :class:`FixedLengthError` for what follows from the length in no such way.
    """
    if not _is_same(graph, other.graph):
        raise FixedLengthError("another length takes other operations")
    return _Entries(graph, other, again).found()


def _is_same(one: ModelGraph, other: ModelGraph) -> bool:
    """Whether two graphs are of the same calls, of whatever lengths."""
    calls = [[(call.layer, call.inputs, call.outputs) for call in graph.calls] for graph in (one, other)]
    kinds = [{name: layer.kind for name, layer in graph.layers.items()} for graph in (one, other)]
    return calls[0] == calls[1] and kinds[0] == kinds[1]


class _Entries:
    def __init__(self, graph: ModelGraph, other: Reading, again: Callable[[], Reading]) -> None:
        self._graph, self._other, self._again = graph, other, again
        self._blocks: list[Block] = []
        self._makers = {index: call.layer for call in graph.calls for index in call.outputs}
        pairs = zip(graph.tensors, other.graph.tensors, strict=True)
        self._lengths = [
            {
                axis: (mine, theirs)
                for axis, (mine, theirs) in enumerate(zip(first.full_shape, second.full_shape, strict=True))
                if isinstance(mine, int) and isinstance(theirs, int) and mine != theirs
            }
            for first, second in pairs
        ]

    @functools.cached_property
    def _arrays(self) -> list[dict[tuple[int, Path], Any]]:
        """How the constants in the calls of both readings are made, by what a call makes and where they are in it."""
        one = self._again()
        if not _is_same(self._graph, one.graph):
            raise FixedLengthError("its arrays are not made by operations alone")
        return [
            {
                (call.outputs[0], path): reading.computed.get(id(leaf))
                for call in reading.graph.calls
                for path, leaf in leaves_of({"args": call.args, "kwargs": call.kwargs or {}})
                if isinstance(leaf, np.ndarray)
            }
            for reading in (one, self._other)
        ]

    def found(self) -> dict[int, dict[Path, Any]]:
        spaces = [StructureSpace(each) for each in (self._graph, self._other.graph)]
        self._blocks = [*spaces[0].blocks.values()]
        entries = {}
        for mine, theirs in zip(*(space.connected.calls for space in spaces), strict=True):
            call = mine.call
            layer = self._graph.layers[call.layer]
            made = [made_with(space.baseline, each) for each, space in zip((mine, theirs), spaces, strict=True)]
            if "InputLayer" in layer.kinds:
                continue
            is_bare = layer.kind.startswith("ops.") and not layer.weights
            flat = [dict(leaves_of(each)) for each in made]
            if flat[0].keys() != flat[1].keys():
                raise FixedLengthError(f"{call.layer!r} is made otherwise at another length")
            of_call = {}
            for path, leaf in flat[0].items():
                if _is_equal(leaf, flat[1][path]):
                    continue
                if not is_bare:
                    of_call[path] = self._as_given(layer, path)
                else:
                    of_call[path] = self._follows(call, path, leaf, flat[1][path])
            if of_call:
                entries[call.outputs[0]] = of_call
        return entries

    def _as_given(self, layer: Any, path: Path) -> Any:
        """What the user wrote in a layer's configuration where a rule says the length."""
        graphs = self._graph, self._other.graph
        values = [dict(leaves_of({"config": each.layers[layer.name].config})).get(path, self) for each in graphs]
        if layer.kind == DRAW or values[0] is self or not _is_equal(*values):
            raise FixedLengthError(f"{layer.name!r} is made for the length")
        return values[0]

    def _follows(self, call: Any, path: Path, mine: Any, theirs: Any) -> Any:
        if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
            one, other = (each.get((call.outputs[0], path)) for each in self._arrays)
            if one is None or other is None:
                raise FixedLengthError(f"{call.layer!r} reads a constant as long as the input")
            return self._computed(call, one, other)
        length = self._length(call, path, mine, theirs)
        if path[-2:-1] == ("newshape",) and not (length is not None and length.is_whole):
            return -1  # which Keras finds out
        if length is None:
            raise FixedLengthError(f"{call.layer!r} is called with {mine!r}, and at another length with {theirs!r}")
        return length

    def _computed(self, call: Any, mine: Any, theirs: Any) -> Any:
        """An array that both readings make, with the lengths that differ between them left open."""
        if isinstance(mine, Computed) and isinstance(theirs, Computed):
            given = [(each.operation, each.args, each.kwargs) for each in (mine, theirs)]
            flat = [dict(leaves_of(each)) for each in given]
            if flat[0].keys() == flat[1].keys():
                made = map_leaves(lambda path, leaf: self._computed(call, leaf, flat[1][path]), given[0])
                return Computed(*made)
        elif isinstance(mine, tf.DType) and mine == theirs:
            return mine.name
        elif _is_equal(mine, theirs):
            return mine
        elif (length := self._length(call, (), mine, theirs)) is not None:
            return length
        raise FixedLengthError(f"{call.layer!r} reads an array that another length makes otherwise")

    def _length(self, call: Any, path: Path, mine: Any, theirs: Any) -> Length | None:
        """A number as a length of a tensor: of one that the call reads if there is one, of an input else."""
        if not all(isinstance(each, (int, np.integer)) and not isinstance(each, bool) for each in (mine, theirs)):
            return None
        place = path[-1] if path and isinstance(path[-1], int) else 0
        sources = [*call.inputs, *self._graph.input_tensors]
        # The last one first: the nearest to it. What can be left out without it is none.
        made_before = [index for index in reversed(range(call.outputs[0])) if self._stays(index, call)]
        mine, theirs = int(mine), int(theirs)
        for index in (*sources, *made_before):
            equal = [axis for axis, lengths in self._lengths[index].items() if lengths == (mine, theirs)]
            if equal:
                return Length(index, min(equal, key=lambda axis: abs(axis - place)))
        candidates = [(index, axis, *lengths) for index in sources for axis, lengths in self._lengths[index].items()]
        return next(filter(None, (_related(each, mine, theirs) for each in candidates)), None)

    def _stays(self, index: int, call: Any) -> bool:
        maker = self._makers.get(index)
        return all(call.layer in block.layers for block in self._blocks if maker in block.layers)


def _related(candidate: tuple[int, int, int, int], mine: int, theirs: int) -> Length | None:
    """A number as so many times a length, or a part of it, and so much more."""
    index, axis, first, second = candidate
    if (theirs - mine) % (second - first) == 0:
        times = (theirs - mine) // (second - first)
        return Length(index, axis, times, 1, mine - times * first)
    over, rest = divmod(second - first, theirs - mine)
    plus = mine - first // over if over > 0 else 0
    is_part = over > 0 and rest == 0 and plus == theirs - second // over
    return Length(index, axis, 1, over, plus) if is_part else None


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        shapes = np.shape(one), np.shape(other)
        return shapes[0] == shapes[1] and bool(np.array_equal(one, other))
    return type(one) is type(other) and bool(one == other or one is other)
