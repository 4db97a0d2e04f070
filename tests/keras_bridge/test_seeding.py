"""A seed decides a structure's initial weights and dropout masks, whoever else draws random numbers."""

from __future__ import annotations

import random
import threading

import keras
import numpy as np
import pytest

from structopt_widgets import StructureSpace
from structopt_widgets.keras_bridge import build_model


@keras.saving.register_keras_serializable("test_seeding")
class Unseeded(keras.layers.Layer):
    """A user's layer that makes a layer no configuration names."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.inner = keras.layers.Dense(4)
        self.inner.build(input_shape)

    def call(self, inputs: object) -> object:
        return self.inner(inputs)


def everything_random() -> keras.Model:
    letters = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(9, 4)(letters)
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))(x)
    x = keras.layers.TimeDistributed(keras.layers.Dense(4))(x)
    x = keras.layers.MultiHeadAttention(2, 4, dropout=0.2)(x, x)
    x = keras.layers.GroupQueryAttention(4, 4, 2)(x, x)
    x = keras.layers.Dropout(0.5)(keras.layers.GlobalAveragePooling1D()(x))
    return keras.Model(letters, keras.layers.Dense(3)(x))


def arrays(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(each) for each in model.variables]


@pytest.mark.slow
def test_a_seed_decides_every_weight_and_mask_and_another_decides_otherwise() -> None:
    structure = StructureSpace.from_keras(everything_random()).baseline
    before = random.getstate()
    first = build_model(structure, "fresh", seed=3)
    random.seed(12345)
    second = build_model(structure, "fresh", seed=3)
    random.setstate(before)
    other = build_model(structure, "fresh", seed=4)
    assert all(np.array_equal(one, two) for one, two in zip(arrays(first), arrays(second), strict=True))
    kernels = [
        (one, two)
        for one, two, weight in zip(arrays(first), arrays(other), first.variables, strict=True)
        if "bias" not in weight.path
    ]
    assert kernels
    assert not any(np.array_equal(one, two) for one, two in kernels)
    letters = np.arange(12).reshape(2, 6) % 9
    assert np.array_equal(first(letters, training=True), second(letters, training=True))


def test_no_two_weights_of_a_model_start_alike() -> None:
    model = build_model(StructureSpace.from_keras(everything_random()).baseline, "fresh", seed=0)
    kernels = [each for each in arrays(model) if each.ndim > 1 and each.any()]
    by_shape: dict[tuple[int, ...], list[bytes]] = {}
    for each in kernels:
        by_shape.setdefault(each.shape, []).append(each.tobytes())
    assert max(map(len, by_shape.values())) > 2  # queries, keys and values, forward and backward
    assert all(len(set(alike)) == len(alike) for alike in by_shape.values())


def test_seeds_the_user_gave_stay() -> None:
    start = keras.initializers.GlorotUniform(seed=7)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, kernel_initializer=start)])
    built = build_model(StructureSpace.from_keras(model).baseline, "fresh", seed=1)
    assert np.array_equal(arrays(built)[0], start((5, 4)))


def test_initializers_chosen_by_name_are_seeded() -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, name="first")])
    structure = StructureSpace.from_keras(model).baseline.with_initializer("first", "he_normal")
    one, two = (arrays(build_model(structure, "fresh", seed=1))[0] for _ in range(2))
    assert np.array_equal(one, two)


def test_layers_that_no_configuration_names_follow_the_seed_and_leave_the_generator_alone() -> None:
    model = keras.Sequential([keras.Input((5,)), Unseeded()])
    structure = StructureSpace.from_keras(model).baseline
    before = random.getstate()
    one, two = (arrays(build_model(structure, "fresh", seed=1))[0] for _ in range(2))
    assert random.getstate() == before
    assert np.array_equal(one, two)


@pytest.mark.slow
def test_threads_that_draw_from_the_global_generator_change_nothing() -> None:
    structure = StructureSpace.from_keras(everything_random()).baseline
    expected = arrays(build_model(structure, "fresh", seed=0))
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            random.seed(random.randrange(1000))

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        for _ in range(5):
            again = arrays(build_model(structure, "fresh", seed=0))
            assert all(np.array_equal(one, two) for one, two in zip(expected, again, strict=True))
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
def test_the_same_model_made_again_starts_the_same_whatever_its_layers_are_called() -> None:
    one, two = (build_model(StructureSpace.from_keras(everything_random()).baseline, "fresh", seed=5) for _ in range(2))
    assert one.layers[-1].name != two.layers[-1].name
    assert all(np.array_equal(mine, other) for mine, other in zip(arrays(one), arrays(two), strict=True))


def test_layers_start_the_same_whatever_is_left_out_before_them() -> None:
    inputs = x = keras.Input((5, 4))
    for number in range(2):
        x = keras.layers.Dense(4, name=f"dense_{number}")(x)
    x = keras.layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    structure = StructureSpace.from_keras(keras.Model(inputs, keras.layers.Dense(3)(x))).baseline
    whole, shallow = (
        build_model(each, "fresh", seed=7).get_layer("attention")
        for each in (structure, structure.with_block("dense_1", False))
    )
    for one, other in zip(whole.weights, shallow.weights, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other)), one.path
