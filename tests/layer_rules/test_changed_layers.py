"""Quantized layers and those with a low-rank adapter: counted, rebuilt, and not resized."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw

POSITIONS, WIDTHS = 5, (6, 8, 4)
RANK = 2


def dense() -> keras.Model:
    inputs = keras.Input((POSITIONS, WIDTHS[0]))
    return keras.Model(inputs, kl.Dense(WIDTHS[2])(kl.Dense(WIDTHS[1], activation="relu", name="made")(inputs)))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["lora", "int8", "int4", "float8"])
def test_a_changed_layer_is_counted_rebuilt_and_keeps_its_size(how: str) -> None:
    model = dense()
    if how == "lora":
        model.get_layer("made").enable_lora(RANK)
    else:
        for layer in model.layers[1:]:  # the model's own method warns about its input
            layer.quantize(how)
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    assert cost.weight_bytes == sum(np.asarray(weight).nbytes for weight in model.weights)
    products = POSITIONS * (WIDTHS[0] * WIDTHS[1] + WIDTHS[1] * WIDTHS[2])
    assert cost.macs == products + (WIDTHS[0] * RANK * WIDTHS[1] if how == "lora" else 0)
    why = "low-rank adapter" if how == "lora" else "quantized"
    assert space.width_groups["made"].fixed
    with pytest.raises(ValueError, match=why):
        space.baseline.with_width("made", 7)
    batch = np.random.default_rng(0).random((2, POSITIONS, WIDTHS[0])).astype("float32")
    np.testing.assert_allclose(
        np.asarray(space.baseline.build()(batch)), np.asarray(model(batch)), rtol=1e-5, atol=1e-6
    )
