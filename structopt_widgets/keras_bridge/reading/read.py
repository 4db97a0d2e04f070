"""Reading a Keras model into plain data, once."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from typing import Any

import keras

from ...graph import PROVEN, UNREAD, ModelGraph
from ..batch import UnreadableError
from ..found import Resized, Trace
from ..modes import modes_of
from ..nodes import fresh_names, graph_of, has_own_graph, is_compiled, leaves, scopes_restored
from ..opening.opening import trace
from ..own_training import told_of_training
from ..proving.proof import OTHER_LOSS, RAISES, UNSTEADY, prove
from ..proving.tiny_batches import can_be_run
from ..rebuilding.own_classes import opened_layers
from ..rebuilding.source import KerasSource
from ..rebuilding.unbuilding import LATE, Snapshot
from ..without_weights import allocate_late
from .any_length import with_open_lengths
from .caching import with_caches
from .held_twice import held_twice
from .length_entries import FixedLengthError, Reading
from .load import load_model
from .reader import GraphReader
from .shapes import check_shape
from .text_inputs import dtypes_with_text, may_read_text
from .trace import Run, needs_run, run_of, whole
from .training_branches import depends_on_training, is_unlike_itself, unlike_in_training, with_all_calls
from .whole_inputs import dtypes_of_places
from .width_entries import width_numbers

COMPILED = "is compiled by TensorFlow and no longer does what its code says: a copy is compiled anew"


@scopes_restored()
def read_model(model: Any, input_shape: Any = None, data: Any = None) -> tuple[ModelGraph, KerasSource]:
    """The graph of a model and a handle on the model itself; the model is not changed.

    See :meth:`StructureSpace.from_keras` for the arguments. Raises ``ValueError`` for a model that
    cannot be traced, and for axes whose length only the data knows.
    """
    model = load_model(model)
    check_shape(input_shape)
    dtype = None
    if data is not None:
        if not hasattr(data, "input_shape"):
            raise TypeError(
                f"Expected a Data to take the shape of a sample from, got {type(data).__name__}. "
                "Wrap arrays in it: sw.Data(x, y); data that is shipped is opened with sw.load_data(name)."
            )
        if input_shape is None:
            input_shape = data.input_shape
        dtype = keras.tree.map_structure(_dtype_of_tokens, data.x)
    input_shape = _by_input(input_shape, model)
    graph = graph_of(model)
    if graph is not None and has_own_graph(model) and not needs_run(graph, input_shape):
        reader = GraphReader()
        read = reader.read(graph, model)
        told = {**held_twice(reader.operations), **told_of_training(model)}
        return with_caches(replace(read, differences=told), reader.operations), KerasSource(model, reader.operations)
    with fresh_names():
        run = run_of(model, input_shape, dtype)
        texts = dtypes_with_text(_traced(run, {})) if may_read_text(model) and not has_own_graph(model) else None
        if texts is not None:
            run = run_of(model, input_shape, texts)
    made = _opened(model, run)
    is_guessed = dtype is None and texts is None and not has_own_graph(model)
    if is_guessed and made[1].unproven.startswith(RAISES):
        # A subclassed model is traced on floats where nobody says otherwise; what it reads may be looked up.
        looked_up = dtypes_of_places(_traced(run, {}))
        for dtypes in (looked_up, "int32"):
            with contextlib.suppress(ValueError), fresh_names():
                of_whole_numbers = _opened(model, run_of(model, input_shape, dtypes)) if dtypes else made
                if not of_whole_numbers[1].unproven:
                    return of_whole_numbers
    return made


def _by_input(shape: Any, model: keras.Model) -> Any:
    """Shapes by the inputs' names in the order of a model's inputs, where those are not passed by name."""
    graph = graph_of(model)
    if graph is None or not isinstance(shape, dict) or isinstance(graph._inputs_struct, dict):
        return shape
    names = [each.name for each in graph.inputs]
    return [shape[name] for name in names] if set(names) == set(shape) else shape


def _dtype_of_tokens(x: Any) -> str | None:
    if x.dtype.kind in "OSUT":
        return "string"
    return str(x.dtype) if x.dtype.kind in "iu" and x.ndim == 2 else None


def _opened(model: keras.Model, run: Run) -> tuple[ModelGraph, KerasSource]:
    """The graph of what running the model shows; layers that cannot be opened are closed, one after the other."""
    closed: dict[int, str] = {}
    unproven: dict[int, str] = {}
    while True:
        run = whole(run) if id(run.model) in closed else run
        made = len(run.model.variables)
        found = _traced(run, closed)
        closed |= found.closed
        differences = {}
        n_closed = len(closed)
        trained = _trained(run, found, closed) if depends_on_training(run, found) else found
        if len(closed) > n_closed:
            continue
        if trained is None:
            differences[model.name] = "cannot be traced in training, and is read as it is used"
        elif trained is not found:
            unlike = unlike_in_training(found, trained)
            if unlike:
                # A state of its own in Python differs between any two runs.
                unsteady = unlike_in_training(found, _traced(run, closed))
                closed |= {key: UNSTEADY if key in unsteady else reason for key, reason in unlike.items()}
                continue
            modes = modes_of(found, trained, has_own_graph(run.model))
            if not is_unlike_itself(found, trained):
                found = with_all_calls(found, trained)
            elif has_own_graph(run.model) or _shape(found) != _shape(trained):
                differences[model.name] = "computes otherwise in training, and is read as it is used"
            else:
                closed[id(run.model)] = "computes otherwise in training"
                continue
            found.modes = modes
        found.unproven = frozenset(unproven)
        reader = GraphReader()
        try:
            graph = replace(reader.read_trace(found, run, model), differences=differences)
        except UnreadableError as error:
            inside = [call.layer for call in found.opened if call.path == error.path]
            if not inside:
                raise ValueError(
                    f"Expected a model that treats each sample by itself, but {model.name!r} {error}."
                ) from None
            closed[id(inside[0])] = str(error)
            continue
        allocate_late(run.model)
        if len(run.model.variables) > made:
            continue  # layers made weights while they were read: now those are seen
        proof = prove(run, found, graph, reader.operations, reader.indices())
        new = {key: reason for key, reason in proof.unlike.items() if key not in unproven}
        said = new.get(id(run.model), "")
        if said and (has_own_graph(run.model) or said.startswith(OTHER_LOSS)):
            # No layer of its own is behind it: it cannot be kept whole, but it can be said.
            graph = replace(graph, differences={**graph.differences, model.name: said})
            new = {}
        if not new:
            for layer in graph.layers.values() if not proof.skipped else ():
                if UNREAD in layer.kinds:
                    layer.serialized[PROVEN] = True  # type: ignore[index] # a dict of its own
            late = {
                name: frozenset(map(id, reader.operations[name].weights))
                for name, layer in graph.layers.items()
                if layer.closed == LATE
            }
            compiled = {
                name: COMPILED
                for name, layer in graph.layers.items()
                if layer.closed and is_compiled(reader.operations[name])
            }
            told = {**graph.differences, **proof.otherwise, **compiled, **held_twice(reader.operations)}
            told |= told_of_training(model)
            graph = with_caches(replace(graph, differences=told), reader.operations)
            opened = opened_layers(graph, reader.operations, found.opened, reader.indices(), run.originals)
            source = KerasSource(model, reader.operations, proof.skipped, late, opened=opened)
            if found.opened:
                again = functools.partial(_at_widths, run, dict(closed))
                look = functools.partial(width_numbers, graph, source, run, found, reader.indices(), again)
                source = replace(source, at_other_widths=functools.cache(look))
            source = with_open_lengths(graph, source, run, functools.partial(_again, model, dict(closed)))
            return graph, _with_whole_graph(graph, source, run)
        unproven |= new
        closed |= new


def _with_whole_graph(graph: ModelGraph, source: KerasSource, run: Run) -> KerasSource:
    """``source`` that finds, when asked, what only copies need; of a model that is not run here, building finds it."""
    at_any_length, at_other_widths = source.at_any_length, source.at_other_widths
    if not can_be_run(run.model, [each.dtype for each in keras.tree.flatten(run.inputs)]):
        return source

    @functools.cache
    def find() -> ModelGraph:
        whole = graph if at_any_length is None else at_any_length()
        return whole if at_other_widths is None else replace(whole, width_numbers=at_other_widths())

    return replace(source, whole_graph=find) if at_any_length or at_other_widths else source


def _at_widths(run: Run, closed: dict[int, str], resized: Resized) -> Trace:
    return _traced(run, dict(closed), resized=resized)


def _again(model: keras.Model, closed: dict[int, str], run: Run) -> Reading:
    """The same model read on other inputs, with a note of how arrays are made. What stays one call stays so."""
    known = dict(closed)
    found = _traced(run, closed, records_arrays=True)
    if found.closed.keys() - known.keys():
        raise FixedLengthError(next(reason for key, reason in found.closed.items() if key not in known))
    if depends_on_training(run, found):
        trained = _traced(run, closed, training=True, records_arrays=True)
        modes = modes_of(found, trained, has_own_graph(run.model))
        found = found if is_unlike_itself(found, trained) else with_all_calls(found, trained)
        found.modes = modes
    found.unproven = frozenset(id(node.operation) for node in found.nodes)
    reader = GraphReader()
    return Reading(reader.read_trace(found, run, model), reader.computed)


def _trained(run: Run, found: Trace, closed: dict[int, str]) -> Trace | None:
    """What running it in training shows; ``None`` where only the model's own ``call()`` stands in the way.

    Layers in which that makes weights are closed, and left as they were.
    """
    before = Snapshot(run.model)
    try:
        trained = _traced(run, closed, training=True)
    except ValueError:
        if has_own_graph(run.model):
            raise
        before.restore()
        return None
    grown = before.grown()
    if not grown:
        return trained
    before.restore()
    inside = [call.layer for call in found.opened if id(call.layer) in grown]
    innermost = [each for each in inside if not {id(other) for other in leaves(each)} & {id(one) for one in inside}]
    closed.update((id(each), LATE) for each in innermost)
    return found if innermost else None


def _shape(found: Trace) -> Any:
    """Of what a model returns."""
    return keras.tree.map_structure(lambda each: (each.shape, each.dtype), found.outputs)


def _traced(
    run: Run,
    closed: dict[int, str],
    training: bool | None = None,
    records_arrays: bool = False,
    resized: Resized | None = None,
) -> Trace:
    try:
        return trace(run.model, run.inputs, run.call, closed, training, records_arrays=records_arrays, resized=resized)
    # call() is the user's own code: whatever it raises, the answer is the same.
    except Exception as error:
        shapes = keras.tree.map_structure(lambda tensor: tuple(tensor.shape)[1:], run.inputs)
        if has_own_graph(run.model):
            given = shapes[0] if isinstance(shapes, list) and len(shapes) == 1 else shapes
            raise ValueError(
                f"Expected an input_shape that {run.model.name!r} can be called on, got {given}: {error}"
            ) from error
        raise ValueError(
            f"Expected a model whose call() can be traced on a symbolic input of shape {shapes}, got "
            f"{type(error).__name__}: {error}. Use keras.ops and layers instead of NumPy and Python control flow "
            "on values, check input_shape, or write the model with the functional API."
        ) from error
