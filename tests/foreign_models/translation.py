"""Encoders and decoders: sequence to sequence with attention, tied embeddings, masks between composites."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .foreign import foreign, indices, tokens


class PositionalEmbedding(layers.Layer):
    """keras.io: English-to-Spanish translation; the mask of the token embedding is handed on."""

    def __init__(self, sequence_length: int, vocab_size: int, embed_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token_embeddings = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.position_embeddings = layers.Embedding(input_dim=sequence_length, output_dim=embed_dim)
        self.sequence_length, self.vocab_size, self.embed_dim = sequence_length, vocab_size, embed_dim

    def call(self, inputs: Any) -> Any:
        positions = ops.arange(0, ops.shape(inputs)[-1], 1)
        return self.token_embeddings(inputs) + self.position_embeddings(positions)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0)

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self, name) for name in ("sequence_length", "vocab_size", "embed_dim")}
        return super().get_config() | config


class TransformerEncoder(layers.Layer):
    def __init__(self, embed_dim: int, dense_dim: int, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embed_dim, self.dense_dim, self.num_heads = embed_dim, dense_dim, num_heads
        self.attention = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.dense_proj = keras.Sequential([layers.Dense(dense_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm_1 = layers.LayerNormalization()
        self.layernorm_2 = layers.LayerNormalization()
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        padding_mask = ops.cast(mask[:, None, :], dtype="int32") if mask is not None else None
        attention_output = self.attention(query=inputs, value=inputs, key=inputs, attention_mask=padding_mask)
        proj_input = self.layernorm_1(inputs + attention_output)
        return self.layernorm_2(proj_input + self.dense_proj(proj_input))

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self, name) for name in ("embed_dim", "dense_dim", "num_heads")}
        return super().get_config() | config


class TransformerDecoder(layers.Layer):
    def __init__(self, embed_dim: int, latent_dim: int, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embed_dim, self.latent_dim, self.num_heads = embed_dim, latent_dim, num_heads
        self.attention_1 = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.attention_2 = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.dense_proj = keras.Sequential([layers.Dense(latent_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm_1 = layers.LayerNormalization()
        self.layernorm_2 = layers.LayerNormalization()
        self.layernorm_3 = layers.LayerNormalization()
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        inputs, encoder_outputs = inputs
        causal_mask = self.get_causal_attention_mask(inputs)
        inputs_mask, encoder_outputs_mask = mask if mask is not None else (None, None)
        attention_output_1 = self.attention_1(
            query=inputs, value=inputs, key=inputs, attention_mask=causal_mask, query_mask=inputs_mask
        )
        out_1 = self.layernorm_1(inputs + attention_output_1)
        attention_output_2 = self.attention_2(
            query=out_1,
            value=encoder_outputs,
            key=encoder_outputs,
            query_mask=inputs_mask,
            key_mask=encoder_outputs_mask,
        )
        out_2 = self.layernorm_2(out_1 + attention_output_2)
        return self.layernorm_3(out_2 + self.dense_proj(out_2))

    def get_causal_attention_mask(self, inputs: Any) -> Any:
        input_shape = ops.shape(inputs)
        batch_size, sequence_length = input_shape[0], input_shape[1]
        mask = ops.cast(ops.arange(sequence_length)[:, None] >= ops.arange(sequence_length), dtype="int32")
        mask = ops.reshape(mask, (1, sequence_length, sequence_length))
        return ops.tile(mask, (batch_size, 1, 1))

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self, name) for name in ("embed_dim", "latent_dim", "num_heads")}
        return super().get_config() | config


@foreign(
    {"encoder_inputs": tokens(6), "decoder_inputs": tokens(5)},
    sliders={"stream": 8, "encoder feed forward": 17, "decoder feed forward": 19, "heads": 2},
)
def transformer_translation() -> keras.Model:
    encoder_inputs = keras.Input(shape=(6,), dtype="int64", name="encoder_inputs")
    x = PositionalEmbedding(6, 20, 8)(encoder_inputs)
    encoder_outputs = TransformerEncoder(8, 17, 2)(x)
    encoder = keras.Model(encoder_inputs, encoder_outputs)
    decoder_inputs = keras.Input(shape=(5,), dtype="int64", name="decoder_inputs")
    encoded_seq_inputs = keras.Input(shape=(None, 8), name="decoder_state_inputs")
    x = PositionalEmbedding(5, 20, 8)(decoder_inputs)
    x = layers.Dropout(0.5)(TransformerDecoder(8, 19, 2)([x, encoder_outputs]))
    del encoded_seq_inputs, encoder
    outputs = layers.Dense(20, activation="softmax")(x)
    return keras.Model(
        {"encoder_inputs": encoder_inputs, "decoder_inputs": decoder_inputs}, outputs, name="transformer"
    )


@foreign(tokens(7), sliders={"stream": 8, "feed forward": 17})
def masks_between_composites() -> keras.Model:
    """Two encoder layers of a user's own on masked embeddings, pooled under the mask."""
    inputs = keras.Input((7,), dtype="int64")
    x = PositionalEmbedding(7, 20, 8)(inputs)
    x = TransformerEncoder(8, 17, 2)(TransformerEncoder(8, 17, 2)(x))
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@foreign([(6, 5), (7, 4)], sliders={"latent": 9})
def character_seq2seq() -> keras.Model:
    """keras.io: character-level recurrent sequence-to-sequence, by states."""
    encoder_inputs = keras.Input(shape=(None, 5))
    _, state_h, state_c = keras.layers.LSTM(9, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input(shape=(None, 4))
    decoder_lstm = keras.layers.LSTM(9, return_sequences=True, return_state=True)
    decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
    return keras.Model([encoder_inputs, decoder_inputs], keras.layers.Dense(4, activation="softmax")(decoder_outputs))


class BahdanauAttention(layers.Layer):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.W1 = layers.Dense(units)
        self.W2 = layers.Dense(units)
        self.V = layers.Dense(1)

    def call(self, query: Any, values: Any) -> Any:
        query_with_time_axis = ops.expand_dims(query, 1)
        score = self.V(ops.tanh(self.W1(query_with_time_axis) + self.W2(values)))
        attention_weights = ops.softmax(score, axis=1)
        return ops.sum(attention_weights * values, axis=1), attention_weights


class Seq2SeqWithAttention(keras.Model):
    """The decoder unrolled by a Python loop over a cell, attending at every step."""

    def __init__(self, vocabulary: int = 20, units: int = 9, steps: int = 3) -> None:
        super().__init__()
        self.embedding = layers.Embedding(vocabulary, 6)
        self.encoder = layers.GRU(units, return_sequences=True, return_state=True)
        self.attention = BahdanauAttention(7)
        self.cell = layers.GRUCell(units)
        self.fc = layers.Dense(vocabulary)
        self.steps = steps

    def call(self, inputs: Any) -> Any:
        values, state = self.encoder(self.embedding(inputs))
        outputs = []
        for _ in range(self.steps):
            context, _ = self.attention(state, values)
            output, state = self.cell(context, state)
            state = state[0] if isinstance(state, (list, tuple)) else state
            outputs.append(self.fc(output))
        return ops.stack(outputs, axis=1)


@foreign(indices(6, below=20), sliders={"embedding": 6, "units": 9, "attention": 7})
def bahdanau_seq2seq() -> keras.Model:
    return Seq2SeqWithAttention()


class TiedOutput(layers.Layer):
    """Holds another layer, and multiplies by its matrix."""

    def __init__(self, embedding: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding

    def build(self, _: Any) -> None:
        self.bias = self.add_weight(shape=(self.embedding.input_dim,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, ops.transpose(self.embedding.embeddings)) + self.bias


@foreign(
    {"source": tokens(6), "target": tokens(5)},
    sliders={"stream": 10, "feed forward": 16},
)
def translation_with_tied_embeddings() -> keras.Model:
    """One table for source, target and output (Press and Wolf 2017), scaled by the root of the width."""
    source = keras.Input((6,), dtype="int32", name="source")
    target = keras.Input((5,), dtype="int32", name="target")
    shared = layers.Embedding(20, 10, name="shared")
    scale = float(np.sqrt(10))
    memory = shared(source) * scale
    memory = layers.LayerNormalization()(memory + layers.MultiHeadAttention(2, 5)(memory, memory))
    x = shared(target) * scale
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 5)(x, x, use_causal_mask=True))
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 5)(x, memory))
    y = layers.Dense(10)(layers.Dense(16, activation="relu")(x))
    return keras.Model({"source": source, "target": target}, TiedOutput(shared)(x + y))


class SinePositions(layers.Layer):
    """TensorFlow's tutorial: the code is a constant of the layer, the length taken from the input."""

    def __init__(self, vocab_size: int, d_model: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d_model = d_model
        self.embedding = layers.Embedding(vocab_size, d_model, mask_zero=True)
        depth = d_model // 2
        angle = np.arange(32)[:, None] / (10000 ** (np.arange(depth)[None] / depth))
        self.pos_encoding = ops.cast(np.concatenate([np.sin(angle), np.cos(angle)], axis=-1), "float32")

    def compute_mask(self, *args: Any, **kwargs: Any) -> Any:
        return self.embedding.compute_mask(*args, **kwargs)

    def call(self, x: Any) -> Any:
        length = ops.shape(x)[1]
        x = self.embedding(x) * ops.sqrt(ops.cast(self.d_model, "float32"))
        return x + self.pos_encoding[None, :length, :]


class BaseAttention(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.mha = layers.MultiHeadAttention(**kwargs)
        self.layernorm = layers.LayerNormalization()
        self.add = layers.Add()


class GlobalSelfAttention(BaseAttention):
    def call(self, x: Any) -> Any:
        return self.layernorm(self.add([x, self.mha(query=x, value=x, key=x)]))


class CrossAttention(BaseAttention):
    def call(self, x: Any, context: Any) -> Any:
        output, scores = self.mha(query=x, key=context, value=context, return_attention_scores=True)
        self.last_attn_scores = scores
        return self.layernorm(self.add([x, output]))


class TutorialTransformer(keras.Model):
    def __init__(self, d_model: int = 8, dff: int = 13) -> None:
        super().__init__()
        self.source = SinePositions(20, d_model)
        self.target = SinePositions(20, d_model)
        self.encode = GlobalSelfAttention(num_heads=2, key_dim=d_model, dropout=0.1)
        self.cross = CrossAttention(num_heads=2, key_dim=d_model, dropout=0.1)
        self.ffn = keras.Sequential([layers.Dense(dff, activation="relu"), layers.Dense(d_model)])
        self.final_layer = layers.Dense(20)

    def call(self, inputs: Any) -> Any:
        context, x = inputs
        context = self.encode(self.source(context))
        x = self.cross(self.target(x), context)
        return self.final_layer(x + self.ffn(x))


@foreign([tokens(6), tokens(5)], sliders={"d_model": 8, "dff": 13})
def tensorflow_tutorial_transformer() -> keras.Model:
    return TutorialTransformer()
