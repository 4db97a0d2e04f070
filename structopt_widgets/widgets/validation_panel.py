"""Quick validation: train the structure at hand a little, in the background, and say how good it is."""

from __future__ import annotations

import time
from collections.abc import Mapping

import ipywidgets
import traitlets

from ..structure import Structure
from ..training import Budget, Data, Progress, quick_run
from ..training.budget import SHORT_BUDGET
from .background import Background, Outcome, Task
from .exploration import Exploration
from .learning_curve import LearningCurve

REDRAW_EVERY = 0.25  # seconds: a small network's epoch takes milliseconds, and the whole curve is sent each time


class ValidationPanel(ipywidgets.HBox):
    """The budget; ``run_button`` and ``curve_view``, the learning curve, are for the explorer to place.

    Args:
        exploration: its structure is trained on its data, and its budget is what the fields say.
        background: where the run goes on, and tells how far it is and how it ended.
    """

    def __init__(self, exploration: Exploration, background: Background) -> None:
        self._exploration, self._background = exploration, background
        self.epochs = number_field("epochs", 3, 1, 1000)
        self.seeds = number_field("seeds", len(SHORT_BUDGET.seed_list), 1, 100)
        self.batch_size = number_field("batch size", 32, 1, 65536)
        self.run_button = ipywidgets.Button(description="Run", icon="play", button_style="primary")
        self.run_button.tooltip = "train this structure from fresh weights and validate it"
        self.curve = LearningCurve()
        self.losses = ipywidgets.Label(value="")  # the curve's end, for those who cannot see it
        self.curve_view = ipywidgets.VBox()  # empty until there is a run: a sweep has no curve
        self.run_button.on_click(lambda _: self._on_run())
        traitlets.dlink((background, "is_running"), (self.run_button, "disabled"))
        for field in (self.epochs, self.seeds, self.batch_size):
            field.observe(self._spend, names="value")
        self._spend(None)
        super().__init__([self.epochs, self.seeds, self.batch_size], layout=ipywidgets.Layout(flex_flow="row wrap"))

    def run(self) -> None:
        """Start a run of the structure at hand, in the background.

        Raises ``RuntimeError`` while something else is going on there and ``ValueError`` without data.
        """
        # First, so that an error that comes a second time is spoken a second time.
        self._background.message.clear()
        here = self._exploration
        structure, data, budget = here.structure, here.needed_data(), here.budget
        self._background.start(
            lambda task: self._train(task, structure, data, budget), "a run", "Nothing was added to the plot."
        )

    def _spend(self, _: object) -> None:
        self._exploration.budget = Budget(
            epochs=self.epochs.value, seeds=self.seeds.value, batch_size=self.batch_size.value
        )

    def _on_run(self) -> None:
        with self._background.message.shows_errors():
            self.run()

    def _train(self, task: Task, structure: Structure, data: Data, budget: Budget) -> Outcome:
        self._clear_curve()
        epochs: dict[int, tuple[Mapping[str, float], ...]] = {}  # finished ones, by seed
        drawn = -REDRAW_EVERY

        def draw() -> None:
            if epochs and not task.should_stop():
                self._draw_curve([epochs[seed] for seed in sorted(epochs)])

        def on_progress(progress: Progress) -> None:
            nonlocal drawn
            left = "" if progress.remaining is None else f", about {progress.remaining:.0f} s left"
            seed = f"seed {progress.seed + 1} of {progress.seeds}, " if progress.seeds > 1 else ""
            epoch = min(progress.epoch + 1, progress.epochs)
            task.report(progress.fraction, f"{seed}epoch {epoch} of {progress.epochs}: {progress.elapsed:.0f} s{left}")
            if len(progress.history) != len(epochs.get(progress.seed, ())):
                epochs[progress.seed] = progress.history
                if time.monotonic() - drawn >= REDRAW_EVERY:
                    draw()
                    drawn = time.monotonic()

        trial = quick_run(structure, data, budget, on_progress=on_progress, should_stop=task.should_stop)
        draw()
        if not task.should_stop():
            self._exploration.study.add(trial)
        return Outcome(trial.summary(), f"{trial.seconds:.1f} s", is_error=trial.state != "complete")

    def _clear_curve(self) -> None:
        self.losses.value = ""
        self.curve.show(())

    def _draw_curve(self, seeds: list[tuple[Mapping[str, float], ...]]) -> None:
        self.curve.show(seeds)
        last = seeds[-1][-1]
        self.losses.value = (
            f"After epoch {sum(map(len, seeds))}: training loss {last['loss']:.3g}, "
            f"validation loss {last['val_loss']:.3g}"
        )
        self.curve_view.children = (self.curve, self.losses)


def number_field(description: str, value: int, least: int, most: int) -> ipywidgets.BoundedIntText:
    """A small labelled field for a whole number."""
    return ipywidgets.BoundedIntText(
        value=value,
        min=least,
        max=most,
        description=description,
        layout=ipywidgets.Layout(width="9.5rem"),
        style={"description_width": "4.5rem"},
    )
