"""A constant that is there once for each sample: seen while a model is traced, and as a graph has it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from ...graph import Layer
from ..batch import PRIMES

REPEATED = "broadcast_to"


def repeated_layer(name: str, shape: tuple[Any, ...], path: tuple[str, ...]) -> Layer:
    """The operation that repeats a constant to ``shape``, which has the batch in it."""
    serialized = {
        "module": "keras.src.ops.numpy",
        "class_name": "BroadcastTo",
        "config": {"name": name, "shape": shape},
        "registered_name": "BroadcastTo",
    }
    return Layer(name, ("ops.BroadcastTo",), (), serialized, path)


@contextlib.contextmanager
def repeats_recorded(samples: set[int], stand_in: Callable[[Any], Any | None]) -> Iterator[None]:
    """``keras.ops.broadcast_to`` of a constant to one of ``samples`` makes a symbolic tensor in this block.

    The mask of a long sequence, there once for each sample, would not fit in memory. ``stand_in`` gives the symbolic
    tensor that is the constant, or ``None`` where nothing is to be recorded.
    """
    real, batches = keras.ops.broadcast_to, samples & {*PRIMES}

    def broadcast_to(x: Any, shape: Any) -> Any:
        is_repeated = keras.ops.is_tensor(x) and any(
            isinstance(each, (int, np.integer)) and each in batches for each in shape
        )
        tensor = stand_in(x) if is_repeated else None
        return real(x if tensor is None else tensor, shape)

    try:
        keras.ops.broadcast_to = broadcast_to
        yield
    finally:
        keras.ops.broadcast_to = real
