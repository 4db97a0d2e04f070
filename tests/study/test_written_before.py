"""What earlier releases wrote is read: the fixtures are files of theirs, and the values those they printed."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import structopt_widgets as sw

WRITTEN = Path(__file__).parent / "written"
# The file of each release, and what its own table said.
TRAINING_BYTES = {"first": [2992, 1968], "second": [4656, 2736]}

each_release = pytest.mark.parametrize("release", sorted(TRAINING_BYTES))


@each_release
def test_a_study_of_an_earlier_release_opens_and_goes_on(release: str, tmp_path: Path) -> None:
    path = shutil.copy(WRITTEN / release / "study.journal", tmp_path)
    study = sw.Study(path)
    table = study.trials
    assert study.unreadable == {}
    assert table["n_params"].tolist() == [67, 35]
    assert table["parallelism"].round(3).tolist() == [8.588, 5.125]
    assert table["training_bytes"].tolist() == TRAINING_BYTES[release]
    assert table["accuracy"].round(4).tolist() == [0.2778, 0.3519]
    # What was no metric of trials then is not known now.
    assert table["span"].isna().all()
    again = study.add(study.trial(1))
    assert sw.Study(path).trial(again.number).costs["n_params"] == 35
    assert len(sw.Study(path)) == 3


@each_release
def test_a_trial_and_a_structure_of_an_earlier_release_are_read(release: str) -> None:
    trial = sw.Trial.from_json((WRITTEN / release / "trial.json").read_text())
    assert (trial.n_params, trial.macs, trial.by_seed) == (35, 28, pytest.approx((0.2963, 0.4074), abs=1e-4))
    assert math.isnan(trial.span)
    assert trial.structure.activations["hidden"] == "tanh"
    written = sw.Trial.from_json(trial.to_json())
    assert math.isnan(written.costs["span"])
    assert written.to_json() == trial.to_json()
    structure = sw.Structure.from_json((WRITTEN / release / "structure.json").read_text())
    assert structure.measure().n_params == 4 * 4 + 4 * 3 + 3
