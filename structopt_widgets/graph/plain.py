"""Arguments and configurations as plain data, and what stands in them for tensors and for lengths that are open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TensorRef:
    """Stands for a tensor inside the arguments of a call."""

    index: int


@dataclass(frozen=True)
class BatchSize:
    """Stands for ``rows`` times the number of samples, where arguments and configurations hold a length."""

    rows: int = 1


@dataclass(frozen=True)
class Length:
    """Stands for a length that the inputs decide: ``times`` an axis of a tensor, floored by ``over``, and ``plus``."""

    tensor: int
    axis: int
    times: int = 1
    over: int = 1
    plus: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is an axis' own length."""
        return (self.times, self.over, self.plus) == (1, 1, 0)


@dataclass(frozen=True)
class OfWidth:
    """Stands for a number that an axis of a tensor decides, at the widths that are chosen.

    ``scale`` times the axis to the ``power``, or times its natural logarithm where that is 0, and ``plus``; the next
    whole number below where it is floored.
    """

    tensor: int
    axis: int
    power: float = 1.0
    scale: float = 1.0
    plus: float = 0.0
    is_floored: bool = False

    def at(self, width: int) -> float:
        """The number where the axis is so long."""
        grown = width**self.power if self.power else math.log(width)
        value = float(self.scale * grown + self.plus)
        return float(math.floor(value + 1e-9)) if self.is_floored else value  # a third of 12 is not below 4


@dataclass(frozen=True)
class Computed:
    """Stands for a constant as long as the inputs: an operation on such lengths and constants.

    ``operation`` is one that makes an array, by its name in ``keras.ops``, or Keras's serialization of any other.
    """

    operation: str | Mapping[str, Any]
    args: Any
    kwargs: Any


def encode_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: encode_plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [encode_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    # What JSON has no word for is a dictionary of one key, which starts with a dollar sign.
    if isinstance(value, TensorRef):
        return {"$tensor": value.index}
    if isinstance(value, BatchSize):
        return {"$batch": value.rows}
    if isinstance(value, Length):
        return {"$length": [value.tensor, value.axis, value.times, value.over, value.plus]}
    if isinstance(value, OfWidth):
        return {"$width": [getattr(value, each.name) for each in fields(value)]}
    if isinstance(value, Computed):
        return {"$computed": [encode_plain(each) for each in (value.operation, value.args, value.kwargs)]}
    if isinstance(value, tuple):
        return {"$tuple": [encode_plain(each) for each in value]}
    if isinstance(value, slice):
        return {"$slice": [encode_plain(each) for each in (value.start, value.stop, value.step)]}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"$array": encode_plain(value.tolist()), "dtype": str(value.dtype)}
    if value is Ellipsis:
        return {"$ellipsis": True}
    raise TypeError(f"expected numbers, text, arrays and tensors as arguments, got {type(value).__name__}")


def decode_plain(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        kind = next(iter(structure), None)
        if kind == "$tensor":
            return TensorRef(structure["$tensor"])
        if kind == "$batch":
            return BatchSize(structure["$batch"])
        if kind == "$length":
            return Length(*structure["$length"])
        if kind == "$width":
            return OfWidth(*structure["$width"])
        if kind == "$computed":
            return Computed(*map(decode_plain, structure["$computed"]))
        if kind == "$tuple":
            return tuple(decode_plain(value) for value in structure["$tuple"])
        if kind == "$slice":
            return slice(*(decode_plain(value) for value in structure["$slice"]))
        if kind == "$array":
            return np.array(decode_plain(structure["$array"]), dtype=structure["dtype"])
        if kind == "$float":
            return float(structure["$float"])
        if kind == "$ellipsis":
            return Ellipsis
        return {key: decode_plain(value) for key, value in structure.items()}
    if isinstance(structure, list):
        return [decode_plain(value) for value in structure]
    return structure
