"""The Sweep button: points appear as they finish, Cancel keeps them, errors are shown in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
import traitlets
from asked import ask, shown_trials

import structopt_widgets as sw
from structopt_widgets.study import running
from structopt_widgets.study.claims import Claims
from structopt_widgets.study.failed import failed_trial
from structopt_widgets.study.listeners import Listeners
from structopt_widgets.training import quick_run
from structopt_widgets.widgets.exploration import Exploration

slow = pytest.mark.slow


def data(n: int = 200) -> sw.Data:
    x = np.random.default_rng(0).normal(size=(n, 4)).astype("float32")
    return sw.Data(x, (x.sum(axis=1) > 0).astype(int), name="sums")


def model() -> keras.Model:
    hidden = keras.layers.Dense(8, activation="relu", name="hidden")
    return keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(2, name="out")])


@pytest.fixture
def explorer() -> sw.Explorer:
    explorer = sw.explore(model(), data=data())
    explorer.validation.epochs.value = explorer.validation.seeds.value = 1
    explorer.sweep.structures.value = 3
    return explorer


@slow
def test_a_sweep_fills_the_plot_and_obeys_its_limit(explorer: sw.Explorer) -> None:
    explorer.sweep.at_most.value = 40
    explorer.sweep.sampler.value = "grid"
    ask(explorer, "sweep")
    explorer.background.wait(120)
    trials = explorer.trials
    assert 1 <= len(trials) <= 3
    assert (trials["n_params"] <= 40).all()
    assert (trials["epochs"] == 1).all()
    assert shown_trials(explorer) == trials.index.tolist()
    assert not explorer.background.message.alert
    assert explorer.background.message.status.startswith(f"{len(trials)} structures")
    assert explorer.instrument.work["what"] == ""
    # Chance and a linear model are drawn once there is something to hold against them.
    assert [name for name, *_ in explorer.instrument.study["references"]] == ["chance", "linear model"]


@slow
def test_a_sweep_varies_and_weighs_what_its_settings_say(explorer: sw.Explorer) -> None:
    settings = {**explorer.settings.values, "vary": ["biases"], "minimize": ["flops"], "structures": 4}
    ask(explorer, "sweep", settings=settings)
    explorer.background.wait(120)
    trials = [explorer.study.trial(number) for number in explorer.trials.index]
    assert {each.structure.widths["hidden"] for each in trials} == {8}
    # Four ways to have two biases.
    assert len({tuple(each.structure.biases.values()) for each in trials}) == 4
    best = max(trials, key=lambda each: each.score)
    said = explorer.background.message.status
    assert f" s: trial {best.number}, {best.score:.1%}, FLOPs {best.flops:,}, trained in" in said
    growth = explorer.instrument.study["growth"]
    assert growth["costs"] == ["flops"]
    assert len(growth["values"]) == 4
    # All of them for a third of six epochs, the best third for the whole.
    ask(explorer, "sweep", settings={**settings, "structures": 3, "epochs": 6, "halving": True})
    explorer.background.wait(120)
    new = explorer.trials.loc[len(trials) :]
    assert sorted(new["epochs"]) == [2, 2, 2, 6]
    with pytest.raises(traitlets.TraitError):
        explorer.settings.vary = ["depth"]


@slow
def test_a_sweep_in_a_cell_moves_the_plots_of_every_explorer_of_the_study(explorer: sw.Explorer) -> None:
    other = sw.explore(explorer.space, data=data(), study=explorer.study)
    explorer.study.sweep(explorer.space, data(), n_trials=2, budget=sw.Budget(epochs=1, seeds=1), show_progress=False)
    for each in (explorer, other):
        assert shown_trials(each) == explorer.trials.index.tolist()


def test_a_view_that_is_gone_is_not_told() -> None:
    class View:
        def refresh(self) -> None:
            told.append(self)

    told: list[View] = []
    listeners, kept = Listeners(), View()
    listeners.add(kept.refresh)
    listeners.add(View().refresh)
    listeners.notify()
    assert told == [kept]


@slow
def test_cancel_answers_at_once_and_keeps_what_is_finished(
    explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("structopt_widgets.widgets.sweep_control.TOGETHER", 1)
    explorer.sweep.structures.value = 16
    explorer.sweep.run()
    with pytest.raises(RuntimeError, match="Expected nothing to be going on, but a sweep is"):
        explorer.sweep.run()
    ask(explorer, "run")
    assert "a sweep is" in explorer.background.message.alert
    thread = explorer.background._task.thread
    while len(explorer.study) < 1:
        time.sleep(0.01)
    start = time.perf_counter()
    ask(explorer, "cancel")
    assert time.perf_counter() - start < 1
    assert not explorer.background.is_running
    thread.join(60)
    assert not thread.is_alive()
    kept = len(explorer.study)
    assert 1 <= kept < 16
    assert (explorer.trials["state"] == "complete").all()
    assert explorer.background.status == "cancelled"
    # The same settings go on from there.
    explorer.sweep.structures.value = kept + 1
    explorer.sweep.run()
    explorer.background.wait(120)
    assert len(explorer.study) == kept + 1


def untrainable(structures: Sequence[sw.Structure], data: sw.Data, budget: sw.Budget, **_: Any) -> list[sw.Trial]:
    return [failed_trial(each, data, budget, ValueError("the loss is nan")) for each in structures]


@pytest.mark.slow
def test_errors_are_shown_in_words(explorer: sw.Explorer) -> None:
    explorer.sweep.at_most.value = 1
    explorer.sweep.run()
    explorer.background.wait(60)
    assert "none was found that does" in explorer.background.message.alert
    assert (explorer.background.status, explorer.background.fraction) == ("failed", 0.0)
    assert explorer.instrument.work["what"] == ""
    without = sw.explore(model())
    ask(without, "sweep")
    assert "Expected data to validate on" in without.background.message.alert


@slow
def test_sliders_answer_during_a_sweep(explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held(structures: Sequence[sw.Structure], data: sw.Data, budget: sw.Budget, **_: Any) -> list[sw.Trial]:
        begun.set()
        assert go_on.wait(60)
        return [quick_run(each, data, budget) for each in structures]

    monkeypatch.setattr(running, "train_together", held)
    explorer.sweep.structures.value = 1
    explorer.sweep.run()
    assert begun.wait(60)
    explorer.controls["hidden"].width.value = 2
    assert explorer.instrument.standing["structure"] == {"widths": [[0, 2]]}
    go_on.set()
    explorer.background.wait(60)
    assert len(explorer.study) == 1


def test_structures_that_cannot_be_trained_are_counted(explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "train_together", untrainable)
    explorer.sweep.run()
    explorer.background.wait(60)
    assert explorer.background.message.status == "3 structures, 3 of them failed."
    assert (explorer.trials["reason"] == "ValueError: the loss is nan").all()
    assert [trial["state"] for trial in explorer.instrument.study["trials"]] == ["failed"] * 3
    # One hidden layer of 1 to 16 units: there are no more.
    explorer.sweep.structures.value, explorer.sweep.at_most.value = 100, 10**6
    explorer.sweep.run()
    explorer.background.wait(60)
    words = "16 structures, 16 of them failed; there are no more that cost so little."
    assert explorer.background.message.status == words


def test_what_was_written_before_an_error_stays(explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Claims.finish

    def full(claims: Claims, *trial: Any) -> int | None:
        if len(explorer.study) == 2:
            raise OSError("No space left on device")
        return finish(claims, *trial)

    monkeypatch.setattr(running, "train_together", untrainable)
    with monkeypatch.context() as patch:
        patch.setattr(Claims, "finish", full)
        explorer.sweep.run()
        explorer.background.wait(60)
    assert explorer.background.message.alert == "OSError: No space left on device"
    assert len(explorer.study) == 2
    assert explorer.instrument.work["what"] == ""
    explorer.sweep.run()
    explorer.background.wait(60)
    assert not explorer.background.message.alert
    assert len(explorer.study) == 3


def test_the_sliders_do_not_wait_for_the_linear_model(explorer: sw.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow_references(_: object) -> dict[str, float]:
        begun.set()
        assert go_on.wait(60)
        return {"chance": 0.5}

    monkeypatch.setattr(Exploration, "references", property(slow_references))
    drawing = threading.Thread(target=explorer._wiring.show_trials)
    drawing.start()
    assert begun.wait(60)
    explorer.controls["hidden"].width.value = 3
    assert explorer.instrument.standing["structure"] == {"widths": [[0, 3]]}
    assert drawing.is_alive()
    go_on.set()
    drawing.join(60)
    assert [name for name, *_ in explorer.instrument.study["references"]] == ["chance"]
