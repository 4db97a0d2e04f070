"""Where samples come from: arrays, pandas DataFrames, ``tf.data`` datasets."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from .arrays import NUMERIC, check_finite, to_array

LARGEST_BYTES = 2 * 1024**3


def read_pair(
    x: Any, y: Any, label: str | None, part: str, columns: list[Any] | None = None
) -> tuple[np.ndarray, np.ndarray, list[Any] | None]:
    """Samples and labels of one part of the data, and the names of the columns if there are any.

    Args:
        x, y: what the user passed; ``y`` is ``None`` when ``x`` holds the labels too.
        label: the column of a DataFrame that holds the labels.
        part: ``""`` or ``"_val"``, to name the part in errors.
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
        hint = ", or label=, the column that holds them" if found is not None else ""
        raise ValueError(f"Expected the labels of x{part}; pass y{part}{hint}.")
    samples, labels = to_array(x, f"x{part}"), to_array(y, f"y{part}")
    _check(samples, labels, part)
    return samples, labels, found


def is_frame(x: Any) -> bool:
    """Whether ``x`` is a pandas DataFrame."""
    # What is not imported cannot have made x; importing it to ask would cost seconds.
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(x, pandas.DataFrame)


def is_dataset(x: Any) -> bool:
    """Whether ``x`` is a ``tf.data.Dataset``."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(x, tensorflow.data.Dataset)


def materialize(dataset: Any, largest_bytes: int = LARGEST_BYTES) -> tuple[np.ndarray, np.ndarray]:
    """All samples and labels of a ``tf.data.Dataset`` of pairs, batched or not.

    It counts as batched when the first axes of x and y are both of unknown or of the same length.
    Raises ``ValueError`` for an endless dataset and for one above ``largest_bytes``.
    """
    spec = dataset.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2 and all(hasattr(each, "shape") for each in spec)):
        raise ValueError(
            f"Expected a dataset of (x, y) pairs of tensors, got elements {spec}. Use map() to make pairs."
        )
    if int(dataset.cardinality()) == -1:
        raise ValueError("Expected a dataset with an end, got an endless one. Use take(n), or drop repeat().")
    batched = _is_batched(spec)
    xs, ys, size = [], [], 0
    for x, y in dataset.as_numpy_iterator():
        x, y = np.asarray(x), np.asarray(y)
        size += x.nbytes + y.nbytes
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


def _is_batched(spec: Any) -> bool:
    x, y = (each.shape for each in spec)
    if x.rank is None or y.rank is None:
        raise ValueError("Expected a dataset whose shapes have a known rank. Use map() with tf.ensure_shape.")
    return x.rank > 0 and y.rank > 0 and x[0] == y[0]


def _from_frame(x: Any, y: Any, label: str | None, part: str, columns: list[Any] | None) -> tuple[Any, Any, list[Any]]:
    if label is not None and y is None:
        if label not in x.columns:
            listed = ", ".join(str(column) for column in x.columns[:20])
            raise ValueError(f"Expected the label column {label!r} in x{part}, got the columns {listed}.")
        y = x[label]
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


def _check(x: np.ndarray, y: np.ndarray, part: str) -> None:
    if x.dtype.kind not in NUMERIC:
        raise ValueError(
            f"Expected numbers in x{part}, got text. Encode it first, for example with keras.layers.TextVectorization."
        )
    if x.ndim < 2:
        raise ValueError(
            f"Expected x{part} with a row for each sample, got shape {x.shape}. "
            "For one feature a sample, pass x[:, None]."
        )
    if y.ndim == 0 or len(x) != len(y):
        raise ValueError(
            f"Expected as many labels as samples, got {len(x)} samples in x{part} and "
            f"{len(y) if y.ndim else 'a single'} labels in y{part}. Drop the rows that lack the other."
        )
    if x.size == 0:
        hint = " Leave x_val and y_val out to have a part of x split off." if part else ""
        raise ValueError(f"Expected samples in x{part}, got an empty array of shape {x.shape}.{hint}")
    check_finite(x, f"x{part}")


def _kind(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"
