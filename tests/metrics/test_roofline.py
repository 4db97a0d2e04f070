"""Intensity and bound of a batch, from a count of everything that moves, by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw

sys.path.append(str(Path(__file__).parent.parent / "widgets"))
from front_end import in_node

BATCH = 10


@pytest.fixture
def report() -> sw.CostReport:
    model = keras.Sequential([keras.Input((4,)), kl.Dense(8, name="a"), kl.Dense(2, name="b")])
    return sw.StructureSpace.from_keras(model).baseline.measure(batch_size=BATCH)


def test_everything_moves_once(report: sw.CostReport) -> None:
    flops = BATCH * (2 * 4 * 8 + 8 + 2 * 8 * 2 + 2)
    weights = 4 * (4 * 8 + 8 + 8 * 2 + 2)
    tensors = 4 * BATCH * (4 + 8 + 2)
    expected = flops / (weights + 2 * tensors)
    # On either side of the ridge.
    fast = sw.roofline(report, sw.Machine("fast memory", 1.0, 1.0 / (0.99 * expected)))
    slow = sw.roofline(report, sw.Machine("slow memory", 1.0, 1.0 / (1.01 * expected)))
    assert fast.intensity == pytest.approx(expected)
    assert (fast.bound, slow.bound) == ("compute", "memory")
    assert fast.seconds == flops
    assert slow.seconds == pytest.approx(1.01 * flops)


def test_the_page_says_the_same(report: sw.CostReport) -> None:
    activations = int(report.by_layer["activation_bytes"].sum())
    of = {"flops": report.flops, "weights": report.weight_bytes, "activations": activations, "batch": BATCH}
    for name in ("NVIDIA T4", "Jetson Orin Nano 8 GB"):
        ours = sw.roofline(report, name)
        rates = [ours.machine.flops_per_second, ours.machine.bytes_per_second]
        theirs = in_node("speed", "roofline(...given)", [of, rates])
        expected = {"intensity": ours.intensity, "bound": ours.bound, "seconds": ours.seconds}
        assert theirs == pytest.approx(expected)


def test_what_is_no_machine_is_refused(report: sw.CostReport) -> None:
    with pytest.raises(ValueError, match=r"a machine, one of: .*NVIDIA T4.*; got 'abacus'"):
        sw.roofline(report, "abacus")
    with pytest.raises(ValueError, match="bytes_per_second of a machine"):
        sw.Machine("none", 1.0, 0.0)
