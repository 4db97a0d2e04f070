"""Where a narrow structure's channels lie inside a wider one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...graph import Dim, Symbol
from ...graph.dimensions import symbols
from ...graph.selection import origins
from ...structure import Structure


def envelope_of(structures: Iterable[Structure]) -> Structure:
    """A structure that all of ``structures`` fit into: of every width a little more than the largest, every bias.

    Activations and initializers are the baseline's; the blocks left out are the same in all of them.
    """
    many = list(structures)
    base = many[0].space.baseline
    groups = base.space.width_groups
    widths = {name: _fitting({each.widths[name] for each in many}, groups[name].divisor) for name in base.widths}
    biases = {name: any(each.biases[name] for each in many) for name in base.biases}
    # It is no choice of anybody's: a width may be above the largest one that is.
    others = {"activations": base.activations, "initializers": base.initializers, "blocks": many[0].blocks}
    return Structure.of_allowed(base.space, widths=widths, biases=biases, **others)


def _fitting(widths: set[int], divisor: int) -> int:
    """The width that all of ``widths`` are padded to: of eight between a power of two and the next.

    TensorFlow keeps what it has prepared for each shape it meets; with few shapes, it has soon met them all.
    """
    if len(widths) == 1:
        return max(widths)
    step = 1 << max(max(widths).bit_length() - 4, 0)
    unit = max(step // divisor, 1) * divisor
    return -(-max(widths) // unit) * unit


class Placement:
    """Places of a structure's channels inside an envelope: the first ones of every width."""

    def __init__(self, structure: Structure, envelope: Structure) -> None:
        self._own, self._envelope = structure.setting, envelope.setting
        self._first = {symbol: np.arange(self._own.size(symbol)) for symbol in structure.space.symbols.values()}

    def places(self, dim: Dim) -> np.ndarray:
        """For each index of ``dim`` in the structure, its index in the envelope."""
        return origins(dim, self._first, self._envelope.size)

    def mask(self, dim: Dim) -> np.ndarray:
        """1 where the envelope's ``dim`` is the structure's, 0 where it is padding."""
        return self.fill((dim,), np.ones(len(self.places(dim)), np.float32))

    def fill(self, axes: tuple[Dim, ...], values: np.ndarray) -> np.ndarray:
        """``values`` in their places of an array of zeros with the envelope's ``axes``."""
        filled = np.zeros([self._envelope.size(dim) for dim in axes], values.dtype)
        filled[self._index(axes)] = values
        return filled

    def pick(self, axes: tuple[Dim, ...], values: np.ndarray) -> np.ndarray:
        """The structure's part of an array with the envelope's ``axes``."""
        return values[self._index(axes)]

    def _index(self, axes: tuple[Dim, ...]) -> Any:
        return np.ix_(*map(self.places, axes)) if axes else ()


def differing(structures: Iterable[Structure]) -> set[Symbol]:
    """The widths in which ``structures`` differ: where there is padding."""
    many = list(structures)
    settings = [each.setting for each in many]
    symbols = many[0].space.symbols.values()
    return {symbol for symbol in symbols if len({at.size(symbol) for at in settings}) > 1}


def is_padded(dim: Dim, padded: set[Symbol]) -> bool:
    """Whether some structure has fewer channels in ``dim`` than the envelope."""
    return any(symbol in padded for symbol in symbols(dim))
