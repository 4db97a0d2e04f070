"""A decoder of any size: not of the zoo itself, which every law is run on, but for what only size shows."""

from __future__ import annotations

import keras

SEVEN_BILLION = {
    "layers": 32,
    "width": 4096,
    "heads": 32,
    "hidden": 11008,
    "vocabulary": 32000,
    "length": 128,
}


def decoder(layers: int, width: int, heads: int, hidden: int, vocabulary: int, length: int) -> keras.Model:
    """A decoder-only transformer with gated feed-forward blocks, as 7-billion-parameter models have them."""
    kl = keras.layers
    inputs = keras.Input((length,), dtype="int32")
    x = kl.Embedding(vocabulary, width, name="stream")(inputs)
    for _ in range(layers):
        y = kl.RMSNormalization()(x)
        x = x + kl.MultiHeadAttention(heads, width // heads, use_bias=False)(y, y, use_causal_mask=True)
        y = kl.RMSNormalization()(x)
        y = kl.Dense(hidden, use_bias=False, activation="silu")(y) * kl.Dense(hidden, use_bias=False)(y)
        x = x + kl.Dense(width, use_bias=False)(y)
    return keras.Model(inputs, kl.Dense(vocabulary, use_bias=False)(kl.RMSNormalization()(x)))
