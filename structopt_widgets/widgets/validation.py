"""Quick validation: train the structure at hand a little, in the background, and say how good it is."""

from __future__ import annotations

import time
from collections.abc import Mapping

import ipywidgets
import traitlets

from ..graph.wording import listed, say
from ..structure import Structure
from ..training import Budget, Data, Progress, Trial, quick_run
from ..training.description import describe
from .background import Background, Outcome, Task, how_far
from .exploration import Exploration
from .learning_curve import curve_title, learning_curve
from .settings import Fields

REDRAW_EVERY = 0.25  # seconds: a small network's epoch takes milliseconds, and the whole curve is sent each time


class Validation(traitlets.HasTraits):
    """The budget as fields, :meth:`run`, and the learning curve.

    Args:
        exploration: its structure is trained on its data, with its budget.
        background: where the run goes on, and tells how far it is and how it ended.
        fields: of the settings.
    """

    curve = traitlets.Dict(help="the learning curve that is shown, as learning_curve() makes it; empty before a run")

    def __init__(self, exploration: Exploration, background: Background, fields: Fields) -> None:
        super().__init__()
        self._exploration, self._background, self._fields = exploration, background, fields

    @property
    def epochs(self) -> ipywidgets.BoundedIntText:
        """A field: passes over the training data."""
        return self._fields.number("epochs")

    @property
    def seeds(self) -> ipywidgets.BoundedIntText:
        """A field: how many runs from different random numbers."""
        return self._fields.number("seeds")

    @property
    def batch_size(self) -> ipywidgets.BoundedIntText:
        """A field: samples a step; the costs of a batch are for as many."""
        return self._fields.number("batch_size")

    def run(self) -> None:
        """Start a run of the structure at hand, in the background.

        Raises ``RuntimeError`` while something else is going on there and ``ValueError`` without data.
        """
        # First, so that an error that comes a second time is spoken a second time.
        self._background.message.clear()
        here = self._exploration
        structure, data, budget = here.structure, here.needed_data(), here.budget
        self._background.start(
            lambda task: self._train(task, structure, data, budget), say("a run"), say("Nothing was added to the plot.")
        )

    def show(self, trial: Trial) -> None:
        """Show the learning curve of a trial."""
        if trial.history:
            self.curve = learning_curve(curve_title(trial), trial.history)

    def _train(self, task: Task, structure: Structure, data: Data, budget: Budget) -> Outcome:
        self.curve = {}
        title = say("this run: {structure}", structure=describe(structure))
        epochs: dict[int, tuple[Mapping[str, float], ...]] = {}  # finished ones, by seed
        drawn = -REDRAW_EVERY

        def draw() -> None:
            if epochs and not task.should_stop():
                self.curve = learning_curve(title, [epochs[seed] for seed in sorted(epochs)])

        def on_progress(progress: Progress) -> None:
            nonlocal drawn
            epoch = say("epoch {n} of {all}", n=min(progress.epoch + 1, progress.epochs), all=progress.epochs)
            seed = say("seed {n} of {all}", n=progress.seed + 1, all=progress.seeds)
            place = listed(say(", "), [seed, epoch]) if progress.seeds > 1 else epoch
            task.report(progress.fraction, how_far(place, progress.elapsed, progress.remaining))
            if len(progress.history) != len(epochs.get(progress.seed, ())):
                epochs[progress.seed] = progress.history
                if time.monotonic() - drawn >= REDRAW_EVERY:
                    draw()
                    drawn = time.monotonic()

        trial = quick_run(structure, data, budget, on_progress=on_progress, should_stop=task.should_stop)
        draw()
        if not task.should_stop():
            trial = self._exploration.study.add(trial)
            self.show(trial)
        return Outcome(trial.summary(), f"{trial.seconds:.1f} s", trial.state != "complete", trial.number)
