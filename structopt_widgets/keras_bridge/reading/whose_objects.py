"""Initializers, regularizers and constraints of a user's own: those at hand serve where a configuration cannot."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from .holders import all_inside, put_aside, written_together

OBJECTS = ("_initializer", "_regularizer", "_constraint")  # how their keys end


def own_objects(layer: Any) -> dict[str, Any]:
    """What a layer makes and holds its weights by that is none of Keras's, by the configuration's key."""
    found = {
        key.removeprefix("_"): holder[key]  # as attention calls its own
        for holder in written_together(layer)
        for key in _of_weights(tuple(holder))
    }
    return {key: each for key, each in found.items() if callable(each) and not _module(each).startswith("keras.")}


def shown_as_unwritten(layer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of a configuration that name what no configuration can make again."""
    return {
        key: {"module": _module(each), "class_name": type(each).__name__, "config": None, "registered_name": None}
        for key, each in own_objects(layer).items()
        if key in config and not _is_written(each)
    }


def unwritten_aside(operation: Any) -> AbstractContextManager[None]:
    """In this block a layer has nothing of a user's own that no configuration can make again."""
    found = [
        (holder, key)
        for layer in all_inside(operation)
        for unwritten in [{key for key, each in own_objects(layer).items() if not _is_written(each)}]
        if unwritten
        for holder in written_together(layer)
        for key in holder
        if key.removeprefix("_") in unwritten
    ]
    return put_aside(found, None)


@functools.lru_cache(maxsize=512)  # layers of one class have the same attributes
def _of_weights(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.endswith(OBJECTS))


def _module(value: Any) -> str:
    return str(getattr(value, "__module__", None) or type(value).__module__)


def takes_seed(value: Any) -> bool:
    """Whether its configuration has a seed: one is made again of it, for another seed."""
    return hasattr(value, "get_config") and _is_written(value) and "seed" in value.get_config()


def _is_written(value: Any) -> bool:
    """Whether its configuration makes one like it; a function is written as it is."""
    if isinstance(value, types.FunctionType):
        return True
    try:
        type(value).from_config(value.get_config())
    # A user's own class may have no configuration, or one that its constructor does not take.
    except Exception:
        return False
    return True
