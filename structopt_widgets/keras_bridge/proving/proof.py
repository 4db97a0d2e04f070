"""Does a model compute what was read of it? Its own layers and the operations read are run on the same tiny batch.

Of each layer that was opened, what its ``call()`` makes is held against what the operations make, at inference and in
training mode; and against what it makes when it is called a second time. Whatever a layer is found to make stands for
it further on, so that each is judged by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
from .tiny_batches import KINDS, LARGEST, SAMPLES, differ, drawn, draws_repeated, run_as_written, tokens_of

UNSTEADY = "computes otherwise each time it is called, by a state of its own in Python"
Weights = list[tuple[Any, Any]]  # variables, and what they are in a comparison
OTHER_LOSS = "adds another loss than its operations do"
_METHODS = ("call", "add_loss")  # of layers, that are watched
RAISES = "running it on random inputs raises"


@dataclass(frozen=True)
class Proof:
    """What came of it.

    Attributes:
        unlike: why a layer is not what was read of it, by ``id``; the model's own for what is in none of its layers.
        skipped: why there was no comparison, or none in training mode; empty where there was.
        otherwise: why a layer that is what was read of it is another in a copy, by its name in the graph; or what it
            does with one sample and not with several, by its own.
    """

    unlike: Mapping[int, str] = field(default_factory=dict)
    skipped: str = ""
    otherwise: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Tried:
    """One comparison: what the model is run on, and how. What is the same after its weights ``move`` has not read them.

    Attributes:
        twice: whether the model is run once more, to see whether it does the same.
    """

    mode: str
    training: bool
    kind: str
    samples: int = SAMPLES
    moves: bool = False
    twice: bool = False


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
    is_of_floats = any(map(keras.backend.is_float_dtype, (each.dtype for each in keras.tree.flatten(run.inputs))))
    tried = [_Tried("inference", False, "normal", twice=True)]
    # Whole numbers are whole whatever they are called.
    tried += [_Tried("inference", False, "whole", moves=True)] if is_of_floats else []
    tried.append(_Tried("inference", False, "padded", samples=1, moves=True))
    if model.name not in graph.differences:  # which says that it is another in training
        tried.append(_Tried("training", True, "normal"))
    raised = ""
    # A length or a place among the inputs may have to be smaller than what the tables have.
    for tokens in dict.fromkeys((tokens_of(model), 2)):
        try:
            with python_state_kept(model), draws_repeated(), run_as_written():
                values: dict[int, Any] = {}  # of the graph's tensors, at inference
                comparisons = _Comparisons(run, graph, operations, watched)
                for each in tried:
                    unlike, made = comparisons.proved(each, tokens)
                    if unlike:
                        return Proof(unlike)
                    values = values or made
                return Proof(
                    otherwise={**comparisons.alone, **made_otherwise(graph, operations, values, SAMPLES, differ)}
                )
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


class _Comparisons:
    """A model and what was read of it, side by side."""

    def __init__(self, run: Run, graph: ModelGraph, operations: Mapping[str, Any], watched: _Watched) -> None:
        self._run, self._graph, self._operations, self._watched = run, graph, operations, watched
        self.alone: dict[str, str] = {}  # what a layer does with one sample and not with several, by its name

    def proved(self, tried: _Tried, tokens: int) -> tuple[dict[int, str], dict[int, Any]]:
        """As :meth:`compared`; what differs for one sample alone is another matter, and is put into :attr:`alone`."""
        if tried.samples > 1:
            return self.compared(tried, tokens)
        several = replace(tried, samples=SAMPLES)
        try:
            unlike, made = self.compared(tried, tokens)
        except Exception:
            if self._takes(tried, tokens):
                self.alone[self._run.model.name] = "takes one sample alone, which is too few for a copy"
            return self.compared(several, tokens)
        if not unlike:
            return unlike, made
        others, made = self.compared(several, tokens)
        layers = self._watched.layers
        for key in unlike if not others else ():
            name = layers[key].name if key in layers else self._run.model.name
            self.alone[name] = "does something else with one sample than with several, as a copy does with any number"
        return others, made

    def _takes(self, tried: _Tried, tokens: int) -> bool:
        """Whether the model itself runs so: there are some that one sample is too few for."""
        try:
            self._called(_batch(self._run, tried, tokens), tried, [], lambda _, made: made, lambda *_: None)
        except Exception:
            return False
        return True

    def compared(self, tried: _Tried, tokens: int) -> tuple[dict[int, str], dict[int, Any]]:
        """Why layers are not what was read of them, by ``id``; what the graph's tensors are, by index."""
        model, mode, watched = self._run.model, tried.mode, self._watched
        batch, weights = _batch(self._run, tried, tokens), _moved(model) if tried.moves else []
        added: list[tuple[int, Any]] = []
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

        expected = self._called(batch, tried, weights, first, lambda key, loss: added.append((key, loss)))
        if tried.twice:
            remaining = {key: [*each] for key, each in made.items()}
            second = self._called(batch, tried, weights, again, lambda *_: None)
            if not unlike and any(map(differ, expected, second)):
                unlike[id(model)] = UNSTEADY
        for key in [key for key in unlike if key in watched.around]:  # they are closed already
            watched.unsteady.add(key)
            unlike.pop(key)
        if unlike:
            return unlike, {}
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

        values, losses = self._values(batch, tried, weights, see)
        outputs = [values[ref.index] for ref in keras.tree.flatten(self._graph.outputs)]
        if not unlike:
            apart = next(filter(None, map(differ, expected, outputs)), "")
            if apart:
                unlike[id(model)] = f"computes something else than its operations do, {mode}, {apart}"
        if not unlike and not watched.unsteady:
            apart = differ(_total([loss for _, loss in added]), _total(losses))
            opened = {key for key, _ in added if key in watched.layers and key not in watched.around}
            unlike = dict.fromkeys(opened or {id(model)}, f"{OTHER_LOSS}, {mode}, {apart}") if apart else {}
        return unlike, values

    def _values(self, batch: Any, tried: _Tried, weights: Weights, see: Notice) -> tuple[dict[int, Any], list[Any]]:
        """What the graph's tensors are, by index, and the losses that it adds."""
        given = zip(keras.tree.flatten(self._graph.inputs), keras.tree.flatten(batch), strict=True)
        inputs = {ref.index: each for ref, each in given}
        with keras.StatelessScope(weights, collect_losses=True) as scope:
            values = rerun(self._graph, self._operations, inputs, tried.samples, tried.training, see)
            return values, scope.losses

    def _called(
        self,
        batch: Any,
        tried: _Tried,
        weights: Weights,
        see: Callable[[int, Any], Any],
        see_loss: Callable[[int, Any], Any],
    ) -> list[Any]:
        """The outputs of the model, flat, with no trace in its variables. Losses are told by who adds them."""

        def seen(key: int, call: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **kwargs: see(key, call(*args, **kwargs))

        def told(key: int) -> Callable[[Any], None]:
            def add(losses: Any) -> None:
                for loss in keras.tree.flatten(losses):
                    see_loss(key, loss)

            return add

        model, watched = self._run.model, self._watched.layers
        layers = {id(each): each for each in model._flatten_layers()} | watched
        own = {(key, name): vars(each)[name] for key, each in layers.items() for name in _METHODS if name in vars(each)}
        try:
            for key, layer in layers.items():
                vars(layer)["add_loss"] = told(key)
                if key in watched:
                    vars(layer)["call"] = seen(key, layer.call)
            with keras.StatelessScope(weights):
                # Its layers are told even where its own call() takes no `training`.
                return keras.tree.flatten(model(batch, training=tried.training))
        finally:
            for key, layer in layers.items():
                for name in _METHODS:
                    vars(layer).pop(name, None)
                    if (key, name) in own:
                        vars(layer)[name] = own[key, name]


def _total(losses: list[Any]) -> Any:
    return sum((keras.ops.sum(keras.ops.cast(each, "float32")) for each in losses), keras.ops.zeros(()))


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


def _moved(model: Any) -> Weights:
    """Other values of the weights, so that what was a weight and became a constant shows; what is above 0 stays so."""
    return [(each, 1.05 * each.value + 0.005) for each in model.variables if keras.backend.is_float_dtype(each.dtype)]


def _batch(run: Run, tried: _Tried, tokens: int) -> Any:
    rng = np.random.default_rng(KINDS.index(tried.kind))

    def made(tensor: Any) -> Any:
        shape = tuple(tried.samples * (each // run.prime) if each % run.prime == 0 else each for each in tensor.shape)
        return drawn(shape, tensor.dtype, tried.kind, tokens, rng)

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
