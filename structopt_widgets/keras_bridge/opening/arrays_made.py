"""Arrays that a layer's own code makes of numbers alone, as positions or a mask: seen while a model is traced.

Where such a number is the length of an input, the array is to be as long as an input of another length.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ...graph.plain import Computed
from ..batch import PRIMES
from ..nodes import PATCHING
from ..replayed import MAKERS

_OF_TENSORFLOW = {"range": "arange", "eye": "eye", "fill": "full", "ones": "ones", "zeros": "zeros"}
_NAMES = {"num_rows": "N", "num_columns": "M", "dims": "shape", "value": "fill_value"}
_LEFT_OUT = ("name", "batch_shape", "layout")

Record = Callable[[Any, Computed], Any]


@contextlib.contextmanager
def arrays_recorded(is_tracing: Callable[[], bool], record: Record) -> Iterator[None]:
    """In this block what these make is handed to ``record`` with how it was made, wherever ``is_tracing()``.

    What ``record`` returns is then what they return.
    """
    replaced = [(ops, name, vars(ops)[name], _recorded(name, vars(ops)[name], is_tracing, record)) for name in MAKERS]
    for theirs, ours in _OF_TENSORFLOW.items():
        replaced.append((tf, theirs, vars(tf)[theirs], _of_tensorflow(theirs, ours, is_tracing, record)))
    with PATCHING:
        try:
            for module, name, _, ours in replaced:
                setattr(module, name, ours)
            yield
        finally:
            for module, name, real, _ in replaced:
                setattr(module, name, real)


def _recorded(name: str, real: Callable[..., Any], is_tracing: Callable[[], bool], record: Record) -> Any:
    def make(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        is_plain = is_tracing() and ops.is_tensor(made) and all(map(_is_plain, keras.tree.flatten((args, kwargs))))
        return record(made, Computed(name, args, kwargs)) if is_plain and len(made.shape) else made

    return make


def _of_tensorflow(theirs: str, ours: str, is_tracing: Callable[[], bool], record: Record) -> Any:
    real = vars(tf)[theirs]

    def make(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if not (is_tracing() and all(map(_is_plain, keras.tree.flatten((args, kwargs))))):
            return made
        if theirs == "range":  # whose signature says another thing of one number than of two
            given = {key: value for key, value in kwargs.items() if key not in ("name", "dtype")}
            args, given = (*args, *given.values()), {}
        else:
            bound = inspect.signature(real).bind(*args, **kwargs).arguments
            given = {_NAMES.get(key, key): value for key, value in bound.items() if key not in _LEFT_OUT}
            args = ()
        given["dtype"] = tf.as_dtype(made.dtype).name
        return record(made, Computed(ours, args, given))

    return make


def _is_plain(value: Any) -> bool:
    """A number, a name or nothing; and no size of the batch."""
    if isinstance(value, (int, np.integer)):
        return not any(value and value % prime == 0 for prime in PRIMES)
    return value is None or isinstance(value, (float, str, np.floating, tf.DType))
