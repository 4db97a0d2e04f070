"""Each rule finds what it is for, names it, mends it, and keeps silent where it is not there."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.advice import finding_rule
from structopt_widgets.advice.of_runs import NormalizationUnsettled, ValidationTooSmall
from structopt_widgets.advice.of_structures import (
    BiasBeforeBatchNorm,
    BottleneckUnderTheClasses,
    FitTrainsAsUsed,
    NearlyAllInOneLayer,
    OutputsAreNotTheClasses,
    ReadingUnproven,
    SoftmaxInside,
    TwoDenseWithoutActivation,
    WidthsOffTheHardware,
    ZeroKernels,
)


def space_of(*layers: Any, reads: int = 4) -> sw.StructureSpace:
    return sw.StructureSpace.from_keras(keras.Sequential([keras.Input((reads,)), *layers]))


def data_of(classes: int, n: int = 100) -> sw.Data:
    x = np.random.default_rng(0).normal(size=(n, 4)).astype("float32")
    return sw.Data(x, np.arange(n) % classes)


def found(one: finding_rule.FindingRule, structure: sw.Structure, *more: Any) -> list[sw.Finding]:
    return list(one.find(finding_rule.Evidence(structure, *more)))


def mended(one: finding_rule.FindingRule, structure: sw.Structure, names: str, *more: Any) -> sw.Structure:
    """The remedy of the only finding, after which there is none."""
    (finding,) = found(one, structure, *more)
    assert names in finding.sentence
    assert finding.remedy is not None
    assert found(one, finding.remedy, *more) == []
    return finding.remedy


@pytest.fixture(scope="module")
def plain() -> sw.StructureSpace:
    return space_of(kl.Dense(8, "relu", name="a"), kl.Dense(8, "relu", name="b"), kl.Dense(4, "softmax", name="out"))


def test_nothing_stands_out_in_a_plain_network(plain: sw.StructureSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_rule, "RULES", [])
    assert sw.findings(plain.baseline, data_of(4, 4000), sw.Study()) == []


def test_zero_kernels(plain: sw.StructureSpace) -> None:
    remedy = mended(ZeroKernels(), plain.baseline.with_initializer("b", "zeros"), "b starts")
    assert remedy == plain.baseline


def test_outputs_are_not_the_classes(plain: sw.StructureSpace) -> None:
    (finding,) = found(OutputsAreNotTheClasses(), plain.baseline, data_of(5))
    assert finding.sentence == "The model has 4 outputs, and the data have 5 classes."
    assert finding.remedy is None
    assert found(OutputsAreNotTheClasses(), plain.baseline, data_of(4)) == []
    assert found(OutputsAreNotTheClasses(), plain.baseline) == []
    # One output tells two classes apart.
    assert found(OutputsAreNotTheClasses(), space_of(kl.Dense(1)).baseline, data_of(2)) == []
    x = np.arange(40.0).reshape(10, 4)
    assert found(OutputsAreNotTheClasses(), plain.baseline, sw.Data(x, x[:, 0] + 0.5)) == []


def test_softmax_inside(plain: sw.StructureSpace) -> None:
    remedy = mended(SoftmaxInside(), plain.baseline.with_activation("a", "softmax"), "a has a softmax")
    assert remedy == plain.baseline


def test_two_dense_without_activation(plain: sw.StructureSpace) -> None:
    remedy = mended(TwoDenseWithoutActivation(), plain.baseline.with_activation("a", "linear"), "a and b")
    assert remedy == plain.baseline
    between = space_of(kl.Dense(8, name="a"), kl.Dropout(0.1), kl.Dense(4))
    assert len(found(TwoDenseWithoutActivation(), between.baseline)) == 1
    after = space_of(kl.Dense(8, name="a"), kl.ReLU(), kl.Dense(4))
    assert found(TwoDenseWithoutActivation(), after.baseline) == []
    inputs = keras.Input((4,))
    x = kl.Dense(8, name="a")(inputs)
    both = keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([kl.Dense(4, "relu")(x), x])))
    # Its values are read elsewhere too: it is more than a product before a product.
    assert found(TwoDenseWithoutActivation(), sw.StructureSpace.from_keras(both).baseline) == []


def test_two_dense_that_meet_when_a_block_is_left_out() -> None:
    deep = space_of(kl.Dense(8, name="a"), kl.ReLU(), kl.Dense(8, "relu", name="b"), kl.Dense(3))
    assert found(TwoDenseWithoutActivation(), deep.baseline) == []
    assert "b" in deep.blocks
    assert found(TwoDenseWithoutActivation(), deep.baseline.with_block("b", False)) == []
    linear = space_of(kl.Dense(8, name="a"), kl.Dense(8, "relu", name="b"), kl.Dense(3, name="out"))
    mended(TwoDenseWithoutActivation(), linear.baseline.with_block("b", False), "a and out")


def test_bias_before_batch_norm() -> None:
    space = space_of(kl.Dense(8, name="a"), kl.BatchNormalization(), kl.ReLU(), kl.Dense(3))
    remedy = mended(BiasBeforeBatchNorm(), space.baseline, "a has a bias")
    assert space.baseline.measure().n_params - remedy.measure().n_params == 8
    # With an activation between them the bias moves what the batch norm cannot.
    assert found(BiasBeforeBatchNorm(), space.baseline.with_activation("a", "relu")) == []


def test_bottleneck_under_the_classes(plain: sw.StructureSpace) -> None:
    remedy = mended(BottleneckUnderTheClasses(), plain.baseline.with_width("b", 3), "b is 3 wide")
    assert remedy.widths["b"] == 4
    assert found(BottleneckUnderTheClasses(), plain.baseline) == []
    inputs = keras.Input((4,))
    parts = [kl.Dense(3, "relu", name=name)(inputs) for name in ("a", "b")]
    beside = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(4)(kl.Concatenate()(parts))))
    assert found(BottleneckUnderTheClasses(), beside.baseline) == []  # together they are six


def test_widths_off_the_hardware(plain: sw.StructureSpace) -> None:
    odd = plain.baseline.with_width("a", 13).with_width("b", 7)
    remedy = mended(WidthsOffTheHardware(), odd, "a (13)")
    assert dict(remedy.widths) == {"a": 16, "b": 7, "out": 4}
    assert found(WidthsOffTheHardware(), plain.baseline) == []


def test_nearly_all_parameters_in_one_layer(plain: sw.StructureSpace) -> None:
    wide = space_of(kl.Dense(90, name="first"), kl.Dense(2, name="b"), kl.Dense(2), reads=400)
    (finding,) = found(NearlyAllInOneLayer(), wide.baseline)
    share = (400 * 90 + 90) / (400 * 90 + 90 + 90 * 2 + 2 + 2 * 2 + 2)
    assert finding.sentence == f"first holds {share:.0%} of all parameters."
    assert found(NearlyAllInOneLayer(), plain.baseline) == []


def test_validation_part_too_small(plain: sw.StructureSpace) -> None:
    (finding,) = found(ValidationTooSmall(), plain.baseline, data_of(4, 500))
    assert (
        "has 100 samples: an accuracy of one half is known to 9.8 points" in finding.sentence
    )  # 1.96 * 0.5 / sqrt(100)
    assert "385 samples" in finding.why
    part = data_of(2, 1000)
    for n, count in ((384, 1), (385, 0)):
        larger = sw.Data(part.x, part.y, part.x[:n] + 1, part.y[:n])
        assert len(found(ValidationTooSmall(), plain.baseline, larger)) == count
    assert found(ValidationTooSmall(), plain.baseline) == []


@pytest.mark.slow
def test_normalization_unsettled() -> None:
    space = space_of(kl.Dense(8, name="a"), kl.BatchNormalization(momentum=0.9), kl.Dense(4, "softmax"))
    data, study = data_of(4), sw.Study()
    budget = sw.Budget(epochs=2, seeds=1, batch_size=16, settle_normalization=False)
    trial = sw.quick_run(space.baseline, data, budget)
    study.add(trial)
    (finding,) = found(NormalizationUnsettled(), space.baseline, data, study)
    assert f"{0.9**10:.0%} of its" in finding.sentence  # 80 samples in batches of 16, twice
    settled = sw.Study()
    settled.add(dataclasses.replace(trial, settled=True))
    settled.add(dataclasses.replace(trial, budget=dataclasses.replace(budget, epochs=6)))  # 0.9 ** 30 = 4 %
    assert found(NormalizationUnsettled(), space.baseline, data, settled) == []
    assert found(NormalizationUnsettled(), space.scaled(0.5), data, study) == []


def test_a_rule_of_ones_own_is_asked_once(plain: sw.StructureSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_rule, "RULES", finding_rule.RULES[:])

    class Always(sw.FindingRule):
        def find(self, evidence: Any) -> Any:
            yield sw.Finding("Here I am.", "Always.", evidence.structure)

    sw.register_finding_rule(Always())
    sw.register_finding_rule(Always())
    assert [each.sentence for each in sw.findings(plain.baseline)].count("Here I am.") == 1


class Doubled(kl.Layer):
    """A layer that is opened."""

    def call(self, x: Any) -> Any:
        return 2 * x


def test_reading_that_did_not_end_with_a_proof_says_so() -> None:
    proven = space_of(Doubled(), kl.Dense(2)).baseline
    assert found(ReadingUnproven(), proven) == []
    with sw.without_weights():
        model = keras.Sequential([keras.Input((4,)), Doubled(), kl.Dense(2)])
    (one,) = found(ReadingUnproven(), sw.StructureSpace.from_keras(model).baseline)
    assert "because the model has no weights." in one.why
    assert one.sentence in [each.sentence for each in sw.findings(sw.StructureSpace.from_keras(model).baseline)]


@pytest.mark.parametrize(("shape", "advice"), [((28, 28), "Pass data of that shape"), ((13, 4), "Reshape x")])
def test_data_that_the_model_cannot_read_are_found_before_a_run(shape: tuple[int, ...], advice: str) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)])
    baseline = sw.StructureSpace.from_keras(model).baseline
    rng = np.random.default_rng(0)
    data = sw.Data(rng.normal(size=(40, 4, 13)), np.arange(40) % 2)
    sentences = {each.sentence: each.why for each in sw.findings(baseline, data)}
    assert advice in sentences["The data are not what the model reads: a run would be refused."]
    right = sw.Data(rng.normal(size=(40, *shape)), np.arange(40) % 2)
    assert not any("not what the model reads" in each.sentence for each in sw.findings(baseline, right))


class Subclassed(keras.Model):
    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.chain = list(layers)

    def call(self, x: Any) -> Any:
        for each in self.chain:
            x = each(x)
        return x


class ToldOfTraining(Subclassed):
    def call(self, x: Any, training: bool | None = None) -> Any:
        return super().call(x)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "is_idle"),
    [
        (Subclassed(kl.Dense(8), kl.BatchNormalization(), kl.Dense(4)), True),
        (Subclassed(kl.Dense(8), kl.Dropout(0.5), kl.Dense(4)), True),
        (Subclassed(kl.Dense(8), kl.LayerNormalization(), kl.Dense(4)), False),
        (ToldOfTraining(kl.Dense(8), kl.BatchNormalization(), kl.Dense(4)), False),
    ],
    ids=["normalization", "dropout", "nothing", "told"],
)
def test_a_call_that_is_not_told_of_training(model: keras.Model, is_idle: bool) -> None:
    x = np.random.default_rng(0).normal(5.0, size=(8, 4)).astype("float32")
    model(x)
    assert len(found(FitTrainsAsUsed(), sw.StructureSpace.from_keras(model).baseline)) == is_idle
    norms = [each for each in model.chain if isinstance(each, kl.BatchNormalization)]
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((8, 4)), verbose=0)
    # What the finding says of Keras.
    assert all(np.any(np.asarray(each.moving_mean)) == (not is_idle) for each in norms)
