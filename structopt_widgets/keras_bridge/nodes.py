"""Keras's own records of calls: reading leaves none behind."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.models import Functional
from keras.src.models.functional import operation_fn

PATCHING = threading.RLock()  # held while a class of Keras is changed
UNSAID = 0  # a mode that counts as inference and that nobody chose: True and False are what someone said
_NAMES_GIVEN = "object_name_uids"  # where Keras counts the names it gives


def graph_of(model: Any) -> keras.Model | None:
    """The functional graph inside a functional or a built sequential model, else ``None``."""
    if isinstance(model, keras.Sequential):
        # keras.Sequential keeps its graph in a private attribute; there is no public way to it.
        return model._functional if model.built else None
    return model if hasattr(model, "_nodes_by_depth") else None


def has_own_graph(model: Any) -> bool:
    """Whether what a model computes is its graph, and not a ``call()`` that a subclass defines beside it."""
    graph = graph_of(model)
    return graph is not None and type(model).call in (keras.Sequential.call, Functional.call)


def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """What a layer's ``call()`` makes; a graph's calls are made one by one, so that they are seen."""
    if has_own_graph(layer) and args:
        return called_again(graph_of(layer), args[0], kwargs.get("training"))
    return own_call(layer)(*args, **kwargs)


def said(training: Any) -> Any:
    """Whether a layer is training, ``None`` where nobody said so."""
    return None if training is UNSAID else training


def own_call(layer: Any) -> Callable[..., Any]:
    """A layer's ``call()`` as it is written, where it is a ``tf.function``."""
    written = _as_written(layer)
    return layer.call if written is None else functools.partial(written, layer)


def is_compiled(operation: Any) -> bool:
    """Whether it is a layer whose ``call()`` is a ``tf.function``."""
    return isinstance(operation, keras.Layer) and _as_written(operation) is not None


def _as_written(layer: Any) -> Callable[..., Any] | None:
    return getattr(inspect.getattr_static(type(layer), "call"), "python_function", None)


def called_again(graph: keras.Model, inputs: Any, training: bool | None = None) -> Any:
    """The outputs of a functional graph on other inputs; unlike ``graph(inputs)``, no input is converted."""
    if training is None:
        context = global_state.get_global_attribute("current_call_ctx")
        training = None if context is None else context.get_value("training")
    # As in Keras's own: what a layer was told of training when the graph was made is not what it is told now.
    return graph._run_through_graph(inputs, operation_fn=lambda operation: operation_fn(operation, training=training))


def class_of(operation: Any) -> Any:
    """The class that makes an operation again: a recurrence whose own class only says of what cell it is, is an RNN.

    Widths are those of the cell, of which the configuration of such a class often has nothing.
    """
    own, plain = type(operation), keras.layers.RNN
    if not isinstance(operation, plain) or own.__module__.startswith("keras."):
        return own
    is_same = all(getattr(own, each) == getattr(plain, each) for each in ("call", "inner_loop", "get_initial_state"))
    return plain if is_same and is_made_again(operation.cell) else own


def is_made_again(cell: Any) -> bool:
    """Whether a cell's configuration makes it, or those of cells one after the other; the code is their user's."""
    if isinstance(cell, keras.layers.StackedRNNCells):
        return all(map(is_made_again, cell.cells))
    if type(cell).__module__.startswith("keras."):
        return True
    with contextlib.suppress(Exception), fresh_names():
        return getattr(type(cell).from_config(cell.get_config()), "state_size", None) is not None
    return False


def has_own_cell(operation: Any) -> bool:
    """Whether an operation is a recurrence over a cell of a user's own."""
    if class_of(operation) is not keras.layers.RNN:
        return False
    cells = operation.cell.cells if isinstance(operation.cell, keras.layers.StackedRNNCells) else [operation.cell]
    return any(not type(each).__module__.startswith("keras.") for each in cells)


def leaves(model: Any) -> list[Any]:
    """The layers inside a model or layer."""
    return list(model._flatten_layers(include_self=False, recursive=True))


def taken_as_dense(structure: Any) -> Any:
    """``structure``, its tensors no longer sparse for Keras where that takes the number of a product to be so.

    What is called on such a tensor loses sight of its lengths.
    """
    for tensor in keras.tree.flatten(structure):
        if isinstance(tensor, keras.KerasTensor) and tensor.sparse and not _is_sparse(tensor):
            tensor._sparse = False
    return structure


def _is_sparse(tensor: Any) -> bool:
    history = getattr(tensor, "_keras_history", None)
    if not tensor.sparse or history is None or history.operation is None:
        return bool(tensor.sparse)
    read = history.operation._inbound_nodes[history.node_index].input_tensors
    return any(map(_is_sparse, read)) if read else True


@contextlib.contextmanager
def nodes_restored(model: Any) -> Iterator[None]:
    """Forget, on leaving, the calls recorded in a model's (or layer's) layers and bare operations meanwhile."""
    layers = [model, *leaves(model)]
    operations = [operation for graph in map(graph_of, layers) if graph is not None for operation in graph.operations]
    unique = {id(each): each for each in [*layers, *operations]}.values()
    before = [(each, len(each._inbound_nodes), len(each._outbound_nodes)) for each in unique]
    try:
        yield
    finally:
        for each, inbound, outbound in before:
            del each._inbound_nodes[inbound:]
            del each._outbound_nodes[outbound:]


@contextlib.contextmanager
def fresh_names() -> Iterator[None]:
    """Bare operations made inside are named as if they were the first: read again, a model has the same names."""
    given = global_state.get_global_attribute(_NAMES_GIVEN)
    global_state.set_global_attribute(_NAMES_GIVEN, collections.defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(_NAMES_GIVEN, given)


@contextlib.contextmanager
def numpy_numbers_taken() -> Iterator[None]:
    """``np.sqrt(2.0) * x`` is a product on a symbolic ``x`` as it is on a real one: NumPy leaves it to Keras."""
    with PATCHING:
        is_outermost = not hasattr(keras.KerasTensor, "__array_ufunc__")
        keras.KerasTensor.__array_ufunc__ = None
        try:
            yield
        finally:
            if is_outermost:
                del keras.KerasTensor.__array_ufunc__


@contextlib.contextmanager
def tensors_compared(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """``x == 0`` says of each element of a symbolic ``x`` what it says of a real one's, wherever ``is_tracing()``.

    Keras leaves Python's own ``==``, which says that they are two things.
    """

    def compared(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compare(one: Any, other: Any) -> Any:
            is_known = other is None or isinstance(other, (str, bytes, type))
            return NotImplemented if is_known or not is_tracing() else function(one, other)

        return compare

    replaced = {"__eq__": compared(keras.ops.equal), "__ne__": compared(keras.ops.not_equal)}
    with PATCHING:
        before = {name: vars(keras.KerasTensor).get(name) for name in replaced}
        for name, ours in replaced.items():
            setattr(keras.KerasTensor, name, ours)
        try:
            yield
        finally:
            for name, theirs in before.items():
                if theirs is None:
                    delattr(keras.KerasTensor, name)
                else:
                    setattr(keras.KerasTensor, name, theirs)


@contextlib.contextmanager
def scopes_restored() -> Iterator[None]:
    """A name that TensorFlow refuses stays behind in Keras as a scope of all that is made later: here it does not."""
    scopes: Any = global_state.get_global_attribute("name_scope_stack", default=[], set_to_default=True)
    depth = len(scopes)
    try:
        yield
    finally:
        del scopes[depth:]
