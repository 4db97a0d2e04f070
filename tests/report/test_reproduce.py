"""A report is run again: what matches to the bit, what within tolerance, what differs, and what was changed."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets import cli
from structopt_widgets.report.data_at_hand import data_at_hand
from structopt_widgets.report.manifest import as_element, bits, read_manifest, sample_sums
from structopt_widgets.report.reproduction import DIFFERS, NOT_RUN, TO_THE_BIT, WITHIN, Reproduction, weighed

TRIAL = sw.Trial.from_json((Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json").read_text())
BUDGET = sw.Budget(epochs=2, seeds=[3, 5])


def noise(**changes: Any) -> sw.Data:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6)).astype("float32")
    y = (x.sum(axis=1) > 0).astype(int)
    return sw.Data(**{"x": x[:40], "y": y[:40], "x_val": x[40:], "y_val": y[40:], "name": "noise"} | changes)


def compiled() -> sw.StructureSpace:
    model = keras.Sequential(
        [keras.Input((6,)), kl.Dense(8, "relu", name="hidden"), kl.Dropout(0.1), kl.Dense(2, "softmax")]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    return sw.StructureSpace.from_keras(model)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three structures of a sweep, trained in one call, one by itself, and one from inherited weights."""
    path, space, data = tmp_path_factory.mktemp("report") / "report.html", compiled(), noise()
    study = sw.Study()
    study.sweep(space, data, 3, budget=BUDGET, show_progress=False)
    study.add(sw.quick_run(space.scaled(0.5), data, sw.Budget(epochs=1, seeds=[4])))
    study.add(sw.quick_run(space.scaled(0.5), data, sw.Budget(epochs=1, seeds=[4]), weights="inherit"))
    sw.write_report(study, path)
    return path


def rewritten(page: Path, change: Callable[[dict[str, Any]], None], path: Path) -> Path:
    told = read_manifest(page)
    change(told)
    element = as_element({"format": "structopt_widgets.Manifest", **told})
    path.write_text(f"<html>{element}</html>", encoding="utf-8")
    return path


@pytest.mark.slow
def test_on_the_same_machine_it_is_the_same_to_the_bit(page: Path) -> None:
    found = sw.reproduce(page, noise(), trials="all")
    assert [each.outcome for each in found.outcomes] == [TO_THE_BIT] * 4 + [NOT_RUN]
    assert "started from the weights of a model" in found.outcomes[4].why
    assert found.summary().startswith("Of 5 trials, run again: 4 to the bit, 1 not run.")
    assert not found.holds
    # The model is in the report, its weights are not.
    assert sw.reproduce(page, noise(), trials=[1]).table["outcome"].tolist() == [TO_THE_BIT] * 3
    assert sw.reproduce(page, noise(), trials=[3]).holds
    assert str(sw.reproduce(page, noise(), trials=[3])).endswith("its checksum is as written.")


@pytest.mark.slow
def test_a_changed_seed_is_told(page: Path, tmp_path: Path) -> None:
    def change(told: dict[str, Any]) -> None:
        for trial, seeds in ((0, [3, 6]), (3, [5])):
            told["trainings"][told["trials"][trial]["training"]]["budget"]["seeds"] = seeds

    found = sw.reproduce(rewritten(page, change, tmp_path / "report.html"), noise(), trials=range(4)).outcomes
    assert [each.outcome for each in found] == [DIFFERS] * 4
    assert all(each.why.startswith("seed 6 gives") and "others match to the bit" in each.why for each in found[:3])
    assert "nothing is known to differ: seeds" in found[3].why


@pytest.mark.exhaustive
def test_without_its_company_a_trial_is_within_tolerance(page: Path, tmp_path: Path) -> None:
    def change(told: dict[str, Any]) -> None:
        told["trials"] = told["trials"][:1]

    (found,) = sw.reproduce(rewritten(page, change, tmp_path / "report.html"), noise(), trials=[0]).outcomes
    assert found.outcome in (TO_THE_BIT, WITHIN)
    assert found.outcome == TO_THE_BIT or "with 2 others, not all of which the report has" in found.why
    assert abs(found.difference) <= found.tolerance


@pytest.mark.exhaustive
def test_what_a_model_was_compiled_with_comes_from_its_space(tmp_path: Path) -> None:
    study, space, data = sw.Study(tmp_path / "trials.journal"), compiled(), noise()
    study.add(sw.quick_run(space.baseline, data, sw.Budget(epochs=1, seeds=[4])))
    code = "import sys, structopt_widgets as sw; sw.write_report(sw.Study(sys.argv[1]), sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, tmp_path / "trials.journal", tmp_path / "report.html"], check=True)
    (found,) = sw.reproduce(tmp_path / "report.html", data).outcomes
    assert found.outcome == NOT_RUN
    assert "compiled with are not in its study. Pass the model's: space=" in found.why
    assert sw.reproduce(tmp_path / "report.html", data, space).holds
    other = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((6,)), kl.Dense(2, name="last")], name="other"))
    (found,) = sw.reproduce(tmp_path / "report.html", data, other).outcomes
    assert "of another model, 'other'" in found.why


@pytest.mark.slow
def test_a_shell_says_it_by_its_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((9,)), kl.Dense(4, "relu"), kl.Dense(11, "softmax")])
    study = sw.Study()
    study.add(sw.quick_run(model, sw.load_data("vowels", test=True), sw.Budget(epochs=1, seeds=[1])))
    path = tmp_path / "report.html"
    sw.write_report(study, path)
    assert cli.main(["reproduce", str(path)]) == 0
    assert "1 to the bit" in capsys.readouterr().out

    def change(told: dict[str, Any]) -> None:
        told["trials"][0]["costs"]["n_params"] += 1

    assert cli.main(["reproduce", str(rewritten(path, change, path)), "--all"]) == 1
    assert f"n_params is {9 * 4 + 4 + 4 * 11 + 11} and was {9 * 4 + 4 + 4 * 11 + 12}" in capsys.readouterr().out
    assert cli.main(["reproduce", str(tmp_path / "none.html")]) == 2
    assert "which is not there" in capsys.readouterr().err


def stored_of(trial: sw.Trial) -> dict[str, Any]:
    """What a manifest says of a trial."""
    record = trial.to_record()
    costs = {name: record[name] for name in trial.costs}
    return json.loads(json.dumps({**record, "number": 0, "costs": costs, "bits": bits(trial)}))


def test_a_difference_is_excused_by_what_moves_numbers_and_no_farther_than_the_interval() -> None:
    trial = dataclasses.replace(TRIAL, low=TRIAL.score - 0.1, high=TRIAL.score + 0.1)
    stored, run = stored_of(trial), [[{"loss": 9.0}]] * len(trial.budget.seed_list)
    assert weighed(stored, trial, []).outcome == TO_THE_BIT
    near, far = (
        dataclasses.replace(trial, score=trial.score - off, history=run, by_seed=[trial.score - off] * len(run))
        for off in (0.09, 0.11)
    )
    assert weighed(stored, near, ["keras was 3.9, here it is 4.0"]).outcome == WITHIN
    assert weighed(stored, near, []).outcome == DIFFERS
    assert weighed(stored, far, ["keras was 3.9, here it is 4.0"]).outcome == DIFFERS
    # Every epoch is the same to the bit: then it is the score that somebody has changed.
    changed = weighed({**stored, "score": trial.score + 0.01}, trial, ["keras was 3.9, here it is 4.0"])
    assert (changed.outcome, changed.difference) == (DIFFERS, pytest.approx(-0.01))
    assert "number of the report was changed" in changed.why
    failed = dataclasses.replace(trial, state="failed", score=math.nan, by_seed=(), reason="The loss became nan.")
    assert weighed(stored, failed, []).why == "it is failed and was complete. The loss became nan."


@pytest.mark.parametrize(
    ("name", "place", "said"),
    [
        ("x", 17, "1 of 40 training samples differ: x[17]"),
        ("x_val", 3, "1 of 20 validation samples differ: x_val[3]"),
        ("y", 8, "1 of 40 training samples differ: x[8]"),
    ],
)
def test_one_changed_sample_is_named(name: str, place: int, said: str) -> None:
    data = noise()
    stored = {data.fingerprint: {"name": "noise"} | sample_sums(data)}
    changed = getattr(data, name).copy()
    changed[place] = 1 - changed[place]
    given = noise(**{name: changed})
    found = data_at_hand(stored, [data.fingerprint], [given])[data.fingerprint]
    assert found == f"the data 'noise' are not those of the report: {said}"
    assert data_at_hand(stored, [data.fingerprint], [given, noise()])[data.fingerprint].fingerprint == data.fingerprint
    fewer = noise(x=data.x[1:], y=data.y[1:])
    assert "39 training samples, where there were 40" in str(data_at_hand(stored, stored, [fewer])[data.fingerprint])
    assert "report keeps no samples" in str(data_at_hand(stored, stored, [])[data.fingerprint])
    unknown = {data.fingerprint: {"name": "noise"}}
    assert "the report does not hold" in str(data_at_hand(unknown, unknown, [given])[data.fingerprint])


def test_the_same_numbers_of_another_type_are_not_samples_that_differ() -> None:
    data = noise()
    stored = {data.fingerprint: {"name": "noise"} | sample_sums(data)}
    wide = noise(x=data.x.astype("float64"), x_val=data.x_val.astype("float64"))
    found = data_at_hand(stored, stored, [wide])[data.fingerprint]
    assert str(found).endswith("the same numbers, which are float64 here and were float32")
    other = noise(x=data.x + 1)
    assert str(data_at_hand(stored, stored, [other])[data.fingerprint]).endswith(
        "all 40 training samples differ: other numbers, or not float32 as here"
    )


def test_a_changed_file_of_shipped_data_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from structopt_widgets.training import datasets

    sums = (datasets.data_folder() / "SHA256SUMS").read_text().splitlines()
    for name in ("SHA256SUMS", *(line.split()[1] for line in sums)):
        (tmp_path / name).write_bytes((datasets.data_folder() / name).read_bytes())
    then = sw.load_data("vowels")
    with np.load(tmp_path / "vowel_deterding.npz", allow_pickle=False) as file:
        arrays = dict(file)
    arrays["y"][0] = (arrays["y"][0] + 1) % 11
    np.savez_compressed(tmp_path / "vowel_deterding.npz", **arrays)
    monkeypatch.setattr(datasets, "data_folder", lambda: tmp_path)
    found = data_at_hand({then.fingerprint: {"name": "vowels"} | sample_sums(then)}, [then.fingerprint], [])
    assert found[then.fingerprint] == (
        "the data 'vowels' are not those of the report: 1 of 528 training samples differ: x[0]; "
        "of the files that came with the package vowel_deterding.npz is not as it was"
    )


def test_a_page_is_read_and_never_run(tmp_path: Path) -> None:
    study, path = sw.Study(), tmp_path / "report.html"
    study.add(TRIAL)
    sw.write_report(study, path)
    (tmp_path / "hostile_module.py").write_text("raise SystemExit('imported')")

    def hostile(told: dict[str, Any]) -> None:
        (space,) = told["spaces"].values()
        space["compiled"] = {"loss": {"module": "hostile_module", "class_name": "Loss", "config": {}}}
        told["data"] = {next(iter(told["data"])): {"name": "vowels"}}
        told["trainings"][0]["fingerprint"] = next(iter(told["data"]))

    (found,) = sw.reproduce(rewritten(path, hostile, path), noise()).outcomes
    assert found.outcome == NOT_RUN
    from structopt_widgets.study.order import absent_modules

    assert absent_modules([{"module": "hostile_module", "class_name": "Loss", "config": {}}]) == ["hostile_module"]
    assert absent_modules([{"module": "os", "class_name": "system", "config": "true"}]) == ["os"]
    assert absent_modules([{"module": "keras.layers", "class_name": "Dense", "config": {}}]) == []


def one_run(folder: Path) -> tuple[Path, sw.StructureSpace, sw.Data]:
    study, path, space, data = sw.Study(), folder / "report.html", compiled(), noise()
    study.add(sw.quick_run(space.baseline, data, sw.Budget(epochs=1, seeds=[0])))
    sw.write_report(study, path, data=data)
    return path, space, data


def set_in(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda told: told["trials"][0].update({name: value})


@pytest.mark.slow
def test_a_page_whose_text_was_changed_does_not_hold(tmp_path: Path) -> None:
    path, space, data = one_run(tmp_path)
    written = path.read_text(encoding="utf-8")
    path.write_text(written.replace("95 % interval", "99 % interval"), encoding="utf-8")
    found = sw.reproduce(path, data, space)
    assert [each.outcome for each in found.outcomes] == [TO_THE_BIT]
    assert not found.holds
    assert str(found).endswith(
        "The page's own text was changed after it was written: only the numbers of the manifest were compared."
    )
    # Line ends of another system are no change; a page from before there was a checksum is told to be without.
    path.write_text(written.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert read_manifest(path)["is_as_written"] is True
    assert str(Reproduction(found.outcomes)).endswith("The page's own text was not compared.")


@pytest.mark.slow
def test_a_damaged_manifest_is_said(tmp_path: Path) -> None:
    path, space, data = one_run(tmp_path)
    changes: list[Callable[[dict[str, Any]], None]] = [
        set_in("training", 99),
        set_in("training", -1),
        set_in("company", "ab 0/x"),
        set_in("number", "x"),
        set_in("score", "<b>"),
        lambda told: told.update(stated=[]),
        lambda told: told.update(stated=[99]),
        lambda told: told.update(trials=[]),
    ]
    for change in changes:
        with pytest.raises(ValueError, match="its manifest is damaged"):
            sw.reproduce(rewritten(path, change, tmp_path / "damaged.html"), data, space=space)
    # Of a company that the report has not, nothing is counted through.
    many = rewritten(path, set_in("company", "ab 0/99999999999"), tmp_path / "many.html")
    (found,) = sw.reproduce(many, data, space=space).outcomes
    assert found.outcome == TO_THE_BIT
    assert "with 99999999998 others, not all of which" in found.why
    older = rewritten(
        path, lambda told: told["trainings"][0]["versions"].update(keras="2.9.0"), tmp_path / "older.html"
    )
    told = str(sw.reproduce(older, data, space=space))
    assert "1 to the bit" in told
    assert "keras was 2.9.0" in told


@pytest.mark.slow
def test_a_sample_of_a_quick_run_is_named_where_the_report_was_given_the_data(tmp_path: Path) -> None:
    study, path, data = sw.Study(), tmp_path / "report.html", noise()
    study.add(sw.quick_run(compiled().baseline, data, sw.Budget(epochs=1, seeds=[0])))
    changed = noise(x=data.x + np.eye(40, 6, dtype="float32")[::-1] * 0.5)
    sw.write_report(study, path)
    (found,) = sw.reproduce(path, changed).outcomes
    assert "data=" in found.why
    sw.write_report(study, path, data=data)
    (found,) = sw.reproduce(path, changed).outcomes
    assert f"x[{', '.join(map(str, range(34, 40)))}]" in found.why
    with pytest.raises(ValueError, match="Expected data that a trial of the study was trained on"):
        sw.write_report(study, path, data=changed)


def test_a_page_that_was_cut_is_said(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    (study := sw.Study()).add(TRIAL)
    sw.write_report(study, page)
    text = page.read_text(encoding="utf-8")
    for end in (text.index("sw-manifest") + 300, len(text) // 2, len(text) - 10):
        (tmp_path / "cut.html").write_text(text[:end], encoding="utf-8")
        with pytest.raises(ValueError, match="whose end is missing"):
            sw.reproduce(tmp_path / "cut.html")


@pytest.mark.parametrize("text", ["", "no report", '<script type="application/json" id="sw-manifest">{}</script>'])
def test_what_is_no_report_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text)
    with pytest.raises(ValueError, match=r"Expected a page that sw.write_report\(\) wrote"):
        sw.reproduce(tmp_path / "page.html")


def test_arguments_that_are_wrong_are_said(tmp_path: Path) -> None:
    study, path = sw.Study(), tmp_path / "report.html"
    study.add(TRIAL)
    sw.write_report(study, path)
    with pytest.raises(ValueError, match="'stated', 'all' or numbers"):
        sw.reproduce(path, trials="best")
    with pytest.raises(ValueError, match=r"got \[7\], which it does not have"):
        sw.reproduce(path, trials=[7])
    with pytest.raises(TypeError, match="Expected a Data"):
        sw.reproduce(path, [np.zeros(3)])
    with pytest.raises(TypeError, match="Expected a StructureSpace"):
        sw.reproduce(path, space="model")  # type: ignore[arg-type]

    def damage(told: dict[str, Any]) -> None:
        del told["trials"][0]["company"]

    with pytest.raises(ValueError, match="its manifest is damaged"):
        sw.reproduce(rewritten(path, damage, path))
