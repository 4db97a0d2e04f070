"""Reading ends with a proof: a layer that does something else than its operations is kept whole, and says so."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw
from structopt_widgets.keras_bridge.proving.tiny_batches import differ
from structopt_widgets.keras_bridge.verifying.given_model import compare_outputs


class CountsItsCalls(kl.Layer):
    def __init__(self) -> None:
        super().__init__(name="own")
        self.calls = 0

    def call(self, inputs: Any) -> Any:
        self.calls += 1
        return inputs * (1 + 0.5 * self.calls)


class DoublesTensorsThatHaveValues(kl.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs if isinstance(inputs, keras.KerasTensor) else inputs * 2.0


class FreezesNormalization(kl.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.normalization = kl.BatchNormalization()

    def call(self, inputs: Any) -> Any:
        return self.normalization(inputs, training=False)


class TrainsByDefault(kl.Layer):
    def call(self, inputs: Any, training: bool = True) -> Any:
        return inputs * 2.0 if training else inputs * 1.0


class FreezesItsBackbone(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="own")
        self.backbone = keras.Sequential([kl.Dense(8), kl.BatchNormalization()])
        self.head = kl.Dense(3)

    def call(self, inputs: Any) -> Any:
        return self.head(self.backbone(inputs, training=False))


class MasksWhatItEmbeds(kl.Layer):
    """Made of an operation, so that no layer of Keras's hands the mask on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = kl.Embedding(20, 8)

    def call(self, inputs: Any) -> Any:
        return self.table(inputs) * 2.0

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0)


def chain(layer: kl.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(8, activation="relu"), layer, kl.Dense(3)])


def called(model: keras.Model) -> keras.Model:
    model(np.zeros((2, 6), "float32"))
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: chain(CountsItsCalls()), "each time it is called"),
        (lambda: chain(DoublesTensorsThatHaveValues(name="own")), "inference"),
        (lambda: chain(TrainsByDefault(name="own")), "computes otherwise in training"),
    ],
    ids=["state", "values", "default"],
)
def test_what_operations_do_not_say_keeps_a_layer_whole(model: Any, reason: str) -> None:
    given = model()
    before = [np.asarray(each) for each in given.variables]
    space = sw.StructureSpace.from_keras(given)
    assert reason in space.graph.layers["own"].closed
    assert space.baseline.measure().n_params == given.count_params()
    assert space.source.unproven == ""
    assert all(np.array_equal(old, new) for old, new in zip(before, given.variables, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [lambda: chain(FreezesNormalization(name="own")), lambda: called(FreezesItsBackbone())]
)
def test_what_is_always_called_for_inference_is_so_in_the_copy(model: Any) -> None:
    space = sw.StructureSpace.from_keras(model())
    assert not space.baseline.measure().uncounted
    compared = compare_outputs(space)
    assert len(compared) == 2
    assert all(row.agrees for row in compared)


class NormalizesInside(kl.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense, self.normalization = kl.Dense(8), kl.BatchNormalization()

    def call(self, inputs: Any) -> Any:
        return self.normalization(self.dense(inputs))


class TakesNoTrainingArgument(keras.Model):
    """As tutorials write it: what is inside is told of training all the same, where the model is called for it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = NormalizesInside(), kl.Dense(3)

    def call(self, inputs: Any) -> Any:
        return self.head(self.inner(inputs))


@pytest.mark.slow
def test_layers_are_told_of_training_by_a_model_whose_call_is_not() -> None:
    given = called(TakesNoTrainingArgument())
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    assert all(row.agrees for row in compare_outputs(space))
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    copy = space.baseline.build("inherit")
    in_training = np.asarray(given(x, training=True))
    assert not np.allclose(in_training, given(x))
    np.testing.assert_allclose(copy(x, training=True), in_training, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("reads", ["attention", "product"])
def test_a_mask_is_hung_on_what_a_layer_of_ones_own_makes(reads: str) -> None:
    inputs = keras.Input((7,), dtype="int32")
    x = MasksWhatItEmbeds()(inputs)
    y = kl.MultiHeadAttention(2, 4)(x, x) if reads == "attention" else kl.Multiply()([x, kl.Dense(8)(x)])
    model = keras.Model(inputs, kl.Dense(3)(kl.GlobalAveragePooling1D()(y)))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert all(row.agrees is not False for row in compare_outputs(space))
    copy = space.baseline.build()
    tokens = np.array([[3, 5, 1, 0, 0, 0, 0], [2, 9, 0, 4, 0, 0, 0]])
    np.testing.assert_allclose(copy(tokens), model(tokens), atol=1e-5)


@pytest.mark.slow
def test_a_model_without_weights_says_that_it_is_not_compared() -> None:
    with sw.without_weights():
        model = chain(TrainsByDefault(name="own"))
    assert "no weights" in sw.StructureSpace.from_keras(model).source.unproven


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("theirs", "ours", "is_same"),
    [
        ([NAN, 0.02], [NAN, 0.02000001], True),  # no number in one place, another order of sums in the next
        ([INF, 0.02], [INF, 0.02000001], True),
        ([INF, 0.02], [INF, 0.5], False),  # an infinity is no scale beside which all else is equal
        ([INF, 0.02], [-INF, 0.02], False),
        ([NAN, 0.02], [0.0, 0.02], False),
        ([0.0, 0.02], [NAN, 0.02], False),
        ([2000.0, 0.02], [2000.0, 0.1], True),  # a tolerance of the largest
        ([], [], True),
    ],
)
def test_rounding_is_told_from_a_difference_beside_what_is_no_number(
    theirs: list[float], ours: list[float], is_same: bool
) -> None:
    assert bool(differ(ops.array(theirs), ops.array(ours))) is not is_same


def test_a_model_that_tensorflow_compiles_is_compared_as_it_is_written() -> None:
    class Compiled(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.out = keras.Sequential([kl.Dense(4)]), kl.Dense(3)

        @tf.function
        def call(self, x: Any, training: Any = None) -> Any:
            return self.out(self.inner(x))

    model = Compiled()
    model(np.zeros((2, 5), "float32"))
    assert not sw.StructureSpace.from_keras(model).source.unproven
