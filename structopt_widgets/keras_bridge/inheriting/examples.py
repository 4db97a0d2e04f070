"""Samples that a model is judged on while its units are chosen, and its normalization put right afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from ...graph import Symbol

if TYPE_CHECKING:
    from ...structure import Structure


@dataclass(frozen=True)
class Examples:
    """Attributes:
    x: samples as the model reads them: an array, or a tuple or dictionary of them.
    y: as the loss takes them.
    loss: the mean loss of outputs, ``loss(y, outputs)``.
    ranked: units ranked by these samples, by structure: the seeds of one run share them.
    traced: a copy of the model with what was traced of its loss, by the weights that have a say.
    """

    x: Any
    y: Any
    loss: Callable[[Any, Any], Any]
    ranked: dict[Structure, Mapping[Symbol, np.ndarray]] = field(default_factory=dict, compare=False)
    traced: dict[Any, Any] = field(default_factory=dict, compare=False)
    _weights: list[int] = field(default_factory=list, compare=False)

    def judge(self, weights: int) -> None:
        """Forget what was found with other weights than those whose checksum is ``weights``."""
        if self._weights != [weights]:
            self.ranked.clear()
            self.traced.clear()
            self._weights[:] = [weights]

    def batches(self, model: keras.Model, size: int) -> Iterator[tuple[Any, Any]]:
        """Whole batches of ``size``, or of the size that the model is fixed to; at least one."""
        fixed = next((each.shape[0] for each in model.inputs if each.shape[0]), None)
        size = fixed or min(size, len(self.y))
        for start in range(0, len(self.y) - size + 1, size):
            yield keras.tree.map_structure(lambda each: each[start : start + size], (self.x, self.y))  # noqa: B023 - used at once
