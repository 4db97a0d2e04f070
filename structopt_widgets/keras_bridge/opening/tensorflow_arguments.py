"""Sizes among the arguments of TensorFlow's functions, and refusing what there is no operation for."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def lengths_of(value: Any) -> Any:
    """Whole numbers that TensorFlow may have made tensors of on the way."""
    if isinstance(value, (list, tuple)):
        return [lengths_of(each) for each in value]
    if isinstance(value, keras.KerasTensor):
        refuse("lengths that are computed")
    return int(value) if isinstance(value, int) else np.asarray(value).tolist()


def number_of(value: Any) -> int:
    """The same for one."""
    return int(lengths_of(value))


def refuse(what: str) -> Any:
    """Raise ``ValueError``: the layer then stays one call."""
    raise ValueError(f"there is no operation of keras.ops here for TensorFlow's {what}")
