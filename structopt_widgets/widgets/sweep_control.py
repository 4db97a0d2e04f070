"""A sweep from the explorer: many structures, in the background, whose points appear as they finish."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..graph.wording import listed, say, sentences
from ..metrics import METRICS, format_exact
from ..study.samplers import SAMPLERS
from ..study.verdicts import tally
from ..training import Budget, Data, Trial
from .background import Background, Outcome, Task, how_far
from .exploration import Exploration
from .settings import Fields, Settings

if TYPE_CHECKING:
    import pandas as pd

    from ..study.sweep_progress import SweepProgress

HALVING = (3, 2)  # a third of the training for all, the whole for the best third
TOGETHER = 8  # structures a batch: points appear that often at least


class Sweep:
    """Number of structures, sampler and largest size as fields, and :meth:`run`.

    Args:
        exploration: the widths of its space are varied, each structure has its budget, its study keeps the trials.
        background: where the sweep goes on, and tells how far it is and how it ended.
        settings, fields: how many, how they are chosen, and how large.
    """

    def __init__(self, exploration: Exploration, background: Background, settings: Settings, fields: Fields) -> None:
        self._exploration, self._background = exploration, background
        self._settings, self._fields = settings, fields

    @property
    def structures(self) -> ipywidgets.BoundedIntText:
        """A field: how many."""
        return self._fields.number("structures")

    @property
    def sampler(self) -> ipywidgets.Dropdown:
        """A field: how they are chosen."""
        return self._fields.choice("sampler", [(each.label, name) for name, each in SAMPLERS.items()])

    @property
    def at_most(self) -> ipywidgets.BoundedIntText:
        """A field: parameters a structure may have."""
        return self._fields.number("at_most")

    def run(self) -> None:
        """Start a sweep in the background.

        The same settings go on with the same sweep: ask for more structures to have more.
        Raises ``RuntimeError`` while something else is going on there and ``ValueError`` without data.
        """
        self._background.message.clear()
        data, budget, settings = self._exploration.needed_data(), self._exploration.budget, self._settings
        asked: dict[str, Any] = {
            "n_trials": settings.structures,
            "sampler": settings.sampler,
            "at_most": {"n_params": settings.at_most},
            "choose": tuple(settings.vary),
            "minimize": tuple(settings.minimize),
            "halving": HALVING if settings.halving else None,
        }
        self._background.start(
            lambda task: self._sweep(task, data, budget, asked),
            say("a sweep"),
            say("What was finished is kept; Sweep goes on from there."),
        )

    def _sweep(self, task: Task, data: Data, budget: Budget, asked: dict[str, Any]) -> Outcome:
        start = time.monotonic()

        def on_progress(progress: SweepProgress) -> None:
            share = progress.batch.fraction if progress.batch is not None else 0.0
            ahead = min(TOGETHER, progress.total - progress.finished)
            place = say("{n} of {all}", n=progress.finished, all=progress.total)
            task.report(
                (progress.finished + share * ahead) / progress.total,
                how_far(place, progress.elapsed, progress.remaining),
            )

        before = len(self._exploration.study)
        table = self._exploration.study.sweep(
            self._exploration.space,
            data,
            budget=budget,
            **asked,
            together=TOGETHER,
            on_progress=on_progress,
            should_stop=task.should_stop,
            show_progress=False,
        )
        failed = int((table["state"] == "failed").sum())
        done: str = say("{n} structures", n=len(table))
        if failed:
            done = say("{done}, {n} of them failed", done=done, n=failed)
        if len(table) < asked["n_trials"]:
            done = say("{done}; there are no more that cost so little", done=done)
        if len(self._exploration.study) == before and not task.should_stop():
            done = say("{done}, all of them there before: ask for more structures to go on with this sweep", done=done)
        best = self._best(table)
        text = "" if best is None else self._told(best, asked["minimize"], time.monotonic() - start)
        number = None if best is None else best.number
        return Outcome(sentences(say("{done}.", done=done), text, self._verdicts()), trial=number)

    def _best(self, table: pd.DataFrame) -> Trial | None:
        """The best of a sweep; ``None`` where none has a score."""
        complete = table[table["state"] == "complete"]
        score = next((name for name in ("accuracy", "r2") if name in complete.columns), None)
        if score is None or not complete[score].notna().any():
            return None
        return self._exploration.study.trial(int(complete[score].idxmax()))

    @staticmethod
    def _told(best: Trial, minimize: Sequence[str], seconds: float) -> str:
        """The best of a sweep that took ``seconds``, its costs and its own time, in a sentence."""
        costs = [
            say("{quantity} {value}", quantity=METRICS[name].trial_label, value=format_exact(name, getattr(best, name)))
            for name in minimize
            if hasattr(best, name)
        ]
        return say(
            "The best after {seconds} s: trial {number}, {score}, {costs}, trained in {own} s.",
            seconds=f"{seconds:.0f}",
            number=best.number,
            score=f"{best.score:.1%}" if best.metric == "accuracy" else f"R2 {best.score:.3f}",
            costs=listed(say(", "), costs),
            own=f"{best.seconds:.1f}",
        )

    def _verdicts(self) -> str:
        """What can be told apart, in words; the study may hold other trials too, and they count."""
        try:
            return say("Of all on the plot: {verdicts}.", verdicts=tally(self._exploration.study.compare()))
        except ValueError:  # all have failed
            return ""
