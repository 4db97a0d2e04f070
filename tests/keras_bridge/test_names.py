"""Names that Keras takes and TensorFlow refuses: shown as given, others inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.keras_bridge.rebuilding.names import accepted_names


def test_names_are_told_apart_and_others_stay() -> None:
    names = ["dense", "Größe 1", "Größe:1", "Gr__e_1", "_x"]
    made = accepted_names(names)
    assert made == {
        "dense": "dense",
        "Größe 1": "Gr__e_1_2",  # the third is called that already
        "Größe:1": "Gr__e_1_3",
        "Gr__e_1": "Gr__e_1",
        "_x": "layer_x",
    }


@pytest.mark.slow
def test_a_model_of_such_names_is_read_built_trained_and_saved(tmp_path: Path) -> None:
    layers = [kl.Dense(8, activation="relu", name="erste Größe"), kl.Dropout(0.1, name="a:b"), kl.Dense(2, name="Ω")]
    model = keras.Sequential([keras.Input((3,), name="der Eingang"), *layers], name="mein Modell: 1")
    space = sw.StructureSpace.from_keras(model)
    assert [name for name, group in space.width_groups.items() if not group.fixed] == ["erste Größe"]
    x = np.random.default_rng(0).normal(size=(80, 3)).astype("float32")
    data = sw.Data(x, x[:, 0] > 0)
    half = space.baseline.with_width("erste Größe", 4)
    for seeds in (1, 2):
        trial = sw.quick_run(half, data, sw.Budget(epochs=1, seeds=seeds), weights="inherit")
        assert (trial.state, trial.engine) == ("complete", "together")
    built = half.build(data=data)
    built.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    built.fit(data.x, data.y, verbose=0)
    built.save(tmp_path / "half.keras")
    again = sw.StructureSpace.from_keras(tmp_path / "half.keras")
    assert again.baseline.measure().n_params == half.measure().n_params
    assert {"erste Größe", "Ω"} <= set(half.measure().by_layer.index)


class Head(keras.layers.Layer):
    """A classifier with a temperature: opened to a layer and two operations."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units)

    def call(self, x: Any) -> Any:
        return keras.ops.softmax(self.dense(x) / 2.0)


@pytest.mark.slow
def test_outputs_keep_the_names_that_losses_and_targets_go_by() -> None:
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(12, name="hidden")(inputs)
    given = keras.Model(inputs, [Head(3, name="age")(hidden), Head(2, name="sex")(hidden)])
    copy = sw.StructureSpace.from_keras(given).baseline.with_width("hidden", 5).build()
    assert copy.output_names == given.output_names == ["age", "sex"]
    copy.compile("sgd", loss={"age": "mse", "sex": "mse"})
    copy.fit(np.zeros((4, 8)), {"age": np.zeros((4, 3)), "sex": np.zeros((4, 2))}, verbose=0)
