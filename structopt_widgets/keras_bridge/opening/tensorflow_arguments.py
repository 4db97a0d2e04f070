"""The arguments of TensorFlow's functions: sizes among them, and refusing what has no operation here."""

from __future__ import annotations

import inspect
from collections import UserDict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# What another value of changes neither results, as far as there is an operation for them, nor costs.
_HARMLESS = {
    "dtype_hint",
    "index_type",
    "name",
    "out_type",
    "output_type",
    "seed",
    "shift",
    "stable",
    "use_cudnn_on_gpu",
    "validate_indices",
    "validate_shape",
}


class Arguments(UserDict[str, Any]):
    """What a function was given, by name; knows what was read of it."""

    def __init__(self, function: Any, given: dict[str, Any]) -> None:
        self._read: set[str] = set()
        self._defaults = {
            name: each.default
            for name, each in inspect.signature(function).parameters.items()
            if each.default is not inspect.Parameter.empty
        }
        super().__init__(given)

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def require_all_read(self) -> None:
        """Refuse what was asked for by an optional argument that nothing here looked at."""
        for name in self._defaults.keys() - self._read - _HARMLESS:
            value, default = self.data.get(name, self._defaults[name]), self._defaults[name]
            is_default = value is default or (type(value) is type(default) and value == default)
            if not is_default:
                refuse(f"function with {name}={value!r}")


def lengths_of(value: Any) -> Any:
    """Whole numbers that TensorFlow may have made tensors of on the way."""
    if isinstance(value, (list, tuple)):
        return [lengths_of(each) for each in value]
    if isinstance(value, keras.KerasTensor):
        refuse("lengths that are computed")
    return int(value) if isinstance(value, int) else np.asarray(value).tolist()


def dtype_of(value: Any) -> str | None:
    """A type by its name, where there is one."""
    return None if value is None else str(tf.as_dtype(value).name)


def number_of(value: Any) -> int:
    """The same for one."""
    return int(lengths_of(value))


def refuse(what: str) -> Any:
    """Raise ``ValueError``: the layer then stays one call."""
    raise ValueError(f"there is no operation of keras.ops here for TensorFlow's {what}")
