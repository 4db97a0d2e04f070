"""Plain NumPy arrays out of what people have: lists, arrays, tensors, pandas columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from ..graph.checks import short, typed

NUMERIC = "biuf"
LARGEST_BYTES = 2 * 1024**3  # of a data set that is read into memory


def to_array(values: Any, what: str) -> np.ndarray:
    """``values`` as an array of numbers or of text; ``what`` names it in errors.

    Raises ``ValueError`` for rows of different length, missing values, masked ones, and mixed types.
    """
    _refuse(values, what)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        advice = "Pad them to one length, or resize the images to one size."
        if isinstance(values, (list, tuple)) and all(hasattr(each, "shape") for each in values):
            advice += " The arrays of several inputs go into a dictionary, by the inputs' names."
        raise ValueError(
            f"Expected {what} as one array, got rows that do not fit together ({error}). {advice}"
        ) from None
    if array.ndim == 0:
        raise ValueError(f"Expected {what} as an array with a row for each sample, got {typed(values)}.")
    if array.dtype.kind == "U" and isinstance(values, (list, tuple)):
        array = np.asarray(values, dtype=object)  # of numbers among text NumPy makes text
    if array.dtype.kind == "O":
        array = _from_objects(array, what)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.dtype.kind == "T":
        array = array.astype(np.str_)
    if array.dtype.kind not in NUMERIC + "U":
        raise ValueError(f"Expected {what} as numbers or text, got {array.dtype}. Convert it to numbers first.")
    return array


def _refuse(values: Any, what: str) -> None:
    """Raise for what NumPy would take for an array of something else, and for what does not fit into memory."""
    size = _declared_bytes(values)
    if size > LARGEST_BYTES:
        raise ValueError(
            f"Expected {what} as an array in memory, of at most {LARGEST_BYTES / 1024**3:.3g} GiB where it is "
            f"elsewhere, got {short(values)}: {size / 1024**3:,.3g} GiB. Pass a part of it, such as {what}[:10_000]."
        )
    if hasattr(type(values), "isna") and (missing := int(np.sum(np.asarray(values.isna())))):  # pandas
        raise ValueError(
            f"Expected {what} without missing values, got {missing:,} missing of {np.size(values):,}. "
            f"Drop those samples, such as x[{what}.notna()], or fill them in with {what}.fillna(...)."
        )
    masked = [each for each in (values if isinstance(values, (list, tuple)) else [values]) if np.ma.is_masked(each)]
    if masked:
        raise ValueError(
            f"Expected {what} without masked values, got {sum(map(np.ma.count_masked, masked)):,} masked of "
            f"{np.size(values):,}. Fill them in with {what}.filled(...), or drop those samples."
        )
    if hasattr(values, "toarray"):
        raise ValueError(f"Expected {what} as a plain array, got a sparse one. Pass {what}.toarray().")
    if isinstance(values, (Iterator, Set, Mapping)):
        raise ValueError(
            f"Expected {what} as one array of samples in order, got a {type(values).__name__}. "
            "Collect the samples in a list or an array first."
        )


def _declared_bytes(values: Any) -> int:
    """Bytes of an array that is elsewhere, as on a disk, or that repeats a few numbers; 0 of one that is in memory."""
    shape, dtype = getattr(values, "shape", None), getattr(values, "dtype", None)
    if not isinstance(shape, tuple) or not isinstance(dtype, np.dtype) or 0 in shape:
        return 0
    if isinstance(values, np.ndarray) and not isinstance(values, np.memmap) and 0 not in values.strides:
        return 0
    return math.prod(shape) * dtype.itemsize


def check_finite(array: np.ndarray, what: str) -> None:
    """Raise ``ValueError`` when a float array holds NaN or infinity."""
    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(axis) for axis in np.argwhere(bad)[0])
        raise ValueError(
            f"Expected finite numbers in {what}, got {int(bad.sum())} NaN or infinite, the first at {first}. "
            "Drop those samples or fill them in."
        )


def _from_objects(array: np.ndarray, what: str) -> np.ndarray:
    values = array.ravel().tolist()
    if all(isinstance(value, str) for value in values):
        return array.astype(np.str_)
    if all(isinstance(value, bytes) for value in values):
        return np.array([value.decode("utf-8") for value in values]).reshape(array.shape)
    if all(isinstance(value, (bool, int, float)) for value in values):
        return np.array(values).reshape(array.shape)
    kinds = sorted({type(value).__name__ for value in values})
    raise ValueError(
        f"Expected {what} as numbers, or all as text, got a mixture of {', '.join(kinds)}. "
        "Fill in missing values, and pad rows to one length."
    )
