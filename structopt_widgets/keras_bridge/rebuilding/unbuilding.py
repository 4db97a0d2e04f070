"""Undoing what running a model built in it: weights that only training makes are not the given model's yet."""

from __future__ import annotations

from typing import Any

import keras

from ..without_weights import keep_pending, pending_weights

LATE = "makes weights in training that it does not have before"


class Snapshot:
    """A model's layers as they are: their attributes, and what is in those of them that are collections."""

    def __init__(self, model: keras.Model) -> None:
        layers = model._flatten_layers(include_self=True, recursive=True)
        self._attributes = [(each, dict(vars(each))) for each in layers]
        self._contents: list[tuple[Any, Any]] = [
            (value, [*value] if isinstance(value, list) else {**value} if isinstance(value, dict) else {*value})
            for _, attributes in self._attributes
            for value in attributes.values()
            # Not what only passes for one: TensorFlow wraps some.
            if issubclass(type(value), (list, dict, set))
        ]
        self._trackers = [
            (each._tracker, each._tracker.locked, {name: {*ids} for name, ids in each._tracker.stored_ids.items()})
            for each, _ in self._attributes
        ]
        self._pending = pending_weights()
        self._built = {id(each): len(each.variables) for each, _ in self._attributes}

    def grown(self) -> set[int]:
        """The layers that have more variables since, by ``id``."""
        return {id(each) for each, _ in self._attributes if len(each.variables) > self._built[id(each)]}

    def restore(self) -> None:
        """Make them what they were."""
        for layer, attributes in self._attributes:
            vars(layer).clear()
            vars(layer).update(attributes)
        for value, before in self._contents:
            # Past Keras's own collections, which would track what is put in, or refuse it.
            if isinstance(value, list):
                list.clear(value)
                list.extend(value, before)
            else:
                kind: Any = dict if isinstance(value, dict) else set
                kind.clear(value)
                kind.update(value, before)
        for tracker, locked, ids in self._trackers:
            tracker.locked, tracker.stored_ids = locked, ids
        keep_pending(self._pending)
