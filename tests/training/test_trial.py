"""Trials as rows, as words, as files."""

from __future__ import annotations

import dataclasses
import json
import math

import keras
import numpy as np
import pytest

from structopt_widgets import Structure, StructureSpace
from structopt_widgets.metrics import trial_metrics
from structopt_widgets.training import Budget, Trial
from structopt_widgets.training.description import describe
from structopt_widgets.training.item_scores import pack_counts
from structopt_widgets.training.score_receipt import ScoreReceipt


@pytest.fixture(scope="module")
def space() -> StructureSpace:
    layers = keras.layers
    return StructureSpace.from_keras(
        keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu", name="a"), layers.Dense(2, name="b")])
    )


def trial_of(structure: Structure, **changes: object) -> Trial:
    cost = structure.measure()
    trial = Trial(
        structure=structure,
        state="complete",
        metric="accuracy",
        score=0.7,
        low=0.6,
        high=0.8,
        by_seed=(0.6, 0.8),
        loss=0.5,
        costs={name: getattr(cost, name) for name in trial_metrics()},
        budget=Budget(epochs=1, seeds=(3, 4)),
        data="toy",
        fingerprint="0" * 64,
        versions={"python": "3.11"},
        seconds=1.5,
        history=(({"loss": 1.0, "val_loss": 0.5, "val_accuracy": 0.6},), ({"loss": 1.0},)),
    )
    return dataclasses.replace(trial, **changes)


def test_a_score_tells_its_samples_and_seeds(space: StructureSpace) -> None:
    counts = np.array([2, 2, 1, 0, 1])  # of five samples: one seed right on three, one on three
    trial = trial_of(space.baseline, by_seed=(0.6, 0.6), score=0.6, right=pack_counts(counts))
    receipt = trial.receipt("accuracy")
    assert isinstance(receipt, ScoreReceipt)
    assert (receipt.samples, receipt.seeds, sum(receipt.right)) == (5, (3, 4), counts.sum())
    assert eval(receipt.formula) == pytest.approx(counts.mean() / 2)  # noqa: S307 - plain numbers of our own
    words = str(receipt)
    assert "among 5 validation samples, the mean over 2 seeds (3, 4)" in words
    assert "expected of the structure" in words
    assert "1 epoch in batches of 32, with adam" in words
    # One network says nothing of another seed, and where the samples are not kept nobody makes them up.
    alone = trial_of(space.baseline, by_seed=(0.7,), budget=Budget(epochs=1, seeds=(5,))).receipt("accuracy")
    assert "nothing of another seed" in str(alone)
    assert alone.samples is None
    assert alone.formula == "0.7"
    of_variance = trial_of(space.baseline, metric="r2", by_seed=(0.5, 0.25)).receipt("r2")
    assert eval(of_variance.formula) == 0.375  # noqa: S307 - plain numbers of our own
    assert "bootstrap" in str(of_variance)


def test_a_cost_of_a_trial_tells_its_formula(space: StructureSpace) -> None:
    small = space.baseline.with_width("a", 3)
    trial = trial_of(small, budget=Budget(batch_size=7, optimizer="sgd"))
    assert trial.receipt("n_params").value == 4 * 3 + 3 + 3 * 2 + 2
    step = trial.receipt("training_bytes")
    assert step.value == small.measure(batch_size=7, optimizer="sgd").training_bytes
    assert step.batch_size == 7
    assert trial.receipt("peak_activation_bytes").value == small.measure().peak_activation_bytes
    with pytest.raises(ValueError, match="a cost of a trial, or its score"):
        trial.receipt("r2")
    with pytest.raises(ValueError, match="Expected a complete trial"):
        trial_of(small, state="failed").receipt("accuracy")


def test_structures_are_described_by_their_differences(space: StructureSpace) -> None:
    base = space.baseline
    assert describe(base) == "baseline"
    changed = base.with_width("a", 4).with_activation("a", "tanh").with_bias("b", False).with_initializer("b", "zeros")
    assert describe(changed) == "a 8→4, tanh; b no bias, initializer zeros"


def test_blocks_are_described_as_left_out() -> None:
    hidden = [keras.layers.Dense(4, name="a"), keras.layers.Dense(4, name="b"), keras.layers.Dense(2)]
    base = StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *hidden])).baseline
    shallow = base.with_block("b", False)
    assert describe(shallow) == "b left out"


def test_rows_are_flat(space: StructureSpace) -> None:
    row = trial_of(space.baseline.with_width("a", 4)).to_row()
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"]) == (0.7, 0.6, 0.8)
    assert row["accuracy_std"] == pytest.approx(math.sqrt(0.02))  # two values 0.1 off the mean, over n - 1
    assert (row["seeds"], row["epochs"], row["batch_size"], row["structure"]) == (2, 1, 32, "a 8→4")
    assert [float(each) for each in row["accuracy_by_seed"].split()] == list(trial_of(space.baseline).by_seed)
    assert (row["optimizer"], math.isnan(row["learning_rate"])) == ("adam", True)
    assert row["fingerprint"] == trial_of(space.baseline).fingerprint
    assert row["n_params"] == 4 * 4 + 4 + 4 * 2 + 2
    assert all(isinstance(value, (int, float, str)) for value in row.values())
    other = trial_of(space.baseline, metric="r2", by_seed=(0.7,)).to_row()
    assert "accuracy" not in other
    assert math.isnan(other["r2_std"])


def test_trials_survive_their_json(space: StructureSpace) -> None:
    trial = trial_of(space.baseline.with_width("a", 4), number=7)
    assert Trial.from_json(trial.to_json()) == trial
    lost = trial_of(
        space.baseline,
        state="failed",
        score=math.nan,
        low=math.nan,
        high=math.nan,
        loss=math.inf,
        by_seed=(),
        reason="x",
    )
    text = lost.to_json()
    json.loads(text, parse_constant=pytest.fail)  # standard JSON has no NaN
    again = Trial.from_json(text)
    assert again.to_json() == text
    assert math.isnan(again.score)
    assert again.loss == math.inf


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "structopt_widgets.Trial", "version": 2}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected the JSON text that Trial.to_json\(\) writes"):
        Trial.from_json(text)


def test_damaged_trials_are_refused(space: StructureSpace) -> None:
    fields = json.loads(trial_of(space.baseline).to_json())
    del fields["budget"]
    with pytest.raises(ValueError, match="this one is damaged"):
        Trial.from_json(json.dumps(fields))


def test_summaries(space: StructureSpace) -> None:
    trial = trial_of(space.baseline)
    assert "70.0%" in trial.summary()
    assert "60.0% to 80.0%" in trial.summary()
    assert trial_of(space.baseline, state="failed", reason="too hot").summary() == "failed: too hot"
    assert repr(trial).startswith("Trial(baseline: complete, accuracy 0.7")
