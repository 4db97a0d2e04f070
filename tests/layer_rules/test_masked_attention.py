"""Attention of one head that is told which positions count: a mask ties lengths, and costs nothing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops

import structopt_widgets as sw

RNG = np.random.default_rng(0)


class Attends(kl.Layer):
    """Asks the words that are there; with a key of its own, and queries that may be left out."""

    def __init__(self, attention: kl.Layer, whole: bool) -> None:
        super().__init__()
        self.attention, self.whole = attention, whole

    def call(self, query: Any, value: Any, words: Any) -> Any:
        there = ops.not_equal(words, 0)
        if self.whole:
            return self.attention([query, value, value], mask=[ops.any(query > 0, -1), there])
        return self.attention([query, value], mask=[None, there])


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("kind", [kl.Attention, kl.AdditiveAttention])
def test_masks_that_are_passed_cost_nothing_and_keep_widths_free(kind: Any, whole: bool) -> None:
    def model_of(masked: bool) -> keras.Model:
        words, asked = keras.Input((6,), dtype="int32"), keras.Input((4, 5))
        value, query = kl.Embedding(20, 8)(words), kl.Dense(8)(asked)
        attention = kind(use_scale=True)
        made = (
            Attends(attention, whole)(query, value, words) if masked else attention([query, value, value][: 2 + whole])
        )
        return keras.Model([words, asked], kl.Dense(2)(kl.GlobalAveragePooling1D()(made)))

    model = model_of(masked=True)
    space = sw.StructureSpace.from_keras(model)
    cost, plain = space.baseline.measure(), sw.measure(model_of(masked=False))
    assert not cost.uncounted
    assert cost.macs == plain.macs
    # Only what makes the masks: a comparison for each word, and of each element of the queries with a sum of truths.
    assert cost.flops - plain.flops == 6 + (4 * 8 + 4 * 7 if whole else 0)
    assert [each.fixed for each in space.width_groups.values()] == [False, True]
    batch = [RNG.integers(0, 3, (3, 6)), RNG.normal(size=(3, 4, 5)).astype("float32")]
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-6)
    narrow = space.scaled(0.5)
    assert narrow.build().count_params() == narrow.measure().n_params
