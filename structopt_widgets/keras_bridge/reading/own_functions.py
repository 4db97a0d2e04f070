"""Activation functions of a user's own, read as models are: what each costs follows from its operations."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import keras

from ...graph import ModelGraph
from ...layer_rules import Mixing, choice_name, connect, is_known_activation
from ..nodes import fresh_names, numpy_numbers_taken
from ..opening.tensorflow_calls import tensorflow_traced
from .holders import held, parts
from .whose_functions import KEYS, WIDTH, has_weighted_activation, own_functions

_READ: weakref.WeakKeyDictionary[Any, tuple[int, int] | None] = weakref.WeakKeyDictionary()


def functions_of(operation: Any, config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Operations an element, and how many of them one after another, by the key in the configuration.

    In front of the key of a layer inside is where it is: ``layer.activation``, ``cell.cells.0.activation``. There is
    none for a function of ``keras.activations``, nor for one that is not made of operations which take each element by
    itself.
    """
    if has_weighted_activation(operation):
        return {}
    functions = {
        ".".join(map(str, (*path, key))): each
        for path, layer, inner in parts(operation, config)
        for key, each in _functions(layer, inner).items()
    }
    costs = {key: _cost(each) for key, each in functions.items() if callable(each)}
    return {key: cost for key, cost in costs.items() if cost is not None}


def _functions(layer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        key: held(layer, key)
        for key in KEYS
        if config.get(key) is not None and not is_known_activation(choice_name(config[key]))
    }
    return {key: each for key, each in (named | own_functions(layer)).items() if key in config}


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
        given = keras.Input((WIDTH,))
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
    whole, rest = divmod(total, WIDTH)
    fits = connected.shapes[graph.output_tensors[0]] == connected.shapes[graph.input_tensors[0]]
    return (int(whole), int(ready[graph.output_tensors[0]])) if fits and not rest else None
