"""What a model defines for its training is in no copy, and that is said."""

import keras
import numpy as np
from keras import layers

import structopt_widgets as sw


class Distilled(keras.Model):
    """Trained towards numbers of its own."""

    def train_step(self, data):
        return {"loss": keras.ops.mean(self(data, training=True))}


class Called(keras.Model):
    """The same with a ``call()`` of its own."""

    train_step = Distilled.train_step

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, name="dense")

    def call(self, x):
        return self.dense(x)


def test_own_training_is_told_of_functional_and_subclassed_models() -> None:
    inputs = keras.Input((3,))
    functional = Distilled(inputs, layers.Dense(4, name="dense")(inputs), name="distilled")
    subclassed = Called()
    subclassed(np.zeros((1, 3), "float32"))
    for model in (functional, subclassed):
        baseline = sw.StructureSpace.from_keras(model).baseline
        assert [*baseline.function_changes()] == [f"{model.name}.train_step()"]
        said = [str(each) for each in sw.findings(baseline)]
        assert any("train_step() is the model's own" in each for each in said), said
        np.testing.assert_array_equal(model(np.ones((2, 3), "float32")), baseline.build()(np.ones((2, 3), "float32")))


def test_nothing_is_told_of_a_model_that_keras_trains() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    assert sw.StructureSpace.from_keras(model).baseline.function_changes() == {}
