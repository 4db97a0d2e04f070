"""The trade-off plot, live: every trial, the Pareto front, and where the sliders stand now."""

from __future__ import annotations

import html
import threading
import weakref
from collections.abc import Mapping

import ipywidgets
import pandas as pd
import traitlets

from ..figures.tradeoff import TradeoffInfo, tradeoff_info
from ..metrics import METRICS, format_exact, trial_metrics
from ..study import Trial
from ..training.description import describe
from ..training.trial import measured_costs
from .exploration import Exploration
from .message import Message
from .tradeoff_plot import TradeoffPlot

MOST = 500  # trials in the plot, the list and the table: more can be neither told apart nor drawn in time
LONGEST = 80  # characters of a trial's description in the list; the table has all of it


class TradeoffView(ipywidgets.VBox):
    """Accuracy against a size; clicking a point, or choosing it in the list, sets the structure that is explored.

    Args:
        exploration: its trials are shown, and the size of its structure.
        source: what the live panel of the explorer calls itself; see :class:`TradeoffPlot`.
    """

    def __init__(self, exploration: Exploration, source: str = "") -> None:
        self._exploration = exploration
        self._study = exploration.study
        # A sweep draws its points from its own thread, while sliders move the cursor from the kernel's.
        self._drawing = threading.RLock()
        self.size = ipywidgets.Dropdown(
            options=[(METRICS[name].label, name) for name in trial_metrics()], value="n_params", description="against"
        )
        self.trial = ipywidgets.Dropdown(options=[], description="trial", layout=ipywidgets.Layout(width="24rem"))
        self.set_sliders = ipywidgets.Button(description="Set the sliders", icon="sliders", disabled=True)
        self.set_sliders.tooltip = "to the structure of the trial beside this button"
        self.set_sliders.on_click(lambda _: self.choose(self.trial.value))
        self.message = Message()
        self.table = ipywidgets.HTML()
        self.table.add_class("sw-trials")
        choose = weakref.WeakMethod(self.choose)  # an anywidget is never freed, and would keep all this
        self.figure = TradeoffPlot(source, lambda number: (method := choose()) and method(number))
        traitlets.dlink((self.trial, "value"), (self.figure, "chosen"))
        self.refresh()
        self.size.observe(lambda _: self.refresh(), names="value")
        exploration.observe(lambda _: self.refresh(), names="trials")
        exploration.observe(lambda _: self.move_cursor(), names=["structure", "budget"])
        super().__init__(
            [
                ipywidgets.HTML(
                    "<b>Trade-off</b>: click a point, or choose a trial, to set the sliders to its structure"
                ),
                self.size,
                self.figure,
                ipywidgets.HBox([self.trial, self.set_sliders]),
                self.message,
                self.table,
            ]
        )
        self.add_class("sw-tradeoff")

    def refresh(self) -> None:
        """Draw all trials anew."""
        with self.message.shows_errors():
            references = self._exploration.references  # slow the first time: the sliders need not wait for it
            compared = self._compared()
            with self._drawing:
                info = self._info(references, compared)
                self.figure.show(info)
                trials = self._shown(info)
                self.table.value = self._table(trials, compared, info.note)
                self._list_trials(trials)

    def move_cursor(self) -> None:
        """Put the cursor at the size the sliders stand at."""
        with self.message.shows_errors(), self._drawing:
            self.figure.cursor = self._here()

    def choose(self, number: int) -> None:
        """What a click on the point of trial ``number`` does, and the button beside the list."""
        self.message.clear()
        with self.message.shows_errors():
            self._exploration.structure = self._study.trial(number).structure
            if number in (listed for _, listed in self.trial.options):
                self.trial.value = number

    def _here(self) -> float:
        # As a trial of it would have it.
        return measured_costs(self._exploration.structure, self._exploration.budget)[self.size.value]

    def _compared(self) -> pd.DataFrame:
        """Each trial on the best one's data against it; empty while no trial has a score."""
        try:
            return self._study.compare()
        except ValueError:
            return pd.DataFrame(columns=["standard_error", "verdict"])

    def _info(self, references: Mapping[str, float], compared: pd.DataFrame) -> TradeoffInfo:
        return tradeoff_info(
            self._exploration.trials.join(compared),
            x=self.size.value,
            baseline=self._exploration.baseline,
            cursor=self._here(),
            references=references,
            most=MOST,
        )

    def _shown(self, info: TradeoffInfo) -> list[Trial]:
        """The trials of the plot, and the latest of those without a score; all, if they are not too many."""
        every = list(self._study)
        if len(every) <= MOST:
            return every
        shown = {point.number for point in info.points} | {trial.number for trial in every[-(MOST // 2) :]}
        return [trial for trial in every if trial.number in shown]

    def _list_trials(self, trials: list[Trial]) -> None:
        # The same entries set anew would make the user choose again.
        before = [number for _, number in self.trial.options]
        if before == [trial.number for trial in trials]:
            return
        chosen = self.trial.value
        self.trial.options = [(_listed(trial), trial.number) for trial in trials]
        listed = [number for _, number in self.trial.options]
        self.trial.value = chosen if chosen in listed else listed[0]
        self.set_sliders.disabled = False

    def _table(self, trials: list[Trial], compared: pd.DataFrame, note: str) -> str:
        verdicts = compared["verdict"].to_dict()
        rows = [
            {
                "trial": trial.number,
                trial.metric: _score(trial),
                METRICS[self.size.value].label: format_exact(self.size.value, getattr(trial, self.size.value)),
                # One that failed, was cancelled, or saw other data says that instead.
                "against best": verdicts.get(trial.number, trial.state),
                "structure": describe(trial.structure),
            }
            for trial in trials
        ]
        if not rows:
            return ""
        text = pd.DataFrame(rows).to_html(escape=True, index=False, border=0, na_rep="")
        return f"<details open><summary>The same as a table</summary>{text}<p>{html.escape(note)}</p></details>"


def _listed(trial: Trial) -> str:
    """A trial in a line of the list."""
    text = f"{trial.number}: {describe(trial.structure)}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _score(trial: Trial) -> str:
    """The score with its interval, as the plot shows it."""
    if trial.state != "complete":
        return ""
    unit = "{:.1%}" if trial.metric == "accuracy" else "{:.3f}"
    covers = " of this network" if len(trial.by_seed) == 1 else ""
    return f"{unit.format(trial.score)} ({unit.format(trial.low)} to {unit.format(trial.high)}{covers})"
