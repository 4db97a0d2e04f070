"""Runs of several seeds against Keras's own ``fit`` from the same start: models as the Keras documentation writes them.

One batch holds all samples, so that their order plays no part: the losses of two steps must agree, the second of which
sees the weights that the first has made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from structopt_widgets import StructureSpace
from structopt_widgets.keras_bridge import build_model
from structopt_widgets.training import Budget, Data, Trial, quick_run, train_together

pytestmark = pytest.mark.slow
layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype("float32")
Y = np.arange(60) % 3
DATA = Data(X[:40], Y[:40], X[40:], Y[40:])
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
    """An effect that Keras does not see: every trace counts."""

    traces = 0

    def call(self, inputs: Any) -> Any:
        type(self).traces += 1
        return inputs * (1 + 0.5 * type(self).traces)


def network(*between: Any, last: str | None = None, **options: Any) -> keras.Model:
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu", **options), *between, layers.Dense(3, last, name="scores")]
    )


def compiled(model: keras.Model, optimizer: Any = "sgd", loss: Any = None, **settings: Any) -> keras.Model:
    model.compile(optimizer, loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True), **settings)
    return model


def by_keras(model: keras.Model, seed: int, y: np.ndarray, data: Data = DATA) -> list[float]:
    """The losses of ``fit`` of a copy that starts as the run of ``seed`` does."""
    structure = StructureSpace.from_keras(model).baseline
    copy = build_model(structure, "fresh", compiled=False, seed=seed)
    fresh = type(model.optimizer).from_config(model.optimizer.get_config())
    weights = model._compile_loss._user_loss_weights
    copy.compile(fresh, model.loss, loss_weights=weights, jit_compile=False)
    return copy.fit(data.x, y, batch_size=len(y), epochs=3, shuffle=False, verbose=0).history["loss"]


def assert_equal(trial: Trial, model: keras.Model, y: np.ndarray = DATA.y) -> None:
    for seed, history in enumerate(trial.history):
        assert [each["loss"] for each in history] == pytest.approx(by_keras(model, seed, y), rel=1e-3, abs=1e-5)


def own_loss(y: Any, p: Any) -> Any:
    """A squared error of one-hot rows, written without a look at the shapes."""
    return ops.mean(ops.square(y - p), axis=-1)


CASES: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "add_loss": (lambda: compiled(network(ActivityPenalty())), "together"),
    "activity_regularizer": (lambda: compiled(network(activity_regularizer=keras.regularizers.L2(0.1))), "together"),
    "own layer": (lambda: compiled(network(Antirectifier())), "together"),
    "running total": (lambda: compiled(network(RunningTotal())), "together"),
    "spectral": (
        lambda: compiled(network(layers.SpectralNormalization(layers.Dense(5, "tanh")))),
        "keras: a layer assigns to",
    ),
    "assigns": (lambda: compiled(network(Shrinking())), "keras: a layer assigns to"),
    "noise": (lambda: compiled(network(layers.GaussianNoise(0.1))), "keras: .*draws random numbers"),
    "constraint": (lambda: compiled(network(kernel_constraint="max_norm")), "keras: .*has a constraint"),
    "clipvalue": (lambda: compiled(network(), keras.optimizers.SGD(0.5, clipvalue=1e-2)), "together"),
    "clipnorm": (lambda: compiled(network(), keras.optimizers.SGD(0.5, clipnorm=0.05)), "keras: .*clipnorm"),
    "global_clipnorm": (
        lambda: compiled(network(), keras.optimizers.SGD(0.5, global_clipnorm=0.05)),
        "keras: .*global_clipnorm",
    ),
    "ema": (lambda: compiled(network(), keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)), "keras: .*use_ema"),
    "accumulation": (
        lambda: compiled(network(), keras.optimizers.SGD(0.5, gradient_accumulation_steps=2)),
        "keras: .*gradient_accumulation_steps",
    ),
    "loss_scale_factor": (
        lambda: compiled(network(), keras.optimizers.SGD(0.5, loss_scale_factor=128.0)),
        "keras: .*loss_scale_factor",
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
    "weight decay": (lambda: compiled(network(), keras.optimizers.AdamW(1e-2, weight_decay=0.5)), "together"),
}


@pytest.mark.parametrize("name", CASES)
def test_two_seeds_are_what_fit_makes_of_them(name: str, caplog: pytest.LogCaptureFixture) -> None:
    make, engine = CASES[name]
    model = make()
    with caplog.at_level(logging.INFO, "structopt_widgets"):
        trial = quick_run(model, DATA, Budget(epochs=3, seeds=2, batch_size=40))
    assert trial.state == "complete", trial.reason
    assert_equal(trial, model)
    if engine == "together":
        assert trial.engine == "together"
        return
    start, _, why = engine.partition(": ")
    assert trial.engine.startswith(f"{start}: ")
    assert pytest.importorskip("re").search(why, trial.engine)
    assert trial.engine.partition(": ")[2] in caplog.text
