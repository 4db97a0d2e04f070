"""Layers that hand their state on from one batch to the next: read, measured, built for their batch; not trained."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw

BATCH, STEPS, WIDTH = 8, 5, 3
KINDS: dict[str, Callable[[bool], kl.Layer]] = {
    "LSTM": lambda stateful: kl.LSTM(4, stateful=stateful),
    "GRU": lambda stateful: kl.GRU(4, stateful=stateful),
    "SimpleRNN": lambda stateful: kl.SimpleRNN(4, stateful=stateful),
    "Bidirectional": lambda stateful: kl.Bidirectional(kl.LSTM(4, stateful=stateful)),
}


def model_of(kind: str, stateful: bool = True, batch: int | None = BATCH) -> keras.Model:
    inputs = keras.Input(batch_shape=(batch, STEPS, WIDTH))
    return keras.Sequential([inputs, KINDS[kind](stateful), kl.Dense(2)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_measured_and_built_for_its_batch(kind: str) -> None:
    model = model_of(kind)
    space = sw.StructureSpace.from_keras(model)
    cost, alone = space.baseline.measure(BATCH), sw.measure(model_of(kind, stateful=False), BATCH)
    for metric in ("n_params", "macs", "flops", "peak_activation_bytes", "training_bytes", "span"):
        assert getattr(cost, metric) == getattr(alone, metric)
    built = space.baseline.build()
    assert built.input_shape == (BATCH, STEPS, WIDTH)
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=(BATCH, STEPS, WIDTH)).astype("float32") for _ in range(2))
    for batch in (first, second):  # the second one goes on from the state that the first has left
        np.testing.assert_allclose(built(batch), model(batch), atol=1e-6)
    assert space.scaled(0.5).build()(first).shape == (BATCH, 2)
    built.compile("sgd", "mse")
    built.fit(first, np.zeros((BATCH, 2)), batch_size=BATCH, verbose=0)


def test_what_shuffles_or_does_not_know_the_batch_is_refused() -> None:
    model = model_of("LSTM")
    x = np.random.default_rng(0).normal(size=(40, STEPS, WIDTH)).astype("float32")
    data = sw.Data(x, (x.sum((1, 2)) > 0).astype(int))
    with pytest.raises(ValueError, match=r"hands its state on.*a quick run shuffles the samples.*stateful=False"):
        sw.quick_run(model, data, sw.Budget(batch_size=BATCH))
    with pytest.raises(ValueError, match=r"treat each batch by itself to count again.*stateful=False"):
        sw.measure(model).verify()
    read = sw.Structure.from_json(sw.StructureSpace.from_keras(model).baseline.to_json())
    with pytest.raises(ValueError, match=r"Expected the size of a batch to build.*got a model that does not say it"):
        read.build("fresh")


def test_an_input_of_one_batch_without_a_state_is_open_to_others() -> None:
    model = model_of("LSTM", stateful=False)
    assert sw.StructureSpace.from_keras(model).baseline.build().input_shape == (None, STEPS, WIDTH)
