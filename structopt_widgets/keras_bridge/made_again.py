"""A layer made again from its configuration, by its own class."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from typing import Any

import keras
from keras.src.saving import serialization_lib

from .whose_functions import own_functions
from .whose_objects import own_objects, takes_seed


def made_again(original: Any, config: dict[str, Any]) -> Any:
    """A layer as ``original`` is, by another configuration, under the name that it says."""
    # The model is at hand, so is its own code: nothing is loaded that the user has not run already.
    with keras.saving.custom_object_scope(_own_objects(original)), serialization_lib.SafeModeScope(False):
        made = type(original).from_config(_accepted(type(original), _with_functions(original, config)))
    if isinstance(original, keras.layers.Lambda):
        # Its configuration has the function's code, but not the names of its module that the function reads.
        made.function, made._output_shape, made.mask = original.function, original._output_shape, original.mask
    if isinstance(made, keras.Layer) and made.name != config["name"]:
        made.name = config["name"]
    return made


def _with_functions(original: Any, config: dict[str, Any]) -> dict[str, Any]:
    """``config`` with the functions and objects of a user's own themselves, which may have no name to be found by."""
    if isinstance(original, keras.layers.Lambda):
        return config  # which loads the code, and is given the function afterwards
    # Where another one was chosen it is by its name.
    chosen = {key for key, value in config.items() if not isinstance(value, Mapping)}
    objects = {key: each for key, each in own_objects(original).items() if not takes_seed(each)}
    at_hand = own_functions(original) | objects
    return config | {key: each for key, each in at_hand.items() if key in config and key not in chosen}


def _accepted(made: Any, config: dict[str, Any]) -> dict[str, Any]:
    """What the constructor of a class takes that has neither a ``from_config`` of its own nor ``**kwargs``."""
    keras_own = (keras.Layer.from_config.__func__, keras.Model.from_config.__func__)
    has_own = getattr(made.from_config, "__func__", None) not in keras_own
    parameters = inspect.signature(made.__init__).parameters
    if has_own or any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return config
    added = ("name", "trainable", "dtype")
    return {key: value for key, value in config.items() if key in parameters or key not in added}


def _own_objects(operation: Any) -> dict[str, Any]:
    """Functions and classes of the user's own that a layer's configuration names, by name."""
    inner = operation._flatten_layers() if isinstance(operation, keras.Layer) else []
    found = [each for layer in inner for each in (type(layer), *vars(layer).values(), *map(type, vars(layer).values()))]
    return {
        each.__name__: each
        for each in found
        if isinstance(each, (type, types.FunctionType)) and not each.__module__.startswith(("keras.", "builtins"))
    }
