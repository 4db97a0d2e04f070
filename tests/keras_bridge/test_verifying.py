"""Reports checked against counts that know nothing of the layer rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers as kl
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.keras_bridge.without_weights import unallocated
from structopt_widgets.metrics import Verification

FAST = ["mlp", "residual_cnn", "depthwise_by_groups", "bilstm_tagger", "decoder_with_tied_embeddings"]


def verified(name: str) -> Verification:
    return sw.measure(ZOO[name].make(), **ZOO[name].reading).verify()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST)
def test_a_report_agrees(name: str) -> None:
    found = verified(name)
    assert found.ok, str(found)
    assert any(row.quantity.startswith("products") and row.theirs for row in found.rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ZOO if name not in FAST])
def test_a_report_agrees_on_the_whole_zoo(name: str) -> None:
    found = verified(name)
    assert found.ok, str(found)


def test_a_dilated_convolution_is_explained() -> None:
    layers = [kl.Conv2D(4, 3, dilation_rate=(2, 3)), kl.DepthwiseConv2D(3, dilation_rate=2), kl.Conv2D(2, 3)]
    found = sw.measure(keras.Sequential([keras.Input((17, 15, 3)), *layers])).verify()
    assert found.ok, str(found)
    assert found.row("products: Conv2D").agrees
    padded = found.row("products: Conv2D in padded blocks")
    assert padded.rule == "explained"
    assert padded.ours < padded.theirs


def vit() -> keras.Model:
    image = keras.Input((224, 224, 3))
    x = kl.Reshape((196, 192))(kl.Conv2D(192, 16, strides=16)(image))
    for _ in range(2):
        y = kl.LayerNormalization()(x)
        x = x + kl.MultiHeadAttention(3, 64)(y, y)
        x = x + kl.Dense(192)(kl.Dense(768, activation="gelu")(kl.LayerNormalization()(x)))
    return keras.Model(image, kl.Dense(1000)(kl.LayerNormalization()(x)[:, 0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        vit,
        *(
            getattr(keras.applications, name)
            for name in ("VGG16", "ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121", "ConvNeXtTiny")
        ),
    ],
    ids=lambda make: make.__name__,
)
def test_products_of_published_networks(make: Callable[..., keras.Model]) -> None:
    with sw.without_weights():
        model = make() if make is vit else make(weights=None)
    found = sw.measure(model).verify()
    assert found.ok, str(found)
    products = [row for row in found.rows if row.quantity.startswith("products")]
    assert sum(row.ours for row in products) == 2 * sw.measure(model).macs
    total = found.row("all operations")
    assert abs(total.difference) < 0.05 * total.theirs


def test_a_wrong_number_is_found() -> None:
    report = sw.measure(ZOO["mlp"].make())
    wrong = dataclasses.replace(report, values={**report.values, "n_params": report.n_params + 1}).verify()
    assert not wrong.ok
    assert wrong.row("parameters").difference == 1
    assert "1 of " in str(wrong)
    assert "comparable counts differ: parameters" in wrong._repr_html_()
    assert wrong.table.loc["parameters", "agrees"] == "no"


@pytest.mark.slow
def test_it_says_why() -> None:
    found = verified("bilstm_tagger")
    (loops,) = (row for row in found.rows if "run loops" in row.explanation)
    assert "counted once a timestep" in loops.explanation
    assert "no formula for relu" in found.row("all operations").explanation
    assert found.row("all operations").agrees is None


def test_verifying_leaves_no_trace() -> None:
    from keras.src.backend.common import global_state

    report = sw.measure(ZOO["mlp"].make())
    before = list(global_state.get_global_attribute("uninitialized_variables", []))
    name = kl.Dense(2).name
    report.verify()
    assert global_state.get_global_attribute("uninitialized_variables", []) == before
    assert kl.Dense(2).name != name, "automatic names go on where they were"
    with unallocated():
        inside = kl.Dense(2)
        inside.build((None, 3))
    assert all(weight._value is None for weight in inside.weights)


@pytest.mark.parametrize("batch_size", [1, 8])
@pytest.mark.slow
def test_the_peak_of_a_chain_is_the_arena_that_xla_plans(batch_size: int) -> None:
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            kl.Conv2D(16, 3, padding="same", activation="relu"),
            kl.Conv2D(16, 3, padding="same", activation="relu"),
            kl.MaxPooling2D(),
            kl.Conv2D(32, 3, padding="same"),
            kl.Flatten(),
            kl.Dense(10),
        ]
    )
    row = sw.measure(model, batch_size=batch_size).verify(memory=True).row("peak between input and output")
    assert row.agrees
    # Two maps of 16 channels, one made from the other: there is nothing to fuse into one buffer.
    assert row.ours == row.theirs == batch_size * 2 * 16 * 32 * 32 * 4


@pytest.mark.slow
def test_the_peak_of_a_network_with_branches_is_explained() -> None:
    with sw.without_weights():
        model = keras.applications.MobileNetV2(weights=None)
    row = sw.measure(model).verify(memory=True).row("peak between input and output")
    assert row.agrees is None
    assert "orders branches" in row.explanation
    assert row.ours == pytest.approx(row.theirs, rel=0.05)


@keras.saving.register_keras_serializable("tests")
class Reconstructing(keras.layers.Layer):
    """Adds to the loss how badly it gives back what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.back = keras.layers.Dense(6, name="back")

    def call(self, x: Any) -> Any:
        self.add_loss(keras.ops.mean(keras.ops.square(self.back(x) - x)))
        return x


def test_products_of_a_loss_alone_are_seen() -> None:
    model = keras.Sequential([keras.Input((6,)), Reconstructing(), keras.layers.Dense(2)])
    found = sw.measure(model).verify()
    (products,) = (row for row in found.rows if row.quantity.startswith("products"))
    assert (products.ours, products.theirs) == (2 * (6 * 6 + 6 * 2),) * 2


def test_windows_that_keras_takes_by_a_convolution_are_no_products() -> None:
    inputs = keras.Input((6, 6, 3))
    windows = keras.ops.image.extract_patches(inputs, 3, 3)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(windows)))
    told = sw.StructureSpace.from_keras(model).baseline.measure().verify()
    assert all(row.agrees is not False for row in told.rows)
