"""Ways to write an operation's arguments that TensorFlow takes and that Keras, given symbolic tensors, does not."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Iterator
from typing import Any

import keras

from .nodes import PATCHING


@contextlib.contextmanager
def spellings_taken() -> Iterator[None]:
    """In this block bare operations on symbolic tensors take ``padding="VALID"`` and capitals in an einsum."""
    real = keras.Operation.symbolic_call

    def symbolic_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(operation, keras.Layer):
            _respell(operation)
        return real(operation, *args, **kwargs)

    with PATCHING:
        keras.Operation.symbolic_call = symbolic_call
        try:
            yield
        finally:
            keras.Operation.symbolic_call = real


def _respell(operation: Any) -> None:
    # Made for this one call: nobody else sees it change.
    for name, value in list(vars(operation).items()):
        if not name.startswith("_") and (respelled := _respelled(name, value)) is not value:
            setattr(operation, name, respelled)
            if operation._auto_config is not None and name in operation._auto_config.config:
                operation._auto_config.config[name] = respelled


def _respelled(name: str, value: Any) -> Any:
    if name == "padding" and isinstance(value, str):
        return value.lower()
    return _small(value.replace(" ", "")) if name == "subscripts" and isinstance(value, str) else value


def _small(subscripts: str) -> str:
    """The same with a small letter of its own for each capital."""
    unused = iter(sorted({*string.ascii_lowercase} - {*subscripts}))
    capitals = sorted({*subscripts} & {*string.ascii_uppercase})
    return subscripts.translate({ord(each): next(unused) for each in capitals})
