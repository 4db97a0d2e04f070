"""TensorFlow's own NumPy: while a model is traced, its functions on symbolic tensors are Keras's of the same name."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import keras

from ..nodes import PATCHING

_MODULES = ("tensorflow.experimental.numpy", "tensorflow._api.v2.experimental.numpy")


@contextlib.contextmanager
def tensorflow_numpy_traced(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block ``tnp.matmul(x, w)`` is ``keras.ops.matmul(x, w)`` on symbolic tensors, wherever ``is_tracing()``.

    Unlike TensorFlow's other functions these ask no dispatcher. Where nobody imported them there is nothing to do.
    """
    modules = [sys.modules[name] for name in _MODULES if name in sys.modules]
    before = [
        (each, name, is_now) for each in modules for name, is_now in vars(each).items() if _has_ours(name, is_now)
    ]
    with PATCHING:
        for module, name, theirs in before:
            setattr(module, name, _either(theirs, getattr(keras.ops, name), is_tracing))
        try:
            yield
        finally:
            for module, name, theirs in before:
                setattr(module, name, theirs)


def _has_ours(name: str, function: Any) -> bool:
    return callable(function) and not isinstance(function, type) and callable(getattr(keras.ops, name, None))


def _either(theirs: Callable[..., Any], ours: Callable[..., Any], is_tracing: Callable[[], bool]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves = keras.tree.flatten((args, kwargs))
        is_symbolic = is_tracing() and any(isinstance(each, keras.KerasTensor) for each in leaves)
        return (ours if is_symbolic else theirs)(*args, **kwargs)

    return call
