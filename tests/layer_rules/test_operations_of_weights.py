"""Operations on weights alone, which have no batch: what keeps it for samples first is the whole weight's here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops
from keras_operations import OF_WEIGHTS

import structopt_widgets as sw
from structopt_widgets.layer_rules.activations import ReLU

Of = Callable[[Any], Any]
MATRIX = (4, 3)
OF_MATRICES: dict[str, Of] = {
    **OF_WEIGHTS,
    "softmax": lambda w: ops.softmax(w),
    "softmax over both": lambda w: ops.softmax(w, axis=(0, 1)),
    "softmax over the first": lambda w: ops.softmax(w, axis=0),
    "log_softmax": lambda w: ops.log_softmax(w, axis=0),
    "cumsum": lambda w: ops.cumsum(w),
    "cumprod": lambda w: ops.cumprod(w, axis=0),
    "flip": lambda w: ops.flip(w),
    "roll": lambda w: ops.roll(w, 1),
    "repeat": lambda w: ops.repeat(w, 2),
    "take": lambda w: ops.take(w, [0, 5]),
    "average": lambda w: ops.average(w),
    "median": lambda w: ops.median(w, 0),
    "quantile": lambda w: ops.quantile(w, 0.5),
    "diff": lambda w: ops.diff(w, axis=0),
    "diagonal": lambda w: ops.diagonal(w),
    "trace": lambda w: ops.trace(w),
    "rot90": lambda w: ops.rot90(w),
    "a layer of Keras": lambda w: kl.Softmax()(w),
    "products of rows": lambda w: ops.matmul(w, ops.transpose(w)),
}
OF_VECTORS: dict[str, Of] = {
    "softmax": lambda w: ops.softmax(w),
    "cumsum": lambda w: ops.cumsum(w),
    "cumsum along": lambda w: ops.cumsum(w, axis=0),
    "median": lambda w: ops.median(w),
    "a layer of Keras": lambda w: kl.Softmax()(w),
    "outer": lambda w: ops.outer(w, w),
    "flip": lambda w: ops.flip(w),
}


class Mixed(kl.Layer):
    """Its input times one number, and that is made of a weight."""

    def __init__(self, shape: tuple[int, ...], function: Of, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape_of_weight, self.function = shape, function

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=self.shape_of_weight, initializer="random_normal")

    def call(self, x: Any) -> Any:
        return x * ops.sum(self.function(self.w))


@pytest.mark.parametrize(
    ("shape", "function"),
    [
        *(pytest.param(MATRIX, each, id=name) for name, each in OF_MATRICES.items()),
        *(pytest.param((3,), each, id=f"{name} of a vector") for name, each in OF_VECTORS.items()),
    ],
)
def test_operations_on_weights_are_counted_and_made_again(shape: tuple[int, ...], function: Of) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Mixed(shape, function, name="own")(kl.Dense(8, name="a")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert not space.source.unproven
    assert cost.n_params == model.count_params()
    batch = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)
    half = space.baseline.with_width("a", 4)
    assert half.build("fresh").count_params() == half.measure().n_params


def test_a_softmax_over_the_batch_is_listed() -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, ops.softmax(kl.Dense(8, name="a")(inputs), axis=0))
    cost = sw.StructureSpace.from_keras(model).baseline.measure()
    assert ["softmax over the batch" in reason for reason in cost.uncounted.values()] == [True]


def test_what_a_rule_cannot_count_is_listed_when_the_model_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr(ReLU, "cost", fails)
    inputs = keras.Input((5,))
    cost = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(kl.ReLU()(inputs)))).baseline.measure()
    assert ["its operations cannot be counted" in reason for reason in cost.uncounted.values()] == [True]


def test_several_quantiles_at_once_are_listed_and_weighed_places_stay() -> None:
    inputs = keras.Input((5, 6))
    hidden = kl.Dense(6, name="a")(inputs)
    several = ops.quantile(hidden, np.array([0.2, 0.8], "float32"), axis=1)
    cost = sw.StructureSpace.from_keras(keras.Model(inputs, ops.sum(several, axis=(0, 2)))).baseline.measure()
    assert any("several quantiles" in reason for reason in cost.uncounted.values())
    weighed = ops.average(hidden, axis=2, weights=np.arange(6, dtype="float32"))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, weighed))
    assert "weighs each place" in space.width_groups["a"].why
