"""Quick validation: train the structure at hand a little, in the background, and say how good it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import ipywidgets
import plotly.graph_objects as go

from ..figures.style import COLOURS
from ..structure import Structure
from ..training import Budget, Data, Progress, Trial, quick_run
from .message import Message


class ValidationPanel(ipywidgets.VBox):
    """Budget, Run and Cancel, progress and the learning curve.

    Args:
        structure: gives the structure to train.
        data: what to train and validate on; without it, Run says what to pass.
        finished: called with the trial when a run has ended, complete or failed, from the run's thread.
    """

    def __init__(
        self, structure: Callable[[], Structure], data: Data | None, finished: Callable[[Trial], object]
    ) -> None:
        self._structure = structure
        self._data = data
        self._finished = finished
        self._run: _Run | None = None
        self.epochs = number_field("epochs", 3, 1, 1000)
        self.seeds = number_field("seeds", 1, 1, 100)
        self.batch_size = number_field("batch size", 32, 1, 65536)
        self.run_button = ipywidgets.Button(description="Run", icon="play", button_style="primary")
        self.run_button.tooltip = "train this structure from fresh weights and validate it"
        self.cancel_button = ipywidgets.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(min=0.0, max=1.0, description="progress")
        self.status = ipywidgets.Label(value="")
        self.message = Message()
        self.curve = _learning_curve()
        self.losses = ipywidgets.Label(value="")  # the curve's end, for those who cannot see it
        self.run_button.on_click(lambda _: self._on_run())
        self.cancel_button.on_click(lambda _: self.cancel())
        super().__init__(
            [
                ipywidgets.HTML("<b>Quick validation</b>"),
                ipywidgets.HBox([self.epochs, self.seeds, self.batch_size]),
                ipywidgets.HBox([self.run_button, self.cancel_button]),
                ipywidgets.HBox([self.progress, self.status]),
                self.message,
                self.curve,
                self.losses,
            ]
        )

    @property
    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self._run is not None

    def budget(self) -> Budget:
        """What a run may spend, as the fields say."""
        return Budget(epochs=self.epochs.value, seeds=self.seeds.value, batch_size=self.batch_size.value)

    def run(self) -> None:
        """Start a run of the structure at hand, in the background.

        Raises ``RuntimeError`` while a run is going on and ``ValueError`` without data.
        """
        # First, so that an error that comes a second time is spoken a second time.
        self.message.clear()
        if self._run is not None:
            raise RuntimeError("Expected no run to be going on. Wait for the one that is, or cancel it first.")
        if self._data is None:
            raise ValueError(
                "Expected data to validate on. Open the explorer with sw.explore(model, data=sw.load_data('fashion')), "
                "or with your own sw.Data(x, y)."
            )
        run = _Run(self, self._structure(), self._data, self.budget())
        self._show_running(True)
        self._run = run
        run.thread.start()

    def cancel(self) -> None:
        """Stop the run that is going on, if any. Answers at once; the thread ends after its present batch."""
        run, self._run = self._run, None
        if run is not None:
            run.stopped.set()
            self._show_running(False)
            self.status.value = "cancelled"
            self.message.info("Cancelled. Nothing was added to the plot.")

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended, as scripts and tests need; raises ``TimeoutError``."""
        run = self._run
        if run is not None:
            run.thread.join(timeout)
            if run.thread.is_alive():
                raise TimeoutError(f"Expected the run to end within {timeout} s, but it is still going on.")

    def _on_run(self) -> None:
        with self.message.shows_errors():
            self.run()

    def _show_running(self, running: bool) -> None:
        self.run_button.disabled = running
        self.cancel_button.disabled = not running
        if running:
            self.progress.value = 0.0
            self.status.value = "building the model"
            self.losses.value = ""
            with self.curve.batch_update():
                for trace in self.curve.data:
                    trace.x, trace.y = (), ()

    def _on_progress(self, run: _Run, progress: Progress) -> None:
        if run is not self._run:
            return
        self.progress.value = progress.fraction
        left = "" if progress.remaining is None else f", about {progress.remaining:.0f} s left"
        seed = f"seed {progress.seed + 1} of {progress.seeds}, " if progress.seeds > 1 else ""
        epoch = min(progress.epoch + 1, progress.epochs)
        self.status.value = f"{seed}epoch {epoch} of {progress.epochs}: {progress.elapsed:.0f} s{left}"
        if len(progress.history) != len(run.epochs.get(progress.seed, ())):
            run.epochs[progress.seed] = progress.history
            epochs = [each for seed in sorted(run.epochs) for each in run.epochs[seed]]
            with self.curve.batch_update():
                for trace, key in zip(self.curve.data, ("loss", "val_loss"), strict=True):
                    trace.x = tuple(range(1, len(epochs) + 1))
                    trace.y = tuple(each[key] for each in epochs)
            self.losses.value = (
                f"After epoch {len(epochs)}: training loss {epochs[-1]['loss']:.3g}, "
                f"validation loss {epochs[-1]['val_loss']:.3g}"
            )

    def _on_end(self, run: _Run, trial: Trial | None, error: Exception | None) -> None:
        if run is not self._run:
            return
        self._run = None
        self._show_running(False)
        if error is not None:
            self.status.value = "failed"
            self.message.error(f"{type(error).__name__}: {error}")
        elif trial is not None:
            self.progress.value = 1.0
            self.status.value = f"{trial.seconds:.1f} s"
            with self.message.shows_errors():
                self._finished(trial)
                (self.message.info if trial.state == "complete" else self.message.error)(trial.summary())


class _Run:
    """One run in its thread. What it reports after it was cancelled is ignored."""

    def __init__(self, panel: ValidationPanel, structure: Structure, data: Data, budget: Budget) -> None:
        self.stopped = threading.Event()
        self.epochs: dict[int, tuple[Mapping[str, float], ...]] = {}  # finished ones, by seed
        self.thread = threading.Thread(target=self._train, args=(panel, structure, data, budget), daemon=True)

    def _train(self, panel: ValidationPanel, structure: Structure, data: Data, budget: Budget) -> None:
        trial, error = None, None
        try:
            trial = quick_run(
                structure,
                data,
                budget,
                on_progress=lambda progress: panel._on_progress(self, progress),
                should_stop=self.stopped.is_set,
            )
        # A thread has nobody to raise to: the panel shows the error.
        except Exception as raised:
            error = raised
        panel._on_end(self, trial, error)


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


def _learning_curve() -> go.FigureWidget:
    return go.FigureWidget(
        data=[
            go.Scatter(x=(), y=(), name="training loss", mode="lines+markers", line={"color": COLOURS["blue"]}),
            go.Scatter(
                x=(),
                y=(),
                name="validation loss",
                mode="lines+markers",
                line={"color": COLOURS["orange"], "dash": "dash"},
                marker={"symbol": "diamond"},
            ),
        ],
        layout={
            "height": 220,
            "width": 400,
            "margin": {"l": 55, "r": 10, "t": 30, "b": 40},
            "title": {"text": "Learning curve", "font": {"size": 13}},
            "xaxis": {"title": {"text": "epoch, one seed after the other"}, "dtick": 1},
            "yaxis": {"title": {"text": "loss"}},
            "legend": {"orientation": "h", "y": 1.15, "x": 1, "xanchor": "right"},
            "template": "plotly_white",
        },
    )
