"""The explorer: sliders, live costs, quick validation and the trade-off plot, put together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from ..graph.language import ENGLISH
from ..structure import StructureSpace
from ..study import Study
from ..training import Data, Trial
from .background import Background
from .controls import Controls
from .exploration import Checked, Exploration
from .family import family
from .fit_to_budget import UNIFORM, Fitting
from .looks import checked_looks
from .saved_page import KEPT, saved_page
from .saving import Saving
from .set_many import set_many
from .settings import Fields, Settings
from .sweep_control import Sweep
from .timing import Timing
from .twin_output import TwinOutput
from .validation import Validation
from .wiring import Wiring

if TYPE_CHECKING:
    import keras


class Explorer(ipywidgets.VBox):
    """Explore the structures of one model.

    Args:
        space: what to explore.
        data: what quick runs train and validate on.
        study: where trials are kept; a new one by default.
        show, predict, language: see :func:`explore`.

    Attributes:
        instrument: what the page shows.
        controls: layer to its controls, standard ipywidgets: ``explorer.controls["dense"].width.value = 64``.
        validation: the budget, ``run()``, and the learning curve.
        sweep: number of structures, sampler, largest size, ``run()``.
        fitting: a budget kept, and what each width is worth: ``fit(...)``, ``measure()``.
        saving: the structure at hand as a file.
        timing: how long it takes here, beside the model: ``measure()``, then ``table``.
        background: where runs and sweeps go on, one at a time: how far they are, ``cancel()``, and what came of them.
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
    _twin: TwinOutput | None = None  # while making it has failed

    def __init__(
        self,
        space: StructureSpace,
        data: Data | None = None,
        study: Study | None = None,
        show: Iterable[str] | None = None,
        predict: bool = False,
        language: str = ENGLISH,
    ) -> None:
        self.exploration = Exploration(space, data, study, language)
        self.space, self.study = space, self.exploration.study
        self.background = Background()
        self.settings = Settings(self.exploration)
        self._fields = Fields(self.settings, self.exploration.language)
        self.controls = Controls(self.exploration, self.settings)
        self.validation = Validation(self.exploration, self.background, self._fields)
        self.sweep = Sweep(self.exploration, self.background, self.settings, self._fields)
        self.fitting = Fitting(self.exploration, self.background, self.settings)
        self.saving = Saving(self.exploration, self.background, self._page, self._ask_for_picture)
        self.timing = Timing(self.exploration, self.background, self.settings)
        self._wiring = Wiring(
            self.exploration,
            self.settings,
            self.background,
            self.validation,
            self.sweep,
            self.fitting,
            self.saving,
            self.timing,
            show,
            predict,
        )
        self.instrument = self._wiring.instrument
        super().__init__([self.instrument])
        self.add_class("sw-explorer")
        self._twin = TwinOutput(self.exploration, self.instrument)
        traitlets.link((self.exploration, "structure"), (self, "structure"))
        for source, name, mine in ((self.exploration, "trials", "trials"), (self.background, "is_running", "busy")):
            source.observe(lambda change, mine=mine: self.set_trait(mine, change["new"]), names=name)
            self.set_trait(mine, getattr(source, name))

    @property
    def state(self) -> str:
        """Where the sliders stand, as one line to keep or to send; assign one to go there, in one step.

        See :meth:`Structure.to_python`; raises ``ValueError`` for a line that is none, or of another model.

        >>> explorer = sw.explore(space)
        >>> explorer.state = "space.baseline.with_width('hidden', 4)"
        >>> explorer.state
        "space.baseline.with_width('hidden', 4)"
        """
        text: str = self.structure.to_python()
        return text

    @state.setter
    def state(self, line: str) -> None:
        self.structure = self.space.from_python(line)

    def undo(self) -> None:
        """Go back one step, whoever took it; raises ``ValueError`` where there is none.

        >>> explorer = sw.explore(space)
        >>> explorer.structure = space.scaled(0.5)
        >>> explorer.undo()
        >>> explorer.structure == space.baseline
        True
        """
        self.exploration.undo()

    def redo(self) -> None:
        """Take back an :meth:`undo`; raises ``ValueError`` where there is none.

        >>> explorer = sw.explore(space)
        >>> explorer.structure = space.scaled(0.5)
        >>> explorer.undo()
        >>> explorer.redo()
        >>> explorer.structure == space.scaled(0.5)
        True
        """
        self.exploration.redo()

    def reset(self) -> None:
        """Put everything back as the model came.

        >>> explorer = sw.explore(space)
        >>> explorer.structure = space.scaled(0.5)
        >>> explorer.reset()
        >>> explorer.structure == space.baseline
        True
        """
        self.structure = self.space.baseline

    def set_many(
        self,
        layers: str | Iterable[str] | None = None,
        *,
        activation: str | None = None,
        bias: bool | None = None,
        kept: bool | None = None,
    ) -> None:
        """Set a switch of many layers in one step, as the first row of the levers does.

        Args:
            layers: which; by default all.
            activation: of those that have one and can have this; linear ones and outputs stay as they are.
            bias: whether those that can have a bias have one.
            kept: whether the blocks that lie among these layers, and can be left out, are kept.

        >>> explorer = sw.explore(space)
        >>> explorer.set_many(activation="tanh", bias=False)
        >>> explorer.structure.activations["hidden"], explorer.structure.biases["hidden"]
        ('tanh', False)
        """
        self.structure = set_many(self.structure, layers, activation, bias, kept)

    def keep(self, name: str = "A") -> None:
        """Keep the structure at hand under a name, as the button Keep does under A and B.

        >>> explorer = sw.explore(space)
        >>> explorer.keep("wide")
        >>> explorer.structure = space.scaled(0.5)
        >>> explorer.recall("wide")
        >>> explorer.structure == space.baseline
        True
        """
        self.exploration.keep(name)

    def recall(self, name: str = "A") -> None:
        """Go to the structure kept under a name; raises ``ValueError`` where there is none of that name.

        >>> explorer = sw.explore(space)
        >>> explorer.keep("A")
        >>> explorer.recall("A")
        """
        self.exploration.recall(name)

    def choose(self, number: int) -> None:
        """Go to the structure of a trial, by its number, as a click on its point does.

        >>> explorer = sw.explore(study.trial(1).structure.space, study=study)
        >>> explorer.choose(1)
        >>> explorer.structure == study.trial(1).structure
        True
        """
        self._wiring.choose(number)

    def look(self, **looks: Any) -> None:
        """Choose what the page shows, as clicks there do; what is not named stays.

        Args:
            **looks: ``metric``, the cost of bars, rows and picture, such as ``"flops"``, and of the plot where trials
                have it; ``against``, the plot's alone; ``log`` and ``near``, its scale, and whether only the best are
                in sight; ``limits``, budgets by cost, lines in the plot; ``order`` (``"size"`` or ``"place"``) and
                ``by`` (``"layers"`` or ``"blocks"``) of the bars; ``dtype`` of the weights, ``"flash"`` for int8
                deployment; ``sort`` of the table, a column and 1 or -1; ``chosen`` and ``against_trial``, the numbers
                of two trials to compare.

        >>> explorer = sw.explore(space, study=study)
        >>> explorer.look(metric="flops", order="place", chosen=0, against_trial=1)
        """
        trials = [int(number) for number in self.study.trials.index]
        found = checked_looks(looks, self._wiring.choosable, trials)
        self.instrument.looks = {**self.instrument.looks, **found}

    def fit(self, by: str = UNIFORM, **limits: float) -> None:
        """Set the sliders to the structure that makes the most of a budget; see :meth:`StructureSpace.fit`.

        Args:
            by: ``"uniform"``: all widths alike; ``"sensitivity"``: by what each is worth, after ``fitting.measure()``.
            **limits: the most of each cost.

        >>> explorer = sw.explore(space)
        >>> explorer.fit(n_params=50)
        >>> explorer.structure.measure().n_params
        43
        """
        self.structure = self.fitting.fit(limits, by, self.settings.batch_size)

    def model(self, weights: str = "inherit", importance: Any = None) -> keras.Model:
        """The structure the controls stand at, built with the explorer's data; see :meth:`Structure.build`.

        >>> explorer = sw.explore(space)
        >>> explorer.controls["hidden"].width.value = 5
        >>> explorer.model().count_params() == 4 * 5 + 5 + 5 * 3 + 3
        True
        """
        return self.structure.build(weights, importance=importance, data=self.exploration.data)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the structure the controls stand at into a file, as the menu Save does; returns in words what it wrote.

        Args:
            path: its suffix says what is written, in place of what was there: ``.keras``, the model with inherited
                weights; ``.tflite`` and ``.onnx``, the same for LiteRT and ONNX; ``.py``, stand-alone Keras code
                (:meth:`Structure.code`); ``.json``, the structure; ``.csv``, the costs by layer for a batch of
                ``settings.batch_size``; ``.html``, the explorer as a page (:meth:`save_page`); ``.svg``, the picture of
                the network, which the page that shows the explorer draws and writes when the cell has ended.

        Raises ``ValueError`` for another suffix and for a model that Keras cannot export so, and
        ``ModuleNotFoundError``, with what to install, where a package is missing.

        >>> explorer = sw.explore(space)
        >>> explorer.save(folder / "small.json")
        'Saved the structure, without weights: small.json, ... KiB.'
        """
        return self.saving.save(path)

    def save_page(self, path: str | os.PathLike[str]) -> str:
        """Write the explorer as it stands into one HTML file that is alive without Python, Jupyter and a network.

        Its sliders move costs and picture, and its trials, learning curves and snapshots are there; it cannot train.
        Where no script runs it is a page of tables and pictures. Returns in words what it wrote.

        >>> sw.explore(space, study=study).save_page(folder / "explorer.html")
        'Saved the explorer as a page, alive without Python: explorer.html, ... KiB.'
        """
        return self.saving.save_page(path)

    def add(self, trial: Trial) -> Trial:
        """Keep a trial and show it on the trade-off plot; returns it with its number."""
        return self.study.add(trial)

    def close(self) -> None:
        """Close every widget in it, shown or not: nothing of it is left in the kernel or on a page."""
        if "_wiring" in vars(self):  # not where making it has failed
            self._wiring.close()
        if self._twin is not None:
            self._twin.close()
        for widget in family([self, *self._made()]):
            if widget is not self:
                widget.close()
        super().close()

    def _page(self) -> str:
        return saved_page(self.exploration, {name: getattr(self.instrument, name) for name in KEPT})

    def _ask_for_picture(self) -> None:
        self.instrument.send({"do": "picture"})

    def _ipython_display_(self) -> None:
        if self._twin is not None:
            self._twin.display(self)

    def _made(self) -> list[ipywidgets.Widget]:
        """The widgets that somebody asked for; none where making the explorer has failed."""
        if "_fields" not in vars(self):
            return []
        return [*self.controls.made, *self._fields.made.values()] if "controls" in vars(self) else []


def explore(
    model: Any,
    data: Data | None = None,
    study: Study | None = None,
    input_shape: Any = None,
    show: Iterable[str] | None = None,
    predict: bool = False,
    language: str = ENGLISH,
    state: str | None = None,
) -> Explorer:
    """Explore a model's structures in JupyterLab, in one line.

    Args:
        model: any Keras model, the path of a ``.keras`` file, or a :class:`StructureSpace`.
        data: what quick runs train and validate on, such as ``sw.load_data("fashion")``.
        study: where trials are kept; a new one by default.
        input_shape: shape of one sample, for a model that is not built yet; by default the data's.
        show: for a lesson, the parts that are shown, of ``"picture"``, ``"levers"``, ``"tradeoff"``, ``"where"``,
            ``"marginal"``, ``"sensitivity"``, ``"speed"``, ``"findings"`` and ``"curve"``, and the costs, such as
            ``"n_params"``; by default all.
        predict: whether the chosen cost of what a slider was moved to is hidden until somebody has said what it is.
        language: of all that is shown: ``"en"``, or ``"zh"`` for Chinese. Names in code stay as they are.
        state: where the sliders are to stand, as ``explorer.state`` says it; by default as the model came.

    Raises ``ValueError`` for a language or a part to show that there is none of, and for a state of another model.

    >>> explorer = sw.explore(model, data=data)
    >>> explorer.structure == explorer.space.baseline
    True
    """
    if not isinstance(model, StructureSpace):
        model = StructureSpace.from_keras(model, input_shape=input_shape, data=data)
    explorer = Explorer(model, data, study, show, predict, language)
    if state is not None:
        explorer.state = state
    return explorer
