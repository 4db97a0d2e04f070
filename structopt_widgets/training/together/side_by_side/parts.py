"""Where the members' parts of a joint weight lie: one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class Parts:
    """The members' weights of one place, or their channels, in one array.

    They are joined along their first axis where the others are alike, and else as rows of numbers.

    Args:
        shapes: of each member's own weight.
        is_turned: whether a part is the weight with its axes in reverse.
        is_column: whether a part has an axis of length 1 besides the weight's.
    """

    def __init__(self, shapes: Iterable[Sequence[int]], is_turned: bool = False, is_column: bool = False) -> None:
        self._own_shapes, self.is_turned = [tuple(each) for each in shapes], is_turned
        tail = (1,) if is_column else ()
        self._shapes = [(each[::-1] if is_turned else each) + tail for each in self._own_shapes]
        self._is_flat = len({each[1:] for each in self._shapes}) > 1
        self.sizes = [math.prod(each) if self._is_flat else each[0] for each in self._shapes]

    def join(self, weights: Iterable[np.ndarray | None]) -> np.ndarray:
        """The joint array of the members' own weights, with zeros for those that are ``None``."""
        parts = []
        for own, own_shape, shape in zip(weights, self._own_shapes, self._shapes, strict=True):
            values = np.zeros(own_shape, np.float32) if own is None else own
            parts.append((values.T if self.is_turned else values).reshape(-1 if self._is_flat else shape))
        return np.concatenate(parts)

    def split(self, joint: Any) -> list[Any]:
        """The parts of a joint tensor."""
        parts = tf.split(joint, self.sizes) if len(self.sizes) > 1 else [joint]
        return (
            [tf.reshape(part, shape) for part, shape in zip(parts, self._shapes, strict=True)]
            if self._is_flat
            else parts
        )

    def own(self, joint: Any, number: int) -> np.ndarray:
        """The weight of one member."""
        start = sum(self.sizes[:number])
        part = np.asarray(joint)[start : start + self.sizes[number]].reshape(self._shapes[number])
        return part.T if self.is_turned else part.reshape(self._own_shapes[number])
