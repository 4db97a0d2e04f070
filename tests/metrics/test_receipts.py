"""A receipt gives the number it is for: its formula, evaluated."""

from __future__ import annotations

import dataclasses
import random

import keras
import pytest
import sympy
import tensorflow as tf
from keras import layers as kl
from zoo import ZOO

import structopt_widgets as sw
from structopt_widgets.metrics import METRICS as CATALOGUE
from structopt_widgets.metrics import model_metrics

METRICS = model_metrics()
ALONG_ONE_PATH = ("span", "parallelism")


def mlp() -> keras.Model:
    return keras.Sequential(
        [keras.Input((10,)), kl.Dense(6, activation="relu", name="a_b<c"), kl.Dense(3, name="classes")]
    )


@pytest.mark.parametrize(
    "name",
    ["mlp", "residual_cnn", "grouped_convolution", "all_pooling", "bilstm_tagger", "decoder_with_tied_embeddings"],
)
@pytest.mark.slow
def test_a_formula_evaluates_to_its_number(name: str) -> None:
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(ZOO))
def test_a_formula_evaluates_to_its_number_on_the_whole_zoo(name: str) -> None:
    check(name)


def check(name: str) -> None:
    space = sw.StructureSpace.from_keras(ZOO[name].make(), **ZOO[name].reading)
    one, other = (space.sample(random.Random(seed)) for seed in (1, 2))
    report = one.measure(batch_size=3)
    moved = dataclasses.replace(one, widths=other.widths).measure(batch_size=3)
    free = {name: width for name, width in other.widths.items() if not space.width_groups[name].fixed}
    for metric in METRICS:
        receipt = report.receipt(metric)
        assert receipt.value == getattr(report, metric)
        assert receipt.at({}) == getattr(report, metric)
        if metric == "span":
            assert receipt.at(free) <= moved.span, "the path that was longest may not be any more"
        elif metric not in ALONG_ONE_PATH:
            assert receipt.at(free) == getattr(moved, metric)


def test_layers_add_up() -> None:
    receipt = sw.measure(mlp(), batch_size=4).receipt("flops")
    assert sympy.expand(sum(receipt.layers.values()) - receipt.formula) == 0


def test_training_memory_is_weights_and_the_most_that_is_alive() -> None:
    receipt = sw.measure(mlp(), batch_size=4).receipt("training_bytes")
    # Four bytes an element: weights, gradients, two slots; of four samples the input, the hidden units, kept once, and
    # gradients: of the hidden units twice, before and after the relu or the bias, or once, and of the outputs; or
    # of the outputs, which the loss keeps.
    u = next(iter(receipt.widths))
    n_params = 11 * u + 3 * u + 3
    alive = sympy.Max(10 + u + 2 * u, 10 + u + u + 3, 10 + u + 3 + 3)
    for width in (1, 2, 3, 4, 9):
        expected = 4 * (4 * n_params + 4 * alive)
        assert receipt.at({"a_b<c": width}) == expected.subs(u, width)


def test_the_peak_is_the_largest_of_what_can_be_largest() -> None:
    receipt = sw.measure(mlp()).receipt("peak_activation_bytes")
    # 10 inputs and u outputs, or twice u around the bias and the relu; u inputs and 3 outputs, or 3 twice, are
    # never more.
    assert receipt.at({}) == 64
    assert [receipt.at({"a_b<c": width}) for width in (1, 5, 10, 20)] == [44, 60, 80, 160]


def test_the_derivative_is_what_one_more_unit_costs() -> None:
    report = sw.measure(mlp())
    assert report.receipt("n_params").derivative("a_b<c") == 11 + 3
    marginal = report.marginal()
    assert marginal.index.tolist() == ["a_b<c"]
    assert marginal.loc["a_b<c", ["width", "step", "n_params", "macs"]].tolist() == [6, 1, 14, 13]


def test_a_step_is_measured_beyond_the_bound_and_by_the_divisor() -> None:
    space = sw.StructureSpace.from_keras(ZOO["grouped_convolution"].make())
    widest = space.baseline
    for name, group in space.width_groups.items():
        widest = widest.with_width(name, group.upper)
    table = widest.measure().marginal()
    for name, row in table.iterrows():
        assert row["step"] == space.width_groups[name].divisor
        assert row["n_params"] > 0
    report = space.baseline.measure(batch_size=2, optimizer="sgd")
    for name, row in report.marginal().iterrows():
        group = space.width_groups[name]
        if group.width < group.upper:
            more = space.baseline.with_width(name, group.width + group.divisor).measure(batch_size=2, optimizer="sgd")
            for metric in METRICS:
                assert row[metric] == pytest.approx(getattr(more, metric) - getattr(report, metric))


@pytest.mark.slow
def test_a_receipt_says_its_convention_batch_and_what_is_missing() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), kl.Lambda(tf.math.bessel_i0, output_shape=(4,), name="own<"), kl.Dense(2)]
    )
    report = sw.measure(model, batch_size=8, optimizer="sgd")
    text = str(report.receipt("training_bytes"))
    assert "a batch of 8" in text
    assert "sgd" in text
    assert "own< has no layer rule" in text
    assert "for: one sample" in str(report.receipt("flops"))
    assert all(CATALOGUE[metric].convention for metric in METRICS)


def test_a_logarithm_is_written_in_one_form() -> None:
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(6, 3, name="first")(inputs)
    model = keras.Model(inputs, keras.layers.Conv2D(4, 3, name="second")(x))
    receipt = sw.StructureSpace.from_keras(model).baseline.measure().receipt("span")
    # A product over 9 u terms, in the whole as in the layer.
    assert "ceiling(log2(9*u_first))" in str(receipt)
    assert r"\operatorname{log}_{2}{\left(9 u_{\text{first}} \right)}" in receipt.latex
    assert "log2" in receipt._repr_html_()
    for text in (str(receipt), receipt._repr_html_()):
        assert "log(" not in text
        assert "<mi>log</mi>" not in text
        assert r"\log" not in text


def test_names_are_escaped() -> None:
    receipt = sw.measure(mlp()).receipt("flops")
    assert r"u_{\text{a\_b<c}}" in receipt._repr_latex_()
    assert "<mtext>a_b&lt;c</mtext>" in receipt._repr_html_()
    assert "a_b<c" not in receipt._repr_html_()


def test_unknown_metrics_and_widths_are_refused() -> None:
    report = sw.measure(mlp())
    with pytest.raises(ValueError, match=r"Expected a metric with a formula, one of: n_params.*; got 'speed'"):
        report.receipt("speed")
    with pytest.raises(ValueError, match=r"Expected a free width, one of: a_b<c; got 'classes'"):
        report.receipt("flops").at({"classes": 4})
    with pytest.raises(ValueError, match=r"Expected a report that structure\.measure\(\) made"):
        dataclasses.replace(report, structure=None).receipt("flops")


@pytest.mark.slow
def test_a_large_network_has_receipts_too() -> None:
    with sw.without_weights():
        model = keras.applications.ResNet50(weights=None)
    report = sw.measure(model)
    for metric in METRICS:
        receipt = report.receipt(metric)
        assert receipt.at({}) == getattr(report, metric)
        assert len(receipt._repr_html_()) < 100_000
