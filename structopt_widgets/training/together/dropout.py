"""Dropout masks as inputs: each member's own, drawn as Keras would draw them for it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ...graph import Dim
from ...keras_bridge.kinds import role_of
from ...layer_rules import Role
from .members import Placement

ROLES = (Role.DROPOUT, Role.SPATIAL_DROPOUT)


class DropoutSite:
    """One use of a dropout layer.

    Args:
        layer: the Keras layer.
        shape: dimensions of what it drops from, without the batch axis.
        order: which of the uses of this layer in a step this is, of ``uses``.
        placements: of each member.
        seeds: the start of each member's seed generator of this layer, ``(members,)``.
    """

    def __init__(
        self,
        layer: Any,
        shape: Sequence[Dim],
        order: int,
        uses: int,
        placements: Sequence[Placement],
        seeds: np.ndarray,
    ) -> None:
        self._rate, self._order, self._uses, self._seeds = layer.rate, order, uses, seeds
        spatial = role_of(layer) is Role.SPATIAL_DROPOUT
        drawn: list[Dim] = [1] * (len(shape) - 1) + [shape[-1]] if spatial else list(shape)
        self._places = [[each.places(dim) for dim in drawn] for each in placements]
        self._lengths = [len(placements[0].mask(dim)) for dim in drawn]

    def draw(self, batch: Any, step: Any) -> Any:
        """Factors of every member, ``(members, batch, ...)``: 0 or 1 / (1 - rate), and 0 in padding."""
        counter = step * self._uses + self._order
        return tf.stack([self._draw_one(member, batch, counter) for member in range(len(self._seeds))])

    def _draw_one(self, member: int, batch: Any, counter: Any) -> Any:
        places = self._places[member]
        kept = draw_factors(self._rate, [batch, *map(len, places)], self._seeds[member], counter)
        for axis, (place, length) in enumerate(zip(places, self._lengths, strict=True), start=1):
            if len(place) < length:
                kept = _moved(kept, place, length, axis)
        return kept


def _moved(values: Any, places: np.ndarray, length: int, axis: int) -> Any:
    """``values`` along ``axis`` at ``places`` among ``length``, zeros elsewhere."""
    source = np.full(length, len(places))
    source[places] = np.arange(len(places))
    padding = [(0, 0)] * len(values.shape)
    padding[axis] = (0, 1)
    return tf.gather(tf.pad(values, padding), source, axis=axis)


def draw_factors(rate: float, shape: Sequence[Any], seed: int, counter: Any) -> Any:
    """What ``keras.random.dropout`` multiplies by: 0 or 1 / (1 - rate).

    ``seed`` is where the layer's seed generator starts, ``counter`` how often it has drawn.
    """
    ones = tf.ones(shape)
    state = tf.stack([tf.constant(seed, tf.int32), counter])
    return tf.nn.experimental.stateless_dropout(ones, rate, state) if rate < 1 else tf.zeros_like(ones)


def first_seed(layer: Any) -> int | None:
    """Where the seed generator of a dropout layer starts; there is none at a rate of 0."""
    generator = getattr(layer, "seed_generator", None)
    return None if generator is None else int(np.asarray(generator.state)[0])
