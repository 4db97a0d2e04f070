"""Attention that is not Keras's: linear, random features, relative, memory, mixtures of experts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign, indices, tokens


class LinearAttention(layers.Layer):
    """Katharopoulos et al. 2020: elu + 1 as the feature map, keys and values multiplied first."""

    def __init__(self, heads: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, size
        self.to_qkv = layers.Dense(3 * heads * size, use_bias=False)

    def build(self, shape: Any) -> None:
        self.out = layers.Dense(shape[-1])

    def call(self, x: Any) -> Any:
        time = x.shape[1]
        qkv = ops.reshape(self.to_qkv(x), (-1, time, 3, self.heads, self.size))
        q, k, v = qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2]
        q, k = ops.elu(q) + 1.0, ops.elu(k) + 1.0
        context = ops.einsum("bnhd,bnhe->bhde", k, v)
        norm = 1.0 / (ops.einsum("bnhd,bhd->bnh", q, ops.sum(k, axis=1)) + 1e-6)
        x = ops.einsum("bnhd,bhde,bnh->bnhe", q, context, norm)
        return self.out(ops.reshape(x, (-1, time, self.heads * self.size)))


@foreign((6, 10), sliders={"stream": 11})
def linear_attention() -> keras.Model:
    inputs = keras.Input((6, 10))
    x = layers.Dense(11)(inputs)
    x = x + LinearAttention(2, 5)(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(3)(x))


class RandomFeatureAttention(layers.Layer):
    """Performer: a projection that is a weight and is not trained."""

    def __init__(self, width: int, features: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width, self.features = width, features
        self.q, self.k, self.v = (layers.Dense(width) for _ in range(3))

    def build(self, _: Any) -> None:
        self.projection = self.add_weight(
            shape=(self.features, self.width), initializer="orthogonal", trainable=False, name="projection"
        )

    def phi(self, x: Any) -> Any:
        data = ops.einsum("bnd,fd->bnf", x * self.width**-0.25, self.projection)
        return ops.exp(data - ops.sum(ops.square(x), axis=-1, keepdims=True) / 2) / np.sqrt(self.features)

    def call(self, x: Any) -> Any:
        q, k, v = self.phi(ops.tanh(self.q(x))), self.phi(ops.tanh(self.k(x))), self.v(x)
        scale = ops.einsum("bnf,bf->bn", q, ops.sum(k, axis=1))
        return ops.einsum("bnf,bfe->bne", q, ops.einsum("bnf,bne->bfe", k, v)) / scale[..., None]


@foreign((6, 10), sliders={"stream": 11, "queries": 12})
def performer() -> keras.Model:
    inputs = keras.Input((6, 10))
    x = layers.Dense(11)(inputs)
    x = layers.Dense(11)(RandomFeatureAttention(12, 7)(x)) + x
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


class RelativeAttention(layers.Layer):
    """Transformer-XL: content and position scores with biases u and v of their own, shifted by pad and reshape."""

    def __init__(self, heads: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, size
        self.qkv = layers.EinsumDense("btd,dchs->btchs", (None, 3, heads, size))
        self.r = layers.EinsumDense("td,dhs->ths", (heads, size))

    def build(self, shape: Any) -> None:
        self.u = self.add_weight(shape=(self.heads, self.size), name="u")
        self.v = self.add_weight(shape=(self.heads, self.size), name="v")
        self.out = layers.EinsumDense("bths,hsd->btd", (None, shape[-1]))
        width = shape[-1]
        angle = np.arange(shape[1])[::-1, None] / 10000 ** (np.arange(0, width, 2) / width)
        self.positions = np.concatenate([np.sin(angle), np.cos(angle)], axis=-1).astype("float32")

    def shift(self, x: Any) -> Any:
        q, k = x.shape[2:]
        x = ops.reshape(ops.pad(x, ((0, 0), (0, 0), (0, 0), (1, 0))), (-1, self.heads, k + 1, q))
        return ops.reshape(x[:, :, 1:], (-1, self.heads, q, k))

    def call(self, x: Any) -> Any:
        q, k, v = ops.unstack(self.qkv(x), axis=2)
        r = self.r(ops.convert_to_tensor(self.positions))
        content = ops.einsum("bqhs,bkhs->bhqk", q + self.u, k)
        position = self.shift(ops.einsum("bqhs,khs->bhqk", q + self.v, r))
        scores = ops.softmax((content + position) * self.size**-0.5)
        return self.out(ops.einsum("bhqk,bkhs->bqhs", scores, v))


@foreign(tokens(6), sliders={"stream": 10, "feed forward": 17})
def transformer_xl_layer() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 10)(inputs)
    x = layers.LayerNormalization()(x + RelativeAttention(2, 4)(x))
    x = layers.LayerNormalization()(x + layers.Dense(10)(layers.Dense(17, activation="relu")(x)))
    return keras.Model(inputs, layers.Dense(20)(x))


class LearnedQueries(layers.Layer):
    """Perceiver: queries that are weights, as many as the batch has samples."""

    def __init__(self, count: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count, self.width = count, width
        self.attention = layers.MultiHeadAttention(2, 4)

    def build(self, shape: Any) -> None:
        self.latents = self.add_weight(shape=(self.count, self.width), initializer="random_normal", name="latents")

    def call(self, x: Any) -> Any:
        queries = ops.repeat(ops.expand_dims(self.latents, 0), ops.shape(x)[0], axis=0)
        return queries + self.attention(queries, x)


@foreign((8, 6), sliders={"latent": 9, "feed forward": 14})
def perceiver() -> keras.Model:
    """keras.io: image classification with Perceiver."""
    inputs = keras.Input((8, 6))
    x = LearnedQueries(5, 9)(layers.LayerNormalization()(layers.Dense(11)(inputs)))
    x = x + layers.Dense(9)(layers.Dense(14, activation="gelu")(layers.LayerNormalization()(x)))
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


class TopKExperts(layers.Layer):
    """A mixture of experts: all weights in one tensor, gates by top-k and one-hot."""

    def __init__(self, experts: int, hidden: int, k: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.experts, self.hidden, self.k = experts, hidden, k
        self.router = layers.Dense(experts, use_bias=False)

    def build(self, shape: Any) -> None:
        width = shape[-1]
        self.w1 = self.add_weight(shape=(self.experts, width, self.hidden), name="w1")
        self.w2 = self.add_weight(shape=(self.experts, self.hidden, width), name="w2")

    def call(self, x: Any) -> Any:
        values, chosen = ops.top_k(ops.softmax(self.router(x)), self.k)
        values = values / ops.sum(values, axis=-1, keepdims=True)
        gates = ops.sum(ops.one_hot(chosen, self.experts) * values[..., None], axis=-2)
        hidden = ops.gelu(ops.einsum("btd,edh->bteh", x, self.w1))
        return ops.einsum("bteh,ehd,bte->btd", hidden, self.w2, gates)


@foreign((6, 8), sliders={"stream": 10, "hidden": 13})
def mixture_of_experts() -> keras.Model:
    inputs = keras.Input((6, 8))
    x = layers.Dense(10)(inputs)
    x = x + TopKExperts(4, 13)(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(3)(x))


class Router(layers.Layer):
    """keras.io: text classification with a switch transformer; adds a loss for balance in call."""

    def __init__(self, num_experts: int, expert_capacity: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_experts, self.expert_capacity = num_experts, expert_capacity
        self.route = layers.Dense(units=num_experts)

    def call(self, inputs: Any, training: Any = False) -> Any:
        router_probs = keras.activations.softmax(self.route(inputs), axis=-1)
        expert_gate, expert_index = ops.top_k(router_probs, k=1)
        expert_mask = ops.one_hot(ops.squeeze(expert_index, -1), self.num_experts)
        density = ops.mean(expert_mask, axis=0)
        self.add_loss(ops.mean(density * ops.mean(router_probs, axis=0)) * self.num_experts**2)
        position = ops.cumsum(expert_mask, axis=0) * expert_mask
        expert_mask = expert_mask * ops.cast(ops.less(position - 1, self.expert_capacity), "float32")
        return expert_gate * expert_mask


class Switch(layers.Layer):
    def __init__(self, num_experts: int, embed_dim: int, ff_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embed_dim = embed_dim
        self.experts = [
            keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
            for _ in range(num_experts)
        ]
        self.router = Router(num_experts, 12)

    def call(self, inputs: Any) -> Any:
        flat = ops.reshape(inputs, (-1, self.embed_dim))
        dispatch = self.router(flat)
        outputs = [dispatch[:, number : number + 1] * expert(flat) for number, expert in enumerate(self.experts)]
        return ops.reshape(sum(outputs[1:], outputs[0]), (-1, inputs.shape[1], self.embed_dim))


@foreign(tokens(6), sliders={"embedding": 9, "expert": 14})
def switch_transformer() -> keras.Model:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 9)(inputs)
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.MultiHeadAttention(2, 9)(x, x))
    x = layers.LayerNormalization(epsilon=1e-6)(x + Switch(3, 9, 14)(x))
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@foreign((5, 6, 8), sliders={"width": 10})
def axial_attention() -> keras.Model:
    """MultiHeadAttention over rows, then over columns, of a 4-dimensional tensor."""
    inputs = keras.Input((5, 6, 8))
    x = layers.Dense(10)(inputs)
    x = x + layers.MultiHeadAttention(2, 3, attention_axes=(1,))(x, x)
    x = x + layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))(x, x)
    return keras.Model(inputs, layers.Dense(2)(x))


class TalkingHeads(layers.MultiHeadAttention):
    """A subclass of Keras's attention with another ``call``: a rate of its own scales what comes out."""

    def call(self, query: Any, value: Any, key: Any = None, scale: float = 1.0, training: Any = None) -> Any:
        return scale * super().call(query, value, key=key, training=training)


class TalkingBlock(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = TalkingHeads(3, 4)

    def call(self, x: Any) -> Any:
        return x + self.attention(x, x, scale=0.5)


@foreign((6, 8), sliders={"stream": 10, "heads": 3})
def attention_subclassed() -> keras.Model:
    inputs = keras.Input((6, 8))
    return keras.Model(inputs, layers.Dense(2)(TalkingBlock()(layers.Dense(10)(inputs))))


@foreign(indices(6, below=20), sliders={"embedding": 8, "context": 7})
def global_attention_pooling() -> keras.Model:
    """Hierarchical attention networks: a context vector that is a weight (Yang et al. 2016)."""

    class AttentionWithContext(layers.Layer):
        def build(self, shape: Any) -> None:
            self.W = self.add_weight(shape=(shape[-1], 7), name="W")
            self.b = self.add_weight(shape=(7,), name="b", initializer="zeros")
            self.u = self.add_weight(shape=(7, 1), name="u")

        def call(self, x: Any) -> Any:
            uit = ops.tanh(ops.dot(x, self.W) + self.b)
            a = ops.exp(ops.squeeze(ops.dot(uit, self.u), -1))
            a = a / (ops.sum(a, axis=1, keepdims=True) + keras.config.epsilon())
            return ops.sum(x * ops.expand_dims(a, -1), axis=1)

    inputs = keras.Input((6,), dtype="int32")
    x = layers.Bidirectional(layers.GRU(5, return_sequences=True))(layers.Embedding(20, 8)(inputs))
    return keras.Model(inputs, layers.Dense(3)(AttentionWithContext()(x)))
