"""Activation functions of a user's own, read as models are: what each costs follows from its operations."""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from ..graph import ModelGraph
from ..layer_rules import Mixing, choice_name, connect, is_known_activation
from .nodes import fresh_names, numpy_numbers_taken
from .tensorflow_calls import tensorflow_traced

_KEYS = ("activation", "recurrent_activation")
_WIDTH = 7  # of the tensor a function is tried on: of no consequence where it takes each element by itself
_READ: weakref.WeakKeyDictionary[Any, tuple[int, int] | None] = weakref.WeakKeyDictionary()


def own_functions(operation: Any) -> dict[str, Any]:
    """A layer's activation functions that are not those of ``keras.activations``, by the configuration's key.

    A layer that stands in the place of a function is none.
    """
    given = {key: getattr(operation, key, None) for key in _KEYS} if isinstance(operation, keras.Layer) else {}
    return {
        key: each
        for key, each in given.items()
        if callable(each) and not isinstance(each, keras.Operation) and not _is_of_keras(each)
    }


def has_weighted_activation(operation: Any) -> bool:
    """Whether a layer has one with weights, as PReLU, in the place of its activation function."""
    found = (vars(operation).get(key) for key in _KEYS)
    return any(isinstance(each, keras.Layer) and _makes_weights(each) for each in found)


def _makes_weights(layer: keras.Layer) -> bool:
    if layer.built:
        return bool(layer.weights)
    other = type(layer).from_config(layer.get_config())
    with keras.StatelessScope(initialize_variables=False):
        other.build((None, _WIDTH))
    return bool(other.weights)


def _is_of_keras(function: Any) -> bool:
    """Whether it is the one of ``keras.activations`` by its name, or the operation with the same defaults."""
    theirs = getattr(keras.activations, getattr(function, "__name__", ""), None)
    if function is theirs or getattr(function, "__module__", "").startswith("keras.src.activations"):
        return True
    if theirs is None or not getattr(function, "__module__", "").startswith("keras.src.ops"):
        return False
    return _defaults(function) == _defaults(theirs)


def _defaults(function: Any) -> list[Any]:
    return [each.default for each in inspect.signature(function).parameters.values()]


def shown_as_own(operation: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of a configuration that say that a function is the user's own, whatever its name."""
    return {
        key: {"module": "builtins", "class_name": "function", "config": _name(each), "registered_name": "function"}
        for key, each in own_functions(operation).items()
        if key in config
    }


def _name(function: Any) -> str:
    """A name that no function of Keras has."""
    inner = getattr(function, "func", function)  # of a partial
    name = getattr(inner, "__qualname__", type(inner).__name__).rpartition(".")[2]
    module = (getattr(inner, "__module__", None) or type(inner).__module__).rpartition(".")[2]
    return f"{module}>{name}"


@contextlib.contextmanager
def own_functions_aside(operation: Any) -> Iterator[None]:
    """In this block a layer has no functions of a user's own: some of them its configuration cannot hold."""
    cell = getattr(operation, "cell", None)
    holders = [vars(each) for each in (operation, cell) if isinstance(each, keras.Layer)]
    found = [(holder, key, holder[key]) for holder in holders for key in own_functions(operation) if key in holder]
    for holder, key, _ in found:
        holder[key] = keras.activations.linear
    try:
        yield
    finally:
        for holder, key, function in found:
            holder[key] = function


def functions_of(operation: Any, config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Operations an element, and how many of them one after another, by the configuration's key.

    There is none for a function of ``keras.activations``, nor for one that is not made of operations which take each
    element by itself.
    """
    own = own_functions(operation)
    layers = {
        key: getattr(operation, key, None)
        for key in _KEYS
        if config.get(key) is not None and not is_known_activation(choice_name(config[key]))
    }
    functions = {**layers, **own}.items()
    costs = {key: _cost(each) for key, each in functions if callable(each) and not has_weighted_activation(operation)}
    return {key: cost for key, cost in costs.items() if cost is not None}


def _cost(function: Any) -> tuple[int, int] | None:
    try:
        if function not in _READ:
            _READ[function] = _read(function)
        return _READ[function]
    # The user's own function, which may look at values; or a callable that no dictionary takes.
    except Exception:
        return None


def _read(function: Any) -> tuple[int, int] | None:
    from .reader import GraphReader  # which asks for the functions of layers

    with fresh_names(), numpy_numbers_taken(), tensorflow_traced(lambda: True):
        given = keras.Input((_WIDTH,))
        model = keras.Model(given, function(given))
        graph: ModelGraph = GraphReader().read(model, model)
    connected = connect(graph)
    at = connected.setting({}, {}, {}, {})
    total, ready = 0, dict.fromkeys(graph.input_tensors, 0)
    for each in connected.calls:
        if not each.call.inputs:
            continue
        rule = each.rule
        if rule is None or not rule.elementwise or each.site.layer.weights:
            return None
        cost = each.cost(at)
        if cost.macs or cost.uncounted or rule.mixing(each.site) != Mixing():
            return None
        total += cost.other
        ready |= dict.fromkeys(each.call.outputs, cost.span + max(ready[index] for index in each.call.inputs))
    whole, rest = divmod(total, _WIDTH)
    fits = connected.shapes[graph.output_tensors[0]] == connected.shapes[graph.input_tensors[0]]
    return (int(whole), int(ready[graph.output_tensors[0]])) if fits and not rest else None
