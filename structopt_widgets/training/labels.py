"""What the labels mean: classes or quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import check_finite

TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Labels:
    """Labels as training needs them.

    Attributes:
        task: ``"classification"`` or ``"regression"``.
        parts: training and, if given, validation labels: class numbers ``(n,)`` as int64, or floats.
        class_names: a name for each class number, or ``None``.
        n_classes: one more than the largest class number, or the number of names; ``None`` for regression.
        is_one_hot: whether the training labels came as one-hot rows.
    """

    task: str
    parts: tuple[np.ndarray, ...]
    class_names: tuple[str, ...] | None
    n_classes: int | None
    is_one_hot: bool = False


def read_labels(parts: Sequence[np.ndarray], task: str | None, class_names: Sequence[str] | None) -> Labels:
    """Interpret labels; the first part decides.

    Text, booleans, whole numbers, one-hot rows and a column of 0.0 and 1.0 are classes; other numbers are quantities.
    ``task`` overrides that where both readings are possible.
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"Expected task to be one of {', '.join(TASKS)}, or None to decide by y; got {task!r}.")
    if len({part.dtype.kind == "U" for part in parts}) > 1:
        raise ValueError("Expected y and y_val of one kind, got text in one and numbers in the other.")
    for part, what in zip(parts, ("y", "y_val"), strict=False):
        check_finite(part, what)
    names = tuple(str(name) for name in class_names) if class_names is not None else None
    if (task or _guess(parts[0])) == "regression":
        return _quantities(parts, names)
    if parts[0].dtype.kind == "U":
        names = names or tuple(sorted({str(value) for part in parts for value in part.ravel()}))
        classes = tuple(_numbered(part, names) for part in parts)
    else:
        classes = tuple(_class_numbers(part) for part in parts)
    largest = max((int(part.max()) for part in classes if part.size), default=0)
    if names is not None and largest >= len(names):
        raise ValueError(
            f"Expected a class name for each label, got {len(names)} names and labels up to {largest}: "
            f"pass {largest + 1} names."
        )
    present = np.unique(classes[0])
    if len(present) == 1:
        raise ValueError(
            f"Expected labels of at least two classes in y, got only {present[0]}: there is nothing to tell apart. "
            "Add samples of another class; if y holds quantities, pass task='regression'."
        )
    n_classes = len(names) if names is not None else largest + 1
    return Labels("classification", classes, names, n_classes, parts[0].dtype.kind != "U" and _is_one_hot(parts[0]))


def _guess(y: np.ndarray) -> str:
    return "regression" if y.dtype.kind == "f" and not (_is_one_hot(y) or _is_binary(y)) else "classification"


def _is_binary(y: np.ndarray) -> bool:
    # Many a table or a preprocessing step turns labels into floats; quantities are hardly ever 0 and 1 alone.
    return (y.ndim == 1 or y.shape[1:] == (1,)) and bool(np.isin(y, (0, 1)).all())


def _is_one_hot(y: np.ndarray) -> bool:
    if y.ndim != 2 or y.shape[1] < 2:
        return False
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _quantities(parts: Sequence[np.ndarray], names: tuple[str, ...] | None) -> Labels:
    if parts[0].dtype.kind == "U":
        raise ValueError("Expected numbers as y for a regression, got text. Leave task out to classify.")
    if names is not None:
        raise ValueError("Expected class names only for a classification; y holds quantities, or task says so.")
    for part, what in zip(parts, ("y", "y_val"), strict=False):
        if len(part) and (part == part[0]).all():
            raise ValueError(f"Expected values that differ in {what}, got the same one everywhere: R2 is undefined.")
    floats = tuple(part if part.dtype.kind == "f" else part.astype(np.float32) for part in parts)
    return Labels("regression", floats, None, None)


def _numbered(labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    labels = _one_each(labels)
    known = {name: number for number, name in enumerate(names)}
    unknown = sorted({str(label) for label in labels} - set(known))
    if unknown:
        raise ValueError(f"Expected labels among the class names {', '.join(names)}; got {', '.join(unknown[:5])}.")
    return np.array([known[str(label)] for label in labels], dtype=np.int64)


def _class_numbers(y: np.ndarray) -> np.ndarray:
    if _is_one_hot(y):
        return y.argmax(axis=1)
    y = _one_each(y)
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise ValueError("Expected whole numbers as labels of a classification, got fractions. Pass task='regression'.")
    if y.size and y.min() < 0:
        raise ValueError(f"Expected class labels 0, 1, 2, ..., got {y.min()}. Number the classes from 0.")
    return y.astype(np.int64)


def _one_each(y: np.ndarray) -> np.ndarray:
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim != 1:
        raise ValueError(
            f"Expected one label a sample, or one-hot rows, got y of shape {y.shape}. "
            "Samples with several labels at once are not supported; pass task='regression' if these are quantities."
        )
    return y
