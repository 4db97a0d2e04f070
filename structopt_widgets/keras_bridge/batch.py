"""Recognizing the batch in what a trace shows: its size there is a prime that nothing else has."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ..graph import BatchSize, Tensor

# Large, so that no length of a model is a multiple of one by chance; small, so that an array of so many rows is none.
PRIMES = (3001, 3011, 3019, 3023, 3037, 3041, 3049, 3061)


class UnreadableError(ValueError):
    """Something that is not one sample's own: it depends on how many there are, or on others."""

    path: tuple[str, ...] = ()  # of the opened layer it is in


def batch_prime(model: Any) -> int:
    """A batch size that divides no length of a model's weights."""
    lengths = {length for variable in model.variables for length in variable.shape}
    return next(prime for prime in PRIMES if not any(length and length % prime == 0 for length in lengths))


def tensor_of(tensor: Any, prime: int) -> Tensor:
    """A symbolic tensor as plain data."""
    shape = list(tensor.shape)
    axes = [axis for axis, length in enumerate(shape) if length and length % prime == 0]
    first, others = (axes[0] if axes else None), axes[1:]
    if any(shape[axis] % (prime * prime) == 0 for axis in axes) or any(shape[axis] != prime for axis in others):
        raise UnreadableError("relates the samples of a batch to each other")
    rows = None if first is None else shape[first] // prime
    lengths = tuple(length for axis, length in enumerate(shape) if axis not in axes)
    return Tensor(lengths, str(tensor.dtype), first, rows, tuple(others))


def with_batch_sizes(value: Any, prime: int) -> Any:
    """Arguments or a configuration with the lengths that count samples named as such."""
    if isinstance(value, dict):
        return {key: with_batch_sizes(each, prime) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        made = [with_batch_sizes(each, prime) for each in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, slice):
        return slice(*(with_batch_sizes(each, prime) for each in (value.start, value.stop, value.step)))
    if isinstance(value, (float, np.floating)) and value and value % prime == 0:
        raise UnreadableError("computes with the number of samples in a batch")
    is_multiple = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value and value % prime == 0
    return BatchSize(int(value) // prime) if is_multiple else value


def rows_counted(value: Any, prime: int) -> int:
    """How many rows of each sample a single number counts, as the divisor of a mean does; 0 where it counts none."""
    number = np.asarray(value)
    if number.size != 1 or number.dtype.kind not in "iuf":
        return 0
    count = float(number.reshape(()))
    return int(count) // prime if np.isfinite(count) and count > 0 and count % prime == 0 else 0


def one_sample(value: Any, prime: int) -> tuple[np.ndarray, tuple[int | BatchSize, ...] | None]:
    """A constant, and the shape it is to be repeated to where it holds the same for every sample."""
    array = np.asarray(keras.ops.convert_to_numpy(value)) if keras.ops.is_tensor(value) else np.asarray(value)
    axes = [axis for axis, length in enumerate(array.shape) if length and length % prime == 0]
    if not axes:
        return array, None
    first = array
    for axis in axes:
        first = np.take(first, [0], axis)
    if len(axes) > 1 or array.shape[axes[0]] != prime or not _is_even(array, first):
        raise UnreadableError("computes with what differs from sample to sample and does not come from its inputs")
    for axis in range(first.ndim):
        # Zeros, say, are zeros at any length.
        if first.shape[axis] > 1 and _is_even(first, np.take(first, [0], axis)):
            first = np.take(first, [0], axis)
    return first, tuple(with_batch_sizes(length, prime) for length in array.shape)


def _is_even(array: np.ndarray, part: np.ndarray) -> bool:
    """Whether an array is ``part`` over and over; what is no number is as good as any."""
    return np.array_equal(array, np.broadcast_to(part, array.shape), equal_nan=array.dtype.kind in "fc")
