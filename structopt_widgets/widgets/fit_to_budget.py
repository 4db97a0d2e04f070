"""Structures that keep within a budget: all widths alike, and by what cutting each of them loses, side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..graph.wording import say
from ..metrics import METRICS, format_exact, limit_metrics
from ..structure import Structure
from ..structure.budget_fit import BudgetError
from ..training.sensitivity import sensitivity
from .background import Background, Outcome, Task
from .changes import changes
from .exploration import Exploration
from .heat_map import heat_map, said_of_untrained
from .settings import Settings

if TYPE_CHECKING:
    from ..training.sensitivity import Sensitivity

UNIFORM, BY_SENSITIVITY = "uniform", "sensitivity"


class Fitting(traitlets.HasTraits):
    """Fits the structure at hand to a budget, and measures what each width is worth.

    Attributes:
        sensitivity: what :meth:`measure` found, as :func:`structopt_widgets.sensitivity` gives it; ``None`` before.
        fits: the structures of the last :meth:`compare`, as the page shows them.
    """

    fits = traitlets.Dict(help="structures that keep within a budget, side by side; empty before one was asked for")

    heat_map = traitlets.Dict(help="what :meth:`measure` found, as the page draws it; empty before")

    def __init__(self, exploration: Exploration, background: Background, settings: Settings) -> None:
        super().__init__()
        self._exploration, self._background, self._settings = exploration, background, settings
        self.sensitivity: Sensitivity | None = None

    def fit(self, limits: Mapping[str, float], by: str = UNIFORM, batch_size: int = 1) -> Structure:
        """The structure that makes the most of a budget; raises ``ValueError`` before :meth:`measure` has been run."""
        if by not in (UNIFORM, BY_SENSITIVITY):
            raise ValueError(f"Expected by={UNIFORM!r} or by={BY_SENSITIVITY!r}; got {by!r}.")
        if by == BY_SENSITIVITY and self.sensitivity is None:
            raise ValueError(
                "Expected sensitivities to fit by, but none are measured yet: call explorer.fitting.measure() "
                "and wait until explorer.busy is false."
            )
        here = self._exploration
        return here.space.fit(
            limits,
            sensitivity=self.sensitivity if by == BY_SENSITIVITY else None,
            multiple_of=self._settings.multiple_of,
            batch_size=batch_size,
            start=here.structure,
        )

    def compare(self, limits: Mapping[str, float], batch_size: int = 1) -> Structure:
        """Fit in every way there is by now, and show them side by side; returns the uniform one.

        Where nothing is so small the page says what the least is, and the structure at hand is returned.
        """
        try:
            found = {UNIFORM: self.fit(limits, UNIFORM, batch_size)}
        except BudgetError as error:
            [(metric, least), *_] = error.least.items()
            why = say(
                "{quantity} cannot go below {n} here. Raise the budget.",
                quantity=METRICS[metric].trial_label if batch_size == 1 else METRICS[metric].label,
                n=format_exact(metric, least),
            )
            self.fits = {"limits": dict(limits), "batch_size": batch_size, "why": why, "found": []}
            return self._exploration.structure
        # By sensitivity nothing grows, and only what was measured is cut: less may be in reach.
        with contextlib.suppress(BudgetError):
            if self.sensitivity is not None:
                found[BY_SENSITIVITY] = self.fit(limits, BY_SENSITIVITY, batch_size)
        self.fits = {
            "limits": dict(limits),
            "batch_size": batch_size,
            "score": None if self.sensitivity is None else self.sensitivity.score,
            "unit": "share" if self.sensitivity is None or self.sensitivity.metric == "accuracy" else "number",
            "found": [self._shown(by, structure, batch_size) for by, structure in found.items()],
        }
        return found[UNIFORM]

    def measure(self) -> None:
        """Measure in the background what cutting each width alone loses; see :func:`structopt_widgets.sensitivity`.

        Raises ``RuntimeError`` while something else is going on there and ``ValueError`` without data.
        """
        self._background.message.clear()
        data = self._exploration.needed_data()

        def work(task: Task) -> Outcome:
            found = sensitivity(
                self._exploration.space,
                data,
                on_progress=lambda done, of: task.report(done / of, say("{n} of {all} cuts", n=done, all=of)),
                should_stop=task.should_stop,
            )
            if task.should_stop():
                return Outcome("")
            self.sensitivity = found
            self.heat_map = heat_map(self._exploration.space, found, said_of_untrained(found.score, data))
            if self.fits:
                self.compare(self.fits["limits"], self.fits["batch_size"])
            own = (
                say("the model's own weights score {score} %", score=f"{100 * found.score:.1f}")
                if found.metric == "accuracy"
                else f"R2 {found.score:.3f}"
            )
            return Outcome(say("{n} cuts measured, without training; {own}.", n=len(found.table), own=own))

        self._background.start(work, say("measuring sensitivity"), say("Nothing was measured."))

    def _shown(self, by: str, structure: Structure, batch_size: int) -> dict[str, Any]:
        report = structure.measure(batch_size=batch_size)
        return {
            "by": by,
            "changes": changes(structure),
            "costs": {name: getattr(report, name) for name in limit_metrics() if METRICS[name].is_total},
            "lost": None if self.sensitivity is None else self._lost(structure, self.sensitivity),
        }

    @staticmethod
    def _lost(structure: Structure, found: Sensitivity) -> float:
        """What the cuts of a structure lose, if the losses of single ones were to add up."""
        lost = 0.0
        for name, rows in found.table.groupby("group"):
            own = structure.space.width_groups[str(name)].width
            widths, losses = [*rows["width"], own], [*rows["lost"], 0.0]
            order = np.argsort(widths)
            lost += float(np.interp(structure.widths[str(name)], np.take(widths, order), np.take(losses, order)))
        return lost
