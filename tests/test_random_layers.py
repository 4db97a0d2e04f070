"""The laws and the proof on random layers of somebody's own, whatever they do."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
from draws import on_draws
from hypothesis import strategies as st
from random_layers import model_of

import structopt_widgets as sw

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")


def check_layer(draw: Any) -> None:
    """Counts, the copy at inference and in training and after it, a random structure, and the given model untouched."""
    keras.utils.set_random_seed(draw(st.integers(0, 100)))
    model = model_of(draw)
    rng = np.random.default_rng(0)
    before = [rng.normal(size=each.shape, scale=0.5).astype("float32") for each in model.weights]
    model.set_weights(before)
    space = sw.StructureSpace.from_keras(model)
    assert len(model.weights) == len(before)
    assert all(np.array_equal(np.asarray(now), then) for now, then in zip(model.weights, before, strict=True))
    cost = space.baseline.measure()
    assert cost.n_params == model.count_params()
    assert not space.source.unproven
    (shape,) = (each.shape[1:] for each in model.inputs)
    batch = rng.normal(size=(3, *shape)).astype("float32")
    if model.inputs[0].dtype == "int32":
        batch = rng.integers(0, 11, (3, *shape)).astype("int32")
    copy = space.baseline.build()
    assert copy.count_params() == cost.n_params
    told = space.baseline.function_changes()
    for training in (False, True, False):  # the last one is what training left behind
        if not (training and told):
            agree(copy(batch, training=training), model(batch, training=training))
    structure = space.sample(random.Random(draw(st.integers(0, 2**16))))
    built = structure.build("fresh")
    measured = structure.measure()
    assert measured.n_params == built.count_params()
    assert np.isfinite(built(batch)).all()
    if not cost.uncounted:
        again = sw.measure(built)
        assert {key: getattr(measured, key) for key in ("n_params", "macs", "flops")} == {
            key: getattr(again, key) for key in ("n_params", "macs", "flops")
        }


def agree(one: Any, other: Any) -> None:
    one, other = np.asarray(one), np.asarray(other)
    np.testing.assert_allclose(one, other, atol=1e-4 * max(1, float(np.abs(other).max())), rtol=1e-4)


@pytest.mark.slow
def test_some_layers() -> None:
    on_draws(8, check_layer)


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
def test_many_layers() -> None:
    on_draws(500, check_layer)
