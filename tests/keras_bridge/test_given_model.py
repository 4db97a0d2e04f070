"""verify() holds the copy against the model that was given: what reading got wrong is said."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.keras_bridge.verifying.given_model import QUANTITY, compare_outputs

INFERENCE, TRAINING = f"{QUANTITY}, inference", f"{QUANTITY}, training"


class CountsItsCalls(kl.Layer):
    """Plain operations, so that it is opened, and an effect that no tracing sees."""

    calls = 0

    def call(self, inputs: Any) -> Any:
        type(self).calls += 1
        return inputs * (1 + 0.5 * type(self).calls)


class BranchesOnTraining(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.head = kl.Dense(5, activation="relu"), kl.Dense(3)

    def call(self, inputs: Any, training: bool = False) -> Any:
        made = self.hidden(inputs)
        return self.head(made * 2.0 if training else made)


def chain(*layers: kl.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(8, activation="relu"), *layers, kl.Dense(3)])


def rows(model: keras.Model) -> dict[str, Any]:
    return {row.quantity: row for row in compare_outputs(sw.StructureSpace.from_keras(model))}


def test_an_effect_that_tracing_cannot_see_is_said() -> None:
    found = sw.measure(chain(CountsItsCalls(name="own"))).verify()
    assert not found.ok
    assert found.row(INFERENCE).ours > 0
    assert INFERENCE in str(found).splitlines()[-1]


@pytest.mark.slow
def test_a_branch_on_training_is_kept() -> None:
    model = BranchesOnTraining()
    model(np.zeros((1, 6), "float32"))
    found = rows(model)
    assert found[INFERENCE].agrees
    assert found[TRAINING].agrees


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["mlp", "residual_cnn", "bilstm_tagger", "two_inputs_two_outputs", "nested_called_twice"]
)
def test_what_is_read_right_agrees_and_nothing_of_the_model_changes(name: str) -> None:
    model = ZOO[name].make()
    before = [np.asarray(variable) for variable in model.variables]
    found = rows(model)
    assert found[INFERENCE].agrees
    assert all(row.agrees is not False for row in found.values())
    assert all(np.array_equal(old, new) for old, new in zip(before, model.variables, strict=True))


@pytest.mark.slow
def test_what_is_not_compared_says_why() -> None:
    with sw.without_weights():
        model = chain()
    (row,) = rows(model).values()
    assert row.agrees is None
    assert "no weights" in row.explanation
    space = sw.StructureSpace.from_keras(chain())
    (row,) = compare_outputs(sw.Structure.from_json(space.baseline.to_json()).space)
    assert "comes from a file" in row.explanation


@pytest.mark.parametrize("layer", [kl.Dropout(0.5), kl.GaussianNoise(0.3), kl.SpatialDropout1D(0.5)])
def test_what_draws_in_training_is_compared_too(layer: kl.Layer) -> None:
    reshaped = (kl.Reshape((2, 4)), layer, kl.Flatten())
    found = rows(chain(*(reshaped if isinstance(layer, kl.SpatialDropout1D) else (layer,))))
    assert found[INFERENCE].agrees
    assert found[TRAINING].agrees


def test_a_model_that_draws_whenever_it_is_called_agrees_with_its_copy() -> None:
    class Noisy(kl.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs + keras.random.normal(keras.ops.shape(inputs))

    found = rows(chain(Noisy(name="own")))
    assert found[INFERENCE].agrees
    assert found[TRAINING].agrees is not False
