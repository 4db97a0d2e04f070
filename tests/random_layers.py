"""Random layers of somebody's own, drawn by hypothesis: random operations on random weights of their own.

A layer is a list of steps, each a name and its numbers, which is its configuration too. What a step needs is made in
``build()``; ``call()`` runs the steps. A step keeps the axes of a sample but the last, which may get another width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from hypothesis import strategies as st
from keras import layers as kl
from keras import ops

Draw = Callable[[st.SearchStrategy[Any]], Any]
Step = Sequence[Any]

FLAT = [
    "matmul",
    "scaled",
    "shifted",
    "gated",
    "tied",
    "inner",
    "normed",
    "activated",
    "softmaxed",
    "joined",
    "residual",
    "nested",
    "twice",
    "in_training",
    "noted",
    "halved",
    "squared",
]
IN_TIME = [*FLAT, *["centered", "attended", "positions", "token", "masked", "first_steps"]]
ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")
DEEPEST = 2


def model_of(draw: Draw) -> keras.Model:
    """One or two drawn layers between Keras's own."""
    in_time = draw(st.booleans())
    if in_time and draw(st.booleans()):
        inputs = keras.Input((5,), dtype="int32")
        x = kl.Embedding(11, draw(st.integers(2, 5)), mask_zero=draw(st.booleans()))(inputs)
    else:
        inputs = keras.Input((5, 3) if in_time else (4,))
        x = kl.Dense(draw(st.integers(2, 5)))(inputs)
    for _ in range(draw(st.integers(1, 2))):
        x = DrawnLayer(steps(draw, in_time))(x)
    if in_time:
        x = ops.mean(x, axis=1)
    return keras.Model(inputs, kl.Dense(2)(x))


def steps(draw: Draw, in_time: bool, depth: int = 0) -> list[list[Any]]:
    """The steps of a layer."""
    known = IN_TIME if in_time else FLAT
    known = [each for each in known if depth < DEEPEST or each not in ("residual", "nested")]
    return [_step(draw, in_time, depth, draw(st.sampled_from(known))) for _ in range(draw(st.integers(1, 3)))]


def _step(draw: Draw, in_time: bool, depth: int, name: str) -> list[Any]:
    if name in ("residual", "nested"):
        # Inside a residual the length may not change.
        inside = steps(draw, in_time, depth + 1)
        return [name, [each for each in inside if name == "nested" or each[0] not in ("token", "first_steps")]]
    if name == "activated":
        return [name, draw(st.sampled_from(ACTIVATIONS))]
    return [name, draw(st.integers(2, 5))]


@keras.saving.register_keras_serializable("random_layers")
class DrawnLayer(kl.Layer):
    """A layer that does what its steps say."""

    def __init__(self, steps: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = steps
        self.supports_masking = True
        self._own: dict[str, Any] = {}
        self._inner: dict[str, Any] = {}

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"steps": self.steps}

    def build(self, shape: Any) -> None:
        self._length, width = (shape[1] if len(shape) == 3 else None), shape[-1]
        for place, (name, number) in enumerate(self.steps):
            width = self._made(f"{place}_{name}", name, number, width, len(shape))

    def _made(self, key: str, name: str, number: Any, width: int, rank: int) -> int:
        """Make what a step needs; the width after it."""

        def weight(label: str, *shape: int, trainable: bool = True) -> None:
            self._own[f"{key}_{label}"] = self.add_weight(
                shape=shape, name=f"{key}_{label}", trainable=trainable, initializer="glorot_uniform"
            )

        if name in ("matmul", "twice"):
            weight("kernel", width, number)
        elif name == "gated":
            weight("kernel", width, number)
            weight("gate", width, number)
        elif name in ("scaled", "shifted", "normed"):
            weight("factor", width)
        elif name == "tied":
            weight("kernel", width, number)
            return width
        elif name == "joined":
            weight("kernel", width, number)
            return width + number
        elif name == "inner":
            self._inner[key] = kl.Dense(number, activation="relu")
            self._inner[key].build((None, width))
        elif name == "noted":
            weight("mean", width, trainable=False)
        elif name == "positions":
            weight("table", self._length or 1, width)
        elif name == "token":
            weight("token", 1, 1, width)
            self._length = (self._length or 0) + 1
        elif name == "first_steps":
            self._length = min(2, self._length or 2)
        elif name == "attended":
            for label in ("query", "key", "value"):
                weight(label, width, 2, number)
            weight("output", 2, number, width)
        elif name in ("residual", "nested"):
            inner = DrawnLayer(number)
            shape = (None, width) if rank == 2 else (None, self._length, width)
            inner.build(shape)
            inner.built = True
            self._inner[key] = inner
            if name == "nested":
                self._length = inner._length
                return inner.width_after(width)
            weight("back", inner.width_after(width), width)
            return width
        return number if name in ("matmul", "twice", "gated", "inner") else width

    def width_after(self, width: int) -> int:
        """The width that the steps make of another."""
        for name, number in self.steps:
            if name in ("matmul", "twice", "gated", "inner"):
                width = number
            elif name == "joined":
                width += number
            elif name == "nested":
                width = DrawnLayer(number).width_after(width)
        return width

    def call(self, x: Any, mask: Any = None, training: bool = False) -> Any:
        for place, (name, number) in enumerate(self.steps):
            x = self._run(f"{place}_{name}", name, number, x, mask, training)
        return x

    def compute_mask(self, _: Any, mask: Any = None) -> Any:
        changes = any(name in ("token", "first_steps", "nested") for name, _ in self.steps)
        return None if changes else mask

    def _run(self, key: str, name: str, number: Any, x: Any, mask: Any, training: bool) -> Any:
        def own(label: str) -> Any:
            return self._own[f"{key}_{label}"]

        if name == "matmul":
            return ops.matmul(x, own("kernel"))
        if name == "twice":
            made = ops.matmul(x, own("kernel"))
            return made + ops.tanh(ops.matmul(x, own("kernel")))
        if name == "gated":
            return ops.matmul(x, own("kernel")) * ops.sigmoid(ops.matmul(x, own("gate")))
        if name == "tied":
            return ops.matmul(ops.relu(ops.matmul(x, own("kernel"))), ops.transpose(own("kernel")))
        if name == "scaled":
            return x * own("factor")
        if name == "shifted":
            return x + own("factor")
        if name == "normed":
            around = x - ops.mean(x, axis=-1, keepdims=True)
            return own("factor") * around / ops.sqrt(ops.mean(ops.square(around), axis=-1, keepdims=True) + 1e-3)
        if name == "activated":
            return keras.activations.get(number)(x)
        if name == "softmaxed":
            return ops.softmax(x, axis=-1)
        if name == "joined":
            return ops.concatenate([x, ops.matmul(x, own("kernel"))], axis=-1)
        if name in ("inner", "nested"):
            return self._inner[key](x)
        if name == "residual":
            return x + ops.matmul(self._inner[key](x), own("back"))
        if name == "in_training":
            return x * 0.5 if training else x
        if name == "noted":
            if training:
                own("mean").assign(0.9 * own("mean") + 0.1 * ops.mean(x, axis=tuple(range(len(x.shape) - 1))))
            return x - own("mean")
        if name == "halved":
            return x / 2.0
        if name == "squared":
            return ops.square(x)
        if name == "centered":
            return x - ops.mean(x, axis=1, keepdims=True)
        if name == "attended":
            return self._attended(own, number, x)
        if name == "positions":
            return x + own("table")[: x.shape[1]]
        if name == "token":
            return ops.concatenate([ops.broadcast_to(own("token"), (ops.shape(x)[0], 1, x.shape[-1])), x], axis=1)
        if name == "masked":
            fits = mask is not None and mask.shape[1] == x.shape[1]
            return x * ops.cast(mask, x.dtype)[..., None] if fits else x
        return x[:, :2]

    @staticmethod
    def _attended(own: Callable[[str], Any], size: int, x: Any) -> Any:
        asks, key, value = (ops.einsum("btd,dhk->bthk", x, own(label)) for label in ("query", "key", "value"))
        weights = ops.softmax(ops.einsum("bqhk,bvhk->bhqv", asks, key) / size**0.5)
        return ops.einsum("bthk,hkd->btd", ops.einsum("bhqv,bvhk->bqhk", weights, value), own("output"))
