"""A metric is one row of the catalogue: everything else follows from it."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import keras
import pytest
from front_end import page_costs
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.metrics import METRICS, Metric
from structopt_widgets.metrics.catalogue import UNITS, Unit
from structopt_widgets.training.trial import measured_costs
from structopt_widgets.widgets.page_model import page_model

JOULES = 4.6e-12  # for an operation: any constant does
ENERGY = Metric(
    "Energy",
    "joules",
    "joules of one sample",
    "FLOPs times a constant.",
    by_layer=True,
    is_additive=True,
    derived=lambda values: JOULES * values["flops"],
)


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> sw.StructureSpace:
    monkeypatch.setitem(METRICS, "energy_joules", ENERGY)
    monkeypatch.setitem(UNITS, "joules", Unit(1000, ("J", "kJ"), "joules"))
    return sw.StructureSpace.from_keras(
        keras.Sequential([keras.Input((4,)), kl.Dense(8, "relu", name="a"), kl.Dense(2, name="b")])
    )


def trial_of(structure: sw.Structure) -> sw.Trial:
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    old = sw.Trial.from_json(written.read_text())
    return dataclasses.replace(old, structure=structure, costs=measured_costs(structure, old.budget))


def test_it_is_in_the_report_its_receipt_and_its_tables(space: sw.StructureSpace) -> None:
    report = space.baseline.with_width("a", 5).measure()
    assert report.energy_joules == JOULES * report.flops
    assert report.by_layer["energy_joules"].tolist() == [JOULES * each for each in report.by_layer["flops"]]
    assert "Energy" in str(report)
    assert sw.format_metric("energy_joules", 1234) == "1.23 kJ"
    assert "joules of one sample" in report._repr_html_()
    receipt = report.receipt("energy_joules")
    assert receipt.convention == "FLOPs times a constant."
    assert float(receipt.at({"a": 7})) == pytest.approx(space.baseline.with_width("a", 7).measure().energy_joules)
    assert float(sum(receipt.layers.values()).subs(receipt.widths)) == pytest.approx(report.energy_joules)
    assert space.scaled_to("energy_joules", report.energy_joules).measure().energy_joules <= report.energy_joules
    assert (report.marginal()["energy_joules"] > 0).all()


def test_it_is_in_the_page(space: sw.StructureSpace) -> None:
    model = page_model(space)
    (row,) = [each for each in model["metrics"] if each["name"] == "energy_joules"]
    assert (row["label"], row["shown"], row["byLayer"], row["exact"]) == ("Energy", True, True, False)
    assert model["units"][row["unit"]] == {"base": 1000, "names": ("J", "kJ"), "in_words": "joules", "is_counted": True}
    (costs,) = page_costs(space, [space.baseline])
    assert costs["totals"]["energy_joules"] == space.baseline.measure().energy_joules
    assert costs["layers"]["energy_joules"] == list(space.baseline.measure().by_layer["energy_joules"])


def test_it_is_kept_in_trials_and_plotted(space: sw.StructureSpace, tmp_path: Path) -> None:
    trial = trial_of(space.baseline)
    study = sw.Study(tmp_path / "trials.journal")
    study.add(trial)
    back = sw.Study(tmp_path / "trials.journal")
    assert back.trial(0).energy_joules == trial.energy_joules == space.baseline.measure().energy_joules
    assert back.trials.loc[0, "energy_joules"] == trial.energy_joules
    assert sw.Trial.from_json(trial.to_json()).costs == trial.costs
    figure = sw.plot_tradeoff(back.trials, x="energy_joules")
    assert figure.layout.xaxis.title.text == "Energy, joules"
    assert list(figure.data[0].x) == [trial.energy_joules]
    (row,) = sw.explore(space, study=back).instrument.study["trials"]
    assert row["costs"]["energy_joules"] == trial.energy_joules


def test_what_was_written_without_it_opens_and_what_was_written_with_it_opens_without() -> None:
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    assert not hasattr(sw.Trial.from_json(written.read_text()), "energy_joules")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METRICS, "energy_joules", ENERGY)
        old = sw.Trial.from_json(written.read_text())
        assert math.isnan(old.energy_joules)
        newer = dataclasses.replace(old, costs={**old.costs, "energy_joules": 0.5}).to_json()
    # This release has no such metric, and keeps the number.
    assert sw.Trial.from_json(newer).other["energy_joules"] == 0.5
    assert sw.Trial.from_json(newer).to_json() == newer
