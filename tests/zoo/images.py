"""Convolutions, pooling and preprocessing."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers as kl

from .specimen import specimen


@specimen((8, 8, 3))
def cnn_flatten() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            kl.Conv2D(6, 3, activation="relu"),
            kl.MaxPooling2D(),
            kl.Conv2D(4, (1, 2), strides=(2, 1), padding="same"),
            kl.Flatten(),
            kl.Dense(5, activation="relu"),
            kl.Dense(2),
        ]
    )


@specimen((6, 6, 2))
def residual_cnn() -> keras.Model:
    inputs = keras.Input((6, 6, 2))
    stem = kl.Conv2D(5, 3, padding="same", use_bias=False, name="stem")(inputs)
    x = kl.Activation("relu")(kl.BatchNormalization()(stem))
    x = kl.Conv2D(7, 3, padding="same", name="inside")(x)
    x = kl.BatchNormalization(scale=False)(x)
    x = kl.Conv2D(5, 1, padding="same", name="back")(kl.ReLU()(x))
    x = kl.GlobalAveragePooling2D()(kl.Add()([stem, x]))
    return keras.Model(inputs, kl.Dense(3)(x))


@specimen((6, 6, 2))
def concatenated_then_flattened() -> keras.Model:
    inputs = keras.Input((6, 6, 2))
    left = kl.Conv2D(3, 3, name="left")(inputs)
    right = kl.Conv2D(5, 3, name="right")(inputs)
    x = kl.BatchNormalization()(kl.Concatenate()([left, right]))
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))


@specimen((7, 7, 3))
def depthwise_cnn() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((7, 7, 3)),
            kl.Conv2D(6, 1),
            kl.DepthwiseConv2D(3, padding="same", activation="relu"),
            kl.Conv2D(4, 1),
            kl.DepthwiseConv2D(3, depth_multiplier=2, strides=2),
            kl.BatchNormalization(),
            kl.Conv2D(5, 1),
            kl.GlobalMaxPooling2D(),
            kl.Dense(2),
        ]
    )


@specimen((16, 3))
def conv1d_family() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((16, 3)),
            kl.Conv1D(6, 3, padding="causal", dilation_rate=2),
            kl.Conv1D(5, 4, strides=3),
            kl.DepthwiseConv1D(2, padding="same"),
            kl.Flatten(),
            kl.Dense(2),
        ]
    )


@specimen((5, 5, 4))
def grouped_convolution() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((5, 5, 4)),
            kl.Conv2D(8, 1),
            kl.Conv2D(6, 3, groups=2, activation="relu"),
            kl.BatchNormalization(),
            kl.Flatten(),
            kl.Dense(2),
        ]
    )


@specimen((3, 8, 8))
def channels_first_pooling() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((3, 8, 8)),
            kl.MaxPooling2D(data_format="channels_first"),
            kl.AveragePooling2D(2, padding="same", data_format="channels_first"),
            kl.GlobalAveragePooling2D(data_format="channels_first"),
            kl.Dense(4),
            kl.Dense(2),
        ]
    )


@specimen((9, 9, 2))
def all_pooling() -> keras.Model:
    inputs = keras.Input((9, 9, 2))
    x = kl.Conv2D(4, 1)(inputs)
    branches = [
        kl.GlobalMaxPooling2D()(kl.MaxPooling2D(3, strides=2)(x)),
        kl.GlobalAveragePooling2D()(kl.AveragePooling2D((2, 3), padding="same")(x)),
        kl.Flatten()(kl.GlobalAveragePooling2D(keepdims=True)(x)),
    ]
    line = kl.Reshape((81, 4))(x)
    branches += [
        kl.GlobalMaxPooling1D()(kl.AveragePooling1D(4)(line)),
        kl.GlobalAveragePooling1D()(kl.MaxPooling1D(5, padding="same")(line)),
    ]
    box = kl.Reshape((3, 3, 9, 4))(x)
    branches += [
        kl.GlobalMaxPooling3D()(kl.AveragePooling3D(2)(box)),
        kl.GlobalAveragePooling3D()(kl.MaxPooling3D(2, padding="same")(box)),
    ]
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()(branches)))


@specimen((5, 5, 3))
def preprocessing_front() -> keras.Model:
    normalization = kl.Normalization()
    normalization.adapt(np.random.default_rng(3).normal(2, 3, (20, 5, 5, 3)))
    given = kl.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])
    return keras.Sequential(
        [
            keras.Input((5, 5, 3)),
            kl.Rescaling(1 / 255, offset=-1),
            normalization,
            given,
            kl.Conv2D(4, 3),
            kl.Flatten(),
            kl.Dense(2),
        ]
    )


@specimen((6, 6, 3))
def squeeze_excite() -> keras.Model:
    inputs = keras.Input((6, 6, 3))
    x = kl.Conv2D(8, 3, padding="same", name="trunk")(inputs)
    s = kl.GlobalAveragePooling2D(keepdims=True)(x)
    s = kl.Conv2D(2, 1, activation="relu", name="squeeze")(s)
    s = kl.Conv2D(8, 1, activation="sigmoid", name="excite")(s)
    x = kl.GlobalAveragePooling2D()(kl.Multiply()([x, s]))
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((8, 8, 3), needs_shape=True)
def free_axes() -> keras.Model:
    """Height and width are known only when it is read; a bare addition joins the branches."""
    inputs = keras.Input((None, None, 3))
    x = kl.Conv2D(4, 3, padding="same")(inputs)
    x = kl.Add()([x, kl.Conv2D(4, 3, padding="same")(x)])
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))


@specimen((8, 8, 3))
def free_axes_inside() -> keras.Model:
    """A nested model of any image size, as a backbone without its top is, under a fixed input."""
    x = inner = keras.Input((None, None, 3))
    x = kl.Conv2D(4, 3, name="conv")(x)
    backbone = keras.Model(inner, kl.Conv2D(5, 1, name="point")(x), name="backbone")
    return keras.Sequential([keras.Input((8, 8, 3)), backbone, kl.GlobalAveragePooling2D(), kl.Dense(2)])


@specimen((8, 8, 3), needs_shape=True)
def free_axes_and_a_bare_addition() -> keras.Model:
    inputs = keras.Input((None, None, 3))
    x = kl.Conv2D(4, 3, padding="same")(inputs)
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalMaxPooling2D()(x + kl.Conv2D(4, 1)(x))))


@specimen((6, 6, 3))
def padded_cropped_enlarged() -> keras.Model:
    inputs = keras.Input((6, 6, 3))
    x = kl.ZeroPadding2D(((1, 2), (0, 1)))(kl.Conv2D(4, 1)(inputs))
    x = kl.UpSampling2D((2, 1), interpolation="bilinear")(kl.Cropping2D(((0, 1), (1, 0)))(x))
    x = kl.Conv2D(5, 3, strides=2)(kl.UpSampling2D()(kl.ZeroPadding2D()(x)))
    line = kl.Cropping1D((1, 2))(kl.ZeroPadding1D(2)(kl.UpSampling1D(2)(kl.Conv1D(4, 1)(kl.Reshape((6, 18))(inputs)))))
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([kl.Flatten()(x), kl.Flatten()(line)])))


@specimen((16, 16, 1))
def u_net() -> keras.Model:
    inputs = keras.Input((16, 16, 1))
    high = kl.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    low = kl.Conv2D(8, 3, padding="same", activation="relu")(kl.MaxPooling2D()(high))
    x = kl.Concatenate()([high, kl.Conv2DTranspose(4, 2, strides=2)(low), kl.UpSampling2D()(low)])
    return keras.Model(inputs, kl.Conv2D(1, 1, activation="sigmoid")(kl.Conv2D(4, 3, padding="same")(x)))


@specimen(
    (8, 8, 3),
    unmaskable="a group or a norm of fewer channels has other statistics",
    cannot_grow=frozenset({"unit_norm"}),
)
def normalized_in_groups() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = kl.PReLU(shared_axes=[1, 2])(kl.GroupNormalization(4)(kl.Conv2D(12, 3)(inputs)))
    x = kl.UnitNormalization()(kl.SeparableConv2D(8, 3, depth_multiplier=2, name="unit_norm")(x))
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalMaxPooling2D()(x)))


@specimen((9, 9, 3))
def depthwise_by_groups() -> keras.Model:
    """A group a channel is a depthwise convolution: its width must move, not stay a multiple of itself."""
    inputs = keras.Input((9, 9, 3))
    x = kl.Conv2D(6, 3, groups=6)(kl.Conv2D(6, 1, name="stage")(inputs))
    x = kl.Conv2D(12, 3, groups=6, activation="relu")(x)
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))


@specimen((12, 3))
def transposed_in_time() -> keras.Model:
    inputs = keras.Input((12, 3))
    x = kl.Conv1DTranspose(5, 4, strides=2, padding="same", activation="relu")(inputs)
    x = kl.Conv1DTranspose(5, 3, strides=2, padding="valid", output_padding=1)(x)
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(kl.Permute((2, 1))(x))))


@specimen((16, 16, 3))
def separable_keyword_spotter() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = kl.SeparableConv2D(6, 3, activation="relu", use_bias=False)(inputs)
    x = kl.SeparableConv2D(8, 3, strides=2)(kl.BatchNormalization()(x))
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))


@specimen((6, 6, 3))
def instance_norm_and_a_pinned_sum() -> keras.Model:
    inputs = keras.Input((6, 6, 3))
    twice = kl.DepthwiseConv2D(1, depth_multiplier=2)(inputs)
    x = kl.Add()([twice, kl.Conv2D(6, 1, name="pinned")(inputs)])
    x = kl.GroupNormalization(-1)(kl.Conv2D(4, 1, name="free")(x))
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))


@specimen((5, 6, 4, 2))
def volumes() -> keras.Model:
    """Three axes of space, in groups and transposed, padded, cropped and pooled."""
    inputs = keras.Input((5, 6, 4, 2))
    x = kl.BatchNormalization()(kl.Conv3D(6, 3, padding="same", strides=(1, 2, 1))(inputs))
    x = kl.Cropping3D(((1, 0), (0, 1), (1, 1)))(kl.ZeroPadding3D(1)(kl.Conv3D(4, (1, 2, 3), groups=2)(x)))
    x = kl.Conv3DTranspose(5, 2, strides=2, activation="relu")(kl.UpSampling3D((1, 2, 1))(x))
    x = kl.MaxPooling3D(2, padding="same")(kl.AveragePooling3D(2)(x))
    return keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling3D()(x)))
