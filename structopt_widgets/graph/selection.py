"""Which old channel each new channel comes from, through flattening and concatenation alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .dimensions import Concat, Dim, Symbol, baseline_size, resolve


def copied(old: int, new: int) -> np.ndarray:
    """Where each of ``new`` units comes from when ``old`` of them, fewer, are copied in turn: 0 1 2 0 1."""
    return np.arange(new) % old


def shares(come_from: np.ndarray) -> np.ndarray:
    """The part each unit has in what its original did alone; the parts of all copies of a unit sum to 1.

    They are as 1 : 2 : 3 and so on. Equal ones would do for the outputs, but then all copies had the
    same gradients for ever. Unequal ones tell them apart (Wang et al. 2024, arXiv:2310.07999), where
    Net2Net adds noise.
    """
    in_order = np.argsort(come_from, kind="stable")
    copies = np.bincount(come_from)
    starts = np.cumsum(copies) - copies
    place = np.empty_like(come_from)  # among the copies of one unit
    place[in_order] = np.arange(len(come_from)) - starts[come_from[in_order]]
    count = copies[come_from]
    return 2 * (place + 1) / (count * (count + 1))


def origins(dim: Dim, chosen: Mapping[Symbol, np.ndarray], length: Callable[[Dim], int] = baseline_size) -> np.ndarray:
    """For each index of ``dim`` in the new model, the index in the old one it comes from.

    ``chosen`` holds that array for every symbol; one that is missing is kept as it is. ``length`` says
    how long a dimension is in the old model, which is the one as read unless told otherwise.
    """
    dim = resolve(dim)
    if isinstance(dim, int):
        return np.arange(dim)
    if isinstance(dim, Symbol):
        return chosen.get(dim, np.arange(length(dim)))
    if isinstance(dim, Concat):
        offsets = np.cumsum([0, *(length(part) for part in dim.parts)])
        return np.concatenate(
            [origins(part, chosen, length) + offset for part, offset in zip(dim.parts, offsets, strict=False)]
        )
    outer, inner = origins(dim.outer, chosen, length)[:, None], origins(dim.inner, chosen, length)[None, :]
    return (outer * length(dim.inner) + inner).ravel()


def spread(dim: Dim, scores: np.ndarray, into: dict[Symbol, np.ndarray]) -> None:
    """Add ``scores``, one an index of ``dim`` in the old model, to the units of the symbols it is made of."""
    dim = resolve(dim)
    if isinstance(dim, Symbol):
        into[dim] = into.get(dim, np.zeros(dim.baseline)) + scores
    elif isinstance(dim, Concat):
        offset = 0
        for part in dim.parts:
            length = baseline_size(part)
            spread(part, scores[offset : offset + length], into)
            offset += length
    elif not isinstance(dim, int):
        blocks = scores.reshape(baseline_size(dim.outer), baseline_size(dim.inner))
        spread(dim.outer, blocks.sum(axis=1), into)
        spread(dim.inner, blocks.sum(axis=0), into)


def spread_out(dim: Dim, of_units: Mapping[Symbol, np.ndarray]) -> np.ndarray:
    """A factor for each index of ``dim`` in the old model, out of those of its symbols' units; 1 for others."""
    dim = resolve(dim)
    if isinstance(dim, int):
        return np.ones(dim)
    if isinstance(dim, Symbol):
        return of_units.get(dim, np.ones(dim.baseline))
    if isinstance(dim, Concat):
        return np.concatenate([spread_out(part, of_units) for part in dim.parts])
    return np.outer(spread_out(dim.outer, of_units), spread_out(dim.inner, of_units)).ravel()
