"""Training memory against published formulas, and its settings."""

from __future__ import annotations

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw

S, H, A, B = 16, 12, 3, 2  # sequence, hidden, heads, batch: the letters of Korthikanti et al. 2022


def transformer(layers: int = 1) -> keras.Model:
    """The layer of Korthikanti et al. 2022 (arXiv:2205.05198), section 4.1."""
    x = inputs = keras.Input((S, H), dtype="float16")
    for _ in range(layers):
        y = kl.LayerNormalization()(x)
        y = kl.MultiHeadAttention(A, H // A, dropout=0.1)(y, y)
        x = kl.Add()([x, kl.Dropout(0.1)(y)])
        y = kl.Dense(H)(kl.Dense(4 * H, "gelu")(kl.LayerNormalization()(x)))
        x = kl.Add()([x, kl.Dropout(0.1)(y)])
    return keras.Model(inputs, x)


def saved(**estimate: object) -> float:
    """Bytes of activations kept by one transformer layer: that of two less that of one."""
    kept = []
    for layers in (1, 2):
        report = sw.measure(transformer(layers), batch_size=B, optimizer="sgd", precision="mixed_float16", **estimate)
        kept.append(report.by_layer["training_bytes"].sum() - report.weight_bytes - 4 * report.n_trainable)
    return kept[1] - kept[0]


def test_activations_of_a_transformer_layer_as_published() -> None:
    assert saved() == S * B * H * (34 + 5 * A * S / H)


def test_selective_recomputation_as_published() -> None:
    assert saved(recompute="attention") == 34 * S * B * H


def test_full_recomputation_keeps_what_two_residual_blocks_read() -> None:
    # Published, a layer keeps its input, 2 sbh. Here attention and perceptron are a block each: twice that.
    assert saved(recompute=True) == 2 * 2 * S * B * H


@pytest.mark.slow
def test_recomputation_lowers_the_peak_of_training() -> None:
    model = transformer(6)
    peaks = [sw.measure(model, batch_size=64, recompute=each).training_bytes for each in (False, "attention", True)]
    assert peaks[0] > peaks[1] > peaks[2]


def test_an_estimate_in_half_precision_is_that_of_the_model_in_half_precision() -> None:
    def network(dtype: str) -> keras.Model:
        inputs = keras.Input((8, 8, 3), dtype="float16")
        x = kl.Conv2D(4, 3, activation="relu", dtype=dtype)(inputs)
        x = kl.BatchNormalization(dtype=dtype)(x)
        return keras.Model(inputs, kl.Dense(5, dtype=dtype)(kl.Flatten(dtype=dtype)(x)))

    mixed = sw.measure(network("mixed_float16"), batch_size=4)
    estimated = sw.measure(network("float32"), batch_size=4, precision="mixed_float16")
    for metric in ("weight_bytes", "peak_activation_bytes", "training_bytes"):
        assert getattr(mixed, metric) == getattr(estimated, metric)
    assert "mixed_float16" in str(estimated)


def test_parts_of_a_batch_take_their_own_activations_and_one_more_array_a_weight() -> None:
    model = keras.Sequential([keras.Input((20,)), kl.Dense(30, "relu"), kl.Dense(4)])
    whole, part = (sw.measure(model, batch_size=size, optimizer="adam") for size in (32, 8))
    parts = sw.measure(model, batch_size=32, optimizer="adam", accumulate=4)
    assert parts.training_bytes == part.training_bytes + 4 * parts.n_trainable
    assert parts.peak_activation_bytes == whole.peak_activation_bytes
    assert parts.receipt("training_bytes").at({}) == parts.training_bytes


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"precision": "int3"}, "Expected a precision among mixed_float16, mixed_bfloat16"),
        ({"recompute": "everything"}, "Expected False, 'attention' or True"),
        ({"accumulate": 3}, "Expected a number of equal parts of a batch of 32"),
        ({"accumulate": 0}, "Expected a number of equal parts of a batch of 32"),
    ],
)
def test_settings_that_there_are_none_of_are_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sw.measure(transformer(), batch_size=32, **setting)
