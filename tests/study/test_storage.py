"""Studies in files and databases: they come back whole, whoever opens them."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import optuna
import pandas as pd
import pytest
from sqlalchemy.exc import IntegrityError
from toys import toy_space, toy_sweep, toy_trial

import structopt_widgets as sw
from structopt_widgets.study import databases


# A database takes a second to set up.
@pytest.fixture(params=["memory", "file", pytest.param("sqlite", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    return {"memory": None, "file": str(tmp_path / "a.journal"), "sqlite": f"sqlite:///{tmp_path}/a.db"}[request.param]


def lost(structure: sw.Structure) -> sw.Trial:
    nothing = {"score": math.nan, "low": math.nan, "high": math.nan, "by_seed": (), "loss": math.inf}
    return toy_trial(structure, state="failed", reason="the loss became inf", **nothing)


def test_a_file_that_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path) -> None:
    endless = tmp_path / "endless.journal"
    endless.symlink_to(endless)
    for path in (endless, tmp_path / ("a" * 300)):
        with pytest.raises(OSError, match=r"^Expected the place of a study as a file that can be read and written"):
            sw.Study(path)
    with pytest.raises(OSError, match=r"^Expected the table as a file that can be read and written"):
        sw.Study().to_csv(endless)


def test_a_file_that_is_taken_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    study = sw.Study(path)
    trial = study.add(toy_trial(toy_space().baseline))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(OSError, match="which is shorter: another program has written it anew"):
        study.add(trial)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"nothing at .*: it was moved or deleted\. Put it back"):
        study.add(trial)
    with pytest.raises(FileNotFoundError, match="it was moved or deleted"):
        len(study)


@pytest.mark.slow
def test_a_database_that_is_none_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAUSES", ())
    (tmp_path / "a.db").write_bytes(b"no database " * 100)
    with pytest.raises(ConnectionError, match=r"got: file is not a database\."):
        sw.Study(f"sqlite:///{tmp_path}/a.db")


def test_trials_come_back_whole(place: str | None) -> None:
    study = sw.Study(place)
    narrow = toy_space().baseline.with_width("a", 4).with_activation("b", "tanh").with_bias("a", False)
    history = (({"loss": 1.0, "val_loss": math.nan},),)
    added = [study.add(toy_trial(toy_space().baseline)), study.add(toy_trial(narrow, history=history))]
    added.append(study.add(lost(narrow)))
    again = sw.Study(place) if place else study
    assert [trial.to_json() for trial in again] == [trial.to_json() for trial in added]
    assert [trial.number for trial in again] == [0, 1, 2]
    assert again.trials.equals(study.trials)
    assert again.trial(1).structure == narrow
    # What was added here can still inherit the weights of the model it was read from.
    assert study.trial(1).structure.space.source is toy_space().source


def test_optuna_sees_widths_switches_and_values(place: str | None) -> None:
    study = sw.Study(place)
    structure = toy_space().baseline.with_width("a", 4).with_activation("b", "tanh")
    trial = study.add(toy_trial(structure))
    study.add(lost(structure))
    seen, failed = study.optuna.trials
    assert seen.params == {"a": 4, "b": 8, "b activations": "tanh"}
    assert seen.values == [trial.score, trial.n_params]
    assert (seen.state, failed.state) == (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.FAIL)
    assert seen.user_attrs["flops"] == trial.flops
    assert study.optuna.best_trials == [seen]
    assert study.optuna.metric_names == ["score", "n_params"]


def test_a_graph_is_stored_once(tmp_path: Path) -> None:
    study = sw.Study(tmp_path / "a.journal")
    study.add(toy_trial(toy_space().baseline))
    before = (tmp_path / "a.journal").stat().st_size
    study.add(toy_trial(toy_space().baseline.with_width("a", 4)))
    graph = len(str(toy_space().graph.to_json()))
    assert (tmp_path / "a.journal").stat().st_size - before < graph
    assert len([key for key in study.optuna.user_attrs if key.startswith("space ")]) == 1


def test_opening_a_study_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    sw.Study(path).add(toy_trial(toy_space().baseline))
    before = path.read_bytes()
    assert len(sw.Study(path).trials) == 1
    assert path.read_bytes() == before


def test_several_studies_in_one_place(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    first, second = sw.Study(path, name="first"), sw.Study(path, name="second")
    first.add(toy_trial(toy_space().baseline))
    assert (len(first), len(second), len(sw.Study(path, name="first"))) == (1, 0, 1)


@pytest.mark.slow
def test_an_sqlite_file_is_known_by_its_contents(tmp_path: Path) -> None:
    sw.Study(f"sqlite:///{tmp_path}/a.db").add(toy_trial(toy_space().baseline))
    assert len(sw.Study(tmp_path / "a.db")) == 1
    other = optuna.create_study(storage=f"sqlite:///{tmp_path}/o.db", study_name="structures")
    other.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(ValueError, match="another program's"):
        sw.Study(tmp_path / "o.db")


@pytest.mark.slow
def test_a_new_database_may_be_opened_by_several_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAUSES", (0.0,))
    get_storage, tries = optuna.storages.get_storage, []

    def second_to_come(url: str | optuna.storages.BaseStorage) -> optuna.storages.BaseStorage:
        tries.append(url)
        if len(tries) == 1:
            get_storage(url)  # the other one makes the tables meanwhile
            raise IntegrityError("UNIQUE constraint failed: alembic_version.version_num", None, ValueError())
        return get_storage(url)

    monkeypatch.setattr(optuna.storages, "get_storage", second_to_come)
    assert len(sw.Study(f"sqlite:///{tmp_path}/a.db")) == 0
    assert [each for each in tries if isinstance(each, str)] == [f"sqlite:///{tmp_path}/a.db"] * 2


def test_half_a_line_at_the_end_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    study = sw.Study(path)
    for width in (2, 3):
        study.add(toy_trial(toy_space().baseline.with_width("a", width)))
    whole = path.read_bytes()
    for cut, kept in ((1, [2, 3]), (2, [2]), (100, [2]), (len(whole.splitlines()[-1]), [2])):
        path.write_bytes(whole[:-cut])
        again = sw.Study(path)
        # A line without its break may not be all there yet.
        assert [trial.structure.widths["a"] for trial in again] == [2]
        again.add(toy_trial(toy_space().baseline.with_width("a", 5)))
        assert [trial.structure.widths["a"] for trial in sw.Study(path)] == [*kept, 5]
        # What was cut off is a trial that was not written yet; Optuna itself reads the file too.
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
        assert len(optuna.load_study(study_name="structures", storage=storage).trials) == len(kept) + 1


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a study\nby any means\n")
    with pytest.raises(ValueError, match=r"Expected a file that sw\.Study has written"):
        sw.Study(path)
    assert path.read_text() == "not a study\nby any means\n"
    with pytest.raises(FileNotFoundError):
        sw.Study(tmp_path / "nowhere" / "a.journal")


def test_tables_in_files(tmp_path: Path) -> None:
    study = sw.Study()
    study.add(toy_trial(toy_space().baseline))
    study.add(lost(toy_space().baseline))
    study.to_csv(tmp_path / "a.csv")
    study.to_parquet(tmp_path / "a.parquet")
    assert pd.read_csv(tmp_path / "a.csv", index_col="number")["accuracy"].tolist()[0] == study.trial(0).score
    read = pd.read_parquet(tmp_path / "a.parquet")
    assert read.index.name == "number"
    pd.testing.assert_frame_equal(read, study.trials)


@pytest.mark.usefixtures("no_training")
def test_two_threads_share_a_sweep(place: str | None) -> None:
    study = sw.Study(place)
    threads = [threading.Thread(target=toy_sweep, args=(study, 10, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({trial.structure for trial in study}) == len(study) == 10


def test_a_table_that_grows_is_the_table_read_at_once(place: str | None) -> None:
    study = sw.Study(place)
    baseline = toy_space().baseline
    study.add(lost(baseline))
    assert len(study.trials) == 1
    regression = toy_trial(baseline.with_width("a", 3), metric="r2")
    for trial in (toy_trial(baseline.with_width("a", 2)), regression, lost(baseline.with_width("a", 4))):
        study.add(trial)
        grown = study.trials
    at_once = pd.DataFrame([trial.to_row() for trial in study], index=grown.index)
    pd.testing.assert_frame_equal(grown, at_once)
    grown["accuracy"] = 0.0  # the caller's own
    assert study.trials["accuracy"].isna().any()
