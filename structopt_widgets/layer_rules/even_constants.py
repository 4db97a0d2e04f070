"""Constants that hold the same all along an axis, as ones do: there they are as long as what they are read with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Dim, Shape, Symbol


def lengths_of_constant(constant: Any) -> Shape:
    """Its lengths; a width of its own along each axis where it is even."""
    shape = np.shape(constant)
    is_array = isinstance(constant, np.ndarray) and constant.dtype.kind in "bf"
    even = [is_array and length > 1 and _is_even(constant, axis) for axis, length in enumerate(shape)]
    return tuple(Symbol(length) if each else length for each, length in zip(even, shape, strict=True))


def resized_constant(constant: Any, axes: Shape, size: Callable[[Dim], int]) -> Any:
    """A constant of :func:`lengths_of_constant` ``axes`` at the ``size`` of each; anything else as it is."""
    shape = tuple(size(dim) for dim in axes)
    if shape == np.shape(constant) or not axes:
        return constant
    first = tuple(slice(0, 1) if isinstance(dim, Symbol) else slice(None) for dim in axes)
    return np.broadcast_to(constant[first], shape).copy()


def _is_even(array: np.ndarray, axis: int) -> bool:
    first, last = (np.take(array, [place], axis) for place in (0, -1))
    # Most differ at their ends, as the mask of a long sequence does, and are not looked through.
    return np.array_equal(first, last, equal_nan=True) and np.array_equal(
        array, np.broadcast_to(first, array.shape), equal_nan=True
    )
