"""Fitting samples to the input a model reads."""

from __future__ import annotations

import math

import numpy as np


def fit_x(x: np.ndarray, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Samples in the shape and dtype of a model's input.

    Args:
        x: samples ``(n, ...)``.
        shape: what the model reads, without the batch axis.
        dtype: what the model reads; for bfloat16 they become float32.

    Samples are flattened, unflattened, or given and taken axes of length 1, so that pictures
    ``(28, 28)`` fit ``(784,)`` and ``(28, 28, 1)``. Raises ``ValueError`` for any other difference,
    and for fractions where the model reads whole numbers.
    """
    if x.shape[1:] != shape:
        if not _is_same_layout(x.shape[1:], shape):
            raise ValueError(
                f"Expected samples of shape {shape}, which the model reads, got {x.shape[1:]} "
                f"({math.prod(shape)} numbers each against {math.prod(x.shape[1:])}). "
                "Reshape x, or read the model with the shape of the data: "
                f"StructureSpace.from_keras(model, input_shape={x.shape[1:]})."
            )
        x = x.reshape(len(x), *shape)
    # bfloat16 is not NumPy's; Keras casts to it by itself.
    wanted = np.dtype("float32" if dtype == "bfloat16" else dtype)
    if x.dtype == wanted:
        return x
    if wanted.kind in "iu" and x.dtype.kind == "f" and (x != np.round(x)).any():
        raise ValueError(f"Expected whole numbers in x, since the model reads {dtype}; got fractions.")
    return x.astype(wanted)


def _is_same_layout(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    if math.prod(have) != math.prod(want):
        return False
    # (24, 16) into (16, 24) would have the right size and scrambled contents.
    return len(have) == 1 or len(want) == 1 or _long_axes(have) == _long_axes(want)


def _long_axes(shape: tuple[int, ...]) -> list[int]:
    return [length for length in shape if length != 1]
