"""Image classifiers made of patches: keras.io's vision examples, with their own layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from .foreign import foreign


def mlp(x: Any, hidden_units: Any, dropout_rate: float) -> Any:
    for units in hidden_units:
        x = layers.Dense(units, activation=keras.activations.gelu)(x)
        x = layers.Dropout(dropout_rate)(x)
    return x


class Patches(layers.Layer):
    def __init__(self, patch_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patch_size = patch_size

    def call(self, images: Any) -> Any:
        batch_size, height, width, channels = ops.shape(images)
        patches = ops.image.extract_patches(images, size=self.patch_size)
        count = (height // self.patch_size) * (width // self.patch_size)
        return ops.reshape(patches, (batch_size, count, self.patch_size * self.patch_size * channels))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"patch_size": self.patch_size}


class PatchEncoder(layers.Layer):
    def __init__(self, num_patches: int, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_patches = num_patches
        self.projection = layers.Dense(units=projection_dim)
        self.position_embedding = layers.Embedding(input_dim=num_patches, output_dim=projection_dim)

    def call(self, patch: Any) -> Any:
        positions = ops.expand_dims(ops.arange(start=0, stop=self.num_patches, step=1), axis=0)
        return self.projection(patch) + self.position_embedding(positions)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_patches": self.num_patches,
            "projection_dim": self.projection.units,
        }


@foreign((16, 16, 3), sliders={"projection": 12, "heads": 3, "feed forward": 24, "head": 20})
def vit_with_patch_encoder() -> keras.Model:
    """keras.io: image classification with vision transformer."""
    inputs = keras.Input((16, 16, 3))
    encoded = PatchEncoder(16, 12)(Patches(4)(inputs))
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
    attention = layers.MultiHeadAttention(num_heads=3, key_dim=5, dropout=0.1)(x1, x1)
    x2 = layers.Add()([attention, encoded])
    x3 = mlp(layers.LayerNormalization(epsilon=1e-6)(x2), [24, 12], 0.1)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x3, x2]))
    x = mlp(layers.Dropout(0.5)(layers.Flatten()(x)), [20], 0.5)
    return keras.Model(inputs, layers.Dense(4)(x))


class ClassToken(layers.Layer):
    """A learned token in front, and a table of positions read directly."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="cls")
        self.positions = self.add_weight(shape=(1, shape[1] + 1, shape[-1]), initializer="random_normal", name="pos")

    def call(self, x: Any) -> Any:
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([token, x], axis=1) + self.positions


@foreign((16, 16, 3), sliders={"stream": 12, "heads": 2, "feed forward": 28})
def vit_with_class_token() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(12, 4, strides=4, name="patchify")(inputs)
    x = ClassToken()(layers.Reshape((16, 12))(x))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 6)(y, y)])
        y = layers.Dense(28, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(12)(y)])
    return keras.Model(inputs, layers.Dense(4)(layers.LayerNormalization()(x)[:, 0]))


class MLPMixerLayer(layers.Layer):
    def __init__(self, num_patches: int, hidden_units: int, dropout_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mlp1 = keras.Sequential(
            [layers.Dense(num_patches, activation="gelu"), layers.Dense(num_patches), layers.Dropout(dropout_rate)]
        )
        self.mlp2 = keras.Sequential(
            [layers.Dense(num_patches, activation="gelu"), layers.Dense(hidden_units), layers.Dropout(dropout_rate)]
        )
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def build(self, input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any) -> Any:
        x = self.normalize(inputs)
        channels = ops.transpose(x, (0, 2, 1))
        x = ops.transpose(self.mlp1(channels), (0, 2, 1)) + inputs
        return x + self.mlp2(self.normalize(x))


class gMLPLayer(layers.Layer):  # noqa: N801 - as keras.io names it
    def __init__(self, num_patches: int, embedding_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channel_projection1 = keras.Sequential([layers.Dense(embedding_dim * 2, activation="gelu")])
        self.channel_projection2 = layers.Dense(units=embedding_dim)
        self.spatial_projection = layers.Dense(units=num_patches, bias_initializer="ones")
        self.normalize1 = layers.LayerNormalization(epsilon=1e-6)
        self.normalize2 = layers.LayerNormalization(epsilon=1e-6)

    def spatial_gating_unit(self, x: Any) -> Any:
        u, v = ops.split(x, indices_or_sections=2, axis=2)
        v = self.normalize2(v)
        v_channels = ops.transpose(v, (0, 2, 1))
        return u * ops.transpose(self.spatial_projection(v_channels), (0, 2, 1))

    def call(self, inputs: Any) -> Any:
        x = self.channel_projection1(self.normalize1(inputs))
        return inputs + self.channel_projection2(self.spatial_gating_unit(x))


class FNetLayer(layers.Layer):
    def __init__(self, embedding_dim: int, dropout_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ffn = keras.Sequential(
            [layers.Dense(embedding_dim, activation="gelu"), layers.Dropout(dropout_rate), layers.Dense(embedding_dim)]
        )
        self.normalize1 = layers.LayerNormalization(epsilon=1e-6)
        self.normalize2 = layers.LayerNormalization(epsilon=1e-6)

    def call(self, inputs: Any) -> Any:
        x = ops.fft2((inputs, ops.zeros_like(inputs)))[0] + inputs
        x = self.normalize1(x)
        return self.normalize2(x + self.ffn(x))


def of_patches(blocks: keras.Sequential, width: int) -> keras.Model:
    """keras.io: image classification with modern MLP models."""
    inputs = keras.Input((16, 16, 3))
    x = layers.Dense(units=width, name="embed")(Patches(4)(inputs))
    x = layers.GlobalAveragePooling1D()(blocks(x))
    return keras.Model(inputs, layers.Dense(4)(layers.Dropout(0.2)(x)))


@foreign((16, 16, 3), sliders={"hidden": 11, "token mixing": 16})
def mlp_mixer() -> keras.Model:
    return of_patches(keras.Sequential([MLPMixerLayer(16, 11, 0.2) for _ in range(2)]), 11)


@foreign((16, 16, 3), sliders={"embedding": 11})
def gmlp() -> keras.Model:
    return of_patches(keras.Sequential([gMLPLayer(16, 11) for _ in range(2)]), 11)


@foreign((16, 16, 3))
def fnet_image() -> keras.Model:
    return of_patches(keras.Sequential([FNetLayer(10, 0.2) for _ in range(2)]), 10)


class ExternalAttention(layers.Layer):
    """keras.io: image classification with EANet."""

    def __init__(self, dim: int, num_heads: int, dim_coefficient: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim, self.num_heads = dim, num_heads * dim_coefficient
        self.k = 64 // dim_coefficient
        self.query = layers.Dense(dim * dim_coefficient)
        self.attend = layers.Dense(self.k)
        self.back = layers.Dense(dim * dim_coefficient // self.num_heads)
        self.out = layers.Dense(dim)

    def call(self, x: Any) -> Any:
        tokens = x.shape[1]
        x = ops.reshape(self.query(x), (-1, tokens, self.num_heads, self.dim * 4 // self.num_heads))
        attention = ops.softmax(self.attend(ops.transpose(x, (0, 2, 1, 3))), axis=2)
        attention = attention / (1e-9 + ops.sum(attention, axis=-1, keepdims=True))
        x = ops.reshape(ops.transpose(self.back(attention), (0, 2, 1, 3)), (-1, tokens, self.dim * 4))
        return self.out(x)


@foreign((16, 16, 3), sliders={"embedding": 12, "memory": 16, "feed forward": 26})
def eanet() -> keras.Model:
    inputs = keras.Input((16, 16, 3))
    x = PatchEncoder(16, 12)(Patches(4)(inputs))
    y = ExternalAttention(12, 2)(layers.LayerNormalization()(x))
    x = layers.add([y, x])
    y = layers.Dense(12)(layers.Dense(26, activation="gelu")(layers.LayerNormalization()(x)))
    x = layers.GlobalAveragePooling1D()(layers.add([y, x]))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


class CCTTokenizer(layers.Layer):
    def __init__(self, channels: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv_model = keras.Sequential()
        for width in channels:
            self.conv_model.add(layers.Conv2D(width, 3, 1, padding="valid", use_bias=False, activation="relu"))
            self.conv_model.add(layers.ZeroPadding2D(1))
            self.conv_model.add(layers.MaxPooling2D(3, 2, "same"))

    def call(self, images: Any) -> Any:
        outputs = self.conv_model(images)
        return ops.reshape(outputs, (-1, ops.shape(outputs)[1] * ops.shape(outputs)[2], ops.shape(outputs)[-1]))


class PositionEmbedding(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.position_embeddings = self.add_weight(name="embeddings", shape=tuple(input_shape[-2:]))

    def call(self, inputs: Any, start_index: int = 0) -> Any:
        shape = ops.shape(inputs)
        positions = ops.convert_to_tensor(self.position_embeddings)
        positions = ops.slice(positions, (start_index, 0), (shape[-2], shape[-1]))
        return ops.broadcast_to(positions, shape)


class StochasticDepth(layers.Layer):
    def __init__(self, drop_prop: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_prob = drop_prop
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, x: Any, training: Any = None) -> Any:
        if training:
            keep_prob = 1 - self.drop_prob
            shape = (ops.shape(x)[0],) + (1,) * (len(x.shape) - 1)
            random_tensor = keep_prob + keras.random.uniform(shape, 0, 1, seed=self.seed_generator)
            return (x / keep_prob) * ops.floor(random_tensor)
        return x


class SequencePooling(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = layers.Dense(1)

    def call(self, x: Any) -> Any:
        weights = ops.transpose(ops.softmax(self.attention(x), axis=1), axes=(0, 2, 1))
        return ops.squeeze(ops.matmul(weights, x), -2)


@foreign((16, 16, 3), sliders={"first": 9, "stream": 14, "heads": 2, "feed forward": 18})
def compact_convolutional_transformer() -> keras.Model:
    """keras.io: compact convolutional transformers, with stochastic depth."""
    inputs = keras.Input((16, 16, 3))
    encoded = CCTTokenizer((9, 14))(inputs)
    encoded = encoded + PositionEmbedding()(encoded)
    x1 = layers.LayerNormalization(epsilon=1e-5)(encoded)
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=7, dropout=0.1)(x1, x1)
    x2 = layers.Add()([StochasticDepth(0.3)(attention), encoded])
    x3 = mlp(layers.LayerNormalization(epsilon=1e-5)(x2), [18, 14], 0.1)
    encoded = layers.Add()([StochasticDepth(0.3)(x3), x2])
    representation = SequencePooling()(layers.LayerNormalization(epsilon=1e-5)(encoded))
    return keras.Model(inputs, layers.Dense(4)(representation))
