"""Statistics of normalization in runs that are too short for them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from structopt_widgets import StructureSpace
from structopt_widgets.keras_bridge import build_model
from structopt_widgets.training import Budget, Data, Trial, load_data, quick_run
from structopt_widgets.training.settling import Moving, Settling, batches_to_settle, moving_weights

layers = keras.layers
RNG = np.random.default_rng(0)


def normalized(inputs: int = 4, outputs: int = 2) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.BatchNormalization(momentum=0.9, name="norm"),
            layers.Dropout(0.5),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(name="frozen", trainable=False),
            layers.Dense(outputs),
        ]
    )


def test_statistics_become_their_mean_over_batches_and_nothing_else_changes() -> None:
    structure = StructureSpace.from_keras(normalized()).baseline
    model = build_model(structure, "fresh", seed=0)
    before = {each.path: np.array(each) for each in model.variables}
    batches = [RNG.normal(3, 2, (8, 4)).astype("float32") for _ in range(5)]
    Settling(structure, model).settle(batches)
    norm = model.get_layer("norm")
    np.testing.assert_allclose(norm.moving_mean, np.mean([each.mean(0) for each in batches], 0), rtol=1e-4)
    np.testing.assert_allclose(norm.moving_variance, np.mean([each.var(0) for each in batches], 0), rtol=1e-4)
    for each in model.variables:
        if each is not norm.moving_mean and each is not norm.moving_variance:
            np.testing.assert_array_equal(each, before[each.path])


def test_a_layer_called_twice_is_updated_twice() -> None:
    inputs = keras.Input((4,))
    shared = layers.BatchNormalization(momentum=0.8, name="norm")
    structure = StructureSpace.from_keras(keras.Model(inputs, layers.Add()([shared(inputs), shared(-inputs)]))).baseline
    assert set(moving_weights(structure).values()) == {Moving(0.8, 2)}
    model = build_model(structure, "fresh", seed=0)
    x = RNG.normal(3, 2, (8, 4)).astype("float32")
    Settling(structure, model).settle([x])
    # The average goes to 0.8 of the first call's share and 1 of the second's, whichever comes first.
    mean = np.abs(np.asarray(model.get_layer("norm").moving_mean))
    np.testing.assert_allclose(mean, np.abs(x.mean(0)) * (1 - 0.8) * 0.2 / (1 - 0.8**2), rtol=1e-4)


@pytest.mark.slow
def test_a_layer_of_timesteps_is_updated_at_each() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(momentum=0.8), layers.Dense(2)])
    model = keras.Sequential([keras.Input((3, 4)), layers.TimeDistributed(inner), layers.LSTM(2)])
    structure = StructureSpace.from_keras(model).baseline
    assert set(moving_weights(structure).values()) == {Moving(0.8, 3)}
    model = build_model(structure, "fresh", seed=0)
    x = RNG.normal(3, 2, (8, 3, 4)).astype("float32")
    Settling(structure, model).settle([x])
    mean = next(each for each in model.non_trainable_variables if each.name == "moving_mean")
    expected = np.average(x.mean(0), axis=0, weights=[0.64, 0.8, 1])
    np.testing.assert_allclose(mean, expected, rtol=1e-4)


def test_it_is_done_until_a_hundredth_is_left_and_where_there_are_statistics() -> None:
    structure = StructureSpace.from_keras(normalized()).baseline
    # 0.9^43 = 0.0108, 0.9^44 = 0.0097
    assert [batches_to_settle(structure, Budget(batch_size=10), 95, steps) for steps in (1, 43, 44)] == [9, 9, 0]
    assert batches_to_settle(structure, Budget(batch_size=32), 100_000, 1) == 2048 // 32
    assert batches_to_settle(structure, Budget(batch_size=200), 100, 1) == 1
    assert batches_to_settle(structure, Budget(settle_normalization=False), 100, 1) == 0
    plain = StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), layers.Dense(2)])).baseline
    assert batches_to_settle(plain, Budget(), 100, 1) == 0
    with pytest.raises(TypeError, match="Expected True or False as settle_normalization of a budget, got 1"):
        Budget(settle_normalization=1)  # type: ignore[arg-type] # the point of the test


@pytest.mark.usefixtures("one_by_keras")
@pytest.mark.slow
def test_a_short_run_is_scored_by_settled_statistics_and_says_so() -> None:
    shipped = load_data("fashion")
    data = Data(shipped.x[:960], shipped.y[:960], shipped.x_val[:500], shipped.y_val[:500]).flattened()
    model = keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(32, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(10),
        ]
    )

    def run(seeds: object, **settings: object) -> Trial:
        return quick_run(model, data, Budget(epochs=1, seeds=seeds, learning_rate=1e-2, **settings))  # type: ignore[arg-type] # both forms

    settled, alone = run(2), run([1])
    raw, raw_alone = run(2, settle_normalization=False), run([1], settle_normalization=False)
    assert (settled.engine, alone.engine) == ("together", "keras")
    assert settled.by_seed[1] == pytest.approx(alone.by_seed[0], abs=0.004)  # two samples
    assert raw.by_seed[1] == pytest.approx(raw_alone.by_seed[0], abs=0.004)
    # The training is the same; the validation is not.
    assert settled.history[1][0]["loss"] == pytest.approx(raw.history[1][0]["loss"], rel=1e-5)
    assert settled.score > raw.score
    assert settled.loss < raw.loss
    assert [each.settled for each in (settled, alone, raw, raw_alone)] == [True, True, False, False]
    assert settled.summary().endswith("; normalization settled on training samples")
    assert settled.to_row()["settled"]
    assert Trial.from_json(settled.to_json()).settled
