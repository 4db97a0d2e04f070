"""Arguments and configurations as plain data, and what stands in them for tensors and for the size of the batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
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
