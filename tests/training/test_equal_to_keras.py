"""Runs of several seeds against Keras's own ``fit`` from the same start: models as the Keras documentation writes them.

The losses of two steps must agree, of which the second sees the weights that the first has made, and those of the
validations after each.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from structopt_widgets import StructureSpace
from structopt_widgets.keras_bridge import build_model
from structopt_widgets.training import Budget, Data, Trial, quick_run, train_together
from structopt_widgets.training.fitting import Samples, fit
from structopt_widgets.training.objective import choose_objective
from structopt_widgets.training.progress import Watch
from structopt_widgets.training.run import Run
from structopt_widgets.training.schedule import sample_orders
from structopt_widgets.training.together.epochs import fit_jointly
from structopt_widgets.training.together.first_step import is_known
from structopt_widgets.training.together.joint_training import NotStackableError, refuse_optimizer
from structopt_widgets.training.together.side_by_side.dense_training import SideBySide

pytestmark = pytest.mark.slow
layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype("float32")
Y = np.arange(60) % 3
DATA = Data(X[:40], Y[:40], X[40:], Y[40:])
EPOCHS = 2
SPARSE = "sparse_categorical_crossentropy"


class ActivityPenalty(layers.Layer):
    """The endpoint of "Making new layers and models via subclassing": it adds what it is given to the loss."""

    def call(self, inputs: Any) -> Any:
        self.add_loss(0.3 * ops.mean(ops.square(inputs)))
        return inputs


class Antirectifier(layers.Layer):
    """From "Simple custom layer example": nothing but outputs."""

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1] * 2, input_shape[-1]), initializer="glorot_uniform")

    def call(self, inputs: Any) -> Any:
        centered = inputs - ops.mean(inputs, axis=-1, keepdims=True)
        both = ops.concatenate([ops.relu(centered), ops.relu(-centered)], axis=-1)
        return ops.matmul(both, self.kernel)


class RunningTotal(layers.Layer):
    """From "The Layer class": a weight that is not trained and that every call changes."""

    def build(self, input_shape: Any) -> None:
        self.total = self.add_weight(shape=(input_shape[-1],), initializer="zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.total.assign_add(ops.sum(inputs, axis=0))
        return inputs + 1e-2 * self.total


class Shrinking(layers.Layer):
    """A layer that changes a trained weight whenever it is called."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs: Any) -> Any:
        self.scale.assign(0.5 * self.scale)
        return inputs * self.scale


class Hidden(layers.Layer):
    """An effect that Keras does not see: every trace counts. TensorFlow's own code keeps the layer closed."""

    traces = 0

    def call(self, inputs: Any) -> Any:
        type(self).traces += 1
        return tf.multiply(inputs, 1 + 0.5 * type(self).traces)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def network(*between: Any, last: str | None = None, **options: Any) -> keras.Model:
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu", **options), *between, layers.Dense(3, last, name="scores")]
    )


def compiled(model: keras.Model, optimizer: Any = "sgd", loss: Any = None, **settings: Any) -> keras.Model:
    model.compile(optimizer, loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True), **settings)
    return model


def by_keras(model: keras.Model, seed: int, y: np.ndarray, y_val: np.ndarray) -> list[dict[str, float]]:
    """What ``fit`` makes of a copy that starts, and sees its samples, as the run of ``seed`` does."""
    structure = StructureSpace.from_keras(model).baseline
    copy = build_model(structure, "fresh", compiled=False, seed=seed)
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    copy.compile(optimizer, model.loss, loss_weights=model._compile_loss._user_loss_weights, jit_compile=False)
    orders = np.concatenate(list(islice(sample_orders(seed, len(y)), EPOCHS)))
    history = copy.fit(
        tf.data.Dataset.from_tensor_slices((DATA.x[orders], y[orders])).batch(len(y)),
        validation_data=(DATA.x_val, y_val),
        epochs=EPOCHS,
        steps_per_epoch=1,
        shuffle=False,
        callbacks=[keras.callbacks.SwapEMAWeights()] if optimizer.use_ema else [],
        verbose=0,
    ).history
    return [{name: history[name][epoch] for name in ("loss", "val_loss")} for epoch in range(EPOCHS)]


def assert_equal(trial: Trial, model: keras.Model, names: tuple[str, ...] = ("loss", "val_loss")) -> None:
    seed = len(trial.history) - 1
    for mine, theirs in zip(trial.history[-1], by_keras(model, seed, DATA.y, DATA.y_val), strict=True):
        for name in names:
            assert mine[name] == pytest.approx(theirs[name], rel=1e-3, abs=1e-5), name


def own_loss(y: Any, p: Any) -> Any:
    """A squared error of one-hot rows, written without a look at the shapes."""
    return ops.mean(ops.square(y - p), axis=-1)


CASES: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "add_loss": (lambda: compiled(network(ActivityPenalty())), "together"),
    "activity_regularizer": (lambda: compiled(network(activity_regularizer=keras.regularizers.L2(0.1))), "together"),
    "own layer": (lambda: compiled(network(Antirectifier())), "keras: .*opened to its operations"),
    "running total": (lambda: compiled(network(RunningTotal())), "keras: running_total .* assigns to its weights"),
    "spectral": (
        lambda: compiled(network(layers.SpectralNormalization(layers.Dense(5, "tanh")))),
        "keras: .* assigns to",
    ),
    "assigns": (lambda: compiled(network(Shrinking())), "keras: shrinking .* assigns to its weights"),
    "noise and constraint": (
        lambda: compiled(network(layers.GaussianNoise(0.1), kernel_constraint="max_norm")),
        "keras: .*(has a constraint|draws random numbers)",
    ),
    "clipvalue": (lambda: compiled(network(), keras.optimizers.SGD(0.5, clipvalue=1e-2)), "together"),
    "ema": (lambda: compiled(network(), keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)), "keras: .*use_ema"),
    "accumulation": (
        lambda: compiled(network(), keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)),
        "keras: .*gradient_accumulation_steps",
    ),
    "LossScaleOptimizer": (
        lambda: compiled(network(), keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))),
        "keras: the optimizer LossScaleOptimizer",
    ),
    "loss_weights": (lambda: compiled(network(), keras.optimizers.SGD(0.1), loss_weights=[3.0]), "together"),
    "sum": (
        lambda: compiled(
            network(),
            keras.optimizers.SGD(1e-2),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
        ),
        "together",
    ),
    "sigmoids": (lambda: compiled(network(last="sigmoid"), loss=SPARSE), "together"),
}


def test_optimizers_that_join_weights_are_not_for_company() -> None:
    for setting in ("global_clipnorm", "clipnorm", "loss_scale_factor"):
        with pytest.raises(NotStackableError, match=f"the optimizer's {setting} joins"):
            refuse_optimizer(keras.optimizers.SGD(**{setting: 1.0}))
    refuse_optimizer(keras.optimizers.SGD(clipvalue=1.0))


@pytest.mark.parametrize("name", CASES)
def test_two_seeds_are_what_fit_makes_of_them(name: str, caplog: pytest.LogCaptureFixture) -> None:
    make, engine = CASES[name]
    model = make()
    with caplog.at_level(logging.INFO, "structopt_widgets"):
        trial = quick_run(model, DATA, Budget(epochs=EPOCHS, seeds=2, batch_size=40))
    assert trial.state == "complete", trial.reason
    # Our validation loss is that of the outputs: without penalties, and without the logits Keras hangs on sigmoids.
    of_outputs = name in ("add_loss", "activity_regularizer", "sigmoids")
    assert_equal(trial, model, ("loss",) if of_outputs else ("loss", "val_loss"))
    if engine == "together":
        assert trial.engine == "together"
        return
    start, _, why = engine.partition(": ")
    assert trial.engine.startswith(f"{start}: ")
    assert re.search(why, trial.engine)
    assert trial.engine.partition(": ")[2] in caplog.text


def test_a_hidden_effect_is_found_by_comparing_the_first_step() -> None:
    trial = quick_run(compiled(network(Hidden())), DATA, Budget(epochs=EPOCHS, seeds=2))
    assert trial.state == "complete"
    assert re.search(r"keras: its loss is .* in the first step, and .* by Keras's own", trial.engine)


def test_the_narrowest_member_is_compared() -> None:
    """Padded units put 1/2 each into the penalty, which only a narrow member shows."""
    model = compiled(network(activity_regularizer=keras.regularizers.L1(0.1)))
    base = StructureSpace.from_keras(model).baseline
    name = next(iter(base.widths))
    base = base.with_activation(name, "sigmoid")
    trials = train_together([base, base.with_width(name, 2)], DATA, Budget(epochs=EPOCHS))
    assert all(trial.engine.startswith("keras: its loss is") for trial in trials)


def test_losses_that_take_the_logits_behind_sigmoids_do_so_in_company_too() -> None:
    """Of many widths dense networks go side by side, where outputs are put together anew."""
    model = compiled(network(last="sigmoid"), loss=SPARSE)
    base = StructureSpace.from_keras(model, growth=32).baseline
    name = next(iter(base.widths))
    objective = choose_objective(base, DATA)
    assert not is_known(base, objective)
    for last, loss, known in (("softmax", SPARSE, True), ("softmax", "binary_crossentropy", False)):
        other = StructureSpace.from_keras(compiled(network(last=last), loss=loss)).baseline
        assert is_known(other, choose_objective(other, DATA)) is known
    runs = [Run(place, 0, base.with_width(name, width), 0) for place, width in enumerate((4, 30))]
    samples = Samples(DATA.x, DATA.y, DATA.x_val, DATA.y_val)
    alone = [Run(run.trial, 0, run.structure, 0) for run in runs]
    fit_jointly(
        SideBySide, runs, objective, samples, Budget(epochs=1), "fresh", Watch(4, 1, 1, 2, "accuracy", None, None)
    )
    for run in alone:
        fit(run, objective, samples, Budget(epochs=1), "fresh", Watch(4, 1, 1, 1, "accuracy", None, None))
    for together, one in zip(runs, alone, strict=True):
        for key, value in one.history[0].items():
            assert together.history[0][key] == pytest.approx(value, rel=1e-4), key


@pytest.mark.usefixtures("one_by_keras")
def test_weights_are_excluded_from_decay_as_the_compiled_optimizer_was_told() -> None:
    model = network()
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[model.layers[0].kernel], var_names=["bias"])
    compiled(model, optimizer)
    together = quick_run(model, DATA, Budget(epochs=1, seeds=2, batch_size=40))
    alone = quick_run(model, DATA, Budget(epochs=1, seeds=[1], batch_size=40))
    assert (together.engine, alone.engine) == ("together", "keras")

    structure = StructureSpace.from_keras(model).baseline
    copy = build_model(structure, "fresh", compiled=False, seed=1)
    reference = keras.optimizers.SGD(0.1, weight_decay=0.5)
    reference.exclude_from_weight_decay(var_list=[copy.layers[1].kernel], var_names=["bias"])
    copy.compile(reference, model.loss, jit_compile=False)
    copy.train_on_batch(DATA.x, DATA.y)
    expected = pytest.approx(copy.evaluate(DATA.x_val, DATA.y_val, verbose=0), rel=1e-4)
    assert together.history[1][0]["val_loss"] == expected
    assert alone.history[0][0]["val_loss"] == expected


def test_a_learning_rate_of_the_budget_reaches_behind_loss_scaling() -> None:
    model = compiled(network(), keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5)))
    slow = quick_run(model, DATA, Budget(epochs=1, learning_rate=1e-2, batch_size=40))
    plain = quick_run(compiled(network(), keras.optimizers.SGD(1e-2)), DATA, Budget(epochs=1, batch_size=40))
    assert slow.history[0][0] == pytest.approx(plain.history[0][0], rel=1e-4)


@pytest.mark.parametrize("seeds", [[1], 2])
def test_one_hot_labels_stay_one_hot_for_a_loss_of_ones_own(seeds: Any) -> None:
    """Three classes in batches of three: taken as numbers, labels and outputs would broadcast."""
    rows = np.eye(3, dtype="float32")
    model = compiled(network(last="softmax"), loss=own_loss)
    data = Data(DATA.x, rows[DATA.y], DATA.x_val, rows[DATA.y_val])
    trial = quick_run(model, data, Budget(epochs=EPOCHS, seeds=seeds, batch_size=40))
    expected = by_keras(model, 1, rows[DATA.y], rows[DATA.y_val])
    assert [each["val_loss"] for each in trial.history[-1]] == pytest.approx([each["val_loss"] for each in expected])
    threes = quick_run(model, data, Budget(epochs=1, seeds=seeds, batch_size=3))
    by_name = quick_run(
        compiled(network(last="softmax"), loss="mse"), data, Budget(epochs=1, seeds=seeds, batch_size=3)
    )
    assert threes.loss == pytest.approx(by_name.loss, rel=1e-4)


def test_a_batch_fixed_in_the_model_does_not_bind_the_budget() -> None:
    model = keras.Sequential(
        [keras.Input(batch_shape=(8, 6)), layers.Reshape((3, 2)), layers.LSTM(4), layers.Dense(3, name="scores")]
    )
    alone, beside = (quick_run(model, DATA, Budget(epochs=1, seeds=seeds)) for seeds in ([1], 2))
    assert (alone.state, beside.state) == ("complete", "complete")
    assert beside.history[1][0] == pytest.approx(alone.history[0][0], rel=1e-3)


def test_one_run_of_a_dense_network_is_what_keras_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 6)).astype("float32")
    data = Data(x, (x[:, 0] > 0).astype(int))
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
    budget = Budget(epochs=2, batch_size=16, seeds=1)
    mine = quick_run(model, data, budget)
    monkeypatch.setattr(SideBySide, "takes_one", False)
    theirs = quick_run(model, data, budget)
    assert (mine.engine, theirs.engine) == ("together", "keras")
    for one, other in zip(mine.history[0], theirs.history[0], strict=True):
        assert one == pytest.approx(other, rel=1e-4)
