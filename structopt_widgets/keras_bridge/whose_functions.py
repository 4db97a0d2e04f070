"""Which activation functions of a layer are a user's own, whatever their names."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

KEYS = ("activation", "recurrent_activation")
WIDTH = 7  # of the tensor a function is tried on: of no consequence where it takes each element by itself


# Functions of TensorFlow that are those of keras.activations, with the same defaults.
_SAME = {
    **{getattr(tf.nn, name): name for name in ("relu", "relu6", "elu", "selu", "softplus", "softsign", "sigmoid")},
    **{getattr(tf.nn, name): name for name in ("silu", "gelu", "tanh", "softmax", "log_softmax", "leaky_relu")},
    **{getattr(tf.math, name): name for name in ("sigmoid", "tanh", "softplus")},
    tf.identity: "linear",
}


def own_functions(operation: Any) -> dict[str, Any]:
    """A layer's activation functions that are not those of ``keras.activations``, by the configuration's key.

    A layer that stands in the place of a function is none.
    """
    given = {key: getattr(operation, key, None) for key in KEYS} if isinstance(operation, keras.Layer) else {}
    return {
        key: each
        for key, each in given.items()
        if callable(each) and not isinstance(each, keras.Operation) and not _is_of_keras(each) and not _same(each)
    }


def has_weighted_activation(operation: Any) -> bool:
    """Whether a layer has an activation with weights, a layer such as PReLU, or a function that reads some."""
    found = [each for key in KEYS if (each := vars(operation).get(key)) is not None]
    return any(_makes_weights(each) if isinstance(each, keras.Layer) else _reads_weights(each) for each in found)


def _reads_weights(function: Any) -> bool:
    """Whether a function is of a layer, or closes over one or over a weight."""
    inner = getattr(function, "func", function)  # of a partial
    cells = [each for each in getattr(inner, "__closure__", None) or () if each != types.CellType()]
    held = [getattr(inner, "__self__", None), *(each.cell_contents for each in cells)]
    return any(isinstance(each, keras.Layer | keras.Variable) for each in held)


def has_mixing_function(operation: Any) -> bool:
    """Whether a user's own function in a layer computes across its channels, as one changed at a time shows.

    Inside a recurrence it cannot be taken out.
    """
    if isinstance(operation, keras.layers.RNN):
        return False
    return any(map(_mixes, own_functions(operation).values()))


def _mixes(function: Any) -> bool:
    before = np.linspace(0.1, 0.9, WIDTH, dtype="float32")[None]
    after = before.copy()
    after[0, 0] = 0.7
    try:
        one, other = (np.asarray(function(keras.ops.convert_to_tensor(each))) for each in (before, after))
    # The user's own function, which may want other shapes.
    except Exception:
        return False
    return bool(one.shape == other.shape == before.shape and not np.allclose(one[:, 1:], other[:, 1:]))


def _makes_weights(layer: keras.Layer) -> bool:
    if layer.built:
        return bool(layer.weights)
    try:
        other = type(layer).from_config(layer.get_config())
        with keras.StatelessScope(initialize_variables=False):
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


def shown_as_own(operation: Any, functions: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of a configuration that say that ``functions`` are the user's own, whatever their names."""
    own: dict[str, Any] = {
        key: {"module": "builtins", "class_name": "function", "config": _name(each), "registered_name": "function"}
        for key, each in functions.items()
    }
    if isinstance(operation, keras.Layer):
        same = {key: _same(getattr(operation, key, None)) for key in KEYS if key in config}
        own |= {key: name for key, name in same.items() if name is not None}
    return {key: each for key, each in own.items() if key in config}


def _name(function: Any) -> str:
    """A name that no function of Keras has."""
    inner = getattr(function, "func", function)  # of a partial
    name = getattr(inner, "__qualname__", type(inner).__name__).rpartition(".")[2]
    module = (getattr(inner, "__module__", None) or type(inner).__module__).rpartition(".")[2]
    return f"{module}>{name}"


def unwritable_functions(holders: Iterable[Mapping[str, Any]], own: Mapping[str, Any]) -> set[str]:
    """The keys of a layer's functions that its configuration may not hold: a user's ``own``, and none at all.

    None is what some put there to take an activation away; Keras cannot write that down.
    """
    return {key for holder in holders for key in KEYS if key in holder and (key in own or holder[key] is None)}
