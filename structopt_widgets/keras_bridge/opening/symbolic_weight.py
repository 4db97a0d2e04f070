"""What stands for a weight while layers are opened, and why one stays closed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras


class SymbolicWeight(keras.KerasTensor):
    """Stands for a variable; as one, it has itself for a value."""

    keeps = True  # what is assigned, which only a trace that forgets may let pass

    @property
    def value(self) -> Any:
        return self

    def assign(self, value: Any) -> Any:
        if self.keeps:
            raise ClosedError("assigns to its weights in call()")
        return self

    assign_add = assign_sub = assign


class ClosedError(Exception):
    """A layer does what a graph of operations cannot say."""


def reason_of(error: Exception) -> str:
    """Why a layer could not be opened, for people."""
    if isinstance(error, ClosedError):
        return str(error)
    first = str(error).strip().split("\n")[0]
    return f"cannot be traced on symbolic tensors ({type(error).__name__}: {first[:160]})"


@contextlib.contextmanager
def weights_as_constants(layer: Any) -> Iterator[None]:
    """The values of a layer's own weights stand in for them in this block."""
    own = {key: value for key, value in vars(layer).items() if isinstance(value, keras.Variable)}
    wanted = layer.compute_dtype
    for key, variable in own.items():
        value = keras.ops.copy(variable.value)
        casts = variable._autocast and keras.backend.is_float_dtype(wanted) and "float" in variable.dtype
        vars(layer)[key] = keras.ops.cast(value, wanted) if casts else value
    try:
        yield
    finally:
        vars(layer).update(own)
