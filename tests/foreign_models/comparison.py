"""Whether two models are the same function, also when they draw random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

Outputs = list[np.ndarray]
DRAWS = 40
TOO_FAR = 8.0  # standard errors of a difference of means; no luck goes that far in some thousand comparisons


def outputs_of(model: keras.Model, batch: Any, training: bool) -> Outputs:
    """All outputs, flat, with the sum of the model's own losses as the last."""
    outputs = [np.asarray(each) for each in keras.tree.flatten(model(batch, training=training))]
    outputs = [each.astype("float64") for each in outputs if each.dtype.kind in "biuf"]
    return [*outputs, np.asarray(float(sum(np.sum(np.asarray(each)) for each in model.losses)))]


def differences(given: Callable[[], Outputs], copy: Callable[[], Outputs], tolerance: float = 1e-4) -> str:
    """How the copy's outputs differ; empty when they do not. Both are called equally often."""
    one, two = given(), given()
    mine, again = copy(), copy()
    if [each.shape for each in one] != [each.shape for each in mine]:
        return f"shapes {[each.shape for each in mine]} instead of {[each.shape for each in one]}"
    if _apart(one, two) == 0 and _apart(mine, again) == 0:
        apart = _apart(one, mine)
        return f"{apart:.2g} apart" if apart > tolerance else ""
    # What drops seldom may have dropped nothing twice.
    theirs, ours = ([each() for _ in range(DRAWS)] for each in (given, copy))
    for name, runs in (("given model", theirs), ("copy", ours)):
        if all(_apart(runs[0], each) == 0 for each in runs[1:]):
            other = "copy" if name == "given model" else "given model"
            return f"the {name} draws no random numbers where the {other} does"
    return _different_means(theirs, ours)


def _apart(one: Outputs, other: Outputs) -> float:
    """The largest difference, in units of the outputs' own size; NaN on both sides is the same."""
    largest = 0.0
    for a, b in zip(one, other, strict=True):
        if a.size and not np.array_equal(a, b, equal_nan=True):
            scale = max(1.0, float(np.max(np.abs(a))))
            largest = max(largest, float(np.nan_to_num(np.max(np.abs(a - b)), nan=np.inf)) / scale)
    return largest


def _different_means(given: list[Outputs], copy: list[Outputs]) -> str:
    worst = 0.0
    for a, b in zip(zip(*given, strict=True), zip(*copy, strict=True), strict=True):
        a, b = np.stack(a), np.stack(b)
        error = np.sqrt((a.var(0) + b.var(0)) / DRAWS) + 1e-4 * (1 + np.abs(a.mean(0)))
        worst = max(worst, float(np.max(np.abs(a.mean(0) - b.mean(0)) / error)))
    return f"means {worst:.0f} standard errors apart" if worst > TOO_FAR else ""


@contextlib.contextmanager
def without_dropout(*models: keras.Model) -> Iterator[None]:
    """Keras's own noise layers do nothing meanwhile."""
    before = []
    for layer in (layer for model in models for layer in model._flatten_layers()):
        if type(layer).__module__.startswith("keras.") and hasattr(layer, "seed_generator"):
            for name in ("rate", "stddev"):
                if isinstance(getattr(layer, name, None), (int, float)):
                    before.append((layer, name, getattr(layer, name)))
                    setattr(layer, name, 0.0)
    try:
        yield
    finally:
        for layer, name, value in before:
            setattr(layer, name, value)
