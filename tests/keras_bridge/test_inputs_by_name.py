"""Inputs that only their use or their name tells apart: places among numbers, keys of a table, shapes by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

ROWS, STEPS = 30, 4


class ByPlaces(keras.Model):
    """Looks rows up by one input, a step by another, and multiplies by a third, which has fractions."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.out = kl.Embedding(ROWS, 6), kl.Dense(2)

    def build(self, _: Any) -> None:
        self.rows = self.add_weight(shape=(ROWS, 6), name="rows")
        self.built = True

    def call(self, inputs: Any) -> Any:
        x = (self.tokens(inputs["ids"]) + ops.take(self.rows, inputs["ids"] + 0, axis=0)) * inputs["scale"][..., None]
        last = ops.maximum(inputs["lengths"] - 1, 0)
        return self.out(ops.squeeze(ops.take_along_axis(x, last[:, None, None], axis=1), 1))


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends take places that are fractions")
def test_what_is_looked_up_by_is_whole_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(0)
    batch = {
        "ids": rng.integers(0, ROWS, (3, STEPS)).astype("int32"),
        "lengths": np.array([4, 2, 1], "int32"),  # less than there are rows: larger ones TensorFlow refuses
        "scale": rng.normal(size=(3, STEPS)).astype("float32"),
    }
    given = ByPlaces()
    expected = given(batch)
    space = sw.StructureSpace.from_keras(given)
    assert not space.source.unproven
    copy = space.baseline.build("inherit")
    assert {each.name: each.dtype for each in copy.inputs} == {"ids": "int32", "lengths": "int32", "scale": "float32"}
    np.testing.assert_allclose(copy(batch), expected, atol=1e-5)


@pytest.mark.parametrize("places", [{"default_value": 2}, {"num_oov_buckets": 2}])
def test_a_table_of_texts_is_looked_up_in_the_copy_and_in_its_file(places: dict[str, int], tmp_path: Path) -> None:
    pairs = tf.lookup.KeyValueTensorInitializer(["b", "a"], tf.constant([0, 1], tf.int64))
    is_plain = "default_value" in places
    table = (tf.lookup.StaticHashTable if is_plain else tf.lookup.StaticVocabularyTable)(pairs, **places)

    class Own(kl.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.table, self.rows = table, kl.Embedding(4, 5, name="rows")

        def call(self, x: Any) -> Any:
            return tf.reduce_sum(self.rows(self.table.lookup(x)), axis=1)

    inputs = keras.Input((2,), dtype="string")
    given = keras.Model(inputs, kl.Dense(3, name="out")(Own()(inputs)))
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    batch = tf.constant([["a", "b"], ["b", "never seen"], ["another", "a"]])
    copy = space.baseline.build("inherit")
    np.testing.assert_allclose(copy(batch), given(batch), atol=1e-6)
    copy.save(tmp_path / "copy.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "copy.keras")(batch), given(batch), atol=1e-6)
    assert space.baseline.with_width("rows", 2).build()(batch).shape == (3, 3)


def test_shapes_by_name_are_those_of_the_inputs_of_that_name() -> None:
    first, second = keras.Input((None, 3), name="z"), keras.Input((None, 3), name="a")
    pooled = [kl.GlobalAveragePooling1D()(each) for each in (first, second)]
    space = sw.StructureSpace.from_keras(
        keras.Model([first, second], kl.Dense(2)(kl.Concatenate()(pooled))), input_shape={"z": (7, 3), "a": (4, 3)}
    )
    lengths = {call.layer: space.graph.tensors[call.outputs[0]].shape for call in space.graph.calls}
    assert (lengths["z"], lengths["a"]) == ((7, 3), (4, 3))


class Branching(keras.Model):
    """Returns a dictionary whose keys are not sorted, and computes otherwise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.one, self.two = kl.Dense(5), kl.Dense(2), kl.Dense(3)

    def call(self, x: Any, training: bool = False) -> Any:
        h = self.hidden(x)
        h = h * 2.0 if training else h
        return {"z": self.one(h), "a": self.two(h)}


@pytest.mark.slow
def test_outputs_by_name_of_a_model_that_is_kept_whole_fit_its_rule() -> None:
    given = Branching()
    given(np.zeros((1, 4), "float32"))
    cost = sw.StructureSpace.from_keras(given).baseline.measure()
    assert not cost.uncounted
    assert cost.macs == 4 * 5 + 5 * 2 + 5 * 3
