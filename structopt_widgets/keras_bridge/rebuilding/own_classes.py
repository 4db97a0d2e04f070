"""Opened layers as the user's own class again, where its configuration takes the widths that were chosen.

A copy is first made of the operations that were read. Then each opened layer is made again by its own class, with other
numbers in its configuration until its weights are as wide as the operations'; given those weights, it has to compute
what they compute, at inference and in training. Where one does not, the operations stay.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras.src.backend.common.stateless_scope import in_stateless_scope

from ...graph import Call, ModelGraph, TensorRef
from ...graph.model_graph import map_structure, tensor_refs
from ...layer_rules.whole import changed
from ...structure import Structure
from ..found import OpenedCall
from ..kept_whole.kept_whole import integers
from ..nodes import fresh_names
from ..proving.tiny_batches import KINDS, batch_of, can_be_run, differ, draws_repeated, tokens_of
from ..reading.described import layer_of
from ..reading.holders import is_of_keras
from ..without_weights import unallocated
from .made_again import made_again
from .seeding import seeded
from .source import KerasSource, Opened

_MOST, _LISTED = 32, 4096  # configurations that are tried for one layer, and that are thought of
Run = Callable[[keras.Model], list[list[Any]]]
_CHOICES = ("activations", "biases", "initializers")


def opened_layers(
    graph: ModelGraph,
    operations: Mapping[str, Any],
    calls: Sequence[OpenedCall],
    known: Mapping[int, int],
    originals: Mapping[int, Any],
) -> tuple[Opened, ...]:
    """Those layers that may stand for the operations inside of them, of each other the outer ones first.

    ``known`` are the indices of a trace's tensors by ``id``, ``originals`` the user's own layers for those traced.
    """
    found = []
    for call in sorted(calls, key=lambda each: len(each.path)):
        layer = originals.get(id(call.layer), call.layer)
        is_single = sum(each.layer is call.layer for each in calls) == 1
        if is_single and not is_of_keras(layer) and (one := _opened(graph, operations, layer, call, known)) is not None:
            found.append(one)
    return tuple(found)


def _opened(
    graph: ModelGraph, operations: Mapping[str, Any], layer: Any, call: OpenedCall, known: Mapping[int, int]
) -> Opened | None:
    depth = len(call.path)
    inside = frozenset(name for name, each in graph.layers.items() if each.path[:depth] == call.path)
    calls = [each for each in graph.calls if each.layer in inside]
    kwargs = {key: each for key, each in call.kwargs.items() if key != "training" and each is not None}
    try:
        args, kwargs, outputs = (_references(each, known) for each in (call.args, kwargs, call.outputs))
    except KeyError:
        return None
    made = {index for each in calls for index in each.outputs}
    read = {index for each in calls for index in each.inputs} - made
    ends = {index for each in graph.calls if each.layer not in inside for index in each.inputs}
    ends |= set(graph.output_tensors)
    given, results = ({ref.index for ref in tensor_refs(each)} for each in ((args, kwargs), outputs))
    places = {
        id(variable): (name, place)
        for name in inside
        for place, variable in enumerate(getattr(operations[name], "weights", []))
    }
    is_closed_off = calls and read <= given and ends & made <= results <= made
    if not is_closed_off or set(places) != {id(each) for each in layer.weights}:
        return None
    serialized = layer_of(layer, layer.name).serialized
    if "error" in serialized or not _is_registered(type(layer)):
        return None
    weights = tuple(places[id(each)] for each in layer.weights)
    firsts = frozenset(each.outputs[0] for each in calls)
    return Opened(layer, serialized["config"], args, kwargs, outputs, inside, firsts, weights)


def _is_registered(kind: type) -> bool:
    """Whether Keras loads a file with the class in it: one of the operations is loaded by this package alone."""
    return keras.saving.get_registered_object(keras.saving.get_registered_name(kind)) is kind


def _references(structure: Any, known: Mapping[int, int]) -> Any:
    """``structure`` with references to its tensors; ``KeyError`` for one that is none of the graph's."""

    def referred(leaf: Any) -> Any:
        if isinstance(leaf, keras.KerasTensor):
            return TensorRef(known[id(leaf)])
        if leaf is None or isinstance(leaf, (bool, int, float, str)):
            return leaf
        raise KeyError(leaf)

    return keras.tree.map_structure(referred, structure)


@dataclass(frozen=True)
class Copy:
    """A copy of the operations that were read: its layers by their names in the graph, its tensors by index there."""

    model: keras.Model
    operations: Mapping[str, Any]
    tensors: Mapping[int, Any]


def with_own_classes(
    structure: Structure, copy: Copy, seed: int | None, again: Callable[[OwnLayers], Copy]
) -> keras.Model:
    """The copy's model, or one that computes the same with layers of the user's own classes.

    ``again`` makes the calls of the copy again, of which those layers stand for some.
    """
    source, graph = structure.space.source, structure.space.graph
    dtypes = [graph.tensors[index].dtype for index in graph.input_tensors]
    if not isinstance(source, KerasSource) or in_stateless_scope() or not can_be_run(source.model, dtypes):
        return copy.model
    own = OwnLayers(structure, copy)
    with contextlib.nullcontext() if seed is None else seeded(seed):
        own.make(source.opened)
    if not own.made:
        return copy.model
    tried = [(False, kind) for kind in KINDS] + [(True, KINDS[0])]
    batches = [(training, batch_of(structure.space, kind, tokens_of(source.model))) for training, kind in tried]

    def run(model: keras.Model) -> list[list[Any]]:
        with keras.StatelessScope(), draws_repeated():
            return [keras.tree.flatten(model(batch, training=training)) for training, batch in batches]

    expected = run(copy.model)
    if (model := _equal(copy, own, expected, run, again)) is not None:
        return model
    candidates, own.made = own.made, []
    own.copy = copy = _again(copy, own, again)
    own.made = [pair for pair in candidates if own.is_equal(*pair, run, [training for training, _ in batches])]
    # Masks, say, that pass between layers may be lost in what is equal by itself.
    if own.made and (model := _equal(copy, own, expected, run, again)) is not None:
        return model
    own.made = []
    return _again(copy, own, again).model


def _again(copy: Copy, own: OwnLayers, again: Callable[[OwnLayers], Copy]) -> Copy:
    """Another copy of the same layers, which are as if they had not been called before."""
    for operation in (*copy.operations.values(), *(layer for _, layer in own.made)):
        if isinstance(operation, keras.Operation):
            operation._outbound_nodes.clear()
            if not isinstance(operation, keras.layers.InputLayer):
                operation._inbound_nodes.clear()
    return again(own)


def _equal(copy: Copy, own: OwnLayers, expected: list[list[Any]], run: Run, again: Callable[[OwnLayers], Copy]) -> Any:
    """The model with those layers, if it makes what was expected."""
    # The user's own code: where it raises, the operations stay.
    try:
        model = _again(copy, own, again).model
        found = run(model)
    except Exception:
        return None
    pairs = zip(itertools.chain(*expected), itertools.chain(*found), strict=True)
    return None if any(differ(*pair) for pair in pairs) else model


class OwnLayers:
    """The layers of a copy that are of the user's own classes again."""

    def __init__(self, structure: Structure, copy: Copy) -> None:
        self._structure, self.copy = structure, copy
        self._known: dict[Any, tuple[Any, ...]] = {}  # the numbers that fitted, by class, configuration and widths
        self.made: list[tuple[Opened, Any]] = []

    def make(self, candidates: Sequence[Opened]) -> None:
        """Make what can be made, outer layers before those inside of them, with the weights of the operations."""
        for each in candidates:
            if any(each.layers <= done.layers for done, _ in self.made) or not self._is_whole(each):
                continue
            # The user's own code runs here, on widths that it may not take.
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    layer = self._made(each)
            except Exception:  # noqa: S112  # the operations stay, which are right
                continue
            if layer is not None:
                self.made.append((each, layer))

    def stands_for(self, call: Call) -> bool:
        """Whether a call is one inside of such a layer."""
        return any(call.outputs[0] in each.made for each, _ in self.made)

    def outputs(self, call: Call, tensors: Mapping[int, Any]) -> dict[int, Any]:
        """What such a layer makes of ``tensors``, by index; nothing before all are there that it reads, nor after."""
        each, layer = next(pair for pair in self.made if call.outputs[0] in pair[0].made)
        made = tensor_refs(each.outputs)
        is_there = all(ref.index in tensors for ref in tensor_refs((each.args, each.kwargs)))
        if not is_there or made[0].index in tensors:
            return {}
        args, kwargs = _filled((each.args, each.kwargs), tensors)
        return {ref.index: one for ref, one in zip(made, keras.tree.flatten(layer(*args, **kwargs)), strict=True)}

    def is_equal(self, each: Opened, layer: Any, run: Run, modes: Sequence[bool]) -> bool:
        """Whether a layer computes what the operations do; ``run`` runs a model on a batch for each of ``modes``."""
        given, made = tensor_refs((each.args, each.kwargs)), tensor_refs(each.outputs)
        indices = [ref.index for ref in (*given, *made)]
        looked_into = keras.Model(self.copy.model.input, [self.copy.tensors[index] for index in indices])
        for training, values in zip(modes, run(looked_into), strict=True):
            by_index = dict(zip(indices, values, strict=True))
            args, kwargs = _filled((each.args, each.kwargs), by_index)
            try:
                with keras.StatelessScope(), draws_repeated():
                    ours = keras.tree.flatten(layer(*args, **kwargs, **_told(layer, training)))
            except Exception:  # the user's own code
                return False
            theirs = [by_index[ref.index] for ref in made]
            if len(ours) != len(theirs) or any(differ(*pair) for pair in zip(theirs, ours, strict=True)):
                return False
        return True

    def _is_whole(self, each: Opened) -> bool:
        """Whether nothing inside is left out or chosen otherwise, but widths."""
        structure, base = self._structure, self._structure.space.baseline
        if not each.layers <= {*structure.layers}:
            return False
        pairs = [(getattr(structure, key), getattr(base, key)) for key in _CHOICES]
        return all(mine.get(name) == theirs.get(name) for mine, theirs in pairs for name in each.layers)

    def _made(self, each: Opened) -> Any:
        weights = [self.copy.operations[name].weights[place] for name, place in each.weights]
        wanted = [tuple(weight.shape) for weight in weights]
        key = type(each.layer), repr({**each.config, "name": ""}), repr(wanted)
        for entries in [self._known[key]] if key in self._known else self._entries(each, wanted):
            config = {**each.config, **changed(each.config, dict(entries))}
            if key not in self._known:
                with unallocated(), fresh_names():
                    if not self._fits(each, config, wanted):
                        continue
                self._known[key] = entries
            with fresh_names():
                layer = self._called(each, config)
            for mine, theirs in zip(layer.weights, weights, strict=True):
                mine.assign(theirs.value)
                if mine.trainable != theirs.trainable:
                    mine.trainable = theirs.trainable
            return layer
        return None

    def _fits(self, each: Opened, config: dict[str, Any], wanted: Sequence[tuple[int, ...]]) -> bool:
        """Whether a layer of that configuration has such weights, and one that Keras makes of its file has too."""
        try:
            layer = self._called(each, config)
            loaded = type(layer).from_config(layer.get_config())
            loaded.build_from_config(layer.get_build_config() or {})
            return _shapes(layer) == list(wanted) == _shapes(self._called(each, config, loaded))
        # The user's own code runs here, on widths that it may not take.
        except Exception:
            return False

    def _called(self, each: Opened, config: dict[str, Any], layer: Any = None) -> Any:
        """``layer``, or one of that configuration, called on symbolic tensors like those of the copy."""
        layer = made_again(each.layer, config) if layer is None else layer
        like = {
            ref.index: keras.KerasTensor(self.copy.tensors[ref.index].shape, dtype=self.copy.tensors[ref.index].dtype)
            for ref in tensor_refs((each.args, each.kwargs))
        }
        args, kwargs = _filled((each.args, each.kwargs), like)
        layer(*args, **kwargs)
        return layer

    def _entries(self, each: Opened, wanted: Sequence[tuple[int, ...]]) -> Iterator[tuple[Any, ...]]:
        """Numbers that may be wanted in the configuration, by the keys that lead there; as it was first."""
        shapes = [tuple(weight.shape) for weight in each.layer.weights]
        if [len(shape) for shape in shapes] != [len(shape) for shape in wanted]:
            return
        lengths = zip(itertools.chain(*shapes), itertools.chain(*wanted), strict=True)
        moves = sorted({(old, new) for old, new in lengths if old != new})
        choices = []
        for path, value in integers(each.config):
            moved = [new for old, new in moves if old == value]
            parts = [value * new // old for old, new in moves if value * new % old == 0]
            numbers = {value: 2 if moved else 0} | dict.fromkeys(parts, 1) | dict.fromkeys(moved, 0)
            choices.append([(path, number, rank) for number, rank in numbers.items()])
        # First those in which every number moves that is a width which does.
        combined = sorted(itertools.islice(itertools.product(*choices), _LISTED), key=_rank)
        for chosen in combined[:_MOST]:
            yield tuple((path, number) for path, number, _ in chosen)


def _rank(chosen: Sequence[tuple[str, int, int]]) -> int:
    return sum(rank for _, _, rank in chosen)


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]


def _told(layer: Any, training: bool) -> dict[str, bool]:
    return {"training": training} if layer._call_has_training_arg else {}


def _filled(structure: Any, values: Mapping[int, Any]) -> Any:
    return map_structure(lambda leaf: values[leaf.index] if isinstance(leaf, TensorRef) else leaf, structure)
