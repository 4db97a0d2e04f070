"""Structures trained together are each what they would be alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import keras
import numpy as np
import pytest

from structopt_widgets import Structure, StructureSpace
from structopt_widgets.keras_bridge import build_model
from structopt_widgets.training import Budget, Data, load_data, train_together
from structopt_widgets.training.fitting import Samples, fit
from structopt_widgets.training.inputs import fit_x
from structopt_widgets.training.objective import choose_objective
from structopt_widgets.training.progress import Watch
from structopt_widgets.training.run import Run
from structopt_widgets.training.together.engine import fit_stack
from structopt_widgets.training.together.members import present_weights

pytestmark = pytest.mark.slow
layers = keras.layers


def pictures() -> Data:
    data = load_data("fashion")
    return Data(data.x[:90], data.y[:90], data.x_val[:50], data.y_val[:50], name="some fashion")


def names() -> Data:
    data = load_data("surnames")
    rows = np.arange(90) * 40
    return Data(data.x[rows], data.y[rows], data.x_val[:50], data.y_val[:50], name="some names")


def mlp() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(12, "relu", name="one", kernel_regularizer="l2"),
            layers.Dense(8, "relu", name="two"),
            layers.Dense(10),
        ]
    )


def dropped() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(12, "relu", name="one"),
            layers.Dropout(0.4),
            layers.Dense(8, "tanh", name="two"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )


def cnn() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.Conv2D(4, 2, activation="relu"),
            layers.SpatialDropout2D(0.2),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def normalized() -> keras.Model:
    image = keras.Input((14, 14, 1))
    x = layers.Conv2D(6, 3, use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    y = layers.Conv2D(6, 3, padding="same", dilation_rate=2)(x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.Concatenate()([x, layers.Conv2D(4, 1, groups=2)(x)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10)(x))


def line() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14, 14)),
            layers.Conv1D(6, 3, padding="causal", activation="relu"),
            layers.AveragePooling1D(2),
            layers.Conv1D(4, 2, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(10),
        ]
    )


def attentive() -> keras.Model:
    letters = keras.Input((14,), dtype="int32")
    x = layers.Embedding(28, 8)(letters)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)])
    x = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.Dense(8)(layers.Dense(12, "gelu")(x))])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(letters, layers.Dense(12)(x))


def recurrent(kind: str) -> Callable[[], keras.Model]:
    def make() -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((14,), dtype="int32"),
                layers.Embedding(28, 6, mask_zero=True),
                getattr(layers, kind)(8),
                layers.Dense(12),
            ]
        )

    make.__name__ = kind
    return make


def both_ways() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14,), dtype="int32"),
            layers.Embedding(28, 6),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(4)),
            layers.Flatten(),
            layers.Dense(12),
        ]
    )


MODELS = [mlp, dropped, cnn, normalized, line, attentive, both_ways, *map(recurrent, ("SimpleRNN", "LSTM", "GRU"))]


def samples_of(structure: Structure, data: Data) -> Samples:
    graph = structure.space.graph
    reads = graph.tensors[graph.input_tensors[0]]
    x, x_val = (fit_x(each, reads.shape, reads.dtype) for each in (data.x, data.x_val))
    return Samples(x, data.y, x_val, data.y_val)


def some_structures(model: keras.Model, elementwise: bool = True) -> list[Structure]:
    """The baseline, a narrow one, a wide one, and a random one with other activations and biases."""
    space = StructureSpace.from_keras(model)
    rng = random.Random(3)
    drawn = space.sample(rng)
    for layer in drawn.activations:
        options = ("relu", "sigmoid", "tanh") if elementwise else (space.baseline.activations[layer],)
        if layer not in space.graph.layers or space.graph.layers[layer].name == list(space.graph.layers)[-1]:
            options = ("linear",)
        drawn = drawn.with_activation(layer, rng.choice(options))
    return [space.baseline, space.scaled(0.5), space.scaled(1.5), drawn]


def both(structures: list[Structure], data: Data, budget: Budget) -> tuple[list[Run], list[Run], float]:
    """The same runs together and alone, and the largest difference of a weight after training."""
    objective = choose_objective(structures[0], data)
    samples = samples_of(structures[0], data)

    def runs() -> list[Run]:
        return [Run(trial, 0, each, seed=trial) for trial, each in enumerate(structures)]

    def watch() -> Watch:
        return Watch(100, 10, 1, len(structures), objective.metric, None, None)

    together, alone = runs(), runs()
    stack = fit_stack(together, objective, samples, budget, "fresh", watch())
    worst = 0.0
    for number, run in enumerate(alone):
        model = fit(run, objective, samples, budget, "fresh", watch())
        mine = stack.weights(number)
        for operation in model.operations:
            for place, variable in present_weights(run.structure, operation.name, operation).items():
                theirs = np.asarray(variable)
                assert mine[operation.name, place].shape == theirs.shape
                worst = max(worst, float(np.abs(mine[operation.name, place] - theirs).max()))
        start = build_model(run.structure, "fresh", compiled=False, seed=run.seed)
        moved = [
            np.abs(np.asarray(one) - np.asarray(other)).max()
            for one, other in zip(start.trainable_variables, model.trainable_variables, strict=True)
        ]
        assert max(moved) > 1e-3  # there was something to agree about
    return together, alone, worst


def assert_alike(together: list[Run], alone: list[Run], worst: float, tolerance: float = 2e-4) -> None:
    assert worst < tolerance
    for one, other in zip(together, alone, strict=True):
        assert one.is_finished
        assert other.is_finished
        assert len(one.history) == len(other.history)
        for mine, theirs in zip(one.history, other.history, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_members_are_mathematically_alone(make: Callable[[], keras.Model]) -> None:
    structures = some_structures(make())
    data = pictures() if structures[0].space.graph.tensors[0].dtype == "float32" else names()
    # 90 samples: the last batch of an epoch is smaller.
    budget = Budget(epochs=2, batch_size=32, optimizer="sgd", learning_rate=0.05)
    assert_alike(*both(structures, data, budget))
