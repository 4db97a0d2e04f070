"""What comparing two runs of a model on a tiny batch takes: samples of several kinds, and draws that come out alike."""

from __future__ import annotations

import contextlib
import inspect
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend

from ...graph import TensorRef
from ...graph.model_graph import map_structure
from ...structure import StructureSpace
from ..without_weights import is_allocated

SAMPLES = 2
TOLERANCES = {"float16": 3e-2, "bfloat16": 1e-1}  # of the largest value, or of 1: what other orders of sums may make
TOLERANCE = 1e-4
LARGEST = 50_000_000  # parameters of a model that is run: reading is to stay a matter of seconds
# A subclassed model is traced on floats where nobody says otherwise, though they may be tokens.
KINDS = ("normal", "whole", "padded")
_DRAWS = ("normal", "uniform", "truncated_normal", "randint", "gamma", "beta", "binomial", "categorical", "shuffle")


def drawn(shape: tuple[int, ...], dtype: str, kind: str, tokens: int, rng: np.random.Generator) -> Any:
    """A tensor of one of the :data:`KINDS`; one of whole numbers has those below ``tokens`` always."""
    is_float = keras.backend.is_float_dtype(dtype)
    if is_float and kind == "normal":
        return keras.ops.cast(rng.normal(size=shape).astype("float32"), dtype)
    values = rng.integers(0, tokens, shape)
    if kind == "padded" and values.ndim:
        values[..., (shape[-1] + 1) // 2 :] = 0
    return keras.ops.cast(values.astype("float32" if is_float else dtype), dtype)


def tokens_of(model: keras.Model) -> int:
    """Whole numbers that every table of the model has, and 2 where there is none."""
    sizes = [layer.input_dim for layer in model._flatten_layers() if isinstance(layer, keras.layers.Embedding)]
    return min(sizes, default=2)


@contextlib.contextmanager
def draws_repeated() -> Iterator[None]:
    """Random numbers are the same in this block wherever as many are drawn, and nothing is dropped."""
    real = {name: getattr(backend.random, name) for name in _DRAWS if hasattr(backend.random, name)}

    def repeated(name: str) -> Callable[..., Any]:
        def draw(*args: Any, **kwargs: Any) -> Any:
            bound = inspect.signature(real[name]).bind(*args, **kwargs)
            size = tuple(int(each) for each in bound.arguments.get("shape", ()))
            bound.arguments["seed"] = zlib.crc32(f"{name} {size}".encode()) % 2**31
            return real[name](*bound.args, **bound.kwargs)

        return draw

    def of_tensorflow(name: str) -> Callable[..., Any]:
        def draw(*args: Any, **kwargs: Any) -> Any:
            given = inspect.signature(tensorflow[name]).bind(*args, **kwargs).arguments
            dtype = tf.as_dtype(given.get("dtype") or "float32").name
            if not keras.backend.is_float_dtype(dtype):
                return tensorflow[name](*args, **kwargs)
            entries = {key: value for key, value in given.items() if key not in ("name", "seed", "dtype")}
            return repeated(name)(**entries, dtype=dtype)

        return draw

    dropout, tensorflow_dropout = backend.random.dropout, tf.nn.dropout
    tensorflow = {name: getattr(tf.random, name) for name in ("normal", "uniform", "truncated_normal")}
    try:
        for name in real:
            setattr(backend.random, name, repeated(name))
        for name in tensorflow:
            setattr(tf.random, name, of_tensorflow(name))
        backend.random.dropout = tf.nn.dropout = lambda inputs, *_, **__: inputs
        yield
    finally:
        for name, function in real.items():
            setattr(backend.random, name, function)
        for name, function in tensorflow.items():
            setattr(tf.random, name, function)
        backend.random.dropout, tf.nn.dropout = dropout, tensorflow_dropout


@contextlib.contextmanager
def run_as_written() -> Iterator[None]:
    """What TensorFlow compiles runs as it is written in this block: there is a value of everything inside of it, and
    weights are those of the comparison, where what was compiled would keep those it first saw."""
    was_so = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(was_so)


def batch_of(space: StructureSpace, kind: str, tokens: int) -> Any:
    """What a model of ``space`` is called on: a few samples of the measured lengths."""
    graph, rng = space.graph, np.random.default_rng(KINDS.index(kind))

    def made(leaf: Any) -> Any:
        if not isinstance(leaf, TensorRef):
            return leaf
        return drawn(
            (SAMPLES, *space.connected.lengths(leaf.index)), graph.tensors[leaf.index].dtype, kind, tokens, rng
        )

    return map_structure(made, graph.inputs)


def can_be_run(model: keras.Model, dtypes: Iterable[str]) -> bool:
    """Whether a model has weights, few enough, and inputs of such ``dtypes`` as are drawn here."""
    size = sum(int(np.prod(each.shape)) for each in model.variables)
    has_weights = model.built and all(map(is_allocated, model.variables))
    return bool(has_weights and size <= LARGEST and "string" not in dtypes)


def distances(theirs: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Between two arrays of one shape, in units of the largest finite value of ``theirs``, or of 1.

    The same infinity or no number on both sides is the same answer: both may divide by zero in one place and round
    otherwise in the rest.
    """
    result = np.zeros(theirs.shape)
    other = ~((theirs == ours) | (np.isnan(theirs) & np.isnan(ours)))
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1.0)
    result[other] = np.nan_to_num(np.abs(theirs[other] - ours[other]) / scale, nan=np.inf, posinf=np.inf)
    return result


def differ(theirs: Any, ours: Any) -> str:
    """By how much, for people; empty where they do not."""
    if theirs is None or ours is None:
        return "" if theirs is ours else "where there is nothing"
    if isinstance(theirs, int):
        return "" if theirs == ours else "in a length that it returns"
    dtype = keras.backend.standardize_dtype(theirs.dtype)
    one, other = (np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(each, "float32"))) for each in (theirs, ours))
    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}"
    apart = float(np.max(distances(one, other), initial=0.0))
    return f"{apart:.2g} apart" if apart > TOLERANCES.get(dtype, TOLERANCE) else ""
