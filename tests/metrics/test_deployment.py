"""Bytes of weights as they are deployed: against published figures, and by hand."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw

# Flash of the weights in KiB, int8, 224 x 224, 1,000 classes: STMicroelectronics, stm32ai-modelzoo.
PUBLISHED = [
    ("MobileNet", 0.25, 467.33),
    pytest.param("MobileNetV2", 1.0, 3458.97, marks=pytest.mark.slow),
    pytest.param("MobileNet", 1.0, 4157.09, marks=pytest.mark.exhaustive),
    pytest.param("MobileNetV2", 1.4, 6015.34, marks=pytest.mark.exhaustive),
]


@pytest.mark.parametrize(("name", "alpha", "kib"), PUBLISHED)
def test_flash_is_what_is_published(name: str, alpha: float, kib: float) -> None:
    with sw.without_weights():
        model: Any = getattr(keras.applications, name)(alpha=alpha, weights=None)
        cost = sw.measure(model)
    assert cost.flash_bytes / 1024 == pytest.approx(kib, abs=0.01)
    assert cost.by_layer["flash_bytes"].sum() == cost.flash_bytes


def test_a_batch_norm_leaves_one_bias_a_channel_and_none_beside_a_bias() -> None:
    layers = [kl.Conv2D(6, 3, name="conv"), kl.BatchNormalization(), kl.Flatten(), kl.Dense(2, use_bias=False)]
    space = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((5, 5, 3)), *layers]))
    for width in (6, 4):
        kernels = 3 * 3 * 3 * width + 3 * 3 * width * 2
        for use_bias in (True, False):
            structure = space.baseline.with_width("conv", width).with_bias("conv", use_bias)
            assert structure.measure().flash_bytes == kernels + 4 * width
    cost = space.baseline.measure()
    assert int(cost.receipt("flash_bytes").at({"conv": 4})) == 3 * 3 * 3 * 4 + 3 * 3 * 4 * 2 + 4 * 4
    assert space.fit({"flash_bytes": 200}).measure().flash_bytes <= 200


class WrittenOut(kl.Layer):
    """A dense layer in operations, and an addition that is no bias."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 6))
        self.own_bias = self.add_weight(shape=(6,))
        self.shift = self.add_weight(shape=(6,))

    def call(self, x: Any) -> Any:
        return keras.ops.relu(keras.ops.matmul(x, self.kernel) + self.own_bias) + self.shift


@pytest.mark.parametrize("normalized", [False, True])
def test_a_bias_written_out_takes_what_a_layers_takes(normalized: bool) -> None:
    between = [kl.BatchNormalization()] if normalized else []
    cost = sw.measure(keras.Sequential([keras.Input((4,)), WrittenOut(), *between, kl.Dense(2)]))
    last = 6 * 2 + 4 * 2
    # The normalization follows an addition that is no bias: it leaves one of its own.
    assert cost.flash_bytes == 4 * 6 + 4 * 6 + 6 + (4 * 6 if normalized else 0) + last


def test_the_dtype_of_weights_scales_their_bytes() -> None:
    cost = sw.measure(keras.Sequential([keras.Input((4,)), kl.Dense(3)]))  # 15 parameters
    sizes = {"float32": 60, "bfloat16": 30, "float16": 30, "int8": 15, "int4": 8}
    assert {dtype: cost.weight_bytes_in(dtype) for dtype in sizes} == sizes
