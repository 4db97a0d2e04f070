"""What is explored, and where it stands: traits that the controls set and all panels observe."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import traitlets

from ..graph.checks import instance
from ..graph.language import ENGLISH, Language
from ..graph.wording import say, sentences
from ..structure import History, Structure, StructureSpace
from ..structure.allowed_widths import allowed_width
from ..study import Study
from ..training import Budget, Data, reference_scores

FASHION = ((14, 14), (14, 14, 1))  # shapes of one sample of sw.load_data("fashion"), as models take them


class Checked(traitlets.TraitType[Any, Any]):
    """A trait whose values go through ``check(owner, value)``, whose errors are the user's."""

    default_value = None

    def __init__(self, check: Callable[[Any, Any], Any], help: str) -> None:
        super().__init__(help=help)
        self._check = check

    def validate(self, obj: Any, value: Any) -> Any:
        """What the check returns."""
        return self._check(obj, value)


def needed(data: Data | None, space: StructureSpace) -> Data:
    """``data``, or a ``ValueError`` that says how to pass such as this model can read."""
    if data is None:
        raise ValueError(sentences(say("Expected data to validate on."), how_to_pass_data(space)))
    return data


def how_to_pass_data(space: StructureSpace) -> str:
    """What to write to train a model here: its own data, and the ones that come along only where they fit."""
    shapes = [_shape(space, name) for name, layer in space.graph.layers.items() if layer.kind == "InputLayer"]
    shape = ", ".join(["n", *map(str, shapes[0])]) if len(shapes) == 1 else ""
    if shapes[0] in FASHION and shape:
        return say(
            "Open the explorer with sw.explore(model, data=sw.load_data('fashion')), or with your own sw.Data(x, y), "
            "x of shape ({shape}).",
            shape=shape,
        )
    if shape:
        return say("Open the explorer with sw.explore(model, data=sw.Data(x, y)), x of shape ({shape}).", shape=shape)
    return say("Open the explorer with sw.explore(model, data=sw.Data(x, y)).")


def _shape(space: StructureSpace, layer: str) -> tuple[int, ...]:
    """The shape of one sample that an input takes."""
    return tuple(int(length) for length in space.connected.lengths(space.connected.first_call(layer).call.outputs[0]))


class Exploration(traitlets.HasTraits):
    """The state of an explorer. Controls and panels write it, and follow it; none of them knows another.

    Attributes:
        space, data, study: what is explored, trained on, and where trials are kept.
        language: what is shown is said in it.
        structure: the one the sliders stand at; may be assigned.
        budget: what a run, or each of a sweep's, may spend, as the fields say.
        snapshots: structures that were kept, by name.
        history: the steps that led here; it follows ``structure`` and ``snapshots``.
        trials: the table of the study; set anew when one is added, by whomever, in the thread that adds.
        lesson: what of it is shown, and whether numbers wait for a prediction; ``lesson.py``.
        picture: the network as a page has drawn it last, of which structure and as SVG; ``None`` before.
    """

    structure: Any = Checked(lambda exploration, value: exploration.checked(value), help="where the sliders stand")
    budget = traitlets.Instance(Budget, args=())
    snapshots = traitlets.Dict(help="structures that were kept, by name")
    trials = traitlets.Any(read_only=True, help="every finished trial, one a row")
    lesson: Any = traitlets.Dict()
    picture: Any = traitlets.Tuple(allow_none=True, default_value=None)

    def __init__(
        self,
        space: StructureSpace,
        data: Data | None = None,
        study: Study | None = None,
        language: str = ENGLISH,
    ) -> None:
        instance(space, StructureSpace, "a StructureSpace", "For a model, there is sw.explore(model).")
        for given, kind, hint in ((data, Data, "sw.Data(x, y)"), (study, Study, "sw.Study('trials.journal')")):
            if not isinstance(given, kind | None):
                raise TypeError(f"Expected a {kind.__name__}, such as {hint}, or None; got {type(given).__name__}.")
        self.space, self.data, self.language = space, data, Language(language)
        self.study = Study() if study is None else study
        self._baseline_number: int | None = None
        self._n_others = 0  # trials that were read, and are of other structures
        self.history = History(space.baseline)
        super().__init__(structure=space.baseline)
        # Before anybody else's: whoever hears of a structure finds the steps as they are.
        self.observe(self._moved, names=["structure", "snapshots"])
        if data is not None:
            self.study.known_data[data.fingerprint] = data
        self._added()
        self.study.listeners.add(self._added)

    @property
    def baseline(self) -> int | None:
        """Number of the trial of the model as it came, if there is one."""
        # Once found it stays the one; until then only the trials that are new are looked at.
        if self._baseline_number is None:
            new = self.study.read_since(self._n_others)
            self._baseline_number = next((each.number for each in new if each.structure == self.space.baseline), None)
            self._n_others += len(new)
        return self._baseline_number

    @property
    def references(self) -> dict[str, float]:
        """Scores to hold the trials against, once there are any: fitting a linear model takes a second."""
        return self._reference_scores if len(self.study) else {}

    def undo(self) -> None:
        """Go back one step; raises ``ValueError`` where there is none."""
        if not self.history.before:
            raise ValueError("Expected a step to undo, but there is none: nothing has moved yet.")
        self.structure = self.history.undo()

    def redo(self) -> None:
        """Take back an :meth:`undo`; raises ``ValueError`` where there is none."""
        if not self.history.after:
            raise ValueError("Expected a step to redo, but there is none: nothing was undone since the last move.")
        self.structure = self.history.redo()

    def step_to(self, structure: Structure, past: tuple[Structure, ...], future: tuple[Structure, ...]) -> None:
        """Stand at ``structure``, with these before and after it."""
        self.history.stand(past, self.checked(structure), future)
        self.structure = structure

    def keep(self, name: str) -> None:
        """Keep the present structure under ``name``, in place of what was there."""
        self.history.snapshot(name)
        self.snapshots = dict(self.history.snapshots)

    def recall(self, name: str) -> None:
        """Go to the structure kept under ``name``."""
        self.structure = self.history.restore(name)

    def needed_data(self) -> Data:
        """The data, or a ``ValueError`` that says how to pass them."""
        return needed(self.data, self.space)

    def checked(self, structure: Any) -> Structure:
        """``structure``, if the controls can stand at it.

        Raises ``TypeError`` for anything else and ``ValueError`` when it is one of another model or has a width
        outside the bounds here, as one of a space of larger growth may.
        """
        if not isinstance(structure, Structure):
            raise TypeError(
                f"Expected a Structure, such as explorer.space.scaled(0.5), got {type(structure).__name__}."
            )
        if not structure.space.is_same_model(self.space):
            raise ValueError(
                say(
                    "Expected a structure of the model explored here, {model}; got one of {other}.",
                    model=repr(self.space.graph.name),
                    other=repr(structure.space.graph.name),
                )
            )
        # A slider would clamp without a word.
        for name, width in structure.widths.items():
            allowed_width(self.space.width_groups[name], width)
        return structure

    @functools.cached_property
    def _reference_scores(self) -> dict[str, float]:
        return reference_scores(self.data) if self.data is not None else {}

    def _moved(self, change: Any) -> None:
        if change["name"] == "structure":
            self.history.choose(change["new"])  # no step where the history has been there first
        else:
            self.history.snapshots = dict(change["new"])

    def _added(self) -> None:
        self.set_trait("trials", self.study.trials)
