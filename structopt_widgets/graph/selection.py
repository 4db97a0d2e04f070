"""Which old channel each new channel comes from, through flattening and concatenation alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .dimensions import Concat, Dim, Symbol, baseline_size, resolve

NEW = -1  # the origin of a channel the old model does not have


def origins(dim: Dim, chosen: Mapping[Symbol, np.ndarray], length: Callable[[Dim], int] = baseline_size) -> np.ndarray:
    """For each index of ``dim`` in the new model, the index in the old one it comes from, or :data:`NEW`.

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
        shifted = []
        for part, offset in zip(dim.parts, offsets, strict=False):
            kept = origins(part, chosen, length)
            shifted.append(np.where(kept == NEW, NEW, kept + offset))
        return np.concatenate(shifted)
    outer, inner = origins(dim.outer, chosen, length)[:, None], origins(dim.inner, chosen, length)[None, :]
    combined = outer * length(dim.inner) + inner
    return np.where((outer == NEW) | (inner == NEW), NEW, combined).ravel()


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
