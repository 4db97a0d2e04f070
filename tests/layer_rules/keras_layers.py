"""Every layer class of ``keras.layers``: a model that holds one, or why it has no rule."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl

Made = Callable[[], keras.Model]


def _images(layer: Callable[[], Any], shape: tuple[int, ...] = (8, 8, 3)) -> Made:
    def make() -> keras.Model:
        inputs = keras.Input(shape)
        return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(layer()(inputs))))

    return make


def _filtered(layer: Callable[[], Any]) -> Made:
    """After a convolution, whose width goes through."""
    return _images(lambda: keras.Sequential([kl.Conv2D(4, 1, name="made"), layer()]))


def _text(layer: Callable[[], Any], shape: tuple[int, ...] = (3,)) -> Made:
    def make() -> keras.Model:
        inputs = keras.Input(shape, dtype="string")
        return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(layer()(inputs))))

    return make


def _words(mode: str) -> Any:
    layer = kl.StringLookup(output_mode=mode)
    layer.adapt(np.array([["a"], ["b"], ["a"]]))
    return layer


def _vectorized() -> Any:
    layer = kl.TextVectorization(output_mode="tf_idf")
    layer.adapt(["a b c", "b c", "c d"])
    return layer


def _numbers() -> keras.Model:
    layer = kl.IntegerLookup(output_mode="multi_hot")
    layer.adapt(np.array([[3], [4], [7]]))
    inputs = keras.Input((3,), dtype="int64")
    return keras.Model(inputs, kl.Dense(2)(layer(inputs)))


def _binned() -> Any:
    layer = kl.Discretization(num_bins=4, output_mode="int")
    layer.adapt(np.linspace(0, 1, 100)[:, None])
    return keras.Sequential([layer, kl.Embedding(4, 3, name="made")])


def _crossed() -> keras.Model:
    inputs = [keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")]
    return keras.Model(inputs, kl.Dense(2)(kl.HashedCrossing(5, output_mode="one_hot")(inputs)))


# Layers whose rules this file's neighbours do not test; "made" is a width that goes through or that they make.
EDITABLE: dict[str, Made] = {
    "AdaptiveAveragePooling1D": _images(
        lambda: keras.Sequential([kl.Dense(4, name="made"), kl.AdaptiveAveragePooling1D(3)]), (8, 2)
    ),
    "AdaptiveAveragePooling2D": _filtered(lambda: kl.AdaptiveAveragePooling2D(3)),
    "AdaptiveAveragePooling3D": _images(
        lambda: keras.Sequential([kl.Dense(4, name="made"), kl.AdaptiveAveragePooling3D(2)]), (3, 3, 3, 2)
    ),
    "AdaptiveMaxPooling1D": _images(
        lambda: keras.Sequential([kl.Dense(4, name="made"), kl.AdaptiveMaxPooling1D(3)]), (8, 2)
    ),
    "AdaptiveMaxPooling2D": _filtered(lambda: kl.AdaptiveMaxPooling2D(3)),
    "AdaptiveMaxPooling3D": _images(
        lambda: keras.Sequential([kl.Dense(4, name="made"), kl.AdaptiveMaxPooling3D(2)]), (3, 3, 3, 2)
    ),
    "CenterCrop": _filtered(lambda: kl.CenterCrop(5, 6)),
    "ConvLSTM1D": _images(lambda: kl.ConvLSTM1D(3, 2, return_sequences=True, name="made"), (4, 6, 2)),
    "ConvLSTM2D": _images(lambda: kl.ConvLSTM2D(3, 2, padding="same", strides=2, name="made"), (4, 6, 6, 2)),
    "ConvLSTM3D": _images(lambda: kl.ConvLSTM3D(2, 2, name="made"), (2, 3, 3, 3, 2)),
    "Discretization": _images(_binned, (3,)),
    "RNN": _images(lambda: kl.RNN(kl.LSTMCell(3), name="made"), (5, 4)),
    "Resizing": _filtered(lambda: kl.Resizing(5, 6)),
    "SpectralNormalization": _images(lambda: kl.SpectralNormalization(kl.Dense(6), name="made"), (5, 4)),
    "StackedRNNCells": _images(
        lambda: kl.RNN([kl.LSTMCell(3), kl.GRUCell(4), kl.SimpleRNNCell(5, use_bias=False)], name="made"), (5, 4)
    ),
    **{
        name: _filtered(getattr(kl, name))
        for name in ("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomInvert")
    },
    **{
        name: _filtered(functools.partial(getattr(kl, name), 0.1))
        for name in ("RandomBrightness", "RandomContrast", "RandomRotation", "RandomZoom")
    },
    "RandomTranslation": _filtered(lambda: kl.RandomTranslation(0.1, 0.1)),
    **{
        name: _filtered(getattr(kl, name))
        for name in ("CutMix", "MixUp", "RandomElasticTransform", "RandomPerspective", "RandomShear")
    },
}
# The sizes around them stay.
COUNTED: dict[str, Made] = {
    **{
        name: _images(getattr(kl, name))
        for name in (
            "AugMix",
            "AutoContrast",
            "Equalization",
            "RandAugment",
            "RandomColorJitter",
            "RandomGrayscale",
            "Solarization",
        )
    },
    **{
        name: _images(functools.partial(getattr(kl, name), 0.1))
        for name in ("RandomColorDegeneration", "RandomHue", "RandomSaturation", "RandomSharpness")
    },
    "CategoryEncoding": _images(lambda: kl.CategoryEncoding(4), (3,)),
    "Hashing": _text(lambda: kl.Hashing(5, output_mode="one_hot"), (1,)),
    "HashedCrossing": _crossed,
    "IntegerLookup": _numbers,
    "MaxNumBoundingBoxes": _images(lambda: kl.MaxNumBoundingBoxes(3)),
    "MelSpectrogram": _images(lambda: kl.MelSpectrogram(num_mel_bins=5, fft_length=16, sequence_stride=8), (64,)),
    "RandomCrop": _images(lambda: kl.RandomCrop(8, 8)),
    "RandomPosterization": _images(lambda: kl.RandomPosterization(3)),
    "STFTSpectrogram": _images(lambda: kl.STFTSpectrogram("log", frame_length=8, frame_step=4, fft_length=8), (32, 1)),
    "StringLookup": _text(lambda: _words("tf_idf")),
    "TextVectorization": _text(_vectorized, ()),
}
LISTED = {
    "Layer": "the class below all",
    "Wrapper": "the class below wrappers",
    "GRUCell": "a step of RNN, which has a rule",
    "LSTMCell": "a step of RNN, which has a rule",
    "SimpleRNNCell": "a step of RNN, which has a rule",
    "StackedRNNCells": "steps of RNN, which has a rule",
    "ContrastLimitedAdaptiveHistogramEqualization": "its histograms depend on the values",
    "FlaxLayer": "holds code of another framework",
    "JaxLayer": "holds code of another framework",
    "TFSMLayer": "holds code of another framework",
    "TorchModuleWrapper": "holds code of another framework",
    "Lambda": "holds a function",
    "Pipeline": "holds layers; they can be called one after another",
}
