"""Images to images: U-Nets, DeepLab, super-resolution, enhancement, detection heads."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .foreign import foreign


@foreign((16, 16, 3), sliders={"first": 6, "second": 9})
def unet_xception() -> keras.Model:
    """keras.io: image segmentation with a U-Net-like architecture."""
    inputs = keras.Input((16, 16, 3))
    x = layers.Activation("relu")(layers.BatchNormalization()(layers.Conv2D(6, 3, strides=2, padding="same")(inputs)))
    previous = x
    x = layers.SeparableConv2D(9, 3, padding="same")(layers.Activation("relu")(x))
    x = layers.SeparableConv2D(9, 3, padding="same")(layers.Activation("relu")(layers.BatchNormalization()(x)))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
    previous = x = layers.add([x, layers.Conv2D(9, 1, strides=2, padding="same")(previous)])
    for filters in (9, 6):
        x = layers.Conv2DTranspose(filters, 3, padding="same")(layers.Activation("relu")(x))
        x = layers.UpSampling2D(2)(layers.BatchNormalization()(x))
        residual = layers.Conv2D(filters, 1, padding="same")(layers.UpSampling2D(2)(previous))
        previous = x = layers.add([x, residual])
    return keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))


class DoubleConv(layers.Layer):
    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a = layers.Conv2D(filters, 3, padding="same", activation="relu")
        self.b = layers.Conv2D(filters, 3, padding="same", activation="relu")
        self.drop = layers.Dropout(0.3)

    def call(self, x: Any, training: Any = False) -> Any:
        return self.drop(self.b(self.a(x)), training=training)


class UNet(keras.Model):
    """A subclassed U-Net, with its levels in lists and a list of skips."""

    def __init__(self, widths: Any = (5, 8, 11)) -> None:
        super().__init__()
        self.down = [DoubleConv(width) for width in widths[:-1]]
        self.pools = [layers.MaxPool2D() for _ in widths[:-1]]
        self.bottom = DoubleConv(widths[-1])
        self.ups = [layers.Conv2DTranspose(width, 2, strides=2) for width in reversed(widths[:-1])]
        self.after = [DoubleConv(width) for width in reversed(widths[:-1])]
        self.head = layers.Conv2D(2, 1)

    def call(self, x: Any, training: Any = False) -> Any:
        skips = []
        for block, pool in zip(self.down, self.pools, strict=True):
            skips.append(block(x, training=training))
            x = pool(skips[-1])
        x = self.bottom(x, training=training)
        for up, block in zip(self.ups, self.after, strict=True):
            x = block(ops.concatenate([up(x), skips.pop()], axis=-1), training=training)
        return self.head(x)


@foreign((16, 16, 3), sliders={"level 1": 5, "level 2": 8, "bottom": 11})
def unet_subclassed() -> keras.Model:
    return UNet()


@foreign((16, 16, 3), sliders={"filters": 7, "gate": 4})
def attention_unet() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    skip = layers.Conv2D(7, 3, padding="same", activation="relu")(inputs)
    deep = layers.Conv2D(9, 3, padding="same", activation="relu")(layers.MaxPooling2D()(skip))
    theta = layers.Conv2D(4, 2, strides=2, padding="same")(skip)
    phi = layers.Conv2D(4, 1, padding="same")(deep)
    gate = layers.Conv2D(1, 1, activation="sigmoid")(layers.Activation("relu")(layers.add([theta, phi])))
    attended = layers.multiply([skip, layers.UpSampling2D()(gate)])
    x = layers.concatenate([layers.UpSampling2D()(deep), attended])
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


@foreign((32, 32, 3), sliders={"backbone": 8, "pyramid": 6, "low level": 5})
def deeplab_v3_plus() -> keras.Model:
    """keras.io: multiclass semantic segmentation, with dilated spatial pyramid pooling."""

    def block(x: Any, filters: int, kernel: int = 3, dilation: int = 1) -> Any:
        x = layers.Conv2D(
            filters,
            kernel,
            dilation_rate=dilation,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(),
        )(x)
        return ops.nn.relu(layers.BatchNormalization()(x))

    inputs = keras.Input((32, 32, 3))
    low = layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(low)
    pooled = layers.AveragePooling2D(pool_size=(4, 4))(x)
    pooled = block(pooled, 6, 1)
    pooled = layers.UpSampling2D(size=(4, 4), interpolation="bilinear")(pooled)
    x = layers.Concatenate(axis=-1)([pooled, block(x, 6, 1), block(x, 6, 3, 2), block(x, 6, 3, 3)])
    x = layers.UpSampling2D(size=(2, 2), interpolation="bilinear")(block(x, 6, 1))
    x = block(layers.Concatenate(axis=-1)([x, block(low, 5, 1)]), 6)
    x = layers.UpSampling2D(size=(4, 4), interpolation="bilinear")(x)
    return keras.Model(inputs, layers.Conv2D(3, kernel_size=(1, 1), padding="same")(x))


class DepthToSpace(layers.Layer):
    """Efficient sub-pixel convolution: channels become space."""

    def __init__(self, block_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block_size = block_size

    def call(self, x: Any) -> Any:
        batch, height, width, depth = ops.shape(x)
        left = depth // (self.block_size**2)
        x = ops.reshape(x, [batch, height, width, self.block_size, self.block_size, left])
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, [batch, height * self.block_size, width * self.block_size, left])


@foreign((8, 8, 1), sliders={"first": 12, "second": 7})
def super_resolution() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(12, 5, activation="relu", padding="same")(inputs)
    x = layers.Conv2D(7, 3, activation="relu", padding="same")(x)
    return keras.Model(inputs, DepthToSpace(2)(layers.Conv2D(4, 3, padding="same")(x)))


@foreign((12, 12, 3), sliders={"filters": 7})
def zero_dce() -> keras.Model:
    """keras.io: zero-reference enhancement; the output curve is applied to the image by slices."""
    inputs = keras.Input((12, 12, 3))
    conv1 = layers.Conv2D(7, 3, activation="relu", padding="same")(inputs)
    conv2 = layers.Conv2D(7, 3, activation="relu", padding="same")(conv1)
    joined = layers.Concatenate(axis=-1)([conv1, conv2])
    curves = layers.Conv2D(6, 3, activation="tanh", padding="same")(joined)
    x = inputs
    for start in (0, 3):
        r = curves[:, :, :, start : start + 3]
        x = x + r * (ops.square(x) - x)
    return keras.Model(inputs, x)


class FeaturePyramid(layers.Layer):
    """keras.io: RetinaNet's pyramid, which returns a list."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lateral = [layers.Conv2D(width, 1, padding="same") for _ in range(2)]
        self.smooth = [layers.Conv2D(width, 3, padding="same") for _ in range(2)]
        self.upsample = layers.UpSampling2D(2)

    def call(self, features: Any) -> Any:
        high, low = (lateral(each) for lateral, each in zip(self.lateral, features, strict=True))
        high = high + self.upsample(low)
        return [smooth(each) for smooth, each in zip(self.smooth, (high, low), strict=True)]


@foreign((16, 16, 3), sliders={"c3": 5, "c4": 9, "pyramid": 7, "head": 6})
def retina_net() -> keras.Model:
    """One head called on every level of the pyramid, outputs reshaped to boxes and concatenated."""
    inputs = keras.Input((16, 16, 3))
    c3 = layers.Conv2D(5, 3, strides=2, padding="same", activation="relu")(inputs)
    c4 = layers.Conv2D(9, 3, strides=2, padding="same", activation="relu")(c3)
    head = keras.Sequential([keras.Input((None, None, 7)), layers.Conv2D(6, 3, padding="same", activation="relu")])
    head.add(layers.Conv2D(3 * 4, 3, padding="same"))
    outputs = [
        ops.reshape(head(each), (-1, each.shape[1] * each.shape[2] * 3, 4)) for each in FeaturePyramid(7)([c3, c4])
    ]
    return keras.Model(inputs, layers.Concatenate(axis=1)(outputs))
