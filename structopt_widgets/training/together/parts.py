"""Where the members' parts of a joint weight lie: one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


class Parts:
    """The parts of the members in one array.

    Args:
        shapes: of each member's part.
        is_flat: whether the parts are joined as rows of numbers, as parts of any shapes can be, or along their
            first axis, the others being alike.
    """

    def __init__(self, shapes: Iterable[Sequence[int]], is_flat: bool = False) -> None:
        self.shapes, self._is_flat = [tuple(each) for each in shapes], is_flat
        self.sizes = [math.prod(each) if is_flat else each[0] for each in self.shapes]

    def join(self, parts: Iterable[np.ndarray | None]) -> np.ndarray:
        """The parts in one array, with zeros for those that are ``None``."""
        filled = [
            np.zeros(shape, np.float32) if part is None else part
            for part, shape in zip(parts, self.shapes, strict=True)
        ]
        return np.concatenate([part.reshape(-1) for part in filled] if self._is_flat else filled)

    def split(self, joint: Any) -> list[Any]:
        """The parts of a joint tensor."""
        parts = tf.split(joint, self.sizes) if len(self.sizes) > 1 else [joint]
        if not self._is_flat:
            return parts
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def part(self, joint: Any, number: int) -> np.ndarray:
        """The part of one member."""
        start = sum(self.sizes[:number])
        return np.asarray(joint)[start : start + self.sizes[number]].reshape(self.shapes[number])
