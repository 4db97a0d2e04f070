"""Random numbers that a layer draws in its ``call()``: seen while it is traced, drawn again in a rebuilt model."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from keras.src.ops.node import Node

from ..graph import BatchSize
from ..graph.model_graph import map_structure
from ..graph.plain import decode_plain, encode_plain

_DRAWN = ("normal", "uniform", "truncated_normal", "randint", "gamma", "beta", "binomial")


class Draw(keras.Operation):
    """One call of a function of ``keras.random``, on symbolic tensors. ``fixed``: it draws the same each time."""

    def __init__(
        self, function: str, arguments: Mapping[str, Any], seed: int | None, fixed: bool, name: str | None = None
    ) -> None:
        super().__init__(name=name or f"random_{function}")
        self.function, self.arguments, self.seed, self.fixed = function, dict(arguments), seed, fixed

    def get_config(self) -> dict[str, Any]:
        names = ("name", "function", "arguments", "seed", "fixed")
        return {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable("structopt_widgets")
class Drawn(keras.layers.Layer):
    """The same in a model. It is called on a list: a tensor with the batch as first axis, then what it drops from."""

    def __init__(self, function: str, arguments: Any, seed: int | None = None, fixed: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.function, self.arguments, self.seed, self.fixed = function, arguments, seed, fixed
        self.seed_generator = None if fixed else keras.random.SeedGenerator(seed)

    def call(self, inputs: Any) -> Any:
        reference, *tensors = inputs
        samples = ops.shape(reference)[0]
        arguments = map_structure(
            lambda leaf: leaf.rows * samples if isinstance(leaf, BatchSize) else leaf, decode_plain(self.arguments)
        )
        draw = getattr(keras.random, self.function)
        return draw(*tensors, **arguments, seed=self.seed if self.fixed else self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        names = ("function", "arguments", "seed", "fixed")
        return super().get_config() | {name: getattr(self, name) for name in names}

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Drawn:
        """The layer for what a :class:`Draw` was configured with."""
        return cls(**{**config, "arguments": encode_plain(config["arguments"])})


@contextlib.contextmanager
def draws_recorded(is_recording: Callable[[], bool]) -> Iterator[None]:
    """Functions of ``keras.random`` and of ``tf.random`` make symbolic tensors in this block, where ``is_recording()``.

    Keras itself, as an initializer, draws by other names.
    """
    real = {name: getattr(keras.random, name) for name in (*_DRAWN, "dropout")}
    of_tensorflow = {name: getattr(tf.random, name) for name in ("normal", "uniform")}

    def recorded(name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            return _draw(name, real[name], args, kwargs) if is_recording() else real[name](*args, **kwargs)

        return function

    def renamed(name: str) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            if not is_recording():
                return of_tensorflow[name](*args, **kwargs)
            given = inspect.signature(of_tensorflow[name]).bind(*args, **kwargs).arguments
            given = {key: value for key, value in given.items() if key != "name"}
            if given.get("dtype") is not None:
                given["dtype"] = tf.as_dtype(given["dtype"]).name
            return _draw(name, real[name], (), given)

        return function

    try:
        for name in real:
            setattr(keras.random, name, recorded(name))
        for name in of_tensorflow:
            setattr(tf.random, name, renamed(name))
        yield
    finally:
        for name, function in real.items():
            setattr(keras.random, name, function)
        for name, function in of_tensorflow.items():
            setattr(tf.random, name, function)


def _draw(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    seed = arguments.pop("seed")
    fixed = isinstance(seed, int)
    tensors = [arguments.pop("inputs")] if name == "dropout" else []
    if name == "dropout" and not isinstance(tensors[0], keras.KerasTensor):
        return function(*args, **kwargs)
    if any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(arguments)):
        raise ValueError(f"keras.random.{name} is given what is computed")
    plain = {key: _plain(value) for key, value in arguments.items()}
    # Of a generator only the distribution can be kept: two draws of one must not become the same.
    draw = Draw(name, plain, int(seed) if fixed else None, fixed)
    shape = tensors[0].shape if tensors else tuple(plain["shape"])
    dtype = tensors[0].dtype if tensors else keras.backend.standardize_dtype(plain["dtype"] or keras.config.floatx())
    made = keras.KerasTensor(shape, dtype=dtype)
    Node(operation=draw, call_args=tuple(tensors), call_kwargs={}, outputs=made)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if keras.ops.is_tensor(value) or isinstance(value, np.ndarray):
        value = np.asarray(value)
        return value.item() if value.ndim == 0 else tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value
