"""Models of several inputs: read with data, trained alone and together, swept and explored."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw

RNG = np.random.default_rng(0)
LEFT = RNG.normal(size=(240, 4)).astype("float32")
RIGHT = RNG.integers(0, 6, (240, 5))
Y = (LEFT[:, 0] + (RIGHT == 2).sum(axis=1) > 0.8).astype(int)


def data() -> sw.Data:
    return sw.Data({"left": LEFT, "right": RIGHT}, Y)


def two_inputs(as_dictionary: bool) -> keras.Model:
    right = keras.Input((5,), name="right", dtype="int32")  # made first: names decide, not the order of making
    left = keras.Input((4,), name="left")
    seen = kl.GlobalAveragePooling1D()(kl.Embedding(6, 4, name="letters")(right))
    joined = kl.Concatenate()([kl.Dense(8, activation="relu", name="wide")(left), seen])
    inputs = {"right": right, "left": left} if as_dictionary else [right, left]
    return keras.Model(inputs, kl.Dense(2, name="out")(joined))


def test_the_parts_have_every_input() -> None:
    some = data()
    assert some.input_shape == {"left": (4,), "right": (5,)}
    assert len(some.x["left"]) == len(some.x["right"]) == len(some.y) == 192
    order = {row.tobytes(): place for place, row in enumerate(LEFT)}
    places = [order[row.tobytes()] for row in some.x_val["left"]]
    assert np.array_equal(some.x_val["right"], RIGHT[places])
    assert np.array_equal(some.y_val, Y[places])
    assert some.fingerprint != sw.Data({"left": LEFT, "other": RIGHT}, Y).fingerprint
    assert set(sw.reference_scores(some)) == {"chance", "linear model"}


@pytest.mark.slow
@pytest.mark.parametrize("as_dictionary", [True, False])
def test_alone_and_together_are_the_same(as_dictionary: bool) -> None:
    space = sw.StructureSpace.from_keras(two_inputs(as_dictionary), data=data())
    alone = [sw.quick_run(space.baseline, data(), sw.Budget(epochs=2, seeds=[seed])) for seed in (0, 1)]
    both = sw.quick_run(space.baseline, data(), sw.Budget(epochs=2, seeds=2))
    assert both.engine == "together"
    assert [each.engine for each in alone] == ["keras", "keras"]
    for place, each in enumerate(alone):
        assert both.history[place][-1]["val_loss"] == pytest.approx(each.history[0][-1]["val_loss"], rel=1e-4)


@pytest.mark.slow
def test_an_unbuilt_model_is_read_with_the_data_and_swept() -> None:
    class Both(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.letters, self.wide, self.out = kl.Embedding(6, 4), kl.Dense(8, name="wide"), kl.Dense(2)

        def call(self, inputs: dict) -> keras.KerasTensor:
            seen = keras.ops.mean(self.letters(inputs["right"]), axis=1)
            return self.out(keras.ops.concatenate([self.wide(inputs["left"]), seen], axis=-1))

    space = sw.StructureSpace.from_keras(Both(), data=data())
    table = sw.Study().sweep(space, data(), 2, budget=sw.Budget(epochs=1), show_progress=False)
    assert table["state"].tolist() == ["complete", "complete"]
    assert sw.explore(space, data=data()).space is space


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ({"left": LEFT, "wrong": RIGHT}, r"each of the 2 inputs .* got 'left', 'wrong'. Pass Data\(\{'right'"),
        (LEFT, "each of the 2 inputs .* got one array"),
        ({"left": LEFT, "right": RIGHT + 1}, "tokens from 0 to 5, which 'letters' knows, got 1 to 6"),
        ({"left": LEFT[:, :3], "right": RIGHT}, r"samples of shape \(4,\) for the input 'left'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x: object, message: str) -> None:
    space = sw.StructureSpace.from_keras(two_inputs(False))
    with pytest.raises(ValueError, match=message):
        sw.quick_run(space.baseline, sw.Data(x, Y))


def test_fractions_are_no_tokens() -> None:
    model = keras.Sequential([keras.Input((5,)), kl.Embedding(6, 4, name="letters"), kl.Flatten(), kl.Dense(2)])
    with pytest.raises(ValueError, match="whole numbers as tokens, which 'letters' looks up, got fractions"):
        sw.quick_run(model, sw.Data(RIGHT * 0.5, Y))


def test_inputs_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"240 samples in x\['right'\] and 239 labels in y"):
        sw.Data({"left": LEFT[:239], "right": RIGHT}, Y[:239])
    with pytest.raises(ValueError, match="by the names of the model's inputs"):
        sw.Data({0: LEFT}, Y)
