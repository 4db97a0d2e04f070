"""A wrapper of something that has no rule is opened: timesteps are more samples, both directions two layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

SHAPE = (3, 6, 6, 2)
RNG = np.random.default_rng(0)


@keras.saving.register_keras_serializable("test_wrappers")
class Squashed(kl.Dense):
    def call(self, x: Any) -> Any:
        return 2 * ops.tanh(super().call(x))


@keras.saving.register_keras_serializable("test_wrappers")
class Block(kl.Layer):
    """Keeps something of each timestep inside."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.dense, self.norm = units, kl.Dense(units), kl.BatchNormalization()

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.norm.build((*shape[:-1], self.units))

    def call(self, x: Any, training: bool | None = None) -> Any:
        return ops.relu(self.norm(self.dense(x), training=training))

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable("test_wrappers")
class Decay(kl.Layer):
    """A cell."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")
        self.u = self.add_weight(shape=(self.units,), name="u")

    def call(self, x: Any, states: Any, training: bool | None = None) -> Any:
        made = ops.tanh(ops.matmul(x, self.w) + states[0] * self.u)
        return made, [made]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


def images() -> keras.Model:
    inputs = keras.Input(SHAPE[1:])
    x = kl.ReLU()(kl.BatchNormalization()(kl.Conv2D(6, 3, padding="same", use_bias=False)(inputs)))
    x = kl.Add()([x, kl.BatchNormalization()(kl.Conv2D(6, 3, padding="same")(x))])
    return keras.Model(inputs, kl.Dense(5, "relu")(kl.Flatten()(kl.MaxPooling2D()(x))))


def vectors(layer: kl.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(SHAPE[1:]), kl.GlobalAveragePooling2D(), layer, kl.LayerNormalization()])


def twice() -> keras.Model:
    inner = keras.Sequential([keras.Input((2,)), kl.Dense(5), kl.BatchNormalization()])
    return keras.Sequential([keras.Input(SHAPE[1:]), kl.TimeDistributed(kl.TimeDistributed(inner)), kl.Flatten()])


OVER_TIME: dict[str, tuple[Callable[[], Any], set[int]]] = {
    "a network of images": (images, {6, 5}),
    "a layer of one's own": (lambda: vectors(Squashed(7)), {7}),
    "a block of one's own": (lambda: vectors(Block(7)), {7}),
    "twice": (twice, {5}),
    "both directions of a cell": (
        lambda: keras.Sequential(
            [keras.Input(SHAPE[1:]), kl.Reshape((6, 12)), kl.Bidirectional(kl.RNN(Decay(7)), name="both")]
        ),
        {7},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", OVER_TIME)
def test_what_runs_at_each_timestep_is_opened(kind: str) -> None:
    make, widths = OVER_TIME[kind]
    x = RNG.normal(size=(4, *SHAPE)).astype("float32")
    model = keras.Sequential([kl.TimeDistributed(make()), kl.LSTM(4), kl.Dense(2)])
    model(x)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    assert widths < {group.width for group in space.width_groups.values() if not group.fixed}
    copy = space.baseline.build()
    for training in (False, True, False):  # the last one by the moving statistics that training left
        np.testing.assert_allclose(copy(x, training=training), model(x, training=training), atol=1e-5)
    narrow = space.scaled(0.5)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


@pytest.mark.slow
def test_masked_steps_of_a_batch_norm_stay_one_call() -> None:
    inner = keras.Sequential([keras.Input((4,)), kl.Dense(5), kl.BatchNormalization()])
    inputs = keras.Input((3, 4))
    model = keras.Model(inputs, kl.LSTM(2)(kl.TimeDistributed(inner, name="steps")(kl.Masking()(inputs))))
    baseline = sw.StructureSpace.from_keras(model).baseline
    assert list(baseline.measure().uncounted) == ["steps"]
    x = RNG.normal(size=(4, 3, 4)).astype("float32")
    x[:2, 2] = 0
    np.testing.assert_allclose(baseline.build()(x, training=True), model(x, training=True), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("merge", ["concat", "sum", None])
def test_both_directions_of_a_cell_of_ones_own(merge: str | None) -> None:
    inputs = keras.Input((5, 3))
    made = kl.Bidirectional(kl.RNN(Decay(6), return_sequences=True), merge_mode=merge)(inputs)
    model = keras.Model(inputs, kl.Dense(2)(kl.Concatenate()(made) if merge is None else made))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    # Timesteps, directions, features and units: a product each, and the head's.
    assert cost.macs == 5 * 2 * (3 * 6) + 5 * 2 * (6 if merge == "sum" else 12)
    x = RNG.normal(size=(2, 5, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(x), model(x), atol=1e-6)
    narrow = space.scaled(0.5)
    assert narrow.build().count_params() == narrow.measure().n_params < cost.n_params
