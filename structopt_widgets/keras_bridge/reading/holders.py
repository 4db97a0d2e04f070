"""Layers that hold others, side by side with their configurations: what one is given may be held further inside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras

Path = tuple[Any, ...]  # keys and places in a configuration, without the ``"config"`` between them


def parts(operation: Any, config: Mapping[str, Any]) -> Iterator[tuple[Path, Any, Mapping[str, Any]]]:
    """A layer and its configuration, and those of each layer inside that the configuration describes, by path."""
    yield (), operation, config
    # One of Keras's own has what it was given among its layers.
    has_inside = isinstance(operation, keras.Layer) and (operation._layers or not is_of_keras(operation))
    if has_inside:
        for path, written in _written(config, ()):
            inner = _of_name(operation, path, written["config"].get("name"))
            if inner is not None:
                yield from (((*path, *rest), *found) for rest, *found in parts(inner, written["config"]))


def with_entries(
    operation: Any, config: Mapping[str, Any], entries: Callable[[Any, Mapping[str, Any], Path], Mapping[str, Any]]
) -> dict[str, Any]:
    """``config`` with the ``entries`` of each layer that it describes, at whatever depth, in the place of its own."""
    changed = {path: entries(layer, inner, path) for path, layer, inner in parts(operation, config)}
    others = {path: each for path, each in changed.items() if each}
    return _replaced(config, (), others) if others else dict(config)


def copied(config: Mapping[str, Any]) -> dict[str, Any]:
    """``config`` with dictionaries and lists of its own: some classes take theirs apart."""
    made: dict[str, Any] = _replaced(config, (), {})
    return made


def is_of_keras(layer: Any) -> bool:
    """Whether a layer's class is one of Keras's."""
    return type(layer).__module__.startswith("keras.")


def all_inside(operation: Any) -> list[Any]:
    """A layer and all layers inside it; none for a bare operation."""
    return list(operation._flatten_layers()) if isinstance(operation, keras.Layer) else []


def pairs(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """Two layers that were made alike, and each two inside them in the same place."""
    yield one, other
    for mine, theirs in zip(getattr(one, "_layers", ()), getattr(other, "_layers", ()), strict=False):
        if type(mine) is type(theirs):
            yield from pairs(mine, theirs)


def held(layer: Any, key: str) -> Any:
    """What a layer, or the cell that is written with it, holds under a key of its configuration; some add ``_``."""
    for holder in written_together(layer):
        for name in (key, f"_{key}"):
            if name in holder:
                return holder[name]
    return None


def written_together(layer: Any) -> list[dict[str, Any]]:
    """The attributes of a layer, and those of its cell: an LSTM's configuration is its cell's."""
    both = (layer, getattr(layer, "cell", None))
    return [vars(each) for each in both if isinstance(each, keras.Layer)]


@contextlib.contextmanager
def put_aside(found: Iterable[tuple[dict[str, Any], str]], instead: Any) -> Iterator[None]:
    """In this block each attribute in ``found``, by its holder's attributes and its name, is ``instead``."""
    before = [(holder, key, holder[key]) for holder, key in found]
    for holder, key, _ in before:
        holder[key] = instead
    try:
        yield
    finally:
        for holder, key, value in before:
            holder[key] = value


def _written(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The outermost objects in a configuration that may be layers."""
    is_list = isinstance(value, (list, tuple))
    for key, each in value.items() if isinstance(value, Mapping) else enumerate(value) if is_list else ():
        if isinstance(each, Mapping) and isinstance(each.get("config"), Mapping) and "class_name" in each:
            yield (*path, key), each
        else:
            yield from _written(each, (*path, key))


def _of_name(operation: Any, path: Path, name: Any) -> Any:
    """The layer inside that a part of a configuration describes."""
    at_hand = keras.tree.flatten(vars(operation).get(path[0]))
    found = (each for each in (*at_hand, *operation._layers) if isinstance(each, keras.Layer))
    return next((each for each in found if each.name == name), None)


def _replaced(value: Any, path: Path, changed: Mapping[Path, Mapping[str, Any]]) -> Any:
    if isinstance(value, Mapping):
        is_object = "class_name" in value and isinstance(value.get("config"), Mapping)
        if is_object and path:
            return {**value, "config": _replaced(value["config"], path, changed)}
        made = {key: _replaced(each, (*path, key), changed) for key, each in value.items()}
        return {**made, **changed.get(path, {})}
    if isinstance(value, (list, tuple)):
        return type(value)(_replaced(each, (*path, place), changed) for place, each in enumerate(value))
    return value
