"""A layer made again from its configuration, by its own class."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Mapping
from typing import Any

import keras
from keras.src.saving import serialization_lib

from ..nodes import class_of
from ..reading.holders import Path, copied, is_of_keras, pairs, parts, with_entries, written_together
from ..reading.whose_functions import WRITTEN, own_functions
from ..reading.whose_objects import own_objects, takes_seed
from ..saved_functions import as_saved

_ADDED = {"name", "trainable", "dtype"}  # to the configuration of a class that has entries of its own alone


def made_again(original: Any, config: dict[str, Any]) -> Any:
    """A layer as ``original`` is, by another configuration, under the name that it says."""
    # The model is at hand, so is its own code: nothing is loaded that the user has not run already.
    with keras.saving.custom_object_scope(_own_objects(original)), serialization_lib.SafeModeScope(False):
        own = class_of(original)
        entries = _accepted(own, with_entries(original, copied(config), _at_hand))
        if not own.__module__.startswith("keras."):
            unsaid = _ADDED - _said(original, own)
            entries = {key: value for key, value in entries.items() if key not in unsaid}
        made = own.from_config(entries)
    held = {id(layer): _held_by(layer, inner) for path, layer, inner in parts(original, config) if path}
    named = [key for key, value in config.items() if isinstance(value, Mapping) and WRITTEN in value]
    for mine, theirs in pairs(made, original):
        if isinstance(theirs, keras.layers.Lambda):
            # Its configuration has the function's code, but not the names of its module that the function reads.
            mine.function, mine.mask = theirs.function, theirs.mask
            if callable(theirs._output_shape):  # a shape that is told follows the widths
                mine._output_shape = theirs._output_shape
        _give(mine, theirs, named if mine is made else held.get(id(theirs), _held_by(theirs, {})))
    if isinstance(made, keras.Layer) and made.name != config["name"]:
        made.name = config["name"]
    return made


def _at_hand(layer: Any, config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The functions and objects of a user's own, which may have no name to be found by, in a configuration."""
    if isinstance(layer, keras.layers.Lambda):
        return {}  # which loads the code, and is given the function afterwards
    # Where another one was chosen it is by its name.
    written = {key: value for key, value in config.items() if isinstance(value, Mapping)}
    functions, objects = own_functions(layer, config), _unseeded(layer)
    if path and is_of_keras(layer):
        # Some wrappers write down what they are given, to make another like it: it is put in afterwards.
        functions, objects = dict.fromkeys(functions, "linear"), dict.fromkeys(objects)
    found = {key: each for key, each in (functions | objects).items() if key in written}
    names = {key: written[key].get(WRITTEN) for key in found}
    found = {key: as_saved(each) for key, each in found.items()}
    return found | {key: name for key, name in names.items() if isinstance(name, str)}


def holds_own(layer: Any) -> bool:
    """Whether a layer holds a function or an object of a user's own."""
    return bool(own_functions(layer) or own_objects(layer))


def _held_by(layer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    return own_functions(layer, config) | _unseeded(layer)


def _unseeded(layer: Any) -> dict[str, Any]:
    return {key: each for key, each in own_objects(layer).items() if not takes_seed(each)}


def _give(layer: Any, original: Any, own: Iterable[str]) -> None:
    """Put what a layer holds of a user's own into the one that is made for it."""
    for mine, theirs in zip(written_together(layer), written_together(original), strict=True):
        for key in mine.keys() & theirs.keys():
            if key.removeprefix("_") in own:
                mine[key] = as_saved(theirs[key])


def _said(original: Any, own: Any) -> set[str]:
    """The entries that the configuration of a user's class has; all that are added where it cannot be asked."""
    try:
        return {*own.get_config(original)}
    # Somebody's own code, which may hold what nothing writes.
    except Exception:
        return _ADDED


def _accepted(made: Any, config: dict[str, Any]) -> dict[str, Any]:
    """What the constructor of a class takes that has neither a ``from_config`` of its own nor ``**kwargs``."""
    keras_own = (keras.Layer.from_config.__func__, keras.Model.from_config.__func__)
    has_own = getattr(made.from_config, "__func__", None) not in keras_own
    parameters = inspect.signature(made.__init__).parameters
    if has_own or any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return config
    return {key: value for key, value in config.items() if key in parameters or key not in _ADDED}


def _own_objects(operation: Any) -> dict[str, Any]:
    """Functions and classes of the user's own that a layer's configuration names, by name."""
    inner = operation._flatten_layers() if isinstance(operation, keras.Layer) else []
    found = [each for layer in inner for each in (type(layer), *vars(layer).values(), *map(type, vars(layer).values()))]
    return {
        each.__name__: each
        for each in found
        if isinstance(each, (type, types.FunctionType)) and not each.__module__.startswith(("keras.", "builtins"))
    }
