"""Samples with labels, in a training and a validation part."""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.checks import text, typed
from ..graph.checks import whole as whole_number
from .inputs import Samples, each_input, inputs_of
from .labels import read_class_names, read_labels
from .sources import Part, read_part
from .splitting import check_fractions, split, warn_of_absent, warn_of_repeated
from .statistics import r2_score

if TYPE_CHECKING:
    from ..keras_bridge import Examples
    from ..structure import Structure


class Data:
    """Training and validation data as plain NumPy arrays, checked once.

    Args:
        x: samples: an array ``(n, ...)``, a DataFrame, a dictionary of arrays by the names of a model's
            inputs, or a ``tf.data.Dataset`` of (x, y) pairs.
        y: labels: text, booleans, whole numbers, one-hot rows or floats that are all 0.0 or 1.0,
            ``(n,)`` or ``(n, 1)``, for a classification; other numbers, ``(n,)`` or ``(n, k)``, for
            a regression. ``None`` when ``x`` holds them.
        x_val, y_val: the validation part, in the same forms; without it, one is split off.
        x_test, y_test: the test part, in the same forms. No search, patience or plot sees it;
            :meth:`Study.test` asks it about the structure that was chosen.
        label: the column of a DataFrame that holds the labels.
        validation_fraction: share of x to split off, class by class for a classification.
        test_fraction: share of x to split off as a test part; ``None`` for none.
        class_names: names of classes 0, 1, ..., in this order or by number; for text labels, their order.
            By default a pandas categorical's, or text labels in alphabetical order.
        name: what to call the data in tables.
        task: ``"classification"`` or ``"regression"``, where the labels leave it open: 0.0 and 1.0
            may be quantities.
        seed: of the splits.

    Attributes:
        x, y, x_val, y_val: read-only arrays, apart from the user's own; ``x`` keeps its dtype,
            classes are int64. Of several inputs, ``x`` and ``x_val`` are dictionaries.
        x_test, y_test: the test part; ``None`` where there is none.
        task: ``"classification"`` or ``"regression"``.
        class_names: tuple of names, or ``None``.
        n_classes: classes of a classification, else ``None``.
        is_one_hot: whether ``y`` was given as one-hot rows, which a loss of one's own may then count on.
        input_shape: shape of one sample.

    Raises ``ValueError`` on arrays of different length, NaN and masked values, one class only, several
    labels a sample, text in ``x``, pandas rows in another order than their labels, empty parts, parts
    of different shape and a missing label column. Warns of samples that stand in two parts, and of
    classes without a training sample.

    >>> x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    >>> sw.Data(x, y, name="numbers")
    Data(numbers: classification of 2 classes, ...
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        x_val: Any = None,
        y_val: Any = None,
        *,
        x_test: Any = None,
        y_test: Any = None,
        label: str | None = None,
        validation_fraction: float = 0.2,
        test_fraction: float | None = None,
        class_names: Iterable[str] | Mapping[int, str] | Mapping[str, int] | None = None,
        name: str = "data",
        task: str | None = None,
        seed: int = 0,
    ) -> None:
        if x_test is not None and test_fraction is not None:
            raise ValueError("Expected x_test, or a test_fraction to split off, got both. Leave one out.")
        name, seed = text(name, "the name of data"), whole_number(seed, "the seed of a split", least=0)
        names = read_class_names(class_names)
        check_fractions(
            ({} if x_val is not None else {"validation_fraction": validation_fraction})
            | ({} if test_fraction is None else {"test_fraction": test_fraction})
        )
        first = read_part(x, y, label, "")
        parts: dict[str, Part] = {"": first}
        for suffix, samples, labels in (("_val", x_val, y_val), ("_test", x_test, y_test)):
            if samples is None and labels is not None:
                raise ValueError(
                    f"Expected x{suffix} with y{suffix}, got y{suffix} alone. "
                    "Pass both, or neither to split off a part."
                )
            if samples is not None:
                # A DataFrame that lacks the label column has its labels in y_val or y_test.
                in_frame = label if labels is None or label in getattr(samples, "columns", ()) else None
                parts[suffix] = read_part(samples, labels, in_frame, suffix, first.columns).like(first)
        read = read_labels(
            {f"y{suffix}": part.labels for suffix, part in parts.items()},
            task,
            names or (None if task == "regression" else first.class_names),
        )
        self.task = read.task
        self.class_names = read.class_names
        self.n_classes = read.n_classes
        self.is_one_hot = read.is_one_hot
        self.name = name
        whole = {
            suffix: (part.samples, labels) for (suffix, part), labels in zip(parts.items(), read.parts, strict=True)
        }
        if test_fraction is not None:
            whole = _split_off(whole, "_test", test_fraction, seed, read.task)
        if x_val is None:
            # A share of all that was given, whatever went into the test part.
            share = validation_fraction if test_fraction is None else validation_fraction / (1 - test_fraction)
            whole = _split_off(whole, "_val", share, seed, read.task)
        _check_shapes(whole)
        (self.x, self.y), (self.x_val, self.y_val) = (_kept(*whole[suffix]) for suffix in ("", "_val"))
        self.x_test: Any = None
        self.y_test: Any = None
        if "_test" in whole:
            self.x_test, self.y_test = _kept(*whole["_test"])
        if self.n_classes is not None:
            others = {"validation": self.y_val} | ({} if self.y_test is None else {"test": self.y_test})
            warn_of_absent(self.y, others, self.n_classes)
        warn_of_repeated(
            {"training": self.x, "validation": self.x_val} | ({} if self.x_test is None else {"test": self.x_test})
        )

    @property
    def input_shape(self) -> Any:
        """Shape of one sample; of several inputs, a dictionary of them."""
        return each_input(lambda array: array.shape[1:], self.x)

    @property
    def input_dtype(self) -> Any:
        """Type of the numbers of one sample; of several inputs, a dictionary of them."""
        return each_input(lambda array: str(array.dtype), self.x)

    def examples(self, structure: Structure) -> Examples:
        """Training samples with the loss of a structure on them, by which :meth:`Structure.build` chooses units."""
        if not hasattr(structure, "space"):
            raise TypeError(f"Expected a Structure, such as space.baseline, got {typed(structure)}.")
        from .objective import examples_of

        return examples_of(structure, self)

    @functools.cached_property
    def chance_level(self) -> float:
        """Validation score of always answering the training part's most frequent class, or its mean (R2)."""
        if self.task == "classification":
            return float(np.mean(self.y_val == np.bincount(self.y).argmax()))
        return r2_score(self.y_val, np.broadcast_to(self.y.mean(axis=0), self.y_val.shape))

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the arrays, their types and shapes, and the task: equal data, equal fingerprint.

        The test part has no share in it: what a trial saw stays the same, whether there is one or not.
        """
        return self._fingerprint(self.x, self.y, self.x_val, self.y_val)

    @functools.cached_property
    def test_fingerprint(self) -> str:
        """SHA-256 over the test part; empty where there is none."""
        return "" if self.x_test is None else self._fingerprint(self.x_test, self.y_test)

    def _fingerprint(self, *arrays: Any) -> str:
        digest = hashlib.sha256(repr((self.task, self.class_names)).encode())
        for each in arrays:
            for name, array in sorted(inputs_of(each).items()):
                digest.update(repr((*((name,) if name else ()), array.dtype.str, array.shape)).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def flattened(self) -> Data:
        """The same samples with each in one row, for models of dense layers: ``(n, 14, 14)`` becomes ``(n, 196)``.

        >>> images = sw.Data(np.zeros((20, 8, 8)) + np.arange(20).reshape(-1, 1, 1), np.arange(20) % 2)
        >>> images.flattened().input_shape
        (64,)
        """
        return self._with(
            lambda x: x if x is None else each_input(lambda array: _read_only(array.reshape(len(array), -1)), x)
        )

    def with_test_as_validation(self) -> Data:
        """The same training part, and the test part in the place of the validation part.

        >>> x, y = np.arange(80.0).reshape(40, 2), np.arange(40) % 2
        >>> final = sw.Data(x, y, test_fraction=0.25).with_test_as_validation()
        >>> len(final.y_val)
        10
        """
        if self.x_test is None:
            raise ValueError(
                "Expected data with a test part, got none. Pass x_test and y_test to Data, or a test_fraction."
            )
        made = self._with(lambda x: x)
        made.x_val, made.y_val = self.x_test, self.y_test
        made.x_test = made.y_test = None
        return made

    def _with(self, change: Any) -> Data:
        made = copy.copy(self)
        for cached in ("fingerprint", "test_fingerprint", "chance_level"):
            vars(made).pop(cached, None)
        made.x, made.x_val, made.x_test = (change(each) for each in (self.x, self.x_val, self.x_test))
        return made

    def __repr__(self) -> str:
        classes = f" of {self.n_classes} classes" if self.n_classes is not None else ""
        parts = f"{len(self.y)} training and {len(self.y_val)} validation samples"
        if self.y_test is not None:
            parts = f"{len(self.y)} training, {len(self.y_val)} validation and {len(self.y_test)} test samples"
        return f"Data({self.name}: {self.task}{classes}, {parts} of shape {self.input_shape}, {self.input_dtype})"


_Parts = dict[str, tuple[Samples, np.ndarray]]  # by suffix: "" for training, "_val", "_test"


def _split_off(parts: _Parts, suffix: str, fraction: float, seed: int, task: str) -> _Parts:
    """``parts`` with one more, which is split off the training part."""
    x, y = parts[""]
    what = {"_val": "validation", "_test": "test"}[suffix]
    rows, chosen = split(y, fraction, seed if suffix == "_val" else seed + 1, task, what)

    def at(places: np.ndarray) -> tuple[Any, np.ndarray]:
        return each_input(lambda array: _read_only(array[places]), x), _read_only(y[places])

    return parts | {"": at(rows), suffix: at(chosen)}


def _check_shapes(parts: _Parts) -> None:
    x, y = parts[""]
    for suffix, (samples, labels) in parts.items():
        if list(inputs_of(samples)) != list(inputs_of(x)):
            raise ValueError(f"Expected the inputs {list(inputs_of(x))} in x{suffix}, got {list(inputs_of(samples))}.")
        for what, one, other in (("x", x, samples), ("y", y, labels)):
            mine, theirs = (each_input(lambda array: array.shape[1:], each) for each in (one, other))
            if mine != theirs:
                raise ValueError(f"Expected samples of one shape, got {mine} in {what} and {theirs} in {what}{suffix}.")


def _kept(x: Samples, y: np.ndarray) -> tuple[Any, np.ndarray]:
    return each_input(lambda array: _read_only(_unshared(array)), x), _read_only(_unshared(y))


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
