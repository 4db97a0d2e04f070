"""Which samples go into which part, and which stand in two of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from .inputs import Samples, inputs_of


def split(
    y: np.ndarray, fraction: float, seed: int, task: str, what: str = "validation"
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of what stays and of a part that is split off, each in the original order.

    For a classification each class gives ``fraction`` of its samples, rounded, at least one if it
    has two; a class of one sample stays.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
        raise ValueError(f"Expected a {what}_fraction between 0 and 1, got {fraction!r}.")
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == each) for each in np.unique(y)] if task == "classification" else [np.arange(len(y))]
    chosen = []
    for members in groups:
        count = min(max(round(fraction * len(members)), 1), len(members) - 1)
        chosen.append(rng.permutation(members)[:count])
    rows = np.sort(np.concatenate(chosen))
    if not len(rows):
        raise ValueError(
            f"Expected enough samples for a {what} part, got {len(y)}, none of them spare. "
            f"Pass x_{SUFFIXES[what]} and y_{SUFFIXES[what]}, or more data."
        )
    return np.setdiff1d(np.arange(len(y)), rows), rows


SUFFIXES = {"validation": "val", "test": "test"}


def warn_of_repeated(parts: Mapping[str, Samples]) -> None:
    """Warn, with the count, of samples of a later part that stand in an earlier one too, number for number."""
    seen: dict[str, set[int]] = {}
    for name, samples in parts.items():
        rows = [np.ascontiguousarray(each).reshape(len(each), -1) for each in inputs_of(samples).values()]
        keys = [hash(tuple(row.tobytes() for row in sample)) for sample in zip(*rows, strict=True)]
        for earlier, known in seen.items():
            count = sum(key in known for key in keys)
            if count:
                warnings.warn(
                    f"{count:,} of {len(keys):,} {name} samples are in the {earlier} part too: what a model "
                    f"remembers of them counts as known. Remove repeated samples before the data are split.",
                    stacklevel=4,
                )
        seen[name] = set(keys)
