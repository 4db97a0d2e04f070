"""Convolutional classifiers with blocks of their own."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .foreign import foreign


@foreign((16, 16, 3), sliders={"filters": 10})
def conv_mixer() -> keras.Model:
    """keras.io: image classification with ConvMixer."""

    def activation_block(x: Any) -> Any:
        return layers.BatchNormalization()(layers.Activation("gelu")(x))

    inputs = keras.Input((16, 16, 3))
    x = activation_block(layers.Conv2D(10, kernel_size=2, strides=2)(layers.Rescaling(1 / 255)(inputs)))
    for _ in range(3):
        x0 = x
        x = layers.Add()([activation_block(layers.DepthwiseConv2D(kernel_size=3, padding="same")(x)), x0])
        x = activation_block(layers.Conv2D(10, kernel_size=1)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.GlobalAvgPool2D()(x)))


class LayerScale(layers.Layer):
    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, _: Any) -> None:
        initializer = keras.initializers.Constant(self.init_values)
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializer, trainable=True)

    def call(self, x: Any) -> Any:
        return x * self.gamma

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"init_values": self.init_values, "projection_dim": self.projection_dim}


class DropPath(layers.Layer):
    """As people copy it: a random number a sample, asked for the batch size."""

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop = rate

    def call(self, x: Any, training: Any = None) -> Any:
        if training:
            shape = (ops.shape(x)[0],) + (1,) * (len(ops.shape(x)) - 1)
            kept = ops.floor(1 - self.drop + keras.random.uniform(shape, 0, 1))
            return (x / (1 - self.drop)) * kept
        return x

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.drop}


@foreign((16, 16, 3), sliders={"stem": 9, "expansion": 24})
def convnext() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(9, 4, strides=4)(inputs))
    for _ in range(2):
        y = layers.Conv2D(9, 7, padding="same", groups=9)(x)
        y = layers.Dense(24, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(y))
        x = x + DropPath(0.1)(LayerScale(1e-2, 9)(layers.Dense(9)(y)))
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


class SqueezeExcite(layers.Layer):
    def __init__(self, ratio: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape: Any) -> None:
        self.pool = layers.GlobalAveragePooling2D(keepdims=True)
        self.reduce = layers.Dense(input_shape[-1] // self.ratio, activation="relu", use_bias=False)
        self.expand = layers.Dense(input_shape[-1], activation="sigmoid", use_bias=False)

    def call(self, x: Any) -> Any:
        return x * self.expand(self.reduce(self.pool(x)))


@foreign((12, 12, 3), sliders={"filters": 16, "squeeze": 4, "next": 7})
def squeeze_excite_network() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    x = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs))
    x = SqueezeExcite()(layers.ReLU()(x))
    x = layers.Conv2D(7, 3, strides=2, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


@foreign((12, 12, 3), sliders={"filters": 12, "reduced": 3})
def convolutional_block_attention() -> keras.Model:
    """CBAM: channel attention by shared layers, spatial attention by a concatenated mean and maximum."""
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(inputs)
    one, two = layers.Dense(3, activation="relu", name="shared_one"), layers.Dense(12, name="shared_two")
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    channel = layers.Activation("sigmoid")(
        layers.Add()([two(one(layers.Reshape((1, 1, 12))(each))) for each in pooled])
    )
    x = layers.Multiply()([x, channel])
    both = layers.Concatenate(axis=3)([ops.mean(x, axis=3, keepdims=True), ops.max(x, axis=3, keepdims=True)])
    x = layers.Multiply()([x, layers.Conv2D(1, 7, padding="same", activation="sigmoid", use_bias=False)(both)])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


class ResidualUnit(keras.layers.Layer):
    """Hands-on machine learning: a ResNet-34 unit that keeps its layers in lists."""

    def __init__(self, filters: int, strides: int = 1, activation: str = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.main_layers = [
            layers.Conv2D(filters, 3, strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            self.activation,
            layers.Conv2D(filters, 3, 1, padding="same", use_bias=False),
            layers.BatchNormalization(),
        ]
        self.skip_layers = []
        if strides > 1:
            self.skip_layers = [
                layers.Conv2D(filters, 1, strides, padding="same", use_bias=False),
                layers.BatchNormalization(),
            ]

    def call(self, inputs: Any) -> Any:
        z = inputs
        for layer in self.main_layers:
            z = layer(z)
        skip_z = inputs
        for layer in self.skip_layers:
            skip_z = layer(skip_z)
        return self.activation(z + skip_z)


@foreign((16, 16, 3), sliders={"stem": 6, "stage 2": 10})
def resnet34_from_the_book() -> keras.Model:
    model = keras.Sequential(
        [layers.Input((16, 16, 3)), layers.Conv2D(6, 7, strides=2, padding="same", use_bias=False)]
    )
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    previous = 6
    for filters in (6, 6, 10, 10):
        model.add(ResidualUnit(filters, strides=1 if filters == previous else 2))
        previous = filters
    model.add(layers.GlobalAvgPool2D())
    model.add(layers.Dense(4, activation="softmax"))
    return model


class Involution(layers.Layer):
    """keras.io: involutional neural networks; a kernel is generated for every pixel."""

    def __init__(self, channel: int, group_number: int, kernel_size: int, reduction_ratio: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.channel, self.group_number = channel, group_number
        self.kernel_size, self.reduction_ratio = kernel_size, reduction_ratio

    def build(self, input_shape: Any) -> None:
        _, height, width, channels = input_shape
        self.kernel_gen = keras.Sequential(
            [
                layers.Conv2D(self.channel // self.reduction_ratio, 1),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Conv2D(self.kernel_size**2 * self.group_number, 1),
            ]
        )
        square = self.kernel_size**2
        self.kernel_reshape = layers.Reshape((height, width, square, 1, self.group_number))
        self.patches_reshape = layers.Reshape((height, width, square, channels // self.group_number, self.group_number))
        self.output_reshape = layers.Reshape((height, width, channels))

    def call(self, x: Any) -> Any:
        kernel = self.kernel_reshape(self.kernel_gen(x))
        patches = ops.image.extract_patches(x, (self.kernel_size, self.kernel_size), (1, 1), 1, "same")
        product = ops.multiply(kernel, self.patches_reshape(patches))
        return self.output_reshape(ops.sum(product, axis=3))


@foreign((8, 8, 3), sliders={"hidden": 13})
def involution() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = layers.ReLU()(Involution(3, 1, 3, 2)(inputs))
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(13, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(4)(x))


@foreign((16, 16, 3), sliders={"growth": 5, "stem": 8})
def dense_blocks() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(inputs)
    for _ in range(3):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, layers.Conv2D(5, 3, padding="same", use_bias=False)(y)])
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


@foreign((12, 12, 3), sliders={"point": 12, "after": 9})
def shuffle_net_unit() -> keras.Model:
    """Channels shuffled by a reshape to groups, a transpose and a reshape back."""
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(12, 1, activation="relu")(inputs)
    y = layers.Conv2D(12, 1, groups=3)(x)
    y = ops.reshape(ops.transpose(ops.reshape(y, (-1, 12, 12, 3, 4)), (0, 1, 2, 4, 3)), (-1, 12, 12, 12))
    y = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(y))
    x = layers.Conv2D(9, 1, activation="relu")(layers.Add()([x, y]))
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


@foreign((12, 12, 3), sliders={"ghost": 6})
def ghost_module() -> keras.Model:
    inputs = keras.Input((12, 12, 3))
    primary = layers.Conv2D(6, 1, activation="relu")(inputs)
    cheap = layers.DepthwiseConv2D(3, padding="same", activation="relu")(primary)
    x = layers.Concatenate()([primary, cheap])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
