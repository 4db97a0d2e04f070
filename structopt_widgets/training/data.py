"""Samples with labels, in a training and a validation part."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .labels import read_labels
from .sources import read_pair
from .statistics import r2_score


class Data:
    """Training and validation data as plain NumPy arrays, checked once.

    Args:
        x: samples: an array ``(n, ...)``, a DataFrame, or a ``tf.data.Dataset`` of (x, y) pairs.
        y: labels: text, booleans, whole numbers, one-hot rows or floats that are all 0.0 or 1.0,
            ``(n,)`` or ``(n, 1)``, for a classification; other numbers, ``(n,)`` or ``(n, k)``, for
            a regression. ``None`` when ``x`` holds them.
        x_val, y_val: the validation part, in the same forms; without it, one is split off.
        label: the column of a DataFrame that holds the labels.
        validation_fraction: share to split off, class by class for a classification.
        class_names: names of classes 0, 1, ...; for text labels, their order.
        name: what to call the data in tables.
        task: ``"classification"`` or ``"regression"``, where the labels leave it open: 0.0 and 1.0
            may be quantities.
        seed: of the split.

    Attributes:
        x, y, x_val, y_val: read-only arrays, apart from the user's own; ``x`` keeps its dtype,
            classes are int64.
        task: ``"classification"`` or ``"regression"``.
        class_names: tuple of names, or ``None``.
        n_classes: classes of a classification, else ``None``.
        is_one_hot: whether ``y`` was given as one-hot rows, which a loss of one's own may then count on.
        input_shape: shape of one sample.

    Raises ``ValueError`` on arrays of different length, NaN, one class only, text in ``x``, empty
    parts, parts of different shape and a missing label column.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        x_val: Any = None,
        y_val: Any = None,
        *,
        label: str | None = None,
        validation_fraction: float = 0.2,
        class_names: Sequence[str] | None = None,
        name: str = "data",
        task: str | None = None,
        seed: int = 0,
    ) -> None:
        if x_val is None and y_val is not None:
            raise ValueError("Expected x_val with y_val, got y_val alone. Pass both, or neither to split off a part.")
        samples, labels, columns = read_pair(x, y, label, "")
        parts = [(samples, labels)]
        if x_val is not None:
            # A DataFrame that lacks the label column has its labels in y_val.
            in_frame = label if y_val is None or label in getattr(x_val, "columns", ()) else None
            parts.append(read_pair(x_val, y_val, in_frame, "_val", columns)[:2])
        read = read_labels([part[1] for part in parts], task, class_names)
        if len(parts) == 1:
            rows, rows_val = split(read.parts[0], validation_fraction, seed, read.task)
            train, validation = (samples[rows], read.parts[0][rows]), (samples[rows_val], read.parts[0][rows_val])
        else:
            train, validation = (
                (_unshared(part[0]), _unshared(each)) for part, each in zip(parts, read.parts, strict=True)
            )
        for each, other, what in zip(train, validation, ("x", "y"), strict=True):
            if each.shape[1:] != other.shape[1:]:
                raise ValueError(
                    f"Expected samples of one shape, got {each.shape[1:]} in {what} "
                    f"and {other.shape[1:]} in {what}_val."
                )
        self.x, self.y = (_read_only(each) for each in train)
        self.x_val, self.y_val = (_read_only(each) for each in validation)
        self.task = read.task
        self.class_names = read.class_names
        self.n_classes = read.n_classes
        self.is_one_hot = read.is_one_hot
        self.name = name

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.x.shape[1:]

    @functools.cached_property
    def chance_level(self) -> float:
        """Validation score of always answering the training part's most frequent class, or its mean (R2)."""
        if self.task == "classification":
            return float(np.mean(self.y_val == np.bincount(self.y).argmax()))
        return r2_score(self.y_val, np.broadcast_to(self.y.mean(axis=0), self.y_val.shape))

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the arrays, their types and shapes, and the task: equal data, equal fingerprint."""
        digest = hashlib.sha256(repr((self.task, self.class_names)).encode())
        for array in (self.x, self.y, self.x_val, self.y_val):
            digest.update(repr((array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def flattened(self) -> Data:
        """The same samples with each in one row, for models of dense layers: ``(n, 14, 14)`` becomes ``(n, 196)``."""
        x, x_val = (each.reshape(len(each), -1) for each in (self.x, self.x_val))
        flat = Data(x, self.y, x_val, self.y_val, class_names=self.class_names, name=self.name, task=self.task)
        flat.is_one_hot = self.is_one_hot
        return flat

    def __repr__(self) -> str:
        classes = f" of {self.n_classes} classes" if self.n_classes is not None else ""
        return (
            f"Data({self.name}: {self.task}{classes}, {len(self.x)} training and {len(self.x_val)} validation samples "
            f"of shape {self.input_shape}, {self.x.dtype})"
        )


def split(y: np.ndarray, fraction: float, seed: int, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices of a training and a validation part, each in the original order.

    For a classification each class gives ``fraction`` of its samples, rounded, at least one if it
    has two; a class of one sample stays in training.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"Expected a validation_fraction between 0 and 1, got {fraction!r}.")
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == each) for each in np.unique(y)] if task == "classification" else [np.arange(len(y))]
    chosen = []
    for members in groups:
        count = min(max(round(fraction * len(members)), 1), len(members) - 1)
        chosen.append(rng.permutation(members)[:count])
    validation = np.sort(np.concatenate(chosen))
    if not len(validation):
        raise ValueError(
            f"Expected enough samples for a validation part, got {len(y)}, none of them spare. "
            "Pass x_val and y_val, or more data."
        )
    return np.setdiff1d(np.arange(len(y)), validation), validation


def _unshared(array: np.ndarray) -> np.ndarray:
    """``array``, or a copy when its memory is that of an array somebody may still write to."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return array.copy()
        owner = owner.base
    return array


def _read_only(array: np.ndarray) -> np.ndarray:
    # The fingerprint, computed once, relies on contents that stay.
    array.flags.writeable = False
    return array
