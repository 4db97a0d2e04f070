"""A sweep from the explorer: many structures, in the background, whose points appear as they finish."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets

from ..structure import StructureSpace
from ..study import Study, Trial
from ..training import Budget, Data
from .message import Message
from .validation_panel import number_field

if TYPE_CHECKING:
    from ..study.sweep_progress import SweepProgress

SAMPLERS = (
    ("random", "random"),
    ("quasi-random", "qmc"),
    ("grid", "grid"),
    ("NSGA-II", "nsga2"),
    ("TPE", "tpe"),
)
TOGETHER = 8  # structures a batch: points appear, and Cancel is heard, that often at least


class SweepPanel(ipywidgets.VBox):
    """Sampler, number of structures, largest size, Sweep and Cancel.

    Args:
        space: the structures to choose from; their widths are varied.
        study: where the trials are kept.
        data: what to train and validate on; without it, Sweep says what to pass.
        budget: gives what each structure may spend.
        finished: called with each trial once it is kept, from the sweep's thread.
    """

    def __init__(
        self,
        space: StructureSpace,
        study: Study,
        data: Data | None,
        budget: Callable[[], Budget],
        finished: Callable[[Trial], object],
    ) -> None:
        self._space, self._study, self._data = space, study, data
        self._budget, self._finished = budget, finished
        self._run: _Run | None = None
        self.sampler = ipywidgets.Dropdown(
            options=SAMPLERS, description="sampler", layout=ipywidgets.Layout(width="13rem")
        )
        self.structures = number_field("structures", 16, 1, 100_000)
        largest = space.baseline.measure().n_params
        self.at_most = number_field("parameters at most", largest, 1, 2**53)
        self.at_most.layout.width, self.at_most.style.description_width = "16rem", "8.5rem"
        self.sweep_button = ipywidgets.Button(description="Sweep", icon="braille", button_style="primary")
        self.sweep_button.tooltip = "train many structures with other widths, each with the budget above"
        self.cancel_button = ipywidgets.Button(description="Cancel sweep", icon="stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(min=0.0, max=1.0, description="sweep")
        self.status = ipywidgets.Label(value="")
        self.message = Message()
        self.sweep_button.on_click(lambda _: self._on_sweep())
        self.cancel_button.on_click(lambda _: self.cancel())
        super().__init__(
            [
                ipywidgets.HTML("<b>Sweep</b>: many widths at once"),
                ipywidgets.HBox([self.sampler, self.structures]),
                self.at_most,
                ipywidgets.HBox([self.sweep_button, self.cancel_button]),
                ipywidgets.HBox([self.progress, self.status]),
                self.message,
            ]
        )
        self.add_class("sw-sweep")

    @property
    def is_running(self) -> bool:
        """Whether a sweep is going on."""
        return self._run is not None

    def run(self) -> None:
        """Start a sweep in the background.

        The same settings go on with the same sweep: ask for more structures to have more.
        Raises ``RuntimeError`` while a sweep is going on and ``ValueError`` without data.
        """
        self.message.clear()
        if self._run is not None:
            raise RuntimeError("Expected no sweep to be going on. Wait for the one that is, or cancel it first.")
        if self._data is None:
            raise ValueError(
                "Expected data to validate on. Open the explorer with sw.explore(model, data=sw.load_data('fashion')), "
                "or with your own sw.Data(x, y)."
            )
        run = _Run(self, self._budget(), self._data)
        self._show_running(True)
        self._run = run
        run.thread.start()

    def cancel(self) -> None:
        """Stop the sweep that is going on, if any. Answers at once; the thread ends after its present step."""
        run, self._run = self._run, None
        if run is not None:
            run.stopped.set()
            self._show_running(False)
            self.status.value = "cancelled"
            self.message.info("Cancelled. What was finished is kept; Sweep goes on from there.")

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the sweep has ended, as scripts and tests need; raises ``TimeoutError``."""
        run = self._run
        if run is not None:
            run.thread.join(timeout)
            if run.thread.is_alive():
                raise TimeoutError(f"Expected the sweep to end within {timeout} s, but it is still going on.")

    def _on_sweep(self) -> None:
        with self.message.shows_errors():
            self.run()

    def _show_running(self, running: bool) -> None:
        self.sweep_button.disabled = running
        self.cancel_button.disabled = not running
        if running:
            self.progress.value = 0.0
            self.status.value = "starting"

    def _on_end(self, run: _Run, finished: int, failed: int, error: Exception | None) -> None:
        if run is not self._run:
            return
        self._run = None
        self._show_running(False)
        if error is not None:
            self.status.value = "failed"
            self.message.error(f"{type(error).__name__}: {error}")
            return
        self.progress.value = 1.0
        self.status.value = ""
        lost = f", {failed} of them failed" if failed else ""
        fewer = "" if finished >= run.n_trials else "; there are no more that cost so little"
        self.message.info(f"{finished} structures{lost}{fewer}.")


class _Run:
    """One sweep in its thread. What it reports after it was cancelled is ignored, but its trials are shown."""

    def __init__(self, panel: SweepPanel, budget: Budget, data: Data) -> None:
        self.stopped = threading.Event()
        self.n_trials = panel.structures.value
        self._panel, self._budget, self._data = panel, budget, data
        self._sampler, self._at_most = panel.sampler.value, panel.at_most.value
        self.thread = threading.Thread(target=self._sweep, daemon=True)

    def _sweep(self) -> None:
        panel, error = self._panel, None
        finished = failed = 0
        try:
            table = panel._study.sweep(
                panel._space,
                self._data,
                self.n_trials,
                self._sampler,
                self._budget,
                at_most={"n_params": self._at_most},
                together=TOGETHER,
                on_trial=panel._finished,
                on_progress=self._on_progress,
                should_stop=self.stopped.is_set,
                show_progress=False,
            )
            finished, failed = len(table), int((table["state"] == "failed").sum())
        # A thread has nobody to raise to: the panel shows the error.
        except Exception as raised:
            error = raised
        panel._on_end(self, finished, failed, error)

    def _on_progress(self, progress: SweepProgress) -> None:
        if self is not self._panel._run:
            return
        share = progress.batch.fraction if progress.batch is not None else 0.0
        ahead = min(TOGETHER, progress.total - progress.finished)
        self._panel.progress.value = (progress.finished + share * ahead) / progress.total
        left = "" if progress.remaining is None else f", about {progress.remaining:.0f} s left"
        text = f"{progress.finished} of {progress.total}: {progress.elapsed:.0f} s{left}"
        self._panel.status.value = text
