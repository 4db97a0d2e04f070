"""Models whose peculiarity is how they read sequences: recurrence, embeddings, attention."""

from __future__ import annotations

import keras
from keras import layers as kl
from keras import ops

from .specimen import specimen

ACROSS_CHANNELS = "a normalization scales with the channels that are dropped"


@specimen((7,), tokens=20)
def bilstm_tagger() -> keras.Model:
    """A masked embedding, both directions, and a layer at every step."""
    inputs = keras.Input((7,), dtype="int32")
    x = kl.Embedding(20, 8, mask_zero=True)(inputs)
    x = kl.Bidirectional(kl.LSTM(5, return_sequences=True))(x)
    x = kl.GRU(4, return_sequences=True)(x)
    return keras.Model(inputs, kl.TimeDistributed(kl.Dense(3, activation="softmax"))(x))


@specimen((6, 4))
def sequence_to_sequence() -> keras.Model:
    """States handed from one LSTM to another tie their widths."""
    inputs = keras.Input((6, 4))
    x = kl.SimpleRNN(5, return_sequences=True, use_bias=False)(inputs)
    x, hidden, carry = kl.LSTM(6, return_sequences=True, return_state=True, name="encoder")(x)
    y = kl.LSTM(6, name="decoder")(x, initial_state=[hidden, carry])
    z = kl.Bidirectional(kl.GRU(3, reset_after=False), merge_mode="sum")(x)
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([y, z, hidden])))


@specimen((7,), tokens=20, unmaskable=ACROSS_CHANNELS, cannot_grow=frozenset({"stream"}))
def transformer_classifier() -> keras.Model:
    inputs = keras.Input((7,), dtype="int32")
    x = kl.Embedding(20, 8, name="stream")(inputs)
    x = kl.LayerNormalization()(kl.Add()([x, kl.MultiHeadAttention(2, 4, name="attention")(x, x)]))
    y = kl.Dense(8)(kl.Dense(16, activation="gelu")(x))
    x = kl.LayerNormalization()(x + y)
    return keras.Model(inputs, kl.Dense(3, activation="softmax")(kl.GlobalAveragePooling1D()(x)))


@specimen((7, 8), unmaskable=ACROSS_CHANNELS, cannot_grow=frozenset({"stream"}))
def decoder_block() -> keras.Model:
    """Grouped queries, a root-mean-square norm and a gated feed-forward part."""
    inputs = keras.Input((7, 8))
    x = kl.Dense(8, name="stream")(inputs)
    y = kl.RMSNormalization()(x)
    x = x + kl.GroupQueryAttention(4, 4, 2, name="attention")(y, y, use_causal_mask=True)
    y = kl.Dense(12, activation="silu", name="gate")(x) * kl.Dense(12, name="up")(x)
    return keras.Model(inputs, kl.Dense(3)(x + kl.Dense(8, name="down")(y)))


@specimen((7,), tokens=20, unmaskable=ACROSS_CHANNELS, cannot_grow=frozenset({"stream"}))
def decoder_with_tied_embeddings() -> keras.Model:
    """Tokens in, logits out, by the same table: the first layer is also the last."""
    inputs = keras.Input((7,), dtype="int32")
    embedding = kl.ReversibleEmbedding(20, 8, logit_soft_cap=30.0, name="stream")
    x = embedding(inputs)
    y = kl.RMSNormalization()(x)
    x = x + kl.MultiHeadAttention(2, 4, value_dim=3, name="attention")(y, y, use_causal_mask=True)
    x = x + kl.Dense(8, name="down")(kl.Dense(12, activation="gelu", name="up")(kl.RMSNormalization()(x)))
    return keras.Model(inputs, embedding(x, reverse=True))


@specimen((6, 8))
def cross_attention() -> keras.Model:
    """Other sizes for values and for the output, and a key of its own."""
    inputs = keras.Input((6, 8))
    query, memory, key = kl.Dense(5)(inputs), kl.Dense(7)(inputs), kl.Dense(6)(inputs)
    attention = kl.MultiHeadAttention(3, 4, value_dim=5, output_shape=9, use_bias=False, name="attention")
    x, scores = attention(query, memory, key=key, return_attention_scores=True)
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([kl.Flatten()(x), kl.Flatten()(scores)])))


@specimen((6, 8), cannot_grow=frozenset({"query"}))
def attention_by_hand() -> keras.Model:
    inputs = keras.Input((6, 8))
    query, key, value = kl.Dense(12, name="query")(inputs), kl.Dense(12, name="key")(inputs), kl.Dense(10)(inputs)
    scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))) / ops.sqrt(12.0), axis=-1)
    x = ops.mean(ops.matmul(scores, value), axis=1)
    return keras.Model(inputs, kl.Dense(2)(ops.relu(ops.concatenate([x, 1.0 - x], axis=-1))))


@specimen((16, 16, 3), unmaskable=ACROSS_CHANNELS)
def vision_transformer() -> keras.Model:
    """Patches by a convolution, a constant position code, the first token read out."""
    inputs = keras.Input((16, 16, 3))
    x = kl.Reshape((16, 12))(kl.Conv2D(12, 4, strides=4, name="patches")(inputs))
    x = x + keras.random.normal((1, 16, 12), seed=3)
    y = kl.LayerNormalization()(x)
    x = x + kl.MultiHeadAttention(3, 4)(y, y)
    x = x + kl.Dense(12)(kl.Dense(20, activation="gelu")(kl.LayerNormalization()(x)))
    return keras.Model(inputs, kl.Dense(4)(x[:, 0]))


@specimen((6, 8))
def einsum_dense() -> keras.Model:
    inputs = keras.Input((6, 8))
    x = kl.EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de", name="split")(inputs)
    x = kl.EinsumDense("...de,def->...f", output_shape=5, bias_axes="f", activation="relu", name="join")(x)
    return keras.Model(inputs, kl.Dense(2)(kl.Reshape((30,))(x)))


@specimen((6, 3), unmaskable="a timestep of zeros is still a step", cannot_grow=frozenset({"steps"}))
def width_read_as_time() -> keras.Model:
    """A convolution's channels become the timesteps of an LSTM and of a layer at every step."""
    inputs = keras.Input((6, 3))
    x = kl.Permute((2, 1))(kl.Conv1D(5, 2, name="steps")(inputs))
    x = kl.TimeDistributed(kl.Dense(4))(x)
    return keras.Model(inputs, kl.Dense(2)(kl.LSTM(3)(x)))


@specimen((6, 4))
def directions_of_their_own() -> keras.Model:
    inputs = keras.Input((6, 4))
    backward = kl.GRU(5, go_backwards=True, use_bias=False, activation="sigmoid")
    return keras.Model(inputs, kl.Dense(2)(kl.Bidirectional(kl.LSTM(5), backward_layer=backward)(inputs)))


@specimen((6, 4))
def states_in_both_directions() -> keras.Model:
    inputs = keras.Input((6, 4))
    states = [kl.Dense(5, name=f"state_{number}")(inputs[:, 0]) for number in range(4)]
    return keras.Model(inputs, kl.Dense(2)(kl.Bidirectional(kl.LSTM(5))(inputs, initial_state=states)))


@specimen((6, 8), cannot_grow=frozenset({"projected"}))
def heads_by_hand() -> keras.Model:
    """One projection split into queries, keys and values, cut into heads, multiplied by letters."""
    inputs = keras.Input((6, 8))
    x = kl.Dense(12, name="stream")(inputs)
    parts = ops.split(kl.Dense(36, name="projected")(x), 3, axis=-1)
    query, key, value = (ops.reshape(part, (-1, 6, 3, 4)) for part in parts)
    scores = ops.softmax(ops.einsum("bqhd,bkhd->bhqk", query, key))
    causal = ops.tril(ops.ones((6, 6), "bool"))
    context = ops.einsum("bhqk,bkhd->bqhd", ops.where(causal, scores, 0.0), value)
    x = x + kl.Dense(12)(ops.reshape(context, (-1, 6, 12)))
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))


@specimen((6, 8), cannot_grow=frozenset({"query", "additive", "encoder"}))
def attention_of_one_head() -> keras.Model:
    """Keras's older attention layers, and states of both directions laid side by side."""
    inputs = keras.Input((6, 8))
    sequence, ahead, back = kl.Bidirectional(kl.GRU(4, return_sequences=True, return_state=True), name="encoder")(
        inputs
    )
    decoded = kl.GRU(8, return_sequences=True)(inputs, initial_state=kl.Concatenate()([ahead, back]))
    x = kl.Attention(use_scale=True)([decoded, sequence])
    query, value = kl.Dense(5, name="query")(x), kl.Dense(7)(x)
    y, scores = kl.Attention()([query, value, kl.Dense(5)(x)], return_attention_scores=True)
    additive = kl.Dense(3, name="additive")(y)
    z = kl.AdditiveAttention()([additive, additive])
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(kl.Concatenate()([y, scores, z]))))


@specimen((6, 8), unmaskable="attention divides by the root of a head's size", cannot_grow=frozenset({"query"}))
def heads_that_share_a_key() -> keras.Model:
    """One key head for all queries, whose number is the width; and Keras's product of heads as a function."""
    inputs = keras.Input((6, 8))
    x = kl.Dense(8)(inputs)
    x = x + kl.GroupQueryAttention(4, 6, 1, name="attention")(x, x, use_causal_mask=True)
    query, key, value = (kl.Reshape((6, 3, 4))(kl.Dense(12, name=name)(x)) for name in ("query", "key", "value"))
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(ops.dot_product_attention(query, key, value))))
