"""Language models from scratch, as keras.io and tutorials write them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign, indices, tokens


def causal_attention_mask(batch_size: Any, n_dest: int, n_src: int, dtype: str) -> Any:
    i = ops.arange(n_dest)[:, None]
    j = ops.arange(n_src)
    mask = ops.reshape(ops.cast(i >= j - n_src + n_dest, dtype), [1, n_dest, n_src])
    return ops.tile(mask, (batch_size, 1, 1))


class GPTBlock(layers.Layer):
    """keras.io: text generation with a miniature GPT."""

    def __init__(self, embed_dim: int, num_heads: int, ff_dim: int, rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.att = layers.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs: Any) -> Any:
        input_shape = ops.shape(inputs)
        seq_len = input_shape[1]
        causal_mask = causal_attention_mask(input_shape[0], seq_len, seq_len, "bool")
        attention_output = self.dropout1(self.att(inputs, inputs, attention_mask=causal_mask))
        out1 = self.layernorm1(inputs + attention_output)
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen: int, vocab_size: int, embed_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x: Any) -> Any:
        positions = ops.arange(0, ops.shape(x)[-1], 1)
        return self.token_emb(x) + self.pos_emb(positions)


@foreign(tokens(7), sliders={"embedding": 9, "heads": 2, "feed forward": 21})
def miniature_gpt() -> keras.Model:
    inputs = layers.Input(shape=(7,), dtype="int32")
    x = TokenAndPositionEmbedding(7, 20, 9)(inputs)
    x = GPTBlock(9, 2, 21)(x)
    return keras.Model(inputs=inputs, outputs=[layers.Dense(20)(x), x])


class TransformerBlock(layers.Layer):
    """keras.io: text classification with a transformer."""

    def __init__(self, embed_dim: int, num_heads: int, ff_dim: int, rate: float = 0.1) -> None:
        super().__init__()  # takes no keyword arguments, as the example has it
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs: Any) -> Any:
        attn_output = self.dropout1(self.att(inputs, inputs))
        out1 = self.layernorm1(inputs + attn_output)
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))


@foreign(tokens(8), sliders={"embedding": 10, "heads": 3, "feed forward": 17, "head": 6})
def text_classification_transformer() -> keras.Model:
    inputs = layers.Input(shape=(8,))
    x = TransformerBlock(10, 3, 17)(TokenAndPositionEmbedding(8, 20, 10)(inputs))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    x = layers.Dropout(0.1)(layers.Dense(6, activation="relu")(x))
    return keras.Model(inputs=inputs, outputs=layers.Dense(2, activation="softmax")(x))


@foreign(tokens(8), sliders={"heads": 3, "feed forward": 19})
def bert_masked_language_model() -> keras.Model:
    """keras.io: end-to-end masked language modelling, sinusoidal positions as an embedding's weights pin its width."""
    inputs = layers.Input((8,), dtype="int32")
    angle = np.arange(8)[:, None] / np.power(10000, (np.arange(12) // 2 * 2) / 12)
    table = np.where(np.arange(12) % 2 == 0, np.sin(angle), np.cos(angle))
    word = layers.Embedding(20, 12, name="word_embedding")(inputs)
    position = layers.Embedding(
        input_dim=8, output_dim=12, embeddings_initializer=keras.initializers.Constant(table), name="position_embedding"
    )(ops.arange(start=0, stop=8, step=1))
    x = word + position
    attention = layers.MultiHeadAttention(num_heads=3, key_dim=4, name="encoder_multi_head_attention")(x, x, x)
    attention = layers.Dropout(0.1, name="encoder_att_dropout")(attention)
    x = layers.LayerNormalization(epsilon=1e-6)(x + attention)
    ffn = keras.Sequential([layers.Dense(19, activation="relu"), layers.Dense(12)], name="encoder_ffn")
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.1)(ffn(x)))
    return keras.Model(inputs, layers.Dense(20, name="mlm_cls", activation="softmax")(x))


class CausalSelfAttention(layers.Layer):
    """minGPT in Keras: heads by reshape, a causal mask kept as an array."""

    def __init__(self, width: int, heads: int, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.heads, self.length = width, heads, length
        self.c_attn = layers.Dense(3 * width, use_bias=False)
        self.c_proj = layers.Dense(width, use_bias=False)
        self.bias = np.tril(np.ones((length, length), "float32"))

    def call(self, x: Any) -> Any:
        batch, time, channels = ops.shape(x)
        q, k, v = ops.split(self.c_attn(x), 3, axis=-1)
        q, k, v = (
            ops.transpose(ops.reshape(each, (batch, time, self.heads, channels // self.heads)), (0, 2, 1, 3))
            for each in (q, k, v)
        )
        att = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / np.sqrt(channels // self.heads)
        att = ops.softmax(ops.where(self.bias[:time, :time] == 0, -1e9, att))
        y = ops.reshape(ops.transpose(ops.matmul(att, v), (0, 2, 1, 3)), (batch, time, channels))
        return self.c_proj(y)


class NanoGPT(keras.Model):
    """Subclassed, output tied to the embedding by reading its matrix."""

    def __init__(self, vocabulary: int = 20, width: int = 12, length: int = 6) -> None:
        super().__init__()
        self.wte = layers.Embedding(vocabulary, width)
        self.wpe = layers.Embedding(length, width)
        self.ln_1 = [layers.LayerNormalization() for _ in range(2)]
        self.attn = [CausalSelfAttention(width, 3, length) for _ in range(2)]
        self.ln_2 = [layers.LayerNormalization() for _ in range(2)]
        self.up = [layers.Dense(4 * width + 2, activation="gelu") for _ in range(2)]
        self.down = [layers.Dense(width) for _ in range(2)]

    def call(self, idx: Any) -> Any:
        x = self.wte(idx) + self.wpe(ops.arange(ops.shape(idx)[1]))
        for ln_1, attn, ln_2, up, down in zip(self.ln_1, self.attn, self.ln_2, self.up, self.down, strict=True):
            x = x + attn(ln_1(x))
            x = x + down(up(ln_2(x)))
        return ops.matmul(x, ops.transpose(self.wte.embeddings))


@foreign(tokens(6), sliders={"stream": 12, "feed forward 1": 50, "feed forward 2": 50})
def nano_gpt() -> keras.Model:
    return NanoGPT()


class RMSNorm(layers.Layer):
    def __init__(self, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        variance = ops.mean(ops.square(ops.cast(x, "float32")), axis=-1, keepdims=True)
        return x * ops.rsqrt(variance + self.epsilon) * self.scale


class RotaryAttention(layers.Layer):
    """Rotary positions by hand: the second half negated, put in front, times tables made by NumPy."""

    def __init__(self, width: int, heads: int, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, width // heads
        self.q, self.k, self.v, self.o = (layers.Dense(width, use_bias=False) for _ in range(4))
        frequencies = 1.0 / 10000 ** (np.arange(0, self.size, 2) / self.size)
        angles = np.concatenate([np.outer(np.arange(length), frequencies)] * 2, axis=-1).astype("float32")
        self.cos, self.sin = np.cos(angles)[None, :, None], np.sin(angles)[None, :, None]

    def rotate(self, x: Any) -> Any:
        one, two = ops.split(x, 2, axis=-1)
        return x * self.cos + ops.concatenate([-two, one], axis=-1) * self.sin

    def call(self, x: Any) -> Any:
        time = x.shape[1]
        q, k, v = (ops.reshape(each(x), (-1, time, self.heads, self.size)) for each in (self.q, self.k, self.v))
        scores = ops.einsum("bqhd,bkhd->bhqk", self.rotate(q), self.rotate(k)) * self.size**-0.5
        mask = ops.tril(ops.ones((time, time)))
        scores = ops.softmax(scores + (1.0 - mask) * -1e9)
        return self.o(ops.reshape(ops.einsum("bhqk,bkhd->bqhd", scores, v), (-1, time, self.heads * self.size)))


class SwiGLU(layers.Layer):
    def __init__(self, hidden: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.w1, self.w3 = layers.Dense(hidden, use_bias=False), layers.Dense(hidden, use_bias=False)
        self.w2 = layers.Dense(width, use_bias=False)

    def call(self, x: Any) -> Any:
        return self.w2(ops.silu(self.w1(x)) * self.w3(x))


@foreign(tokens(6), sliders={"stream": 12, "feed forward": 23})
def llama_from_scratch() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 12)(inputs)
    x = x + RotaryAttention(12, 3, 6)(RMSNorm()(x))
    x = x + SwiGLU(23, 12)(RMSNorm()(x))
    return keras.Model(inputs, layers.Dense(20, use_bias=False)(RMSNorm()(x)))


class RelativeBias(layers.Layer):
    """T5's buckets, as a table looked up by differences of positions."""

    def __init__(self, heads: int, buckets: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.buckets = heads, buckets

    def build(self, _: Any) -> None:
        self.table = self.add_weight(shape=(self.buckets, self.heads), name="relative_attention_bias")

    def call(self, scores: Any) -> Any:
        q, k = scores.shape[-2:]
        distance = ops.clip(ops.arange(k)[None, :] - ops.arange(q)[:, None] + self.buckets // 2, 0, self.buckets - 1)
        return scores + ops.expand_dims(ops.transpose(ops.take(self.table, distance, axis=0), (2, 0, 1)), 0)


@foreign(tokens(6), sliders={"stream": 12, "feed forward": 16})
def t5_encoder_from_scratch() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 12)(inputs)
    y = RMSNorm()(x)
    q, k, v = (layers.Reshape((6, 3, 4))(layers.Dense(12, use_bias=False)(y)) for _ in range(3))
    scores = RelativeBias(3, 8)(ops.einsum("bqhd,bkhd->bhqk", q, k))
    y = layers.Reshape((6, 12))(ops.einsum("bhqk,bkhd->bqhd", ops.softmax(scores), v))
    x = x + layers.Dense(12, use_bias=False)(y)
    x = x + layers.Dense(12, use_bias=False)(layers.Dense(16, activation="relu", use_bias=False)(RMSNorm()(x)))
    return keras.Model(inputs, RMSNorm()(x))


@foreign(indices(8, below=20), sliders={"embedding": 11, "filters": 9, "other filters": 7})
def kim_text_cnn() -> keras.Model:
    """Kim 2014: convolutions of several sizes, the largest over time, concatenated."""
    inputs = keras.Input((8,), dtype="int32")
    x = layers.Embedding(20, 11)(inputs)
    branches = [layers.GlobalMaxPooling1D()(layers.Conv1D(n, k, activation="relu")(x)) for n, k in ((9, 2), (7, 3))]
    x = layers.Dropout(0.5)(layers.Concatenate()(branches))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
