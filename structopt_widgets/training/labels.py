"""What the labels mean: classes or quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.checks import short
from .arrays import check_finite

TASKS = ("classification", "regression")
MOST_CLASSES = 1_000_000  # a larger label is hardly ever the number of a class


@dataclass(frozen=True)
class Labels:
    """Labels as training needs them.

    Attributes:
        task: ``"classification"`` or ``"regression"``.
        parts: the labels of each part: class numbers ``(n,)`` as int64, or floats.
        class_names: a name for each class number, or ``None``.
        n_classes: one more than the largest class number, or the number of names; ``None`` for regression.
        is_one_hot: whether the training labels came as one-hot rows.
    """

    task: str
    parts: tuple[np.ndarray, ...]
    class_names: tuple[str, ...] | None
    n_classes: int | None
    is_one_hot: bool = False


def read_labels(parts: Mapping[str, np.ndarray], task: str | None, class_names: tuple[str, ...] | None) -> Labels:
    """Interpret the labels of each part, which are named as errors shall name them; the first part decides.

    Text, booleans, whole numbers, one-hot rows and a column of 0.0 and 1.0 are classes; other numbers are quantities.
    ``task`` overrides that where both readings are possible.
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"Expected task to be one of {', '.join(TASKS)}, or None to decide by y; got {task!r}.")
    if len({part.dtype.kind == "U" for part in parts.values()}) > 1:
        raise ValueError(f"Expected {' and '.join(parts)} of one kind, got text in one and numbers in another.")
    for what, part in parts.items():
        check_finite(part, what)
    first = next(iter(parts.values()))
    if (task or _guess(first)) == "regression":
        return _quantities(parts, class_names)
    names = class_names
    if first.dtype.kind == "U":
        names = names or tuple(sorted({str(value) for part in parts.values() for value in part.ravel()}))
        classes = tuple(_numbered(part, names) for part in parts.values())
    else:
        classes = tuple(_class_numbers(part) for part in parts.values())
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
    one_hot = first.dtype.kind != "U" and is_one_hot(first)
    n_classes = len(names) if names is not None else max(largest + 1, first.shape[1] if one_hot else 0)
    return Labels("classification", classes, names, n_classes, one_hot)


def read_class_names(names: Iterable[str] | Mapping[int, str] | Mapping[str, int] | None) -> tuple[str, ...] | None:
    """The names of classes 0, 1, ... from a list of them, or a dictionary from numbers to names or back."""
    if names is None:
        return None
    if hasattr(names, "to_dict"):  # a pandas Series, whose index has the numbers
        names = names.to_dict()
    if isinstance(names, Mapping):
        pairs: Iterable[tuple[Any, Any]] = names.items()
        by_number = dict(pairs if all(map(_is_number, names)) else ((number, name) for name, number in pairs))
        if set(by_number) != set(range(len(names))):
            raise ValueError(
                f"Expected class names for the numbers 0 to {len(names) - 1}, such as {{0: 'cat', 1: 'dog'}} or "
                f"{{'cat': 0, 'dog': 1}}; got {dict(names)}."
            )
        names = [str(by_number[number]) for number in range(len(names))]
    if isinstance(names, (Set, str)) or not isinstance(names, Iterable):
        raise ValueError(
            f"Expected class names in the order of their numbers, got a {type(names).__name__}, which says no order. "
            "Pass a list, such as ['cat', 'dog'], or a dictionary, such as {0: 'cat', 1: 'dog'}."
        )
    listed = tuple(str(name) for name in names)
    if not listed:
        raise ValueError(f"Expected a name for each class, got none: {short(names)}. Leave class_names out.")
    twice = sorted({name for name in listed if listed.count(name) > 1})
    if twice:
        raise ValueError(f"Expected a name of its own for each class, got these more than once: {', '.join(twice)}.")
    return listed


def _is_number(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _guess(y: np.ndarray) -> str:
    if y.dtype.kind != "f" or is_one_hot(y) or _is_binary(y):
        return "classification"
    if y.size and np.isin(y, (0, 1)).all():
        raise ValueError(
            f"Expected one label a sample, or one-hot rows, got rows of {y.shape[1:]} zeros and ones, of which a "
            "sample may have several. Samples with several labels at once are not supported; pass "
            "task='regression' to train on these as quantities, or one column of them."
        )
    if y.size and np.isin(y, (-1, 1)).all():
        raise ValueError(
            "Expected classes as 0 and 1, or quantities that are not all -1 or 1, got -1 and 1 alone. "
            "Pass y > 0 for classes, or task='regression' if these are quantities."
        )
    if _is_soft(y):
        raise ValueError(
            f"Expected a label a sample, or one-hot rows of zeros and a one, got rows of {y.shape[1]} shares that sum "
            "to 1. Pass y.argmax(axis=1) for classes, with a loss that smooths them, such as "
            "keras.losses.CategoricalCrossentropy(label_smoothing=0.1); or task='regression' if these are quantities."
        )
    return "regression"


def _is_soft(y: np.ndarray) -> bool:
    if y.ndim != 2 or y.shape[1] < 2 or not y.size:
        return False
    return bool((y >= 0).all() and np.allclose(y.sum(axis=1), 1, atol=1e-4))


def _is_binary(y: np.ndarray) -> bool:
    # Many a table or a preprocessing step turns labels into floats; quantities are hardly ever 0 and 1 alone.
    return (y.ndim == 1 or y.shape[1:] == (1,)) and bool(np.isin(y, (0, 1)).all())


def is_one_hot(y: np.ndarray) -> bool:
    """Whether each row is zeros and a single one."""
    if y.ndim != 2 or y.shape[1] < 2:
        return False
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _quantities(parts: Mapping[str, np.ndarray], names: tuple[str, ...] | None) -> Labels:
    if next(iter(parts.values())).dtype.kind == "U":
        raise ValueError("Expected numbers as y for a regression, got text. Leave task out to classify.")
    if names is not None:
        raise ValueError("Expected class names only for a classification; y holds quantities, or task says so.")
    for what, part in parts.items():
        if len(part) and (part == part[0]).all():
            raise ValueError(f"Expected values that differ in {what}, got the same one everywhere: R2 is undefined.")
    floats = tuple(part if part.dtype.kind == "f" else part.astype(np.float32) for part in parts.values())
    return Labels("regression", floats, None, None)


def _numbered(labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    labels = _one_each(labels)
    known = {name: number for number, name in enumerate(names)}
    unknown = sorted({str(label) for label in labels} - set(known))
    if unknown:
        raise ValueError(f"Expected labels among the class names {', '.join(names)}; got {', '.join(unknown[:5])}.")
    return np.array([known[str(label)] for label in labels], dtype=np.int64)


def _class_numbers(y: np.ndarray) -> np.ndarray:
    if is_one_hot(y):
        return y.argmax(axis=1)
    y = _one_each(y)
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise ValueError("Expected whole numbers as labels of a classification, got fractions. Pass task='regression'.")
    if y.size and (y.min() < 0 or y.max() > MOST_CLASSES):
        hint = "Pass y > 0" if np.isin(y, (-1, 1)).all() else "Number the classes: np.unique(y, return_inverse=True)[1]"
        raise ValueError(
            f"Expected class labels 0, 1, 2, ..., up to {MOST_CLASSES:,}, got {y.min()} to {y.max()}. {hint}; "
            "pass task='regression' if y holds quantities."
        )
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
