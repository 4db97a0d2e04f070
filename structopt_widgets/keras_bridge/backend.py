"""Which of Keras's backends computes, and what each is asked for in its own way: the one place that asks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

TENSORFLOW, JAX, TORCH = "tensorflow", "jax", "torch"


def backend_name() -> str:
    """``"tensorflow"``, ``"jax"`` or ``"torch"``: what ``KERAS_BACKEND`` said when Keras was imported."""
    return str(keras.backend.backend())


def is_tensorflow() -> bool:
    """Whether TensorFlow computes, which is the default and has the most: training together, counting again."""
    return backend_name() == TENSORFLOW


def require_tensorflow(what: str) -> None:
    """Raise ``RuntimeError`` where another backend computes; ``what`` needs TensorFlow, as a sentence's subject."""
    if not is_tensorflow():
        raise RuntimeError(
            f"Expected TensorFlow as Keras's backend: {what} needs it. Got {backend_name()}. "
            "Start Python with KERAS_BACKEND=tensorflow."
        )


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays alone, which changes nothing, as the backend compiles it; PyTorch runs it as it is."""
    if backend_name() == TENSORFLOW:
        import tensorflow as tf

        return tf.function(function, autograph=False, reduce_retracing=True)
    if backend_name() == JAX:
        import jax

        return jax.jit(function)
    return function


def without_gradients() -> contextlib.AbstractContextManager[Any]:
    """In this block nothing is kept for a backward pass; the other backends keep nothing unasked."""
    if backend_name() == TORCH:
        import torch

        return torch.no_grad()
    return contextlib.nullcontext()


def inference(model: keras.Model) -> Callable[..., list[np.ndarray]]:
    """A model as a function from its inputs, in their order, to its outputs as arrays, compiled."""
    weights, state = (
        [each.value for each in some] for some in (model.trainable_variables, model.non_trainable_variables)
    )

    def infer(weights: Any, state: Any, tensors: Any) -> Any:
        inputs = keras.tree.pack_sequence_as(model.input, list(tensors))
        return model.stateless_call(weights, state, inputs, training=False)[0]

    run = compiled(infer)

    def call(*tensors: Any) -> list[np.ndarray]:
        with without_gradients():
            return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(run(weights, state, tensors))]

    return call


def gradients_by(model: keras.Model, read: Sequence[Any], loss: Callable[[Any, Any], Any]) -> Callable[..., list[Any]]:
    """A function of a batch to the gradients of ``loss(x, y)`` by the variables ``read``, as they are by then.

    For JAX and PyTorch; TensorFlow takes them from the operations of its graph.
    """
    ids = {id(each) for each in read}
    others = [each for each in model.variables if id(each) not in ids]

    def at(values: Any, rest: Any, x: Any, y: Any) -> Any:
        mapping = [*zip(read, values, strict=True), *zip(others, rest, strict=True)]
        with keras.StatelessScope(state_mapping=mapping):
            return loss(x, y)

    if backend_name() == JAX:
        import jax

        derived = jax.jit(jax.grad(at))
        return lambda x, y: list(derived([each.value for each in read], [each.value for each in others], x, y))
    import torch

    def derive(x: Any, y: Any) -> list[Any]:
        values = [each.value.detach().clone().requires_grad_(True) for each in read]
        found = torch.autograd.grad(at(values, [each.value for each in others], x, y), values, allow_unused=True)
        return [torch.zeros_like(value) if each is None else each for value, each in zip(values, found, strict=True)]

    return derive
