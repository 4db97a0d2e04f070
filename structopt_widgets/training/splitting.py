"""Which samples go into which part, and which stand in two of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .inputs import Samples, inputs_of


def split(
    y: np.ndarray, fraction: float, seed: int, task: str, what: str = "validation"
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of what stays and of a part that is split off, each in the original order.

    For a classification each class gives ``fraction`` of its samples, rounded, at least one if it
    has two; a class of one sample stays.
    """
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


def check_fractions(given: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless each is a share, by name, and some samples are left to train on."""
    for name, fraction in given.items():
        if isinstance(fraction, bool) or not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
            raise ValueError(f"Expected a {name} between 0 and 1, got {fraction!r}.")
    if sum(given.values()) >= 1:
        shares = " and ".join(f"a {name} of {fraction:g}" for name, fraction in given.items())
        raise ValueError(f"Expected samples that are left to train on, got {shares}. Make them smaller.")


def warn_of_repeated(parts: Mapping[str, Samples]) -> None:
    """Warn, with the count, of samples of a later part that stand in an earlier one too, number for number."""
    seen: dict[str, set[int]] = {}
    # The same numbers in another type are the same samples.
    first, *others = map(inputs_of, parts.values())
    types = {each: np.result_type(array, *(other[each] for other in others)) for each, array in first.items()}
    for name, samples in parts.items():
        rows = [
            np.ascontiguousarray(each, types[place]).reshape(len(each), -1)
            for place, each in inputs_of(samples).items()
        ]
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


def warn_of_absent(y: np.ndarray, parts: Mapping[str, np.ndarray], n_classes: int) -> None:
    """Warn, with the counts, of classes that no training sample is of: a network never learns to say them."""
    absent = np.setdiff1d(np.arange(n_classes), y)
    if not len(absent):
        return
    listed = ", ".join(map(str, absent[:10])) + (", ..." if len(absent) > 10 else "")
    asked = [
        f"{int(count):,} of {len(labels):,} {name} samples"
        for name, labels in parts.items()
        if (count := np.isin(labels, absent).sum())
    ]
    of_them = f" They are those of {' and '.join(asked)}." if asked else ""
    hint = "Pass y - 1 if the labels begin at 1" if absent.tolist() == [0] and not asked else "Add samples of them"
    warnings.warn(
        f"{len(absent):,} of {n_classes:,} classes have no training sample: {listed}.{of_them} {hint}, or number only "
        "those that are there: np.unique(y, return_inverse=True)[1].",
        stacklevel=4,
    )
