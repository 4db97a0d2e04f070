"""Functions of TensorFlow on matrices and along axes, as operations of ``keras.ops``."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from .tensorflow_arguments import lengths_of, number_of, refuse


def _matmul(given: dict[str, Any]) -> Any:
    if any(given.get(key) for key in ("adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse")):
        refuse("matmul of such matrices")
    one, other = given["a"], given["b"]
    return ops.matmul(
        ops.swapaxes(one, -1, -2) if given["transpose_a"] else one,
        ops.swapaxes(other, -1, -2) if given.get("transpose_b") else other,
    )


def _matvec(given: dict[str, Any]) -> Any:
    return ops.squeeze(_matmul({**given, "b": ops.expand_dims(given["b"], -1)}), -1)


def _tensordot(given: dict[str, Any]) -> Any:
    """By letters: what Keras's own makes of an open batch is a warning."""
    one, other = (len(given[key].shape) for key in ("a", "b"))
    axes = lengths_of(given["axes"])
    pairs: list[Any] = (
        [range(one - axes, one), range(axes)] if isinstance(axes, int) else [np.ravel(each) for each in axes]
    )
    left, right = ([int(axis) % rank for axis in each] for each, rank in zip(pairs, (one, other), strict=True))
    mine, theirs = [*string.ascii_lowercase[:one]], [*string.ascii_lowercase[one : one + other]]
    for at, axis in zip(left, right, strict=True):
        theirs[axis] = mine[at]
    made = [each for each in (*mine, *theirs) if each not in {mine[at] for at in left}]
    return ops.einsum(f"{''.join(mine)},{''.join(theirs)}->{''.join(made)}", given["a"], given["b"])


def _band(given: dict[str, Any]) -> Any:
    lower, upper = number_of(given["num_lower"]), number_of(given["num_upper"])
    above = given["input"] if lower < 0 else ops.triu(given["input"], -lower)
    return above if upper < 0 else ops.tril(above, upper)


def _diagonal(given: dict[str, Any]) -> Any:
    if lengths_of(given["k"]) != 0 or (given["num_rows"], given["num_cols"]) != (-1, -1):
        refuse("matrix of several diagonals")
    if number_of(given["padding_value"]) != 0:
        refuse("matrix that is not zero beside its diagonal")
    values = given["diagonal"]
    # No product: beside the diagonal is zero, whatever is on it.
    return ops.where(
        np.eye(values.shape[-1], dtype=bool), ops.expand_dims(values, -1), ops.zeros_like(values[..., :1, None])
    )


def _diagonal_of(given: dict[str, Any]) -> Any:
    if lengths_of(given["k"]) != 0:
        refuse("several diagonals")
    return ops.diagonal(given["input"], axis1=-2, axis2=-1)


def _with_diagonal(given: dict[str, Any]) -> Any:
    if lengths_of(given["k"]) != 0:
        refuse("several diagonals")
    rows, columns = given["input"].shape[-2:]
    if rows != columns:
        refuse("diagonal of a matrix that is not square")
    return ops.where(np.eye(rows, dtype=bool), ops.expand_dims(given["diagonal"], -1), given["input"])


def _plain(function: Callable[..., Any], *names: str) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        return refuse("adjoint matrices") if given.get("adjoint") else function(*(given[name] for name in names))

    return call


def _running(function: Callable[..., Any], start: float) -> Callable[[dict[str, Any]], Any]:
    def call(given: dict[str, Any]) -> Any:
        x, axis = given["x"], number_of(given["axis"]) % len(given["x"].shape)
        x = ops.flip(x, axis=axis) if given["reverse"] else x
        if given["exclusive"]:
            space = [[0, 0]] * len(x.shape)
            space[axis] = [1, 0]
            key = (*(slice(None),) * axis, slice(0, x.shape[axis] - 1))
            x = ops.pad(x[key], space, mode="constant", constant_values=start)
        made = function(x, axis=axis)
        return ops.flip(made, axis=axis) if given["reverse"] else made

    return call


def _clipped(given: dict[str, Any]) -> Any:
    """``tf.clip_by_norm``, which is not defined for zeros by way of its norm, and leaves them as they are."""
    x, limit = given["t"], given["clip_norm"]
    axis = None if given["axes"] is None else tuple(np.ravel(lengths_of(given["axes"])).tolist())
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    norm = ops.sqrt(ops.where(ops.greater(squares, 0.0), squares, 1.0))
    return ops.divide(ops.multiply(x, limit), ops.maximum(norm, limit))


MATRICES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "batch_matmul": lambda given: ops.matmul(given["x"], given["y"]),
    "cholesky": _plain(ops.cholesky, "input"),
    "clip_by_norm": _clipped,
    "cumprod": _running(ops.cumprod, 1.0),
    "cumsum": _running(ops.cumsum, 0.0),
    "matmul": _matmul,
    "matrix_band_part": _band,
    "matrix_determinant": _plain(ops.det, "input"),
    "matrix_diag": _diagonal,
    "matrix_diag_part": _diagonal_of,
    "matrix_inverse": _plain(ops.inv, "input"),
    "matrix_set_diag": _with_diagonal,
    "matrix_solve": _plain(ops.solve, "matrix", "rhs"),
    "matrix_transpose": lambda given: ops.swapaxes(given["a"], -1, -2),
    "matvec": _matvec,
    "tensordot": _tensordot,
    "trace": lambda given: ops.trace(given["x"], axis1=-2, axis2=-1),
    "xw_plus_b": lambda given: ops.add(ops.matmul(given["x"], given["weights"]), given["biases"]),
}
