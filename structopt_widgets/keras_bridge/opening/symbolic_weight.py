"""What stands for a weight while layers are opened, and why one stays closed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import keras

from ..nodes import PATCHING

# Where a layer lists its variables.
_LISTS = (
    *("weights", "trainable_weights", "non_trainable_weights"),
    *("variables", "trainable_variables", "non_trainable_variables"),
)


class SymbolicWeight(keras.KerasTensor):
    """Stands for a variable; as one, it has itself for a value, a name, a path, and may be trainable."""

    keeps = True  # what is assigned, which only a trace that forgets may let pass

    def __init__(self, shape: Any, variable: Any) -> None:
        super().__init__(shape, dtype=variable.dtype, name=variable.name)
        self.path, self.trainable = variable.path, variable.trainable

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
def weights_listed(stand_in: Callable[[Any, Any], Any]) -> Iterator[None]:
    """In this block a user's own code finds ``stand_in(layer, variable)`` in ``layer.weights`` and the like."""
    real = {name: vars(keras.Layer)[name] for name in _LISTS}

    def listed(found: Callable[[Any], list[Any]]) -> property:
        def get(layer: Any) -> list[Any]:
            asks = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
            variables = found(layer)
            is_ours = asks in ("keras", __name__.partition(".")[0])
            return variables if is_ours else [stand_in(layer, each) for each in variables]

        return property(get)

    with PATCHING:
        for name in _LISTS:
            setattr(keras.Layer, name, listed(real[name].fget))
        try:
            yield
        finally:
            for name in _LISTS:
                setattr(keras.Layer, name, real[name])


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
