"""What is explored, and where it stands: traits that the controls set and all panels observe."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import traitlets

from ..graph.checks import instance, known, text
from ..structure import Structure, StructureSpace
from ..structure.allowed_widths import allowed_width
from ..study import Study
from ..training import Budget, Data, reference_scores

MOST_STEPS = 50  # that can be undone: each is a few numbers to the page


class Checked(traitlets.TraitType[Any, Any]):
    """A trait whose values go through ``check(owner, value)``, whose errors are the user's."""

    default_value = None

    def __init__(self, check: Callable[[Any, Any], Any], help: str) -> None:
        super().__init__(help=help)
        self._check = check

    def validate(self, obj: Any, value: Any) -> Any:
        """What the check returns."""
        return self._check(obj, value)


class Exploration(traitlets.HasTraits):
    """The state of an explorer. Controls and panels write it, and follow it; none of them knows another.

    Attributes:
        space, data, study: what is explored, trained on, and where trials are kept.
        structure: the one the sliders stand at; may be assigned.
        budget: what a run, or each of a sweep's, may spend, as the fields say.
        past, future: what :meth:`undo` and :meth:`redo` go to; the last is the next.
        snapshots: structures that were kept, by name.
        trials: the table of the study; set anew when one is added, by whomever, in the thread that adds.
    """

    structure: Any = Checked(lambda exploration, value: exploration.checked(value), help="where the sliders stand")
    budget = traitlets.Instance(Budget, args=())
    past = traitlets.Tuple(help="structures that were left, the latest last")
    future = traitlets.Tuple(help="structures that were undone, the latest last")
    snapshots = traitlets.Dict(help="structures that were kept, by name")
    trials = traitlets.Any(read_only=True, help="every finished trial, one a row")

    def __init__(self, space: StructureSpace, data: Data | None = None, study: Study | None = None) -> None:
        instance(space, StructureSpace, "a StructureSpace", "For a model, there is sw.explore(model).")
        for given, kind, hint in ((data, Data, "sw.Data(x, y)"), (study, Study, "sw.Study('trials.journal')")):
            if not isinstance(given, kind | None):
                raise TypeError(f"Expected a {kind.__name__}, such as {hint}, or None; got {type(given).__name__}.")
        self.space, self.data = space, data
        self.study = Study() if study is None else study
        self._baseline_number: int | None = None
        self._others: set[int | None] = set()  # numbers of trials of other structures
        self._is_stepping = True
        super().__init__(structure=space.baseline)
        self._is_stepping = False
        self.observe(self._moved, names="structure")
        if data is not None:
            self.study.known_data[data.fingerprint] = data
        self._added()
        self.study.listeners.add(self._added)

    @property
    def baseline(self) -> int | None:
        """Number of the trial of the model as it came, if there is one."""
        # Once found it stays the one; until then only the trials that are new are looked at.
        if self._baseline_number is None:
            new = [trial for trial in self.study if trial.number not in self._others]
            self._baseline_number = next((each.number for each in new if each.structure == self.space.baseline), None)
            self._others |= {trial.number for trial in new}
        return self._baseline_number

    @property
    def references(self) -> dict[str, float]:
        """Scores to hold the trials against, once there are any: fitting a linear model takes a second."""
        return self._reference_scores if len(self.study) else {}

    def undo(self) -> None:
        """Go back one step; raises ``ValueError`` where there is none."""
        if not self.past:
            raise ValueError("Expected a step to undo, but there is none: nothing has moved yet.")
        self.step_to(self.past[-1], self.past[:-1], (*self.future, self.structure))

    def redo(self) -> None:
        """Take back an :meth:`undo`; raises ``ValueError`` where there is none."""
        if not self.future:
            raise ValueError("Expected a step to redo, but there is none: nothing was undone since the last move.")
        self.step_to(self.future[-1], (*self.past, self.structure), self.future[:-1])

    def step_to(self, structure: Structure, past: tuple[Structure, ...], future: tuple[Structure, ...]) -> None:
        """Stand at ``structure``, with these before and after it."""
        structure = self.checked(structure)
        self._is_stepping = True
        try:
            # The steps first: whoever hears of the structure finds them as they are.
            self.past, self.future = past[-MOST_STEPS:], future[-MOST_STEPS:]
            self.structure = structure
        finally:
            self._is_stepping = False

    def keep(self, name: str) -> None:
        """Keep the present structure under ``name``, in place of what was there."""
        self.snapshots = {**self.snapshots, text(name, "the name of a snapshot"): self.structure}

    def recall(self, name: str) -> None:
        """Go to the structure kept under ``name``."""
        self.structure = self.snapshots[known(name, self.snapshots, "a snapshot")]

    def needed_data(self) -> Data:
        """The data, or a ``ValueError`` that says how to pass them."""
        if self.data is None:
            raise ValueError(
                "Expected data to validate on. Open the explorer with sw.explore(model, data=sw.load_data('fashion')), "
                "or with your own sw.Data(x, y)."
            )
        return self.data

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
                f"Expected a structure of the model explored here, {self.space.graph.name!r}; "
                f"got one of {structure.space.graph.name!r}."
            )
        # A slider would clamp without a word.
        for name, width in structure.widths.items():
            allowed_width(self.space.width_groups[name], width)
        return structure

    @functools.cached_property
    def _reference_scores(self) -> dict[str, float]:
        return reference_scores(self.data) if self.data is not None else {}

    def _moved(self, change: Any) -> None:
        if not self._is_stepping:
            self.past, self.future = (*self.past, change["old"])[-MOST_STEPS:], ()

    def _added(self) -> None:
        self.set_trait("trials", self.study.trials)
