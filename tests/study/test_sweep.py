"""Sweeps, with training replaced by a formula: what is proposed, kept, gone on with, and given up."""

from __future__ import annotations

import concurrent.futures
import math
import multiprocessing
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from toys import BUDGET, pause, toy_data, toy_space, toy_sweep, toy_trial

import structopt_widgets as sw
from structopt_widgets.study import running
from structopt_widgets.study.knobs import find_knobs
from structopt_widgets.study.plan import SAMPLERS

pytestmark = pytest.mark.usefixtures("no_training")


def structures(study: sw.Study) -> list[sw.Structure]:
    return [trial.structure for trial in study]


def left_running(study: sw.Study) -> list[int]:
    every = study.storage.get_all_trials(study.study_id)
    return [trial.number for trial in every if trial.state == TrialState.RUNNING]


@pytest.mark.parametrize(
    "sampler", [pytest.param(each, marks=pytest.mark.slow) if each == "qmc" else each for each in SAMPLERS]
)
def test_affordable_structures_each_once_and_the_same_again(sampler: str) -> None:
    first, second = sw.Study(), sw.Study()
    table = toy_sweep(first, 9, 4, sampler=sampler, at_most={"n_params": 150})
    toy_sweep(second, 9, 4, sampler=sampler, at_most={"n_params": 150})
    assert structures(first) == structures(second)
    assert len(set(structures(first))) == len(table)
    # A grid has nine points, of which one costs more: 16 units in both layers.
    assert len(table) == (8 if sampler == "grid" else 9)
    assert (table["n_params"] <= 150).all()
    assert (table["state"] == "complete").all()


def test_what_is_left_out_makes_no_structure_another() -> None:
    study = sw.Study()
    table = toy_sweep(study, 9, 4, sampler="grid", choose={"widths": (4, 8), "blocks": (True, False)})
    # Two widths with the hidden layer, one without: its own width is then nobody's.
    assert len(table) == 2 * 2 + 2
    without = [trial.structure for trial in study if not trial.structure.blocks["b"]]
    assert sorted(structure.widths["a"] for structure in without) == [4, 8]


def test_limits_may_be_numbers_of_numpy() -> None:
    study = sw.Study()
    once = toy_sweep(study, 2, 2, at_most={"n_params": np.int64(150)})
    assert list(toy_sweep(study, 2, 2, at_most={"n_params": 150}).index) == list(once.index)


def test_a_width_is_drawn_evenly_on_a_logarithmic_scale() -> None:
    knob = find_knobs(toy_space(), "widths", ["a"])[0]
    shares = [index / 10_000 for index in range(10_000)]
    widths = [knob.at(share) for share in shares]
    assert widths == sorted(widths)
    assert set(widths) == set(range(1, 17))
    # Of the range from 0.5 to 16.5 on a logarithmic scale, those up to 4.5 have this share.
    expected = math.log(4.5 / 0.5) / math.log(16.5 / 0.5)
    assert sum(width <= 4 for width in widths) / len(widths) == pytest.approx(expected, abs=1e-3)
    assert knob.levels(3) == [1, 3, 16]


@pytest.mark.slow
def test_widths_go_down_to_an_eighth_and_farther_where_a_limit_asks_for_it() -> None:
    layers = [keras.layers.Dense(100, "relu", name="wide"), keras.layers.Dense(2, name="out")]
    space = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), *layers], name="wide"))
    least = 13  # an eighth of 100, and up

    def drawn(**options: Any) -> list[int]:
        study = sw.Study()
        toy_sweep(study, 40, 40, space, sampler="qmc", **options)
        return [structure.widths["wide"] for structure in structures(study)]

    assert min(drawn()) in range(least, least + 3)
    assert min(drawn(choose="multiplier")) >= least
    narrow = drawn(at_most={"n_params": 5 * 12 + 2 * 13})
    assert narrow
    assert max(narrow) <= 12


@pytest.mark.slow
def test_what_is_varied_can_be_chosen() -> None:
    study = sw.Study()
    toy_sweep(study, 12, 12, choose={"widths": (4, 8), "activations": ("relu", "tanh")}, groups=["b"])
    changed = {key for each in structures(study) for key in toy_space().baseline.diff(each)}
    # The last activation makes the outputs: it is not a choice.
    assert changed == {"widths.b", "activations.a", "activations.b"}
    assert len(study) == 2 * 2 * 2  # there are no more, so the sweep ends
    assert {each.widths["b"] for each in structures(study)} == {4, 8}


def test_one_multiplier_for_all_widths() -> None:
    study = sw.Study()
    toy_sweep(study, 5, 5, sampler="grid", choose="multiplier")
    assert [each.widths["a"] for each in structures(study)] == [each.widths["b"] for each in structures(study)]
    assert [each.widths["a"] for each in structures(study)] == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_sweep_is_its_arguments(sampler: str) -> None:
    study = sw.Study()
    toy_sweep(study, 4, 2, sampler=sampler)
    before = structures(study)
    table = toy_sweep(study, 7, 2, sampler=sampler)
    assert structures(study)[:4] == before
    assert len(study) == len(table) == len(set(structures(study))) == 7
    other = toy_sweep(study, 3, 2, sampler=sampler, seed=1)
    assert other.index.tolist() == [7, 8, 9]
    longer = toy_sweep(study, 3, 2, sampler=sampler, budget=sw.Budget(epochs=2, seeds=1))
    assert longer.index.tolist() == [10, 11, 12]


def test_a_learning_sampler_learns() -> None:
    study = sw.Study()
    table = toy_sweep(study, 40, 5, sampler="tpe", minimize=())
    # The score grows with the size.
    assert table["accuracy"][-10:].mean() > table["accuracy"][:10].mean()


def test_an_optuna_sampler() -> None:
    study = sw.Study()
    assert len(toy_sweep(study, 6, 3, sampler=optuna.samplers.RandomSampler(seed=5), choose="multiplier")) == 6


def test_a_structure_that_cannot_be_trained_is_a_failed_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def train(batch: Sequence[sw.Structure], *args: Any, **options: Any) -> list[sw.Trial]:
        calls.append(len(batch))
        if any(each.widths["a"] > 4 for each in batch):
            raise MemoryError("no room for so wide a layer")
        return pause(batch, *args, **options)

    monkeypatch.setattr(running, "train_together", train)
    study = sw.Study()
    table = toy_sweep(study, 8, 4)
    wide = [trial.structure.widths["a"] > 4 for trial in study]
    assert any(wide)
    assert not all(wide)
    assert (table["state"] == "failed").tolist() == wide
    assert set(table["reason"]) == {"", "MemoryError: no room for so wide a layer"}
    assert table["accuracy"].isna().tolist() == wide
    assert 1 in calls  # the members of a batch that failed were trained one by one
    assert table["n_params"].tolist() == [each.measure().n_params for each in structures(study)]


def test_an_interrupted_sweep_is_consistent_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(batch: Sequence[sw.Structure], *args: Any, **options: Any) -> list[sw.Trial]:
        if len(study) >= 4:
            raise KeyboardInterrupt
        return pause(batch, *args, **options)

    study = sw.Study()
    with monkeypatch.context() as patched:
        patched.setattr(running, "train_together", interrupt)
        with pytest.raises(KeyboardInterrupt):
            toy_sweep(study, 8, 2)
    assert len(study) == 4
    assert not left_running(study)
    toy_sweep(study, 8, 2)
    whole = sw.Study()
    toy_sweep(whole, 8, 2)
    assert set(structures(study)) == set(structures(whole))
    assert len(study) == 8


@pytest.mark.parametrize("call", ["create_new_trial", "set_trial_user_attr", "set_trial_state_values"])
def test_ctrl_c_may_come_at_any_moment(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    study = sw.Study()
    write = getattr(study.storage, call)
    written: list[int] = []

    def interrupted(*args: Any, **options: Any) -> Any:
        made = write(*args, **options)
        written.append(1)
        if len(written) == 3:
            raise KeyboardInterrupt  # it is written, and nobody has noted that
        return made

    with monkeypatch.context() as patched:
        patched.setattr(study.storage, call, interrupted)
        with pytest.raises(KeyboardInterrupt):
            toy_sweep(study, 8, 2)
    assert not left_running(study)
    # What has a result is not called a failure.
    assert {trial.number for trial in study} == {each.number for each in study.optuna.trials if each.values}
    toy_sweep(study, 8, 2)
    assert len(set(structures(study))) == len(study) == 8


def test_a_sweep_stops_when_asked_and_forgets_what_was_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(batch: Sequence[sw.Structure], *args: Any, **options: Any) -> list[sw.Trial]:
        stopped.append(True)
        done = pause(batch, *args, **options)
        return [done[0], *(toy_trial(each, state="cancelled") for each in batch[1:])]

    stopped: list[bool] = []
    study = sw.Study()
    with monkeypatch.context() as patched:
        patched.setattr(running, "train_together", half)
        table = toy_sweep(study, 6, 3, should_stop=lambda: bool(stopped))
    assert table["state"].tolist() == ["complete"]
    assert not left_running(study)
    assert len(toy_sweep(study, 6, 3)) == 6


def test_successive_halving() -> None:
    study = sw.Study()
    table = toy_sweep(study, 9, 4, budget=sw.Budget(epochs=9, seeds=1), halving=(3, 3), minimize=())
    assert table["epochs"].tolist() == [1] * 9 + [3] * 3 + [9]
    for epochs, kept in ((1, 3), (3, 1)):
        rung = table[table["epochs"] == epochs].nlargest(kept, "accuracy")
        assert set(rung["structure"]) == set(table[table["epochs"] == 3 * epochs]["structure"])
    # All of it again: nothing is left to do.
    assert toy_sweep(study, 9, 4, budget=sw.Budget(epochs=9, seeds=1), halving=(3, 3), minimize=()).equals(table)
    with pytest.raises(ValueError, match="With \\(3, 3\\), 27 trials"):
        toy_sweep(study, 8, 4, halving=(3, 3))


def test_rungs_that_would_train_alike_are_refused() -> None:
    study = sw.Study()
    # A third of three epochs is one; a ninth cannot be less.
    with pytest.raises(ValueError, match="at least 9 epochs or steps; got 3 epochs for halving"):
        toy_sweep(study, 9, 4, budget=sw.Budget(epochs=3, seeds=1), halving=(3, 3))
    with pytest.raises(ValueError, match="got 9 epochs and 3 steps"):
        toy_sweep(study, 9, 4, budget=sw.Budget(epochs=9, steps=3, seeds=1), halving=(3, 3))
    assert not study.storage.get_all_trials(study.study_id)
    # Steps and seconds can be divided where epochs cannot.
    for budget in (sw.Budget(steps=9, batch_size=8, seeds=1), sw.Budget(seconds=9, seeds=1)):
        assert len(toy_sweep(study, 9, 4, budget=budget, halving=(3, 3))) == 9 + 3 + 1


def test_an_executor_gives_the_same_trials() -> None:
    here, there = sw.Study(), sw.Study()
    mine = toy_sweep(here, 7, 2)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        theirs = toy_sweep(there, 7, 2, executor=pool, in_flight=3)
    columns = ["accuracy", "n_params", "structure", "state"]
    assert theirs.sort_values("structure")[columns].values.tolist() == (
        mine.sort_values("structure")[columns].values.tolist()
    )


def test_pools_that_fork_are_refused() -> None:
    fork = multiprocessing.get_context("fork")
    with (
        concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool,
        pytest.raises(ValueError, match=r"get_context\('spawn'\)"),
    ):
        toy_sweep(sw.Study(), 2, 1, executor=pool)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "randon"}, "Did you mean 'random'"),
        ({"sampler": 3}, "Expected a sampler"),
        ({"choose": "width"}, "Did you mean 'widths'"),
        ({"choose": ("widths", "multiplier")}, "the one would undo the other"),
        ({"choose": {"widths": (4, 99)}}, "from 1 to 16, got 99"),
        ({"choose": {"activations": ("rellu",)}}, "Did you mean 'relu'"),
        ({"groups": ["c"]}, "Expected a layer with a width"),
        ({"groups": ["out"]}, "Expected something to choose"),
        ({"at_most": {"params": 10}}, "Did you mean 'n_params'"),
        ({"at_most": {"n_params": "10k"}}, "Expected a number as the limit of n_params"),
        ({"seed": -1}, "a whole number of at least 0 as seed, got -1"),
        ({"at_most": {"n_params": 1}}, "n_params at most 1: none was found"),
        ({"minimize": "size"}, "Expected an objective"),
        ({"maximize": (), "minimize": ()}, "got neither"),
        ({"n_trials": 0}, "at least 1 as n_trials, got 0"),
        ({"sampler": "grid", "n_trials": 3}, "at least 4 for a grid"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(options: dict[str, Any], message: str) -> None:
    study = sw.Study()
    arguments = {"n_trials": 4, "budget": BUDGET, "show_progress": False, **options}
    with pytest.raises((ValueError, TypeError), match=message):
        study.sweep(toy_space(), toy_data(), **arguments)
    assert not study.storage.get_all_trials(study.study_id)
