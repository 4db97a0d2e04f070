"""Layers as keras.io wrote them when Keras was TensorFlow's, and attention that is changed from within."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from .foreign import foreign, tokens


class PatchEmbed(layers.Layer):
    """keras.io, focal modulation: returns its lengths beside the tensor."""

    def __init__(self, patch: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proj = layers.Conv2D(width, patch, strides=patch)
        self.flatten = layers.Reshape((-1, width))

    def call(self, x: Any) -> Any:
        x = self.proj(x)
        height, width, channels = tf.shape(x)[1], tf.shape(x)[2], tf.shape(x)[3]
        return self.flatten(x), height, width, channels


class FocalModulation(layers.Layer):
    """Contexts of growing size, gated, modulate a query: all three from one projection that is split."""

    def __init__(self, dim: int, levels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim, self.levels = dim, levels
        self.initial_proj = layers.Dense(2 * dim + levels + 1)
        self.focal_layers = [
            keras.Sequential(
                [layers.ZeroPadding2D(1), layers.Conv2D(dim, 3, activation="gelu", groups=dim, use_bias=False)]
            )
            for _ in range(levels)
        ]
        self.gap = layers.GlobalAveragePooling2D(keepdims=True)
        self.modulator_proj, self.proj = layers.Conv2D(dim, 1), layers.Dense(dim)

    def call(self, x: Any, training: Any = None) -> Any:
        query, context, gates = tf.split(self.initial_proj(x), [self.dim, self.dim, self.levels + 1], axis=-1)
        every = 0.0
        for level, layer in enumerate(self.focal_layers):
            context = layer(context)
            every = every + context * gates[..., level : level + 1]
        every += keras.activations.gelu(self.gap(context)) * gates[..., self.levels :]
        return self.proj(query * self.modulator_proj(every))


class FocalBlock(layers.Layer):
    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm, self.modulation = layers.LayerNormalization(epsilon=1e-5), FocalModulation(dim, 2)
        self.mlp = keras.Sequential([layers.Dense(20, activation="gelu"), layers.Dense(dim)])

    def call(self, x: Any, height: Any = None, width: Any = None, channels: Any = None) -> Any:
        shortcut, x = x, tf.reshape(self.norm(x), (-1, height, width, channels))
        x = shortcut + tf.reshape(self.modulation(x), (-1, height * width, channels))
        return x + self.mlp(self.norm(x))


class FocalNet(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.block = PatchEmbed(4, 12), FocalBlock(12)
        self.pool, self.head = layers.GlobalAveragePooling1D(), layers.Dense(5)

    def call(self, x: Any) -> Any:
        x, height, width, channels = self.embed(x)
        return self.head(self.pool(self.block(x, height, width, channels)))


@foreign((16, 16, 3), sliders={"feed-forward": 20})
def focal_modulation_network() -> keras.Model:
    return FocalNet()


class StochasticDepth(layers.Layer):
    """keras.io, CaiT: draws by TensorFlow's own function, in training only."""

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        shape = (tf.shape(x)[0],) + (1,) * (len(x.shape) - 1)
        return (x / (1 - self.rate)) * tf.floor(1 - self.rate + tf.random.uniform(shape, 0, 1))


class TalkingHeads(layers.Layer):
    """Shazeer et al. 2020: heads are mixed before and after the softmax; returns the scores, too."""

    def __init__(self, dim: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv, self.proj = layers.Dense(dim * 3), layers.Dense(dim)
        self.before, self.after = layers.Dense(heads), layers.Dense(heads)

    def call(self, x: Any, training: bool = False) -> Any:
        b, n, c = tf.shape(x)[0], tf.shape(x)[1], tf.shape(x)[2]
        qkv = tf.reshape(self.qkv(x), (b, n, 3, self.heads, c // self.heads))
        q, k, v = tf.unstack(tf.transpose(qkv, perm=[2, 0, 3, 1, 4]))
        scores = self.before(tf.transpose(tf.matmul(q * self.scale, k, transpose_b=True), perm=[0, 2, 3, 1]))
        scores = tf.nn.softmax(tf.transpose(scores, perm=[0, 3, 1, 2]), axis=-1)
        scores = tf.transpose(self.after(tf.transpose(scores, perm=[0, 2, 3, 1])), perm=[0, 3, 1, 2])
        x = tf.reshape(tf.transpose(tf.matmul(scores, v), perm=[0, 2, 1, 3]), (b, n, c))
        return self.proj(x), scores


@foreign((7, 12), sliders={"feed-forward": 20})
def talking_heads_with_stochastic_depth() -> keras.Model:
    def block(name: str) -> keras.Model:
        inputs = keras.Input((None, 12))
        attended, scores = TalkingHeads(12, 2)(layers.LayerNormalization()(inputs))
        x = layers.Add()([inputs, StochasticDepth(0.3)(attended)])
        hidden = layers.Dense(20, activation=tf.nn.gelu)(layers.LayerNormalization()(x))
        return keras.Model(
            inputs, [layers.Add()([x, StochasticDepth(0.3)(layers.Dense(12)(hidden))]), scores], name=name
        )

    inputs = keras.Input((7, 12))
    x, first = block("first")(inputs)
    x, second = block("second")(x)
    return keras.Model(inputs, [layers.Dense(3)(x[:, 0]), first, second])


class Spade(layers.Layer):
    """keras.io, GauGAN: a normalization whose scale and shift come from a map that is resized."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(10, 3, padding="same", activation="relu")
        self.gamma, self.beta = (layers.Conv2D(filters, 3, padding="same") for _ in range(2))

    def build(self, shape: Any) -> None:
        self.size = shape[1:3]

    def call(self, x: Any, raw_map: Any) -> Any:
        hidden = self.conv(tf.image.resize(raw_map, self.size, method="nearest"))
        mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
        return self.gamma(hidden) * ((x - mean) / tf.sqrt(variance + 1e-5)) + self.beta(hidden)


@foreign([(6,), (8, 8, 4)], sliders={"map": 10})
def spade_generator() -> keras.Model:
    latent, labels = keras.Input((6,)), keras.Input((8, 8, 4))
    x = layers.Reshape((4, 4, 12))(layers.Dense(4 * 4 * 12)(latent))
    x = layers.UpSampling2D()(Spade(12)(x, labels))
    return keras.Model([latent, labels], layers.Conv2D(3, 4, padding="same")(Spade(12)(x, labels)))


class ShiftBlock(layers.Layer):
    """keras.io, ShiftViT: some channels move by a pixel each way, cut and padded by TensorFlow's functions."""

    def __init__(self, parts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts, self.norm = parts, layers.LayerNormalization(epsilon=1e-5)

    def build(self, shape: Any) -> None:
        self.height, self.width, self.channels = shape[1:]
        self.mlp = keras.Sequential([layers.Dense(20, activation=tf.nn.gelu), layers.Dense(self.channels)])

    def _shifted(self, x: Any, top: int, left: int, down: int, right: int) -> Any:
        height, width = self.height - down, self.width - right
        x = tf.image.crop_to_bounding_box(x, top, left, height, width)
        return tf.image.pad_to_bounding_box(x, top, left, self.height, self.width)

    def call(self, x: Any) -> Any:
        parts = tf.split(x, self.channels // self.parts, axis=-1)
        parts[0], parts[1] = self._shifted(parts[0], 0, 0, 0, 1), self._shifted(parts[1], 0, 1, 0, 1)
        parts[2], parts[3] = self._shifted(parts[2], 0, 0, 1, 0), self._shifted(parts[3], 1, 0, 1, 0)
        x = tf.concat(parts, axis=-1)
        return x + self.mlp(self.norm(x))


@foreign((8, 8, 3), sliders={"feed-forward": 20})
def shift_vit() -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = ShiftBlock(3)(layers.Conv2D(12, 2, strides=2)(inputs))
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


class LocalityAttention(layers.MultiHeadAttention):
    """keras.io, vision transformer for small data sets: a learned temperature, by a method that ``call()`` uses."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tau = keras.Variable(float(self._key_dim) ** 0.5, trainable=True)

    def _compute_attention(
        self, query: Any, key: Any, value: Any, attention_mask: Any = None, training: Any = None, *_: Any, **__: Any
    ) -> Any:
        query = ops.multiply(query, 1.0 / self.tau)
        scores = self._masked_softmax(ops.einsum(self._dot_product_equation, key, query), attention_mask)
        return ops.einsum(self._combine_equation, self._dropout_layer(scores, training=training), value), scores


class ShiftedPatches(layers.Layer):
    """The image and four of it that are moved by half a patch, cut into patches; ``padding`` in capitals."""

    def __init__(self, size: int, patch: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.patch = size, patch
        self.flatten = layers.Reshape(((size // patch) ** 2, -1))
        self.norm, self.projection = layers.LayerNormalization(epsilon=1e-6), layers.Dense(width)

    def call(self, images: Any) -> Any:
        half = self.patch // 2
        rest = self.size - half
        for top, left in ((half, half), (0, half), (half, 0), (0, 0)):
            cut = ops.image.crop_images(images[..., :3], top, left, target_height=rest, target_width=rest)
            moved = ops.image.pad_images(cut, half - top, half - left, target_height=self.size, target_width=self.size)
            images = ops.concatenate([images, moved], axis=-1)
        patches = ops.image.extract_patches(images, (self.patch, self.patch), dilation_rate=1, padding="VALID")
        return self.projection(self.norm(self.flatten(patches)))


@foreign((8, 8, 3), sliders={"feed-forward": 20, "head": 14})
def small_data_set_vision_transformer() -> keras.Model:
    mask = ops.cast([1 - ops.eye(16)], dtype="int8")
    inputs = keras.Input((8, 8, 3))
    x = ShiftedPatches(8, 2, 12)(inputs)
    x = layers.Add()([x, LocalityAttention(num_heads=2, key_dim=5, dropout=0.1)(x, x, attention_mask=mask)])
    x = layers.Add()([x, layers.Dense(12)(layers.Dense(20, activation="gelu")(x))])
    return keras.Model(inputs, layers.Dense(4)(layers.Dense(14)(layers.Flatten()(x))))


class SpeechDecoder(layers.Layer):
    """keras.io, speech recognition: a mask for as many as there are, by the length that is indexed."""

    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own, self.cross = (layers.MultiHeadAttention(num_heads=2, key_dim=6) for _ in range(2))
        self.ffn = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(dim)])
        self.table, self.places = layers.Embedding(20, dim), layers.Embedding(8, dim)

    def _mask(self, samples: Any, length: Any) -> Any:
        mask = tf.range(length)[:, None] >= tf.range(length)
        repeats = tf.concat([samples[..., tf.newaxis], tf.constant([1, 1], dtype=tf.int32)], 0)
        return tf.tile(tf.reshape(tf.cast(mask, tf.bool), [1, length, length]), repeats)

    def call(self, heard: Any, target: Any) -> Any:
        shape = tf.shape(target)
        x = self.table(target) + self.places(tf.range(start=0, limit=shape[-1], delta=1))
        x = x + self.own(x, x, attention_mask=self._mask(shape[0], shape[1]))
        attended, scores = self.cross(x, heard, return_attention_scores=True)
        return self.ffn(x + attended), tf.reduce_mean(scores, axis=1)


@foreign([(16, 5), tokens(6)], sliders={"feed-forward": 20})
def speech_transformer() -> keras.Model:
    sound, target = keras.Input((16, 5)), keras.Input((6,), dtype="int32")
    heard = layers.Conv1D(12, 5, strides=2, padding="same", activation="relu")(sound)
    x, scores = SpeechDecoder(12)(heard, target)
    return keras.Model([sound, target], [layers.Dense(10)(x), scores])


class SpatialAttention(layers.Layer):
    """keras.io, diffusion models: positions of a plane by capital letters in an einsum."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.norm = units, layers.GroupNormalization(groups=1)
        self.query, self.key, self.value, self.proj = (layers.Dense(units) for _ in range(4))

    def call(self, inputs: Any) -> Any:
        b, h, w = tf.shape(inputs)[0], tf.shape(inputs)[1], tf.shape(inputs)[2]
        x = self.norm(inputs)
        scores = tf.einsum("bhwc, bHWc->bhwHW", self.query(x), self.key(x)) * tf.cast(self.units, tf.float32) ** -0.5
        scores = tf.reshape(tf.nn.softmax(tf.reshape(scores, [b, h, w, h * w]), -1), [b, h, w, h, w])
        return inputs + self.proj(tf.einsum("bhwHW,bHWc->bhwc", scores, self.value(x)))


class Fourier(layers.Layer):
    """FNet as keras.io has it: complex numbers by TensorFlow, of which the real part goes on."""

    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = layers.LayerNormalization()
        self.mlp = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(dim)])

    def call(self, inputs: Any) -> Any:
        mixed = tf.math.real(tf.signal.fft2d(tf.cast(inputs, tf.complex64)))
        return self.mlp(self.norm(inputs + mixed))


@foreign((4, 4, 3), sliders={"feed-forward": 20, "channels": 12})
def planes_and_spectra() -> keras.Model:
    inputs = keras.Input((4, 4, 3))
    x = SpatialAttention(12)(layers.Conv2D(12, 3, padding="same")(inputs))
    return keras.Model(inputs, layers.Dense(2)(Fourier(9)(layers.Dense(9)(layers.Reshape((16, 12))(x)))))


class GraphConv(layers.Layer):
    """keras.io, traffic forecasting: neighbours' means by segments; nodes come first, then the batch."""

    def __init__(self, fan_in: int, fan_out: int, edges: Any, nodes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edges, self.nodes = edges, nodes
        self.weight = self.add_weight(shape=(fan_in, fan_out), initializer="glorot_uniform")

    def call(self, features: Any) -> Any:
        sent = tf.gather(features, self.edges[1])
        mean = tf.math.unsorted_segment_mean(sent, self.edges[0], num_segments=self.nodes)
        return tf.nn.relu(tf.concat([tf.matmul(features, self.weight), tf.matmul(mean, self.weight)], axis=-1))


class TrafficForecast(layers.Layer):
    def __init__(self, edges: Any, nodes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.convolution, self.lstm, self.dense = GraphConv(1, 4, edges, nodes), layers.LSTM(9), layers.Dense(3)

    def call(self, inputs: Any) -> Any:
        x = self.convolution(tf.transpose(inputs, [2, 0, 1, 3]))
        nodes, samples, steps, width = tf.unstack(tf.shape(x))
        x = self.dense(self.lstm(tf.reshape(x, (nodes * samples, steps, width))))
        return tf.transpose(tf.reshape(x, (nodes, samples, 3)), [1, 2, 0])


@foreign((6, 5, 1), sliders={"lstm": 9})
def traffic_forecasting() -> keras.Model:
    edges = np.array([0, 0, 1, 2, 3, 4, 4]), np.array([1, 2, 0, 0, 4, 3, 1])
    inputs = keras.Input((6, 5, 1))
    return keras.Model(inputs, TrafficForecast(edges, 5)(inputs))
