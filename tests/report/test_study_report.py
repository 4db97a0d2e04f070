"""A report says what its study holds, is the same in every process, and a name in it is no HTML."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.report.chosen import smallest_as_good
from structopt_widgets.report.report_parts import _not_complete, against_references
from structopt_widgets.training.item_scores import pack_counts

HOSTILE = "<script>alert(1)<script>"
MODEL_TRIAL = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"


def residual() -> sw.StructureSpace:
    inputs = keras.Input((6,))
    x = kl.Dense(8, activation="relu", name="stem<b>")(inputs)
    x = kl.Add(name="sum")([x, kl.Dense(8, name="back")(kl.Dense(12, activation="relu", name="branch")(x))])
    return sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2, name="out")(x), name=HOSTILE))


def study_of(shares: dict[float, float], path: Path | None = None) -> sw.Study:
    """Trials that were never run, of three seeds: of all widths times a factor, with such a share of 1,000 right."""
    space, study, like = residual(), sw.Study(path), sw.Trial.from_json(MODEL_TRIAL.read_text())
    for factor, share in shares.items():
        structure, n_right = space.scaled(factor), round(1000 * share)
        seeds = np.array([3] * n_right + [0] * (1000 - n_right))
        costs = {name: getattr(structure.measure(), name) for name in like.costs}
        study.add(
            dataclasses.replace(
                like, number=None, structure=structure, costs=costs, right=pack_counts(seeds), score=share,
                by_seed=(share - 0.002, share, share + 0.002), low=share - 0.02, high=share + 0.02, data="<i>noise",
                budget=sw.Budget(seeds=3),
            )
        )  # fmt: skip
    return study


STEPS = {1.0: 0.90, 0.5: 0.895, 0.25: 0.85, 0.125: 0.6}


def test_the_smallest_within_one_standard_error_is_chosen() -> None:
    study = study_of(STEPS)
    # An interval of 0.04 has a standard error of about 0.01.
    assert smallest_as_good(study).structure == study.trial(1).structure
    assert smallest_as_good(study_of({1.0: 0.9, 0.5: 0.889})).number == 0
    with pytest.raises(ValueError, match="a complete trial with a score"):
        smallest_as_good(sw.Study())


def beside(shares: dict[float, float], chance: float, line: float) -> tuple[sw.Study, str, str]:
    """A study whose linear model and most frequent class are right on such shares of its 1,000 samples."""
    rng = np.random.default_rng(0)
    right, frequent = (rng.permutation(1000) < 1000 * each for each in (line, chance))
    # The sign tells the class, but for the share of validation samples where it misleads.
    y, y_val = np.array([0] * 6 + [1] * 5), np.where(frequent, 0, 1)
    signs = (2.0 * y_val - 1) * np.where(right, 1, -1)
    x, x_val = (2.0 * y - 1) * np.linspace(1, 1.1, 11), signs * np.linspace(1.2, 1.3, 1000)  # none is there twice
    data = sw.Data(x[:, None], y, x_val[:, None], y_val, name="line")
    study = sw.Study()
    for trial in study_of(shares):
        study.add(dataclasses.replace(trial, number=None, fingerprint=data.fingerprint))
    study.known_data[data.fingerprint] = data
    chosen = study.trial(len(study) - 1)
    return study, *against_references(study, chosen)


def test_a_study_in_which_nothing_beats_chance_or_a_line_says_so(tmp_path: Path) -> None:
    study, none, chosen = beside({1.0: 0.54, 0.5: 0.55}, chance=0.52, line=0.533)
    assert none.startswith(
        "None of the structures is shown to do better than chance (52.0%) or the linear model (53.3%), neither of "
        "which needs a network: trial 1 has +3.0 points ("
    )
    assert chosen == ""
    sw.write_report(study, tmp_path / "report.html")
    sentences = re.findall("<p>(.*?)</p>", (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert sentences[1].startswith("None of the structures is shown to do better than chance")


def test_a_gain_that_is_shown_is_not_denied_and_one_of_others_is_the_others() -> None:
    assert beside({1.0: 0.9, 0.5: 0.89}, chance=0.5, line=0.6)[1:] == ("", "")
    _, none, chosen = beside({1.0: 0.9, 0.5: 0.61}, chance=0.3, line=0.6)
    assert none == ""
    assert chosen.startswith(
        "It is not shown to do better than the linear model (60.0%), which needs no network: trial 1 has"
    )


def test_without_its_data_nothing_is_said_of_chance() -> None:
    study = study_of({1.0: 0.6})
    assert "is not known: the data were not at hand" in against_references(study, study.trial(0))[0]


def test_trials_that_did_not_end_well_are_told_with_the_reason() -> None:
    study = study_of({1.0: 0.6, 0.5: 0.5})
    assert _not_complete(study) == ""
    for state, reason in (("failed", "ValueError: <b>"), ("cancelled", ""), ("failed", "ValueError: <b>")):
        study.add(dataclasses.replace(study.trial(0), number=None, state=state, reason=reason))
    assert _not_complete(study) == "Not complete: 2 failed (ValueError: <b>), 1 cancelled."


def test_it_holds_what_the_study_does(tmp_path: Path) -> None:
    study = study_of(STEPS)
    sw.write_report(study, tmp_path / "report.html", title="Small <enough>?")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    chosen = study.trial(1)
    words = re.sub(r"<[^>]*>", " ", text.split('<main id="sw-page">')[0].split("<article")[1])
    for number in sw.pareto_front(study.trials).index:
        assert f"{study.trial(number).n_params:,}" in words
    assert "Trial 1, " in words
    assert f"{chosen.n_params:,} of {study.trial(0).n_params:,} parameters" in words
    assert "no test part was asked about it" in words
    assert study.trial(0).fingerprint[:16] in words
    assert "Small &lt;enough&gt;?" in text
    sw.write_report(study, tmp_path / "other.html", number=3)
    assert "Trial 3, " in (tmp_path / "other.html").read_text(encoding="utf-8")


def test_names_are_escaped_and_nothing_is_fetched(tmp_path: Path) -> None:
    sw.write_report(study_of(STEPS), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for name in (HOSTILE, "stem<b>", "<i>noise"):
        assert name not in text
    # What is left are names of XML's, which nobody fetches.
    assert set(re.findall(r"https?://[\w./]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1998/Math/MathML",
    }


@pytest.mark.slow
def test_the_test_score_is_told_where_it_was_asked(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(160, 6)).astype("float32"), np.arange(160) % 2
    study, data = sw.Study(), sw.Data(x, y, test_fraction=0.25)
    study.sweep(residual(), data, 2, budget=sw.Budget(epochs=1, seeds=2), show_progress=False)
    found = study.test(smallest_as_good(study).number)
    sw.write_report(study, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert found.summary().split(" on ")[0].removeprefix("test ") in text
    assert "Asked once." in text


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    study_of(STEPS, tmp_path / "study.journal")
    code = "import sys, structopt_widgets as sw; sw.write_report(sw.Study(sys.argv[1]), sys.argv[2])"
    written = []
    for name in ("one.html", "two.html"):
        subprocess.run([sys.executable, "-c", code, tmp_path / "study.journal", tmp_path / name], check=True)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    study = study_of({1.0: 0.9})
    with pytest.raises(TypeError, match="Expected a Study"):
        sw.write_report(study.trials, tmp_path / "report.html")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="in a folder that is there"):
        sw.write_report(study, tmp_path / "none" / "report.html")
    with pytest.raises(ValueError, match="Expected the number of a trial"):
        sw.write_report(study, tmp_path / "report.html", number=7)
    with pytest.raises(ValueError, match="a complete trial"):
        sw.write_report(sw.Study(), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
