"""What stands for a weight while layers are opened, and why one stays closed."""

from __future__ import annotations

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
