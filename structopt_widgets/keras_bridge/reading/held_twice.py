"""Weights that two layers of a model hold, as a wrapper and what it wraps do where both are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras

from ..modes import InOneMode
from ..nodes import leaves

_WRAPPERS = {keras.layers.RNN: "cell", keras.layers.TimeDistributed: "layer", InOneMode: "layer"}  # without a weight


def wrappers_of_shared(layers: Iterable[Any]) -> set[int]:
    """The ``id`` of each layer over timesteps whose wrapped layer, or one inside, others among ``layers`` hold too."""
    every = {id(each): each for each in layers}.values()
    holders = Counter(id(inner) for each in every for inner in {id(one): one for one in each._layers}.values())
    found = (each for each in every if isinstance(each, keras.layers.TimeDistributed))
    return {id(each) for each in found if any(holders[id(one)] > 1 for one in leaves(each))}


def owners_of_shared(layers: Iterable[Any]) -> dict[int, Any]:
    """For each of ``layers``, by ``id``, all of whose weights another of them has: that one.

    Those are wrappers of one and the same layer or cell, which may be called by itself.
    """
    inner = {id(each): (each, _inside(each)[-1]) for each in layers if isinstance(each, keras.Layer)}
    owners = {id(core): layer for layer, core in reversed(inner.values())}
    owners |= {id(core): layer for layer, core in inner.values() if layer is core}
    return {key: owners[id(core)] for key, (layer, core) in inner.items() if owners[id(core)] is not layer}


def share(layer: Any, owner: Any) -> None:
    """Give ``layer`` the one inside that ``owner`` is or has, in the place of its own; neither is built yet."""
    *_, holder, mine = _inside(layer)
    key = _WRAPPERS[type(holder)]
    holder._layers.remove(mine)
    setattr(holder, key, _inside(owner)[-1])


def held_twice(operations: Mapping[str, Any]) -> dict[str, str]:
    """Layers that hold a weight that one before them holds, with what becomes of it.

    Layers that are opened read one tensor, and wrappers of one layer share it. Any other one is made again from its
    own configuration, which says nothing of others.
    """
    shared = owners_of_shared(operations.values())
    holders: dict[int, str] = {}
    found: dict[str, str] = {}
    for name, operation in operations.items():
        is_one = isinstance(operation, keras.Layer) and id(operation) not in shared
        for weight in operation.weights if is_one else ():
            first = holders.setdefault(id(weight), name)
            if first != name:
                found[name] = f"holds weights of {first!r} too: here and in copies each has its own, counted twice"
    return found


def _inside(layer: Any) -> list[Any]:
    """A layer, what it wraps, what that wraps, and so on."""
    return list(_chain(layer))


def _chain(layer: Any) -> Iterator[Any]:
    yield layer
    if type(layer) in _WRAPPERS:
        yield from _chain(vars(layer)[_WRAPPERS[type(layer)]])
