"""Which activation functions of a layer are a user's own, whatever their names."""

from __future__ import annotations

import inspect
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..without_weights import unallocated
from .holders import all_inside, held, is_of_keras, put_aside, written_together
from .whose_objects import OBJECTS

KEYS = ("activation", "recurrent_activation")
WRITTEN = "written"  # what the user's own class writes down for a function of its own, and can be made by
WIDTH = 7  # of the tensor a function is tried on: of no consequence where it takes each element by itself

_MIXES: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()

# Functions of TensorFlow that are those of keras.activations, with the same defaults.
_SAME = {
    **{getattr(tf.nn, name): name for name in ("relu", "relu6", "elu", "selu", "softplus", "softsign", "sigmoid")},
    **{getattr(tf.nn, name): name for name in ("silu", "gelu", "tanh", "softmax", "log_softmax", "leaky_relu")},
    **{getattr(tf.math, name): name for name in ("sigmoid", "tanh", "softplus")},
    tf.identity: "linear",
}


def own_functions(layer: Any, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A layer's activation functions that are not those of ``keras.activations``, by the configuration's key.

    In a class of the user's own any entry of ``config`` may be one. A layer that stands in the place of a function is
    none.
    """
    if not isinstance(layer, keras.Layer) or isinstance(layer, keras.layers.Lambda):
        return {}
    given = {key: held(layer, key) for key in KEYS}
    if not is_of_keras(layer):
        others = {key: held(layer, key) for key in config or {} if key not in KEYS and not key.endswith(OBJECTS)}
        given |= {key: each for key, each in others.items() if _is_plain(each)}
    return {
        key: each
        for key, each in given.items()
        if callable(each) and not isinstance(each, keras.Operation) and not _is_of_keras(each) and not _same(each)
    }


def has_only_functions_of_keras(layer: Any) -> bool:
    """Whether a layer of Keras's own class, with none inside, has functions of ``keras.activations`` alone, if any."""
    names = [name for key in KEYS for name in (key, f"_{key}")]
    given = [holder[name] for holder in written_together(layer) for name in names if name in holder]
    return all((getattr(each, "__module__", None) or "").startswith("keras.src.activations") for each in given)


def _is_plain(value: Any) -> bool:
    """Whether it is a function of its arguments alone, and nothing that a configuration makes by a class."""
    return not isinstance(value, type) and not hasattr(value, "get_config") and not _reads_weights(value)


def _has_no_name(value: Any) -> bool:
    """Whether it is a function that Keras cannot write down."""
    others = (type, types.FunctionType, types.MethodType, keras.Operation)
    is_callable = callable(value) and not isinstance(value, others)
    is_own = not type(value).__module__.startswith(("keras.", "tensorflow."))
    return is_callable and is_own and _is_plain(value)


def has_weighted_activation(operation: Any) -> bool:
    """Whether a layer, or one it wraps, has an activation with weights: a layer as PReLU, a function that reads some.

    Inside a recurrence it cannot be taken out.
    """
    given = (vars(layer).get(key) for layer in _outside_recurrences(operation) for key in KEYS)
    found = [each for each in given if each is not None]
    return any(_makes_weights(each) if isinstance(each, keras.Layer) else _reads_weights(each) for each in found)


def _outside_recurrences(operation: Any) -> Iterator[Any]:
    yield operation
    if not isinstance(operation, keras.layers.RNN):
        for each in getattr(operation, "_layers", ()):
            yield from _outside_recurrences(each)


def _reads_weights(function: Any) -> bool:
    """Whether a function is of a layer, or closes over one or over a weight."""
    inner = getattr(function, "func", function)  # of a partial
    cells = [each for each in getattr(inner, "__closure__", None) or () if each != types.CellType()]
    held = [getattr(inner, "__self__", None), *(each.cell_contents for each in cells)]
    return any(isinstance(each, keras.Layer | keras.Variable) for each in held)


def has_mixing_function(operation: Any) -> bool:
    """Whether a user's own function in a layer, or in one it wraps, computes across its channels, as one changed shows.

    Inside a recurrence it cannot be taken out.
    """
    layers = [each for each in _outside_recurrences(operation) if not isinstance(each, keras.layers.RNN)]
    return any(_mixes(function) for layer in layers for function in own_functions(layer).values())


def hidden_lambdas(layers: Iterable[Any]) -> set[int]:
    """The ``id`` of each layer with a lambda for an activation that a class of the user's own makes by itself.

    The class is saved without it; a copy, where that is opened, would have to write the lambda down.
    """
    inside = {id(each): each for layer in layers if not is_of_keras(layer) for each in all_inside(layer)[1:]}
    return {key for key, each in inside.items() if any(map(_is_lambda, own_functions(each).values()))}


def _is_lambda(function: Any) -> bool:
    return getattr(function, "__name__", "") == "<lambda>"


def _mixes(function: Any) -> bool:
    try:
        if function not in _MIXES:
            _MIXES[function] = _is_seen_to_mix(function)
        return _MIXES[function]
    except TypeError:  # a callable that no dictionary takes
        return _is_seen_to_mix(function)


def _is_seen_to_mix(function: Any) -> bool:
    before = np.linspace(0.1, 0.9, WIDTH, dtype="float32")[None]
    after = before.copy()
    after[0, 0] = 0.7
    try:
        one, other = (
            keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(each))) for each in (before, after)
        )
    # The user's own function, which may want other shapes.
    except Exception:
        return False
    return bool(one.shape == other.shape == before.shape and not np.allclose(one[:, 1:], other[:, 1:]))


def _makes_weights(layer: keras.Layer) -> bool:
    if layer.built:
        return bool(layer.weights)
    try:
        other = type(layer).from_config(layer.get_config())
        with unallocated():
            other.build((None, WIDTH))
    # It may want other axes, or have no configuration.
    except Exception:
        return True
    return bool(other.weights)


def _same(function: Any) -> str | None:
    """The name of the one of ``keras.activations`` that a function of TensorFlow is."""
    try:
        return _SAME.get(function)
    except TypeError:  # no dictionary takes it
        return None


def _is_of_keras(function: Any) -> bool:
    """Whether it is the one of ``keras.activations`` by its name, or the operation with the same defaults."""
    theirs = getattr(keras.activations, getattr(function, "__name__", ""), None)
    module = getattr(function, "__module__", None) or ""
    if function is theirs or module.startswith("keras.src.activations"):
        return True
    if theirs is None or not module.startswith("keras.src.ops"):
        return False
    # The activation may take more, as relu does.
    mine = _defaults(function)
    return mine == _defaults(theirs)[: len(mine)]


def _defaults(function: Any) -> list[Any]:
    return [each.default for each in inspect.signature(function).parameters.values()]


def shown_as_own(layer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of a configuration that say that a function is the user's own, whatever its name."""
    own: dict[str, Any] = {
        key: {"module": "builtins", "class_name": "function", "config": _name(each), "registered_name": "function"}
        | ({} if key in KEYS else {WRITTEN: config[key]})
        for key, each in own_functions(layer, config).items()
    }
    if isinstance(layer, keras.Layer):
        same = {key: _same(held(layer, key)) for key in KEYS if key in config}
        own |= {key: name for key, name in same.items() if name is not None}
    return {key: each for key, each in own.items() if key in config}


def _name(function: Any) -> str:
    """A name that no function of Keras has."""
    inner = getattr(function, "func", function)  # of a partial
    name = getattr(inner, "__qualname__", type(inner).__name__).rpartition(".")[2]
    module = (getattr(inner, "__module__", None) or type(inner).__module__).rpartition(".")[2]
    return f"{module}>{name}"


def own_functions_aside(operation: Any) -> AbstractContextManager[None]:
    """In this block a layer has no functions of a user's own: some of them its configuration cannot hold."""
    found = [
        (holder, key)
        for layer in all_inside(operation)
        for own in [own_functions(layer)]
        for holder in written_together(layer)
        for key in (KEYS if is_of_keras(layer) else tuple(holder))
        if key in holder
        for each in [holder[key]]
        # None is what some put there to take an activation away; Keras cannot write that down.
        if (key in KEYS and (key in own or each is None)) or (not is_of_keras(layer) and _has_no_name(each))
    ]
    return put_aside(found, keras.activations.linear)
