"""Attention in windows and on folded patches: Swin, MobileViT, and what moves space into the batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign


def window_partition(x: Any, window_size: int) -> Any:
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height // window_size, window_size, width // window_size, window_size, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, window_size, window_size, channels))


def window_reverse(windows: Any, window_size: int, height: int, width: int, channels: int) -> Any:
    x = ops.reshape(windows, (-1, height // window_size, width // window_size, window_size, window_size, channels))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height, width, channels))


class WindowAttention(layers.Layer):
    """keras.io: image classification with Swin transformers."""

    def __init__(self, dim: int, window_size: int, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim, self.window_size, self.num_heads = dim, window_size, num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = layers.Dense(dim * 3, use_bias=True)
        self.proj = layers.Dense(dim)

    def build(self, input_shape: Any) -> None:
        side = self.window_size
        self.relative_position_bias_table = self.add_weight(
            shape=((2 * side - 1) ** 2, self.num_heads), initializer="zeros", trainable=True, name="bias_table"
        )
        coords = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij")).reshape(2, -1)
        relative = (coords[:, :, None] - coords[:, None, :]).transpose([1, 2, 0]) + side - 1
        self.relative_position_index = (relative[..., 0] * (2 * side - 1) + relative[..., 1]).reshape(-1)

    def call(self, x: Any, mask: Any = None) -> Any:
        _, size, channels = x.shape
        head_dim = channels // self.num_heads
        x_qkv = ops.reshape(self.qkv(x), (-1, size, 3, self.num_heads, head_dim))
        q, k, v = ops.unstack(ops.transpose(x_qkv, (2, 0, 3, 1, 4)), axis=0)
        attn = (q * self.scale) @ ops.transpose(k, (0, 1, 3, 2))
        bias = ops.take(self.relative_position_bias_table, self.relative_position_index, axis=0)
        bias = ops.transpose(ops.reshape(bias, (size, size, -1)), (2, 0, 1))
        attn = attn + ops.expand_dims(bias, axis=0)
        if mask is not None:
            n_w = mask.shape[0]
            mask_float = ops.expand_dims(ops.expand_dims(ops.cast(mask, "float32"), 1), 0)
            attn = ops.reshape(attn, (-1, n_w, self.num_heads, size, size)) + mask_float
            attn = ops.reshape(attn, (-1, self.num_heads, size, size))
        x_qkv = ops.transpose(ops.softmax(attn, axis=-1) @ v, (0, 2, 1, 3))
        return self.proj(ops.reshape(x_qkv, (-1, size, channels)))


class SwinTransformer(layers.Layer):
    def __init__(self, dim: int, side: int, num_heads: int, shift_size: int, num_mlp: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim, self.side, self.shift_size = dim, side, shift_size
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.attn = WindowAttention(dim, 2, num_heads)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)
        self.mlp = keras.Sequential(
            [layers.Dense(num_mlp), layers.Activation(keras.activations.gelu), layers.Dense(dim), layers.Dropout(0.03)]
        )

    def build(self, input_shape: Any) -> None:
        if not self.shift_size:
            self.attn_mask = None
            return
        regions = np.zeros((1, self.side, self.side, 1))
        for number, (rows, columns) in enumerate(
            (r, c) for r in (slice(0, -2), slice(-2, -1), slice(-1, None)) for c in (slice(0, -2), slice(-2, None))
        ):
            regions[:, rows, columns] = number
        windows = ops.convert_to_numpy(window_partition(ops.convert_to_tensor(regions), 2)).reshape(-1, 4)
        differ = windows[:, None] - windows[:, :, None]
        self.attn_mask = self.add_weight(shape=differ.shape, trainable=False, name="attn_mask")
        self.attn_mask.assign(np.where(differ != 0, -100.0, 0.0))

    def call(self, x: Any) -> Any:
        side, channels = self.side, self.dim
        x_skip = x
        x = ops.reshape(self.norm1(x), (-1, side, side, channels))
        if self.shift_size > 0:
            x = ops.roll(x, shift=(-self.shift_size, -self.shift_size), axis=(1, 2))
        windows = ops.reshape(window_partition(x, 2), (-1, 4, channels))
        windows = self.attn(windows, mask=self.attn_mask)
        x = window_reverse(ops.reshape(windows, (-1, 2, 2, channels)), 2, side, side, channels)
        if self.shift_size > 0:
            x = ops.roll(x, shift=(self.shift_size, self.shift_size), axis=(1, 2))
        x = x_skip + ops.reshape(x, (-1, side * side, channels))
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(layers.Layer):
    def __init__(self, num_patch: int, embed_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_patch = num_patch
        self.proj = layers.Dense(embed_dim)
        self.pos_embed = layers.Embedding(input_dim=num_patch, output_dim=embed_dim)

    def call(self, patch: Any) -> Any:
        return self.proj(patch) + self.pos_embed(ops.arange(start=0, stop=self.num_patch))


class PatchMerging(keras.layers.Layer):
    def __init__(self, side: int, embed_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side, self.embed_dim = side, embed_dim
        self.linear_trans = layers.Dense(2 * embed_dim, use_bias=False)

    def call(self, x: Any) -> Any:
        x = ops.reshape(x, (-1, self.side, self.side, x.shape[-1]))
        parts = [x[:, 0::2, 0::2, :], x[:, 1::2, 0::2, :], x[:, 0::2, 1::2, :], x[:, 1::2, 1::2, :]]
        x = ops.concatenate(parts, axis=-1)
        return self.linear_trans(ops.reshape(x, (-1, self.side * self.side // 4, x.shape[-1])))


@foreign((8, 8, 12), sliders={"embedding": 10, "feed forward": 17, "merged": 20})
def swin_transformer() -> keras.Model:
    inputs = keras.Input((8, 8, 12))
    x = PatchEmbedding(64, 10)(layers.Reshape((64, 12))(inputs))
    x = SwinTransformer(10, 8, 2, 0, 17)(x)
    x = SwinTransformer(10, 8, 2, 1, 17)(x)
    x = layers.GlobalAveragePooling1D()(PatchMerging(8, 10)(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


@foreign((8, 8, 3), sliders={"stem": 9, "projection": 12, "feed forward": 22})
def mobilevit() -> keras.Model:
    """keras.io: MobileViT, whose patches are folded into an axis of their own."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(9, 3, 1, activation=keras.activations.swish, padding="same")(inputs)
    local = layers.Conv2D(9, 3, padding="same", activation="swish")(x)
    local = layers.Conv2D(12, 1, activation="swish")(local)
    unfold = layers.Reshape((4, 16, 12))(local)
    for _ in range(2):
        x1 = layers.LayerNormalization(epsilon=1e-6)(unfold)
        attention = layers.MultiHeadAttention(num_heads=2, key_dim=12, dropout=0.1)(x1, x1)
        x2 = layers.Add()([attention, unfold])
        x3 = layers.Dense(22, activation="swish")(layers.LayerNormalization(epsilon=1e-6)(x2))
        unfold = layers.Add()([layers.Dense(12)(layers.Dropout(0.1)(x3)), x2])
    folded = layers.Reshape((8, 8, 12))(unfold)
    folded = layers.Conv2D(9, 1, activation="swish")(folded)
    x = layers.Conv2D(12, 3, padding="same", activation="swish")(layers.Concatenate(axis=-1)([x, folded]))
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAvgPool2D()(x)))


@foreign((16, 8), sliders={"width": 9})
def windows_in_the_batch() -> keras.Model:
    """A reshape that folds an axis into the batch, and unfolds it again."""
    inputs = keras.Input((16, 8))
    x = ops.reshape(layers.Dense(9)(inputs), (-1, 4, 9))
    x = layers.MultiHeadAttention(2, 3)(x, x)
    x = ops.reshape(x, (-1, 16, 9))
    return keras.Model(inputs, layers.Dense(3)(x))


@foreign((6, 8, 8, 3), sliders={"filters": 5, "recurrent": 7})
def frames_in_the_batch() -> keras.Model:
    """A video classifier that runs a 2D network on frames folded into the batch."""
    inputs = keras.Input((6, 8, 8, 3))
    x = ops.reshape(inputs, (-1, 8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, activation="relu")(x))
    x = layers.GRU(7)(ops.reshape(x, (-1, 6, 5)))
    return keras.Model(inputs, layers.Dense(3)(x))


@foreign((6, 8), sliders={"width": 12, "output": 7})
def heads_in_the_batch() -> keras.Model:
    """The attention of the annotated transformer, with heads concatenated along the batch."""
    inputs = keras.Input((6, 8))
    x = layers.Dense(12)(inputs)
    q, k, v = (layers.Dense(12, name=name)(x) for name in ("query", "key", "value"))
    q, k, v = (ops.concatenate(ops.split(each, 3, axis=2), axis=0) for each in (q, k, v))
    weights = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1))) / 2.0)
    x = ops.concatenate(ops.split(ops.matmul(weights, v), 3, axis=0), axis=2)
    return keras.Model(inputs, layers.Dense(3)(layers.Dense(7, activation="relu")(x)))
