"""The explorer: sliders, live costs, quick validation and the trade-off plot, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from ..structure import StructureSpace
from ..study import Study
from ..training import Data, Trial
from .background import Background
from .controls import Controls
from .exploration import Checked, Exploration
from .family import family
from .live_panel import LivePanel
from .sweep_panel import SweepPanel
from .tradeoff_view import TradeoffView
from .twin_output import TwinOutput
from .validation_panel import ValidationPanel

if TYPE_CHECKING:
    import keras

KERNEL_GONE = (
    "The kernel has stopped or was restarted. The costs still follow the sliders; nothing else does. "
    "Run the notebook's cells again to go on."
)


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

    ``structure``, ``trials`` and ``busy`` are traits: ``explorer.observe(f, "structure")``, ``traitlets.dlink``.

    >>> explorer = sw.explore(space, data=data)
    >>> explorer.controls["hidden"].width.value = 5
    >>> explorer.structure.widths["hidden"]
    5
    """

    structure: Any = Checked(
        lambda explorer, value: explorer.exploration.checked(value),
        help="the structure the sliders stand at; assign one to move them",
    )
    trials = traitlets.Any(read_only=True, help="every finished trial, one a row")
    busy = traitlets.Bool(read_only=True, help="whether a run or a sweep goes on")
    _twin: TwinOutput | None = None
    _members: tuple[ipywidgets.Widget, ...] = ()  # a widget is closed too when making it has failed

    def __init__(self, space: StructureSpace, data: Data | None = None, study: Study | None = None) -> None:
        self.exploration = Exploration(space, data, study)
        self.space, self.study = space, self.exploration.study
        self.background = Background()
        self.controls = Controls(self.exploration)
        self.validation = ValidationPanel(self.exploration, self.background)
        self.panel = LivePanel(space, self.controls, self.validation.batch_size)
        self.tradeoff = TradeoffView(self.exploration, source=self.controls.multiplier.model_id)
        self.sweep = SweepPanel(self.exploration, self.background)
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
        self._members = (*self.controls.links, *self.controls.all, *self.children)
        self._twin = TwinOutput(self.exploration, self._without_kernel())
        traitlets.link((self.exploration, "structure"), (self, "structure"))
        for source, name, mine in ((self.exploration, "trials", "trials"), (self.background, "is_running", "busy")):
            source.observe(lambda change, mine=mine: self.set_trait(mine, change["new"]), names=name)
            self.set_trait(mine, getattr(source, name))

    def model(self, weights: str = "inherit", importance: Any = None) -> keras.Model:
        """The structure the controls stand at, built with the explorer's data; see :meth:`Structure.build`.

        >>> explorer = sw.explore(space)
        >>> explorer.controls["hidden"].width.value = 5
        >>> explorer.model().count_params() == 4 * 5 + 5 + 5 * 3 + 3
        True
        """
        return self.structure.build(weights, importance=importance, data=self.exploration.data)

    def add(self, trial: Trial) -> Trial:
        """Keep a trial and show it on the trade-off plot; returns it with its number."""
        return self.study.add(trial)

    def close(self) -> None:
        """Close every widget in it, shown or not: nothing of it is left in the kernel or on a page."""
        if self._twin is not None:
            self._twin.close()
        for widget in family([self, *self._members]):
            if widget is not self:
                widget.close()
        super().close()

    def _ipython_display_(self) -> None:
        if self._twin is not None:
            self._twin.display(self)

    def _without_kernel(self) -> dict[str, dict[str, Any]]:
        """What the page shows once the kernel is gone, which can tell it nothing any more."""
        background = self.background
        return {
            self.validation.run_button.model_id: {"disabled": False},
            self.sweep.sweep_button.model_id: {"disabled": False},
            background.cancel_button.model_id: {"disabled": True},
            background.status.model_id: {"value": ""},
            background.message.model_id: {"status": "", "alert": KERNEL_GONE},
        }


def explore(model: Any, data: Data | None = None, study: Study | None = None, input_shape: Any = None) -> Explorer:
    """Explore a model's structures in JupyterLab, in one line.

    Args:
        model: any Keras model, the path of a ``.keras`` file, or a :class:`StructureSpace`.
        data: what quick runs train and validate on, such as ``sw.load_data("fashion")``.
        study: where trials are kept; a new one by default.
        input_shape: shape of one sample, for a model that is not built yet; by default the data's.

    >>> explorer = sw.explore(model, data=data)
    >>> explorer.structure == explorer.space.baseline
    True
    """
    if not isinstance(model, StructureSpace):
        model = StructureSpace.from_keras(model, input_shape=input_shape, data=data)
    return Explorer(model, data, study)
