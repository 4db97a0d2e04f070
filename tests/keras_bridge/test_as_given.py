"""A layer that stays one call and that its class cannot make again runs on weights of a copy's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class TurnsRoundInTraining(keras.Model):
    """As a flow runs its steps from the other end; without ``get_config()``, and trained by default."""

    def __init__(self, steps: int, width: int) -> None:
        super().__init__(name="own")
        self.steps = [kl.Dense(width, "tanh") for _ in range(steps)]
        self.normalization, self.dropout = kl.BatchNormalization(), kl.Dropout(0.5, seed=1)
        self.first = self.add_weight(shape=(width,), name="first", regularizer=keras.regularizers.L2(0.5))

    def call(self, inputs: Any, training: bool = True) -> Any:
        for step in self.steps[:: -1 if training else 1]:
            inputs = step(inputs)
        self.add_loss(ops.mean(inputs))
        return self.dropout(self.normalization(inputs * (1 + self.first)))


@pytest.fixture
def given() -> Any:
    keras.utils.set_random_seed(0)
    model = TurnsRoundInTraining(3, 4)
    model(np.ones((2, 4), "float32"), training=False)
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).uniform(0.5, 1.0, weight.shape))
    return model


def batch() -> Any:
    return np.random.default_rng(1).normal(size=(5, 4)).astype("float32")


@pytest.mark.slow
def test_a_copy_is_the_given_model_on_weights_of_its_own(given: Any) -> None:
    copy = sw.StructureSpace.from_keras(given).baseline.build()
    np.testing.assert_allclose(copy(batch(), training=False), given(batch(), training=False), rtol=1e-6)
    assert [tuple(each.shape) for each in copy.weights] == [tuple(each.shape) for each in given.weights]
    assert not {id(each) for each in copy.variables} & {id(each) for each in given.variables}
    before = [np.array(each) for each in given.variables]
    copy.compile("sgd", "mse")
    trained = [np.array(each) for each in copy.weights]
    copy.fit(batch(), np.zeros((5, 4)), verbose=0)
    assert all(np.any(one != np.asarray(other)) for one, other in zip(trained, copy.weights, strict=True))
    assert all(np.array_equal(one, np.asarray(other)) for one, other in zip(before, given.variables, strict=True))


def test_its_losses_are_those_of_its_code_and_of_its_weights_once(given: Any) -> None:
    copy = sw.StructureSpace.from_keras(given).baseline.build()
    for training in (False, True):
        copy(batch(), training=training), given(batch(), training=training)
        np.testing.assert_allclose(sum(map(float, copy.losses)), sum(map(float, given.losses)), rtol=1e-6)


@pytest.mark.slow
def test_fresh_weights_are_others_and_follow_from_the_seed(given: Any) -> None:
    structure = sw.StructureSpace.from_keras(given).baseline
    one, again, other = (structure.build("fresh", seed=seed) for seed in (1, 1, 2))
    kernels = [np.asarray(model.weights[0]) for model in (one, again, other, given)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert np.any(kernels[0] != kernels[2])
    assert np.any(kernels[0] != kernels[3])


def test_a_file_says_what_is_missing(given: Any, tmp_path: Path) -> None:
    copy = sw.StructureSpace.from_keras(given).baseline.build()
    with pytest.raises(NotImplementedError, match="Define get_config\\(\\) in TurnsRoundInTraining"):
        copy.save(tmp_path / "model.keras")


class RetrievesWhenUsed(keras.Model):
    """Looks its own table up beside, unless it is trained: of another layer, which holds the table too."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__(name="own")
        self.table, self.score = kl.Embedding(rows, width), kl.Dense(width)
        self.retrieval = Nearest()

    def build(self, shape: Any) -> None:
        self.table.build(shape)
        self.retrieval.rows = self.table.embeddings
        super().build(shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        made = {"found": self.score(self.table(inputs))}
        if not training:
            made["nearest"] = self.retrieval(made["found"])
        return made


class Nearest(kl.Layer):
    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, ops.transpose(self.rows))


def test_a_layer_that_only_runs_when_the_model_is_used_is_opened_all_the_same() -> None:
    model = RetrievesWhenUsed(9, 6)
    model(np.zeros((2,), "int32"))
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert cost.n_params == model.count_params()
    assert not cost.uncounted
    assert "computes otherwise in training" in space.baseline.function_changes()["own"]
    ids = np.arange(9, dtype="int32")
    copy = space.baseline.build()
    for name, value in model(ids).items():
        np.testing.assert_allclose(copy(ids)[name], value, rtol=1e-5)


class AsksForItsMode(keras.Model):
    """Without a default, which Keras lets be said at each call only."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.inner, self.dropout, self.outer = kl.Dense(8), kl.Dropout(0.5), kl.Dense(3)

    def call(self, inputs: Any, training: Any) -> Any:
        return self.outer(self.dropout(self.inner(inputs), training=training))


def test_a_model_that_asks_for_its_mode_is_read_as_it_is_used() -> None:
    model = AsksForItsMode()
    model(np.ones((2, 4), "float32"), training=False)
    space = sw.StructureSpace.from_keras(model)
    assert [each.width for each in space.width_groups.values() if not each.fixed] == [8]
    np.testing.assert_allclose(space.baseline.build()(batch()), model(batch(), training=False), rtol=1e-5)


class TakesTheSmallerOfTwo(kl.Layer):
    def call(self, inputs: Any) -> Any:
        rows = ops.minimum(4, ops.shape(inputs)[1])
        return ops.reshape(inputs, (-1, rows, inputs.shape[1] // 4, inputs.shape[2]))


def test_a_length_that_is_computed_is_a_number() -> None:
    inputs = keras.Input((8, 5))
    model = keras.Model(inputs, kl.Dense(3)(TakesTheSmallerOfTwo()(kl.Dense(7)(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
