"""A sweep from the explorer: many structures, in the background, whose points appear as they finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from ..study.samplers import SAMPLERS
from ..study.verdicts import tally
from ..training import Budget, Data
from .background import Background, Outcome, Task
from .exploration import Exploration
from .validation_panel import number_field

if TYPE_CHECKING:
    from ..study.sweep_progress import SweepProgress

TOGETHER = 8  # structures a batch: points appear that often at least


class SweepPanel(ipywidgets.HBox):
    """Number of structures, sampler and largest size; ``sweep_button`` is for the explorer to place.

    Args:
        exploration: the widths of its space are varied, each structure has its budget, its study keeps the trials.
        background: where the sweep goes on, and tells how far it is and how it ended.
    """

    def __init__(self, exploration: Exploration, background: Background) -> None:
        self._exploration, self._background = exploration, background
        self.structures = number_field("structures", 16, 1, 100_000)
        self.sampler = ipywidgets.Dropdown(
            options=[(each.label, name) for name, each in SAMPLERS.items()],
            description="sampler",
            layout=ipywidgets.Layout(width="12.5rem"),
            style={"description_width": "4.5rem"},
        )
        self.at_most = number_field("at most", exploration.space.baseline.measure().n_params, 1, 2**53)
        self.at_most.tooltip = "parameters a structure may have"
        self.at_most.layout.width = "12.5rem"
        self.sweep_button = ipywidgets.Button(description="Sweep", icon="braille", button_style="primary")
        self.sweep_button.tooltip = "train many structures of other widths, each with the budget above"
        self.sweep_button.on_click(lambda _: self._on_sweep())
        traitlets.dlink((background, "is_running"), (self.sweep_button, "disabled"))
        super().__init__(
            [self.structures, self.sampler, ipywidgets.HBox([self.at_most, ipywidgets.Label("parameters")])],
            layout=ipywidgets.Layout(flex_flow="row wrap"),
        )

    def run(self) -> None:
        """Start a sweep in the background.

        The same settings go on with the same sweep: ask for more structures to have more.
        Raises ``RuntimeError`` while something else is going on there and ``ValueError`` without data.
        """
        self._background.message.clear()
        data, budget, n_trials = self._exploration.needed_data(), self._exploration.budget, self.structures.value
        sampler, at_most = self.sampler.value, self.at_most.value
        self._background.start(
            lambda task: self._sweep(task, data, budget, n_trials, sampler, at_most),
            "a sweep",
            "What was finished is kept; Sweep goes on from there.",
        )

    def _on_sweep(self) -> None:
        with self._background.message.shows_errors():
            self.run()

    def _sweep(self, task: Task, data: Data, budget: Budget, n_trials: int, sampler: str, at_most: int) -> Outcome:
        def on_progress(progress: SweepProgress) -> None:
            share = progress.batch.fraction if progress.batch is not None else 0.0
            ahead = min(TOGETHER, progress.total - progress.finished)
            left = "" if progress.remaining is None else f", about {progress.remaining:.0f} s left"
            task.report(
                (progress.finished + share * ahead) / progress.total,
                f"{progress.finished} of {progress.total}: {progress.elapsed:.0f} s{left}",
            )

        table = self._exploration.study.sweep(
            self._exploration.space,
            data,
            n_trials,
            sampler,
            budget,
            at_most={"n_params": at_most},
            together=TOGETHER,
            on_progress=on_progress,
            should_stop=task.should_stop,
            show_progress=False,
        )
        failed = int((table["state"] == "failed").sum())
        lost = f", {failed} of them failed" if failed else ""
        fewer = "" if len(table) >= n_trials else "; there are no more that cost so little"
        return Outcome(f"{len(table)} structures{lost}{fewer}.{self._verdicts()}")

    def _verdicts(self) -> str:
        """What can be told apart, in words; the study may hold other trials too, and they count."""
        try:
            return f" Of all on the plot: {tally(self._exploration.study.compare())}."
        except ValueError:  # all have failed
            return ""
