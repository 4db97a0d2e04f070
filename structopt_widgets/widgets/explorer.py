"""The explorer: sliders, live costs, quick validation and the trade-off plot, put together."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..graph.checks import instance
from ..metrics import CostReport
from ..structure import Structure, StructureSpace
from ..study import Study
from ..training import Data, Trial, reference_scores
from .background import Background
from .controls import Controls
from .live_panel import LivePanel
from .sweep_panel import SweepPanel
from .tradeoff_view import TradeoffView
from .validation_panel import ValidationPanel

if TYPE_CHECKING:
    import keras
    import pandas as pd


class Explorer(ipywidgets.VBox):
    """Explore the structures of one model.

    Args:
        space: what to explore.
        data: what quick runs train and validate on.
        study: where trials are kept; a new one by default.

    Attributes:
        controls: layer to its controls, standard ipywidgets: ``explorer.controls["dense"].width.value = 64``.
        validation: the budget, Run, and the learning curve.
        sweep: number of structures, sampler, largest size, Sweep.
        background: where runs and sweeps go on, one at a time: progress, Cancel, and what came of them.
        study: every finished trial.
    """

    def __init__(self, space: StructureSpace, data: Data | None = None, study: Study | None = None) -> None:
        instance(space, StructureSpace, "a StructureSpace", "For a model, there is sw.explore(model).")
        for given, kind, hint in ((data, Data, "sw.Data(x, y)"), (study, Study, "sw.Study('trials.journal')")):
            if not isinstance(given, kind | None):
                raise TypeError(f"Expected a {kind.__name__}, such as {hint}, or None; got {type(given).__name__}.")
        self.space = space
        self.study = Study() if study is None else study
        self.controls = Controls(space)
        self.background = Background()
        self.validation = ValidationPanel(lambda: self.structure, data, self.background, self.add)
        self.panel = LivePanel(space, self.controls, self.validation.batch_size)
        self._data = data
        self._baseline_number: int | None = None
        self._others: set[int | None] = set()  # numbers of trials of other structures
        if data is not None:
            self.study.known_data[data.fingerprint] = data
        self.tradeoff = TradeoffView(self.study, self._cost, self._baseline_trial, self._choose, self._references)
        self.sweep = SweepPanel(space, self.study, data, self.validation.budget, self.background)
        self.study.listeners.add(self.tradeoff.refresh)
        self.controls.on_change(self.tradeoff.move_cursor)
        self.validation.batch_size.observe(lambda _: self.tradeoff.move_cursor(), names="value")
        side_by_side = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 2rem", align_items="flex-start")
        runs = ipywidgets.VBox(
            [
                ipywidgets.HTML("<b>Quick validation</b>: train a little, from fresh weights"),
                self.validation,
                ipywidgets.HTML("<b>Sweep</b>: many structures of other widths, each trained like that"),
                self.sweep,
                ipywidgets.HBox([self.validation.run_button, self.sweep.sweep_button, self.background.cancel_button]),
                self.background,
                self.validation.curve_view,
            ]
        )
        # Two columns where 1,064 pixels are free, as in a window of 1,500 with JupyterLab's side bar; else one.
        self.controls.view.layout.flex, self.controls.view.layout.max_width = "1 1 41.5rem", "48rem"
        runs.layout.flex = "0 1 30rem"
        self.panel.layout.flex, self.tradeoff.layout.flex = "1 1 23rem", "1 1 34rem"
        super().__init__(
            [
                ipywidgets.HBox([self.controls.view, self.panel], layout=side_by_side),
                ipywidgets.HBox([runs, self.tradeoff], layout=side_by_side),
            ]
        )
        self.add_class("sw-explorer")

    @property
    def structure(self) -> Structure:
        """The structure the controls stand at; assign one to move them."""
        return self.controls.structure()

    @structure.setter
    def structure(self, structure: Structure) -> None:
        self.controls.apply(structure)

    @property
    def trials(self) -> pd.DataFrame:
        """Every finished trial, one a row."""
        return self.study.trials

    def model(self, weights: str = "inherit", importance: Any = None) -> keras.Model:
        """The structure the controls stand at, built with the explorer's data; see :meth:`Structure.build`."""
        return self.structure.build(weights, importance=importance, data=self._data)

    def add(self, trial: Trial) -> Trial:
        """Keep a trial and show it on the trade-off plot; returns it with its number."""
        return self.study.add(trial)

    def _cost(self) -> CostReport:
        return self.structure.measure(batch_size=self.validation.batch_size.value)

    def _baseline_trial(self) -> int | None:
        # Once found it stays the one; until then only the trials that are new are looked at.
        if self._baseline_number is None:
            new = [trial for trial in self.study if trial.number not in self._others]
            self._baseline_number = next((each.number for each in new if each.structure == self.space.baseline), None)
            self._others |= {trial.number for trial in new}
        return self._baseline_number

    @functools.cached_property
    def _reference_scores(self) -> dict[str, float]:
        return reference_scores(self._data) if self._data is not None else {}

    def _references(self) -> dict[str, float]:
        # Fitting a linear model takes a second: not before there is something to hold against it.
        return self._reference_scores if len(self.study) else {}

    def _choose(self, number: int) -> None:
        self.structure = self.study.trial(number).structure


def explore(model: Any, data: Data | None = None, study: Study | None = None, input_shape: Any = None) -> Explorer:
    """Explore a model's structures in JupyterLab, in one line.

    Args:
        model: any Keras model, the path of a ``.keras`` file, or a :class:`StructureSpace`.
        data: what quick runs train and validate on, such as ``sw.load_data("fashion")``.
        study: where trials are kept; a new one by default.
        input_shape: shape of one sample, for a model that is not built yet; by default the data's.
    """
    if not isinstance(model, StructureSpace):
        model = StructureSpace.from_keras(model, input_shape=input_shape, data=data)
    return Explorer(model, data, study)
