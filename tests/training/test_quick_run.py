"""Quick runs on real data: they learn, repeat, stop, and leave things as they were."""

from __future__ import annotations

import gc
import math
import random
import threading
import time

import keras
import numpy as np
import pandas as pd
import pytest

from structopt_widgets import Structure, StructureSpace
from structopt_widgets.training import Budget, Data, Progress, Trial, load_data, quick_run
from structopt_widgets.training.statistics import wilson_interval

# Most of these train a model: together they take longer than the whole fast tier should.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fashion() -> Data:
    data = load_data("fashion")
    return Data(data.x[:2000], data.y[:2000], data.x_val[:500], data.y_val[:500], name="some fashion")


def mlp(*widths: int, inputs: int = 196, outputs: int = 10, **options: object) -> keras.Model:
    hidden = [keras.layers.Dense(width, "relu", **options) for width in widths]
    return keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(outputs, **options)])


def baseline(*widths: int, **options: object) -> Structure:
    return StructureSpace.from_keras(mlp(*widths, **options)).baseline


def test_a_small_network_learns_and_says_what_it_cost(fashion: Data) -> None:
    structure = baseline(32)
    budget = Budget(epochs=2, seeds=1)
    trial = quick_run(structure, fashion, budget)
    assert trial.state == "complete"
    assert trial.score > 0.5  # chance is 0.1
    assert trial.by_seed == (trial.score,)
    assert (trial.low, trial.high) == wilson_interval(round(trial.score * 500), 500)
    assert trial.n_params == 196 * 32 + 32 + 32 * 10 + 10
    assert trial.macs == 196 * 32 + 32 * 10
    assert trial.training_bytes == structure.measure(batch_size=32).training_bytes
    assert (trial.data, trial.fingerprint) == ("some fashion", fashion.fingerprint)
    assert [len(run) for run in trial.history] == [2]
    assert trial.history[0][-1]["val_loss"] == trial.loss
    assert trial.history[0][-1]["val_accuracy"] == trial.score
    assert trial.history[0][1]["loss"] < trial.history[0][0]["loss"]
    assert trial.versions["keras"] == keras.__version__


@pytest.mark.usefixtures("one_by_keras")
@pytest.mark.slow
def test_the_same_call_gives_the_same_numbers_and_seeds_differ(fashion: Data) -> None:
    model = keras.Sequential(
        [keras.Input((196,)), keras.layers.Dense(16, "relu"), keras.layers.Dropout(0.3), keras.layers.Dense(10)]
    )
    budget = Budget(epochs=1, seeds=2)
    before, numpy_before = random.getstate(), np.random.get_state()[1].tolist()
    first = quick_run(model, fashion, budget)
    assert random.getstate() == before
    assert np.random.get_state()[1].tolist() == numpy_before
    random.seed(99)
    keras.utils.set_random_seed(99)
    second = quick_run(model, fashion, budget)
    assert first.by_seed == second.by_seed
    assert first.history == second.history
    assert first.by_seed[0] != first.by_seed[1]
    # A seed's run does not depend on the seeds before it.
    alone = quick_run(model, fashion, Budget(epochs=1, seeds=[1]))
    assert alone.history[0][0] == pytest.approx(first.history[1][0], rel=1e-3)
    assert (alone.engine, first.engine) == ("keras", "together")
    assert first.score == pytest.approx(sum(first.by_seed) / 2)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_letters_that_come_twice_in_a_batch_are_learned_as_the_optimizer_says(optimizer: str) -> None:
    names = load_data("surnames")
    some = Data(names.x[:96], names.y[:96], names.x_val[:50], names.y_val[:50], class_names=names.class_names)
    layers = [keras.layers.Embedding(64, 8), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(12)]
    model = keras.Sequential([keras.Input(some.input_shape, dtype="int32"), *layers])
    rates = {"optimizer": optimizer, "learning_rate": 0.01}
    alone = quick_run(model, some, Budget(epochs=3, seeds=[1], **rates))
    beside = quick_run(model, some, Budget(epochs=3, seeds=2, **rates))
    assert (alone.engine, beside.engine) == ("keras", "together")
    for mine, theirs in zip(alone.history[0], beside.history[1], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-4)


def test_zero_kernels_without_biases_stay_at_chance(fashion: Data) -> None:
    structure = baseline(32, 32)
    for layer in structure.initializers:
        structure = structure.with_initializer(layer, "zeros").with_bias(layer, False)
    trial = quick_run(structure, fashion, Budget(epochs=2, seeds=1))
    # Every output is 0: class 0 is chosen always, and nothing is learned.
    assert trial.score == np.mean(fashion.y_val == 0)
    assert trial.loss == pytest.approx(math.log(10), rel=1e-4)


def test_progress_is_told_and_ends_at_one(fashion: Data) -> None:
    told: list[Progress] = []
    quick_run(baseline(16), fashion, Budget(epochs=2, seeds=2), on_progress=told.append)
    assert [each.fraction for each in told] == sorted(each.fraction for each in told)
    assert (told[0].fraction, told[0].loss, told[0].remaining) == (0, None, None)
    assert told[-1].fraction == 1
    assert told[-1].remaining == 0
    assert (told[-1].seed, told[-1].epoch, len(told[-1].history)) == (1, 2, 2)
    # Seeds are trained side by side: after each epoch every one of them reports. Reports of an epoch
    # under way come when the clock says, so only those with more epochs than the last of that seed count.
    ends = [each for each in told if each.val_loss is not None]
    assert {(each.seed, each.epoch) for each in ends} == {(seed, epoch) for seed in (0, 1) for epoch in (1, 2)}
    assert all(each.metric == "accuracy" and 0 <= each.val_score <= 1 for each in ends)
    assert all(each.elapsed > 0 for each in ends)


def test_cancel_answers_within_a_second(fashion: Data) -> None:
    stop, started, result = threading.Event(), threading.Event(), []

    def told(progress: Progress) -> None:
        if progress.fraction > 0:
            started.set()

    def run() -> None:
        budget = Budget(epochs=500, seeds=1)
        result.append(quick_run(baseline(64), fashion, budget, on_progress=told, should_stop=stop.is_set))

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(60)
    asked = time.perf_counter()
    stop.set()
    thread.join(60)
    assert time.perf_counter() - asked < 1
    trial: Trial = result[0]
    assert trial.state == "cancelled"
    assert all(math.isnan(each) for each in (trial.score, trial.low, trial.high, trial.loss))
    assert trial.by_seed == ()
    assert trial.n_params > 0


def test_it_runs_beside_keras_in_the_main_thread(fashion: Data) -> None:
    structure, budget = baseline(16), Budget(epochs=1, seeds=4)
    alone = quick_run(structure, fashion, budget)
    result: list[Trial] = []
    thread = threading.Thread(target=lambda: result.append(quick_run(structure, fashion, budget)))
    thread.start()
    made = 0
    while thread.is_alive():
        # Each of these draws seeds from Python's global generator.
        mlp(8)
        made += 1
    assert made, "nothing was made meanwhile"
    assert result[0].history == alone.history


@pytest.mark.slow
def test_no_model_outlives_the_run_and_the_users_is_untouched(fashion: Data) -> None:
    model = mlp(16)
    weights = [each.copy() for each in model.get_weights()]
    gc.collect()
    known = {id(each) for each in gc.get_objects() if isinstance(each, keras.Model)}
    quick_run(model, fashion, Budget(epochs=1, seeds=1))
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, keras.Model) and id(each) not in known]
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(weights, model.get_weights(), strict=True))
    assert not model.compiled


def test_an_exploding_loss_is_a_failed_trial() -> None:
    # No two samples are the same, and all are nearly 1.
    x = np.ones((200, 3), dtype="float32") + np.linspace(0, 1e-3, 200, dtype="float32")[:, None]
    model = mlp(inputs=3, outputs=1)
    # Each step multiplies the error by about 1 - 2 * 4 * 1e6: three inputs and the bias.
    model.compile(keras.optimizers.SGD(1e6), "mse")
    trial = quick_run(model, Data(x, np.arange(200.0)), Budget(epochs=20, seeds=1))
    assert trial.state == "failed"
    assert "The training loss became nan" in trial.reason or "The training loss became inf" in trial.reason
    assert trial.reason.startswith("Seed 0: ")
    assert "smaller learning rate" in trial.reason
    assert math.isnan(trial.score)


def test_regression_learns_a_line() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3)).astype("float32")
    y = x @ [1.0, -2.0, 0.5] + rng.normal(scale=0.1, size=400)
    trial = quick_run(mlp(inputs=3, outputs=1), Data(x, y), Budget(epochs=20, seeds=2, learning_rate=0.05))
    # The noise leaves 1 - 0.01 / (1 + 4 + 0.25 + 0.01) of the variance to explain.
    assert trial.metric == "r2"
    assert 0.99 < trial.low < trial.score < trial.high < 1
    assert set(trial.history[0][0]) == {"loss", "val_loss", "val_r2"}


def test_one_hot_losses_compiled_by_the_user(fashion: Data) -> None:
    model = keras.Sequential([keras.Input((14, 14)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    assert quick_run(model, fashion, Budget(epochs=2, seeds=1)).score > 0.5


@pytest.mark.slow
def test_pictures_get_their_channel_axis_and_inherited_weights_count(fashion: Data) -> None:
    model = keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    first = quick_run(model, fashion, Budget(epochs=1, seeds=1))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(fashion.x[..., None], fashion.y, epochs=3, verbose=0)
    again = quick_run(model, fashion, Budget(epochs=1, seeds=1), weights="inherit")
    assert again.history[0][0]["loss"] < first.history[0][0]["loss"] - 0.2


def test_letters_tables_and_unbuilt_models() -> None:
    names = load_data("surnames")
    some = Data(names.x[:600], names.y[:600], names.x_val[:100], names.y_val[:100], class_names=names.class_names)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(12)])
    assert quick_run(model, some, Budget(epochs=1, seeds=1)).state == "complete"
    assert not model.built
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    table["sign"] = np.where(table.a > table.b, "more", "less")
    trial = quick_run(
        mlp(8, inputs=2, outputs=1), Data(table, label="sign"), Budget(epochs=10, learning_rate=0.02, seeds=1)
    )
    assert trial.score > 0.9


def test_bad_input_is_refused_before_training(fashion: Data) -> None:
    told: list[Progress] = []
    with pytest.raises(ValueError, match="labels go up to 9, so the model needs at least 10 output units; it has 5"):
        quick_run(mlp(outputs=5), fashion, on_progress=told.append)
    with pytest.raises(ValueError, match=r"Expected samples of shape \(100,\).*got \(14, 14\)"):
        quick_run(mlp(inputs=100), fashion, on_progress=told.append)
    with pytest.raises(TypeError, match="Expected a Data to train on, got tuple"):
        quick_run(mlp(), (fashion.x, fashion.y))  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match="Expected a Budget"):
        quick_run(mlp(), fashion, 3)  # type: ignore[arg-type] # the point of the test
    with pytest.raises(TypeError, match=r"Expected a keras.Model or the path"):
        quick_run(object(), fashion)
    with pytest.raises(ValueError, match="Expected weights, one of"):
        quick_run(mlp(), fashion, weights="old")
    assert told == [] or told[-1].fraction == 0


def test_a_structure_from_a_file_can_be_run(fashion: Data) -> None:
    structure = baseline(8)
    restored = Structure.from_json(structure.to_json())
    budget = Budget(epochs=1, seeds=1)
    assert quick_run(restored, fashion, budget).history == quick_run(structure, fashion, budget).history


def test_what_tensorflow_says_of_samples_is_said_in_a_line() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((5,)), layers.Lambda(lambda x: x + 1), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(3)]
    )
    tokens = np.random.default_rng(0).integers(0, 10, (60, 5))  # 9 + 1 is no place of ten
    space = StructureSpace.from_keras(model)
    with pytest.raises(ValueError, match=r"can compute with, got from TensorFlow: .*= 10 is not in") as error:
        quick_run(space.baseline, Data(tokens, np.arange(60) % 3), Budget(epochs=1, seeds=1))
    assert len(str(error.value)) < 400
