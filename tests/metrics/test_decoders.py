"""What a decoder keeps of its past, and what a token costs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl
from keras import ops
from zoo import ZOO

import structopt_widgets as sw

POSITIONS, WIDTH, HEADS, SIZE = 7, 8, 4, 3


def decoder(attention: kl.Layer, **call: Any) -> sw.CostReport:
    inputs = keras.Input((POSITIONS, WIDTH))
    return sw.measure(keras.Model(inputs, attention(inputs, inputs, **call)), batch_size=2)


def test_keys_and_values_of_every_position() -> None:
    report = decoder(kl.MultiHeadAttention(HEADS, SIZE, name="own"), use_causal_mask=True)
    assert report.kv_cache_bytes == 2 * POSITIONS * HEADS * (SIZE + SIZE) * 4
    assert report.by_layer["kv_cache_bytes"]["own"] == report.kv_cache_bytes
    assert "KV cache" in str(report)
    values_of_five = decoder(kl.MultiHeadAttention(HEADS, SIZE, value_dim=5), use_causal_mask=True)
    assert values_of_five.kv_cache_bytes == 2 * POSITIONS * HEADS * (SIZE + 5) * 4


def test_heads_that_share_keys_keep_fewer() -> None:
    report = decoder(kl.GroupQueryAttention(SIZE, HEADS, 2), use_causal_mask=True)
    assert report.kv_cache_bytes == 2 * POSITIONS * 2 * (SIZE + SIZE) * 4


def test_half_precision_keeps_half() -> None:
    report = decoder(kl.MultiHeadAttention(HEADS, SIZE, dtype="mixed_float16"), use_causal_mask=True)
    assert report.kv_cache_bytes == 2 * POSITIONS * HEADS * (SIZE + SIZE) * 2


def test_attention_that_sees_the_future_keeps_nothing() -> None:
    report = decoder(kl.MultiHeadAttention(HEADS, SIZE))
    assert report.kv_cache_bytes == 0
    assert "KV cache" not in str(report)
    assert "KV cache" not in report._repr_html_()


def test_attention_to_another_sequence_keeps_nothing() -> None:
    inputs = keras.Input((POSITIONS, WIDTH))
    other = kl.Dense(WIDTH)(inputs)
    model = keras.Model(inputs, kl.MultiHeadAttention(HEADS, SIZE)(inputs, other, use_causal_mask=True))
    assert sw.measure(model).kv_cache_bytes == 0


def test_tied_embeddings_are_a_product_and_count_once() -> None:
    tokens, vocabulary, width = 7, 20, 8
    report = sw.measure(ZOO["decoder_with_tied_embeddings"].make())
    row = report.by_layer.loc["stream"]
    assert row["n_params"] == vocabulary * width
    assert row["macs"] == tokens * width * vocabulary
    assert row["flops"] == 2 * row["macs"] + 3 * tokens * vocabulary  # divided, tanh, multiplied
    assert report.flops_per_token == report.flops / tokens


def test_untied_embeddings_have_a_second_table() -> None:
    inputs = keras.Input((7,), dtype="int32")
    embedding = kl.ReversibleEmbedding(20, 8, tie_weights=False, name="stream")
    model = keras.Model(inputs, embedding(kl.Dense(8, name="inside")(embedding(inputs)), reverse=True))
    structure = sw.StructureSpace.from_keras(model).baseline
    assert structure.measure().by_layer["n_params"]["stream"] == 2 * 20 * 8
    assert structure.with_width("stream", 5).build().count_params() == 2 * 20 * 5 + 5 * 5 + 5


def test_a_table_multiplied_by_hand_is_counted() -> None:
    inputs = keras.Input((7,), dtype="int32")
    embedding = kl.Embedding(20, 8)
    model = keras.Model(inputs, keras.ops.matmul(embedding(inputs), keras.ops.transpose(embedding.embeddings)))
    cost = sw.measure(model)
    assert not cost.uncounted
    assert (cost.n_params, cost.macs) == (20 * 8, 7 * 8 * 20)


@pytest.mark.parametrize("name", ["mlp", "decoder_block", "vision_transformer"])
def test_a_model_that_reads_no_tokens_has_no_cost_a_token(name: str) -> None:
    report = sw.measure(ZOO[name].make())
    assert report.tokens is None
    assert report.flops_per_token is None


class ByHand(kl.Layer):
    """Attention from operations: several query heads share a key head; the past is told by a mask of a kind."""

    def __init__(self, mask: str) -> None:
        super().__init__()
        self.query, self.key, self.value = kl.Dense(HEADS * SIZE), kl.Dense(2 * SIZE), kl.Dense(2 * SIZE)
        self.mask = mask

    def call(self, x: Any) -> Any:
        asks = self._heads(self.query(x), HEADS)
        key, value = (ops.repeat(self._heads(each(x), 2), HEADS // 2, axis=1) for each in (self.key, self.value))
        scores = ops.matmul(asks, ops.swapaxes(key, -1, -2)) / SIZE**0.5
        past = np.tril(np.ones((POSITIONS, POSITIONS), "float32"))
        if self.mask == "added":
            scores = scores + (1.0 - past) * -1e9
        if self.mask == "chosen":
            scores = ops.where(past[None, None] > 0, scores, -1e9)
        if self.mask == "layer":
            weights = kl.Softmax()(scores, mask=ops.cast(past, "bool"))
        elif self.mask == "future":
            weights = ops.softmax(scores + past * -1e9)
        else:
            weights = ops.softmax(scores)
        return ops.reshape(ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3)), (-1, POSITIONS, HEADS * SIZE))

    @staticmethod
    def _heads(x: Any, heads: int) -> Any:
        return ops.transpose(ops.reshape(x, (-1, POSITIONS, heads, SIZE)), (0, 2, 1, 3))


@pytest.mark.parametrize(
    ("mask", "is_causal"), [("added", True), ("chosen", True), ("layer", True), ("none", False), ("future", False)]
)
def test_attention_written_by_hand_keeps_what_its_mask_lets_it(mask: str, is_causal: bool) -> None:
    inputs = keras.Input((POSITIONS, WIDTH))
    report = sw.measure(keras.Model(inputs, ByHand(mask)(inputs)), batch_size=2)
    assert not report.uncounted
    assert report.kv_cache_bytes == is_causal * 2 * POSITIONS * 2 * (SIZE + SIZE) * 4


class Causal(kl.Layer):
    """Attention made of operations."""

    def build(self, shape: Any) -> None:
        self.parts = [kl.Dense(WIDTH) for _ in range(3)]

    def call(self, x: Any) -> Any:
        query, key, value = (part(x) for part in self.parts)
        later = np.triu(np.ones((POSITIONS, POSITIONS)), 1)[None] > 0
        scores = ops.where(later, -1e9, ops.matmul(query, ops.transpose(key, (0, 2, 1))))
        return ops.matmul(ops.softmax(scores), value)


def test_a_copy_keeps_what_its_model_does() -> None:
    inputs = keras.Input((POSITIONS, WIDTH))
    baseline = sw.StructureSpace.from_keras(keras.Model(inputs, Causal()(inputs))).baseline
    assert baseline.measure().kv_cache_bytes == 2 * POSITIONS * WIDTH * 4
    assert sw.measure(baseline.build()).kv_cache_bytes == 2 * POSITIONS * WIDTH * 4
