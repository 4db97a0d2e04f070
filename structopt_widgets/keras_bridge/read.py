"""Reading a Keras model into plain data, once."""

from __future__ import annotations

from typing import Any

import keras

from ..graph import ModelGraph
from .batch import UnreadableError
from .found import Trace
from .load import load_model
from .nodes import fresh_names, graph_of, has_own_graph
from .opening import trace
from .reader import GraphReader
from .shapes import check_shape
from .source import KerasSource
from .text_inputs import dtypes_with_text, may_read_text
from .trace import Run, needs_run, run_of
from .training_branches import takes_training, unlike_in_training, with_losses_of_training


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
            input_shape = _by_input(data.input_shape, model)
        dtype = keras.tree.map_structure(_dtype_of_tokens, data.x)
    graph = graph_of(model)
    if graph is not None and has_own_graph(model) and not needs_run(graph, input_shape):
        reader = GraphReader()
        return reader.read(graph, model), KerasSource(model, reader.operations)
    with fresh_names():
        run = run_of(model, input_shape, dtype)
        texts = dtypes_with_text(_traced(run, {})) if may_read_text(model) and not has_own_graph(model) else None
        if texts is not None:
            run = run_of(model, input_shape, texts)
    return _opened(model, run)


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
    while True:
        found = _traced(run, closed)
        closed |= found.closed
        if takes_training(run, found):
            trained = _traced(run, closed, training=True)
            unlike = unlike_in_training(found, trained)
            if unlike:
                closed |= unlike
                continue
            found = with_losses_of_training(found, trained)
        reader = GraphReader()
        try:
            graph = reader.read_trace(found, run, model)
        except UnreadableError as error:
            inside = [call.layer for call in found.opened if call.path == error.path]
            if not inside:
                raise ValueError(
                    f"Expected a model that treats each sample by itself, but {model.name!r} {error}."
                ) from None
            closed[id(inside[0])] = str(error)
            continue
        return graph, KerasSource(model, reader.operations)


def _traced(run: Run, closed: dict[int, str], training: bool | None = None) -> Trace:
    try:
        return trace(run.model, run.inputs, run.call, closed, training)
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
