"""Initializers, regularizers and constraints of a user's own are at hand: a copy is made and held by them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class Uniform(keras.initializers.Initializer):
    """Has an argument, and no configuration that says it."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return ops.full(shape, self.limit, dtype=dtype)


class NearOne(keras.regularizers.Regularizer):
    """Holds a matrix of one size, and has no configuration."""

    def __init__(self, size: int) -> None:
        self.identity = ops.eye(size)

    def __call__(self, x: Any) -> Any:
        return ops.sum(ops.square(ops.matmul(ops.transpose(x), x) - self.identity))


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_objects_without_a_configuration_make_the_copy_too() -> None:
    inputs = keras.Input((8,))
    x = kl.Dense(12, kernel_initializer=Uniform(0.5), kernel_constraint=lambda w: ops.clip(w, -1, 1), name="a")(inputs)
    x = kl.Dense(7)(x)
    x = kl.Dense(9, kernel_regularizer=NearOne(9), name="b")(x)
    given = keras.Model(inputs, kl.Dense(2, kernel_regularizer=lambda w: ops.sum(ops.abs(w)))(x))
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    batch = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    copy = space.baseline.build("inherit")
    np.testing.assert_allclose(copy(batch), given(batch), atol=1e-6)
    np.testing.assert_allclose(sum(copy.losses), sum(given.losses), rtol=1e-6)
    # No configuration says whether what regularizes b would take another size.
    assert space.width_groups["b"].fixed
    narrow = space.baseline.with_width("a", 5).build("fresh")
    np.testing.assert_array_equal(narrow.get_layer("a").kernel, np.full((8, 5), 0.5, "float32"))
    narrow.compile("sgd", loss="mse")
    narrow.fit(batch, np.zeros((3, 2)), verbose=0)


class Small(keras.initializers.RandomNormal):
    """One that its configuration makes again."""


def test_a_seed_reaches_an_initializer_of_ones_own() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, kernel_initializer=Small())])
    baseline = sw.StructureSpace.from_keras(model).baseline
    one, again, other = (np.asarray(baseline.build("fresh", seed=seed).weights[0]) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


class Stacked(kl.Layer):
    """Calls things by the names that Keras has for others: an activation for each of its layers."""

    def __init__(self, units: Any, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.activation = units, activation
        self.layers = [kl.Dense(each, "relu") for each in units]

    def call(self, x: Any) -> Any:
        for each in self.layers:
            x = each(x)
        return x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "activation": self.activation}


@pytest.mark.parametrize("activation", [["relu", "tanh"], 3, True, {"first": "relu"}])
def test_an_entry_may_be_called_activation_and_be_none(activation: Any) -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Stacked([6, 4], activation)(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert sum(not each.fixed for each in space.width_groups.values()) == 2
    assert space.scaled(0.5).build().count_params() == space.scaled(0.5).measure().n_params


def test_a_class_whose_configuration_has_no_name_is_made_again_without_one() -> None:
    class Spectrum(kl.Layer):
        def __init__(self, units: int = 6) -> None:
            super().__init__()
            self.dense = kl.Dense(units)

        def call(self, x: Any) -> Any:
            return self.dense(tf.signal.dct(x))

        def get_config(self) -> dict[str, Any]:
            return {"units": self.dense.units}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            return cls(**config)

    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Spectrum()(inputs)))
    batch = np.ones((2, 5), "float32")
    np.testing.assert_array_equal(sw.StructureSpace.from_keras(model).baseline.build()(batch), model(batch))
