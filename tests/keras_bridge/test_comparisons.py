"""``x == 0`` in a layer of one's own, which Keras's symbolic tensors themselves answer by saying what is one thing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras import ops

import structopt_widgets as sw


class LooksForTokens(kl.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = kl.Embedding(9, 6)

    def build(self, shape: Any) -> None:
        self.table.build(shape)
        self.built = True

    def call(self, x: Any) -> Any:
        assert x != None  # noqa: E711  # as people write it
        known, first = x != 0, np.array([1, 2, 3]) == x
        third, same = tf.constant(3) == x, x == x[:, ::-1]
        weight = sum(ops.cast(each, "float32") * (2 + n) for n, each in enumerate((known, first, third, same)))
        return ops.sum(self.table(x) * weight[..., None], axis=1)


@pytest.mark.slow
def test_comparisons_are_operations() -> None:
    model = keras.Sequential([keras.Input((3,), dtype="int32"), LooksForTokens(), kl.Dense(2)])
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert [group.width for group in space.width_groups.values() if not group.fixed] == [6]
    tokens = np.array([[1, 3, 3], [0, 2, 0], [3, 5, 8]])
    np.testing.assert_allclose(space.baseline.build("inherit")(tokens), model(tokens), atol=1e-6)


def test_reading_leaves_comparison_to_keras() -> None:
    model = keras.Sequential([keras.Input((3,), dtype="int32"), LooksForTokens(), kl.Dense(2)])
    sw.StructureSpace.from_keras(model)
    one, other = keras.KerasTensor((2,)), keras.KerasTensor((2,))
    assert (one == one, one == other) == (True, False)
