"""Where samples come from: arrays, pandas DataFrames, ``tf.data`` datasets."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..graph.checks import short
from .arrays import LARGEST_BYTES, NUMERIC, check_finite, to_array
from .inputs import Samples
from .labels import is_one_hot

# Where the reading of a dataset ends that does not say how long it is, as one made of a generator.
MOST_SAMPLES = 5_000_000
LONGEST = 30.0  # seconds


class Part(NamedTuple):
    """Samples and labels of one part of the data, and what their form says besides.

    ``columns`` are those of a DataFrame; ``class_names`` the categories of a pandas categorical, in their order.
    """

    samples: Samples
    labels: np.ndarray
    columns: list[Any] | None = None
    class_names: tuple[str, ...] | None = None

    def like(self, first: Part) -> Part:
        """The same with several inputs in the order of another part's; its one-hot columns have to be in that order."""
        columns = [part.class_names for part in (first, self) if part.class_names and part.labels.ndim == 2]
        if len(set(columns)) > 1:
            raise ValueError(
                f"Expected one-hot columns in one order in every part, got {columns[0]} and {columns[1]}. "
                "Pass y_val[y.columns]."
            )
        mine, others = self.samples, first.samples
        if not isinstance(mine, dict) or not isinstance(others, dict) or set(mine) != set(others):
            return self
        return self._replace(samples={name: mine[name] for name in others})


def read_part(x: Any, y: Any, label: str | None, part: str, columns: list[Any] | None = None) -> Part:
    """Samples and labels of one part of the data.

    Args:
        x, y: what the user passed; ``y`` is ``None`` when ``x`` holds the labels too.
        label: the column of a DataFrame that holds the labels.
        part: ``""``, ``"_val"`` or ``"_test"``, to name the part in errors.
        columns: the columns of the training part, whose order is kept.
    """
    found: list[Any] | None = None
    if isinstance(x, (str, bytes, os.PathLike)):
        raise ValueError(
            f"Expected x{part} as an array, a DataFrame or a tf.data.Dataset, got {x!r}. "
            "Read the file first, for example with pandas.read_csv."
        )
    if is_dataset(x):
        if y is not None or label is not None:
            raise ValueError(f"Expected a tf.data.Dataset of (x, y) pairs alone, got y{part} or a label as well.")
        x, y = materialize(x)
    elif is_frame(x):
        x, y, found = _from_frame(x, y, label, part, columns)
    elif label is not None:
        raise ValueError(f"Expected a DataFrame as x{part} to find the label column {label!r} in, got {_kind(x)}.")
    if y is None:
        if isinstance(x, Iterator):
            raise ValueError(
                f"Expected x{part} as an array, a DataFrame or a tf.data.Dataset, got a {type(x).__name__}. Collect "
                "its samples and labels in two arrays, or make a dataset of it: tf.data.Dataset.from_generator."
            )
        hint = ", or label=, the column that holds them" if found is not None else ""
        raise ValueError(f"Expected the labels of x{part}, got None as y{part}. Pass y{part}{hint}.")
    values, names = _of_categories(y, f"y{part}")
    labels = to_array(values, f"y{part}")
    if not isinstance(x, dict):
        samples = to_array(x, f"x{part}")
        _check(samples, labels, f"x{part}", f"y{part}", x)
        return Part(samples, labels, found, names)
    if not x or not all(isinstance(name, str) for name in x):
        raise ValueError(f"Expected x{part} as arrays by the names of the model's inputs, got the keys {list(x)}.")
    inputs = {}
    framed = {name: each for name, each in x.items() if hasattr(getattr(each, "index", None), "equals")}
    for name, values in x.items():
        _check_index(values, y, f"{part}[{name!r}]", f"y{part}")
        for other in list(framed)[:1]:  # all are like the first
            _check_index(values, framed[other], f"{part}[{name!r}]", f"x{part}[{other!r}]")
        inputs[name] = to_array(values, f"x{part}[{name!r}]")
        _check(inputs[name], labels, f"x{part}[{name!r}]", f"y{part}", values)
    return Part(inputs, labels, None, names)


def _of_categories(y: Any, what: str) -> tuple[Any, tuple[str, ...] | None]:
    """The labels of a pandas categorical in words, with its categories in their order; other labels as they are.

    One-hot columns of a DataFrame are categories too, by their names.
    """
    if is_frame(y) and is_one_hot(y.to_numpy()) and list(y.columns) != list(range(len(y.columns))):
        return y, tuple(map(str, y.columns))
    kind: Any = getattr(y, "dtype", None)
    if getattr(kind, "name", "") != "category" or not hasattr(kind, "categories"):
        return y, None
    numbers = np.asarray(getattr(y, "cat", y).codes)
    if (numbers < 0).any():
        raise ValueError(
            f"Expected a category for each label in {what}, got {int((numbers < 0).sum()):,} without one. "
            "Drop those samples, or give them a category."
        )
    categories = list(kind.categories)
    if categories == list(range(len(categories))):
        return numbers, None
    names = tuple(map(str, categories))
    return np.array(names)[numbers], names


def is_frame(x: Any) -> bool:
    """Whether ``x`` is a pandas DataFrame."""
    # What is not imported cannot have made x; importing it to ask would cost seconds.
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.DataFrame)


def is_dataset(x: Any) -> bool:
    """Whether ``x`` is a ``tf.data.Dataset``."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(x, tensorflow.data.Dataset)


def materialize(
    dataset: Any, largest_bytes: int = LARGEST_BYTES, most_samples: int = MOST_SAMPLES, longest: float = LONGEST
) -> tuple[np.ndarray, np.ndarray]:
    """All samples and labels of a ``tf.data.Dataset`` of pairs, batched or not.

    It counts as batched when the first axes of x and y are both of unknown length, or of the same one by ``batch``.
    Raises ``ValueError`` for an endless dataset, and for one that has not ended after ``largest_bytes``,
    ``most_samples`` or ``longest`` seconds.
    """
    spec = dataset.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2 and all(hasattr(each, "shape") for each in spec)):
        hint = "Use map() to make pairs."
        if isinstance(spec, tuple) and spec and isinstance(spec[0], (dict, tuple)):
            hint = "Pass several inputs as arrays, by their names: Data({'left': a, 'right': b}, y)."
        raise ValueError(f"Expected a dataset of (x, y) pairs of tensors, got elements {short(spec)}. {hint}")
    if int(dataset.cardinality()) == -1:
        raise ValueError("Expected a dataset with an end, got an endless one. Use take(n), or drop repeat().")
    batched = _is_batched(dataset)
    xs, ys, size, samples = [], [], 0, 0
    end = time.monotonic() + longest
    for x, y in dataset.as_numpy_iterator():
        x, y = np.asarray(x), np.asarray(y)
        size += x.nbytes + y.nbytes
        samples += len(x) if batched else 1
        if samples > most_samples or time.monotonic() > end:
            raise ValueError(
                f"Expected a dataset that ends within {most_samples:,} samples and {longest:g} s, got {samples:,} "
                "samples and no end. If it is endless, or longer than a quick run needs, use take(n)."
            )
        if size > largest_bytes:
            raise ValueError(
                f"Expected a dataset of at most {largest_bytes / 1024**3:.3g} GiB, since a quick run holds it "
                "in memory; got more. Use take(n) for a part of it."
            )
        xs.append(x)
        ys.append(y)
    if not xs:
        raise ValueError("Expected a dataset with samples, got an empty one.")
    join = np.concatenate if batched else np.stack
    try:
        return join(xs), join(ys)
    except ValueError as error:
        raise ValueError(f"Expected samples of one shape in the dataset, got several ({error}). Pad them.") from None


def _is_batched(dataset: Any) -> bool:
    x, y = (each.shape for each in dataset.element_spec)
    if x.rank is None or y.rank is None:
        raise ValueError("Expected a dataset whose shapes have a known rank. Use map() with tf.ensure_shape.")
    if not x.rank or not y.rank or x[0] != y[0]:
        return False
    return x[0] is None or _passed_batch(dataset, x, y)


def _passed_batch(dataset: Any, x: Any, y: Any) -> bool:
    """Whether elements whose x and y have the same known length are batches, and not samples with as many values."""
    each = dataset
    while True:
        kind = type(each).__name__
        if "Unbatch" in kind or kind == "_TensorSliceDataset":
            return False
        if "Batch" in kind:
            return True
        before = each._inputs()  # TensorFlow has no public way to ask what a dataset is made of
        if len(before) != 1:
            raise ValueError(
                f"Expected a dataset whose elements are clearly samples or batches, got x of shape {x} with y of shape "
                f"{y}: {x[0]} samples, or one with {x[0]} values. Pass dataset.unbatch() for batches, or arrays."
            )
        (each,) = before


def _from_frame(x: Any, y: Any, label: str | None, part: str, columns: list[Any] | None) -> tuple[Any, Any, list[Any]]:
    if label is not None and y is not None and label in x.columns:
        raise ValueError(
            f"Expected the labels once, got both y{part} and the column {label!r} of x{part}. Pass one of them."
        )
    if label is not None and y is None:
        if label not in x.columns:
            listed = ", ".join(str(column) for column in x.columns[:20])
            raise ValueError(f"Expected the label column {label!r} in x{part}, got the columns {listed}.")
        y = x[label]
    _check_index(x, y, part, f"y{part}")
    features = x.drop(columns=label) if label in x.columns else x
    if columns is not None:
        if set(features.columns) != set(columns):
            listed = ", ".join(str(column) for column in set(features.columns) ^ set(columns))
            raise ValueError(f"Expected the columns of x in x{part}; these are in only one of them: {listed}.")
        features = features[columns]
    text = [str(name) for name, dtype in features.dtypes.items() if getattr(dtype, "kind", "O") not in NUMERIC]
    if text:
        raise ValueError(
            f"Expected numbers in every column of x{part} but the label, got others in: {', '.join(text)}. "
            "Drop them or encode them, for example with pandas.get_dummies."
        )
    dtypes = {dtype if isinstance(dtype, np.dtype) else np.dtype("float64") for dtype in features.dtypes}
    common = np.result_type(*dtypes) if dtypes else np.dtype("float32")
    # A nullable column's missing values become NaN, which the check that follows reports.
    values = features.to_numpy(dtype=common, na_value=np.nan) if common.kind == "f" else features.to_numpy(dtype=common)
    return values, y, list(features.columns)


def _check_index(x: Any, y: Any, part: str, labels: str) -> None:
    """Refuse pandas rows under other labels than those of y: rows are paired by their places."""
    # A list has an index too, which is a method.
    if not all(hasattr(getattr(each, "index", None), "equals") for each in (x, y)):
        return
    index, other = x.index, y.index
    if not index.equals(other) and len(index) == len(other):
        raise ValueError(
            f"Expected x{part} and {labels} with one index in one order, got others, so that rows by their places and "
            f"rows by their index are different pairs. Pass {labels}.loc[x.index] to pair them by index, or "
            f"{labels}.to_numpy() if they are in the same order."
        )


def _check(x: np.ndarray, y: np.ndarray, what: str, labels: str, given: Any) -> None:
    if x.dtype.kind not in NUMERIC:
        raise ValueError(
            f"Expected numbers in {what}, got text. Encode it first, for example with keras.layers.TextVectorization."
        )
    if x.ndim < 2:
        column = f"{what}.to_frame()" if hasattr(given, "to_frame") else f"{what}[:, None]"
        if isinstance(given, (list, tuple)):
            column = f"np.array({what})[:, None]"
        raise ValueError(
            f"Expected {what} with a row for each sample, got shape {x.shape}. For one feature a sample, pass {column}."
        )
    if y.ndim == 0 or len(x) != len(y):
        raise ValueError(
            f"Expected as many labels as samples, got {len(x)} samples in {what} and "
            f"{len(y) if y.ndim else 'a single'} labels in {labels}. Drop the rows that lack the other."
        )
    if x.size == 0:
        hint = " Leave x_val and y_val out to have a part of x split off." if what.startswith("x_") else ""
        raise ValueError(f"Expected samples in {what}, got an empty array of shape {x.shape}.{hint}")
    check_finite(x, what)


def _kind(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"
