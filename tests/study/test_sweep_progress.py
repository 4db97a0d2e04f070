"""How far a sweep is: reports and the bar."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Sequence
from typing import Any

import pytest
from toys import pause, toy_sweep

import structopt_widgets as sw
from structopt_widgets.study import running, sweep_progress
from structopt_widgets.training import Progress

pytestmark = pytest.mark.usefixtures("no_training")


def test_progress_is_told() -> None:
    told: list[Any] = []
    study = sw.Study()
    toy_sweep(study, 2, 2)
    toy_sweep(study, 5, 2, on_progress=told.append)
    assert [each.finished for each in told] == [2, 3, 4, 5]
    assert told[0].remaining is None
    assert (told[-1].total, told[-1].failed, told[-1].remaining) == (5, 0, 0.0)


def test_the_bar_and_its_time_go_by_the_structures_at_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(batch: Sequence[sw.Structure], *args: Any, on_progress: Any, **options: Any) -> list[sw.Trial]:
        for step in range(1, 11):
            shown = {"seed": 0, "seeds": 1, "epoch": 0, "epochs": 1, "loss": None, "val_loss": None}
            shown |= {"val_score": None, "metric": "accuracy", "elapsed": 0.0, "remaining": None, "history": ()}
            on_progress(Progress(fraction=step / 10, trials=len(batch), **shown))
        return pause(batch, *args, **options)

    told: list[Any] = []
    monkeypatch.setattr(running, "train_together", train)
    monkeypatch.setattr(sweep_progress, "SECONDS_BETWEEN", 0.0)
    toy_sweep(sw.Study(), 8, 4, on_progress=told.append, show_progress=True)
    # At the speed so far: of what is half done, as long again.
    shares = [(each.finished, each.batch.fraction) for each in told if each.batch is not None]
    assert shares == [(finished, step / 10) for finished in (0, 4) for step in range(1, 11)]
    for each in told:
        if each.batch is not None:
            worth = each.finished + 4 * each.batch.fraction
            assert each.remaining == pytest.approx(each.elapsed / worth * (8 - worth))
    # The trials of a batch are written one by one, and none of the others is to do again.
    written = [each for each in told if each.batch is None and each.finished in (1, 2, 3)]
    assert [each.remaining for each in written] == pytest.approx([each.elapsed for each in written])
    bar = capsys.readouterr().err
    for words in ("0/8 trials", "50% of the structures at hand", "4/8 trials", "8/8 trials", " left"):
        assert words in bar


def test_what_others_have_done_meanwhile_counts_in_the_end() -> None:
    study, told = sw.Study(), []

    def lend_a_hand(_: sw.Trial) -> None:
        if len(study) == 1:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pool.submit(toy_sweep, study, 6, 2).result()

    toy_sweep(study, 6, 1, on_trial=lend_a_hand, on_progress=told.append)
    assert len(study) == 6
    assert told[-1].finished == told[-1].total == 6
