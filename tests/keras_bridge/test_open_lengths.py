"""Axes of any length stay so in a copy; the length given is for measuring."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class CausalBlock(kl.Layer):
    """Positions, heads and a causal mask: all of them as long as the tokens."""

    def __init__(self, longest: int, tokens: int, width: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.tokens, self.places = kl.Embedding(tokens, width), kl.Embedding(longest, width)
        self.query, self.key, self.value, self.out = (kl.Dense(width) for _ in range(4))

    def call(self, tokens: Any) -> Any:
        samples, length = ops.shape(tokens)
        x = self.tokens(tokens) + self.places(ops.arange(0, length, 1))

        def split(y: Any) -> Any:
            return ops.transpose(ops.reshape(y, (samples, length, self.heads, y.shape[-1] // self.heads)), (0, 2, 1, 3))

        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        place = ops.arange(length)
        hidden = ops.cast(place[:, None] < place, "float32")
        scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) - 1e9 * hidden)
        mixed = ops.transpose(ops.matmul(scores, value), (0, 2, 1, 3))
        return self.out(ops.reshape(mixed, (samples, length, x.shape[-1])))


class SinePositions(kl.Layer):
    """A table of sines (Vaswani et al. 2017), of which as many rows are taken as there are."""

    def build(self, shape: Any) -> None:
        place, wave = np.arange(64)[:, None], 10.0 ** -np.arange(shape[-1])
        self.table = ops.convert_to_tensor(np.sin(place * wave)[None], "float32")

    def call(self, x: Any) -> Any:
        return x + self.table[:, : ops.shape(x)[1], :]


def sequence(*layers: Any, width: int = 6) -> keras.Model:
    return keras.Sequential([keras.Input((None, width)), *layers])


@pytest.mark.slow
def test_lengths_within_a_layer_of_ones_own_follow_the_input(tmp_path: Any) -> None:
    tokens = keras.Input((None,), dtype="int32")
    model = keras.Model(tokens, kl.Dense(11)(CausalBlock(40, 11, 8, 2)(tokens)))
    space = sw.StructureSpace.from_keras(model, input_shape=(12,))
    assert space.baseline.function_changes() == {}
    copy = space.baseline.build()
    assert copy.inputs[0].shape == (None, None)
    assert copy.outputs[0].shape == (None, None, 11)
    for length in (12, 5, 33):
        batch = RNG.integers(0, 11, (3, length))
        np.testing.assert_allclose(copy(batch), model(batch), atol=1e-5)
    narrow = space.scaled(0.5).build()
    narrow.compile("sgd", "mse")
    narrow.fit(RNG.integers(0, 11, (4, 7)), np.zeros((4, 7, 11)), verbose=0)
    narrow.save(tmp_path / "narrow.keras")
    batch = RNG.integers(0, 11, (2, 20))
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "narrow.keras")(batch), narrow(batch), atol=1e-6)
    stored = sw.Structure.from_json(space.scaled(0.5).to_json())
    assert stored.build("fresh")(batch).shape == (2, 20, 11)
    assert stored.measure().macs == space.scaled(0.5).measure().macs


@pytest.mark.slow
def test_a_table_is_cut_at_the_input_s_length() -> None:
    model = sequence(SinePositions(), kl.Dense(4))
    copy = sw.StructureSpace.from_keras(model, input_shape=(9, 6)).baseline.build()
    for length in (9, 30):
        batch = RNG.normal(size=(2, length, 6)).astype("float32")
        np.testing.assert_allclose(copy(batch), model(batch), atol=1e-6)


@pytest.mark.slow
def test_images_of_any_size_keep_what_a_reshape_leaves_open() -> None:
    image = keras.Input((None, None, 3))
    x = kl.Conv2D(8, 3, strides=2, padding="same")(image)
    model = keras.Model(image, kl.Dense(2)(kl.Reshape((-1, 8))(x)))
    space = sw.StructureSpace.from_keras(model, input_shape=(16, 12, 3))
    narrow = space.scaled(0.5).build()
    assert narrow(np.zeros((2, 9, 21, 3))).shape == (2, 5 * 11, 2)
    code: dict[str, Any] = {}
    exec(space.baseline.code(), code)  # noqa: S102  # it is our own
    assert code["model"].inputs[0].shape == (None, None, None, 3)


class AsRead(kl.Layer):
    """Its scale is that of the length it is traced at, by means that are no operation."""

    def call(self, x: Any) -> Any:
        length = x.shape[1]
        return x if length is None else x * float(np.sqrt(length))


class LongOnes(kl.Layer):
    """Doubles what is long; at lengths like the one it is read at nothing shows that there is another way."""

    def call(self, x: Any) -> Any:
        length = ops.shape(x)[1]
        return x * 2.0 if isinstance(length, int) and length > 6 else x


@pytest.mark.slow
@pytest.mark.parametrize("layers", [[AsRead()], [AsRead(), kl.Dense(3)], [LongOnes()]])
def test_what_no_copy_can_follow_is_told_and_stays(layers: list[Any]) -> None:
    model = sequence(kl.Dense(4), *layers)
    space = sw.StructureSpace.from_keras(model, input_shape=(9, 6))
    (reason,) = space.baseline.function_changes().values()
    assert "takes samples of (9, 6) alone in a copy" in reason
    assert space.baseline.build().inputs[0].shape == (None, 9, 6)


def test_an_axis_that_has_a_length_keeps_it() -> None:
    model = keras.Sequential([keras.Input((9, 6)), kl.Dense(4)])
    assert sw.StructureSpace.from_keras(model, input_shape=(9, 6)).baseline.build().inputs[0].shape == (None, 9, 6)
