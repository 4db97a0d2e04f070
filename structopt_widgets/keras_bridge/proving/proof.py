"""Does a model compute what was read of it? Its own layers and the operations read are run on the same tiny batch.

Of each layer that was opened, what its ``call()`` makes is held against what the operations make, at inference and in
training mode; and against what it makes when it is called a second time. Whatever a layer is found to make stands for
it further on, so that each is judged by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from ...graph import ModelGraph
from ..found import Trace
from ..internals import with_mask_of
from ..reading.trace import Run
from ..rebuilding.unbuilding import Snapshot
from ..without_weights import is_allocated
from .made_otherwise import made_otherwise
from .rerun import Notice, rerun
from .tiny_batches import KINDS, LARGEST, SAMPLES, differ, drawn, draws_repeated, tokens_of

UNSTEADY = "computes otherwise each time it is called, by a state of its own in Python"
RAISES = "running it on random inputs raises"


@dataclass(frozen=True)
class Proof:
    """What came of it.

    Attributes:
        unlike: why a layer is not what was read of it, by ``id``; the model's own for what is in none of its layers.
        skipped: why there was no comparison, or none in training mode; empty where there was.
        otherwise: why a layer that is what was read of it is another in a copy, by its name in the graph.
    """

    unlike: Mapping[int, str] = field(default_factory=dict)
    skipped: str = ""
    otherwise: Mapping[str, str] = field(default_factory=dict)


def prove(run: Run, found: Trace, graph: ModelGraph, operations: Mapping[str, Any], known: Mapping[int, int]) -> Proof:
    """Compare; ``known`` are the indices of the trace's tensors in the graph by ``id``. The model is left as it was."""
    model = run.model
    if not model.built or not all(map(is_allocated, model.variables)):
        return Proof(skipped="the model has no weights")
    if sum(int(np.prod(each.shape)) for each in model.variables) > LARGEST:
        return Proof(skipped=f"the model has more than {LARGEST:,} parameters")
    if any(each.dtype == "string" for each in keras.tree.flatten(run.inputs)):
        return Proof(skipped="the model reads text, which is not drawn here")
    watched = _Watched(run, found, known)
    tried = [("inference", False, kind) for kind in KINDS]
    if model.name not in graph.differences:  # which says that it is another in training
        tried.append(("training", True, KINDS[0]))
    raised = ""
    # A length or a place among the inputs may have to be smaller than what the tables have.
    for tokens in dict.fromkeys((tokens_of(model), 2)):
        try:
            with python_state_kept(model), draws_repeated():
                for mode, training, kind in tried:
                    batch = _batch(run, kind, tokens)
                    unlike = _compared(run, graph, operations, watched, batch, kind == KINDS[0], mode, training)
                    if unlike:
                        return Proof(unlike)
                values = _values(graph, operations, _batch(run, KINDS[0], tokens))
                return Proof(otherwise=made_otherwise(graph, operations, values, SAMPLES, differ))
        # What runs is the user's own code.
        except Exception as error:
            raised = raised or f"{RAISES} {type(error).__name__}: {str(error)[:160]}"
    return Proof(skipped=raised)


class _Watched:
    """The layers whose outputs are looked at, and where in the graph those are."""

    def __init__(self, run: Run, found: Trace, known: Mapping[int, int]) -> None:
        self.layers: dict[int, Any] = {}
        self.unsteady: set[int] = set()
        self.outputs: dict[int, list[list[int | None]]] = {}  # of each call of a layer
        for call in found.opened:
            self._add(call.layer, keras.tree.flatten(call.outputs), known)
        self.around: dict[int, int] = {}  # the layer that calls a closed one, or the model
        by_path = {call.path: id(call.layer) for call in found.opened}
        nodes = [node for node in found.nodes if node.operation is not run.model]
        closed = [node for node in nodes if id(node.operation) in found.closed]
        for node in sorted(closed, key=lambda each: each.outputs[0]._keras_history.node_index):
            self._add(node.operation, node.outputs, known)
            self.around[id(node.operation)] = by_path.get(found.paths.get(id(node), ()), id(run.model))

    def _add(self, layer: Any, outputs: list[Any], known: Mapping[int, int]) -> None:
        self.layers[id(layer)] = layer
        self.outputs.setdefault(id(layer), []).append([known.get(id(each)) for each in outputs])


def _compared(
    run: Run,
    graph: ModelGraph,
    operations: Mapping[str, Any],
    watched: _Watched,
    batch: Any,
    twice: bool,
    mode: str,
    training: bool,
) -> dict[int, str]:
    model = run.model
    made: dict[int, list[list[Any]]] = {key: [] for key in watched.layers}
    unlike: dict[int, str] = {}

    def first(key: int, outputs: Any) -> Any:
        made[key].append(keras.tree.flatten(outputs))
        return outputs

    def again(key: int, outputs: Any) -> Any:
        before, now = remaining[key].pop(0), keras.tree.flatten(outputs)
        if any(differ(one, other) for one, other in zip(before, now, strict=True)):
            unlike.setdefault(key, UNSTEADY)
        same = [
            with_mask_of(other, keras.ops.copy(one)) if keras.ops.is_tensor(one) else one
            for one, other in zip(before, now, strict=True)
        ]
        return keras.tree.pack_sequence_as(outputs, same)

    expected = _run(model, batch, training, watched, first)
    if twice:
        remaining = {key: [*each] for key, each in made.items()}
        second = _run(model, batch, training, watched, again)
        if not unlike and any(map(differ, expected, second)):
            unlike[id(model)] = UNSTEADY
    for key in [key for key in unlike if key in watched.around]:  # they are closed already
        watched.unsteady.add(key)
        unlike.pop(key)
    if unlike:
        return unlike
    real = _by_index(watched, made)

    def see(index: int, value: Any) -> Any:
        for key, theirs in real.get(index, ()):
            if key not in watched.unsteady and (apart := differ(theirs, value)):
                # A closed layer is itself: it is called otherwise there than it would be here.
                unlike.setdefault(
                    watched.around.get(key, key), f"computes something else than its operations do, {mode}, {apart}"
                )
            value = with_mask_of(value, keras.ops.copy(theirs))
        return value

    values = _values(graph, operations, batch, training, see)
    outputs = [values[ref.index] for ref in keras.tree.flatten(graph.outputs)]
    if not unlike:
        apart = next(filter(None, map(differ, expected, outputs)), "")
        if apart:
            unlike[id(model)] = f"computes something else than its operations do, {mode}, {apart}"
    return unlike


def _values(
    graph: ModelGraph,
    operations: Mapping[str, Any],
    batch: Any,
    training: bool = False,
    see: Notice = lambda _, value: value,
) -> dict[int, Any]:
    """What the graph's tensors are, by index."""
    given = zip(keras.tree.flatten(graph.inputs), keras.tree.flatten(batch), strict=True)
    with keras.StatelessScope():
        return rerun(graph, operations, {ref.index: each for ref, each in given}, SAMPLES, training, see)


def _by_index(watched: _Watched, made: Mapping[int, list[list[Any]]]) -> dict[int, list[tuple[int, Any]]]:
    """What a layer really made in the place of a tensor of the graph, where it was called as often as was read."""
    result: dict[int, list[tuple[int, Any]]] = {}
    for key, calls in watched.outputs.items():
        if [len(each) for each in calls] != [len(each) for each in made[key]]:
            continue
        for indices, values in zip(calls, made[key], strict=True):
            for index, value in zip(indices, values, strict=True):
                if index is not None and value is not None:
                    result.setdefault(index, []).append((key, value))
    return result


def _run(model: Any, batch: Any, training: bool, watched: _Watched, see: Callable[[int, Any], Any]) -> list[Any]:
    """The outputs of the model, flat, with no trace in its variables."""

    def seen(key: int, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: see(key, call(*args, **kwargs))

    own = {key: vars(layer)["call"] for key, layer in watched.layers.items() if "call" in vars(layer)}
    try:
        for key, layer in watched.layers.items():
            vars(layer)["call"] = seen(key, layer.call)
        with keras.StatelessScope():
            # Its layers are told even where its own call() takes no `training`.
            return keras.tree.flatten(model(batch, training=training))
    finally:
        for key, layer in watched.layers.items():
            vars(layer).pop("call", None)
            if key in own:
                vars(layer)["call"] = own[key]


def _batch(run: Run, kind: str, tokens: int) -> Any:
    rng = np.random.default_rng(KINDS.index(kind))

    def made(tensor: Any) -> Any:
        shape = tuple(SAMPLES * (each // run.prime) if each % run.prime == 0 else each for each in tensor.shape)
        return drawn(shape, tensor.dtype, kind, tokens, rng)

    return keras.tree.map_structure(made, run.inputs)


@contextlib.contextmanager
def python_state_kept(model: Any) -> Iterator[None]:
    """What layers note in attributes while they run is forgotten, and so are the weights that training makes."""
    before = [(layer, dict(vars(layer))) for layer in model._flatten_layers() if layer.built]
    unbuilt = Snapshot(model)
    try:
        yield
    finally:
        if unbuilt.grown():
            unbuilt.restore()
        for layer, attributes in before:
            for key in [key for key in vars(layer) if key not in attributes]:
                del vars(layer)[key]
            vars(layer).update(attributes)
