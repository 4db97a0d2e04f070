"""Every layer of Keras: edited, counted, or listed as not counted; a new one has to be put in its place."""

from __future__ import annotations

import inspect
import math
import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras_layers import COUNTED, EDITABLE, LISTED

import structopt_widgets as sw
from structopt_widgets.layer_rules import find_layer_rule
from structopt_widgets.layer_rules.registry import kind_of

RULED = {**EDITABLE, **COUNTED}


def layers_of_keras() -> set[str]:
    exported = [getattr(keras.layers, name) for name in dir(keras.layers)]
    classes = [each for each in exported if inspect.isclass(each) and issubclass(each, keras.Layer)]
    return {kind_of(each) for each in classes}


def batch_for(model: keras.Model) -> Any:
    rng = np.random.default_rng(0)
    made = []
    for tensor in model.inputs:
        shape = (3, *tensor.shape[1:])
        if tensor.dtype == "string":
            words = rng.choice(["a", "b", "d", "a b d"], size=shape)
            made.append(keras.ops.convert_to_tensor(words.tolist(), dtype="string"))
        else:
            values = rng.integers(0, 4, shape) if "int" in tensor.dtype else rng.random(shape)
            made.append(keras.ops.convert_to_tensor(values, dtype=tensor.dtype))
    return made if len(made) > 1 else made[0]


def test_every_layer_has_a_rule_or_a_reason_why_not() -> None:
    without = {kind for kind in layers_of_keras() if find_layer_rule((kind,)) is None}
    assert without == set(LISTED), "Keras has added some: give them a rule or list them"


@pytest.mark.parametrize("name", RULED)
def test_a_layer_is_read_counted_and_rebuilt(name: str) -> None:
    model = RULED[name]()
    space = sw.StructureSpace.from_keras(model)
    cost = space.baseline.measure()
    assert not cost.uncounted
    assert cost.n_params == model.count_params()
    free = [group for group, each in space.width_groups.items() if not each.fixed]
    assert bool(free) == (name in EDITABLE)
    batch = batch_for(model)
    again = space.baseline.build()
    np.testing.assert_allclose(
        np.asarray(again(batch, training=False)), np.asarray(model(batch, training=False)), rtol=1e-4, atol=1e-5
    )
    drawn = space.sample(random.Random(1))
    resized = drawn.build()
    assert drawn.measure().n_params == resized.count_params()
    assert resized(batch, training=False).shape == (3, 2)
    # A structure file holds what was adapted, too.
    restored = sw.Structure.from_json(drawn.to_json())
    assert restored.measure().flops == drawn.measure().flops


def test_products_of_a_convolutional_lstm() -> None:
    inputs = keras.Input((4, 6, 5, 2))
    model = keras.Model(inputs, kl.ConvLSTM2D(3, (2, 3), name="made")(inputs))
    positions, window = (6 - 1) * (5 - 2), 2 * 3
    # Four gates, each a convolution of the image and one of the state, at every timestep.
    assert sw.measure(model).macs == 4 * 4 * positions * 3 * window * (2 + 3)


def test_products_of_stacked_cells_are_those_of_stacked_layers() -> None:
    inputs = keras.Input((5, 4))
    cells = keras.Model(inputs, kl.RNN([kl.LSTMCell(3), kl.GRUCell(6)])(inputs))
    layers = keras.Model(inputs, kl.GRU(6)(kl.LSTM(3, return_sequences=True)(inputs)))
    assert sw.measure(cells).macs == sw.measure(layers).macs
    assert sw.measure(cells).n_params == sw.measure(layers).n_params


def test_products_of_spectrograms() -> None:
    inputs = keras.Input((32, 2))
    layer = kl.STFTSpectrogram("magnitude", frame_length=8, frame_step=4, fft_length=16)
    frames, bins = (32 - 8) // 4 + 1, 16 // 2 + 1
    assert sw.measure(keras.Model(inputs, layer(inputs))).macs == 2 * frames * bins * 2 * 8
    inputs = keras.Input((64,))
    mel = keras.Model(inputs, kl.MelSpectrogram(num_mel_bins=5, fft_length=16, sequence_stride=8)(inputs))
    assert sw.measure(mel).macs == math.prod(mel.output_shape[1:]) * bins


@pytest.mark.parametrize("length", [7, 8])
def test_operations_of_adaptive_pooling(length: int) -> None:
    inputs = keras.Input((length, 2))
    model = keras.Model(inputs, kl.AdaptiveAveragePooling1D(3)(inputs))
    windows = [range(place * length // 3, math.ceil((place + 1) * length / 3)) for place in range(3)]
    # A window of k takes k - 1 additions and a division, in each of two channels.
    assert sw.measure(model).flops == 2 * sum(len(window) for window in windows)
