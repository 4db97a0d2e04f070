"""What was chosen, step by step: undo, redo, and snapshots by name."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..graph.checks import instance, known, short, text
from .choices import choices_of
from .serialization import MissingRuleError, read_json, structure_of_choices
from .space import StructureSpace
from .structure import Structure

FORMAT = "structopt_widgets.History"
LONGEST = 100  # steps that are kept: an explorer sends all of them to its page
_EXPECTED = "Expected the JSON text that History.to_json() writes"


class History:
    """The structures of one space that were chosen one after another, and those that got a name.

    Args:
        structure: where it begins.

    Attributes:
        current: the structure that is chosen now.
        snapshots: structures by name.

    >>> history = sw.History(space.baseline)
    >>> history.choose(space.scaled(0.5)).widths["hidden"]
    4
    >>> history.undo() == space.baseline, history.redo() == space.scaled(0.5)
    (True, True)
    """

    def __init__(self, structure: Structure) -> None:
        self.current = instance(structure, Structure, "a Structure to begin with")
        self.snapshots: dict[str, Structure] = {}
        self._before: list[Structure] = []
        self._after: list[Structure] = []

    @property
    def before(self) -> tuple[Structure, ...]:
        """What was chosen before the current one; :meth:`undo` goes to the last."""
        return tuple(self._before)

    @property
    def after(self) -> tuple[Structure, ...]:
        """What was undone; :meth:`redo` goes to the last."""
        return tuple(self._after)

    def choose(self, structure: Structure) -> Structure:
        """Choose a structure; what was undone is then forgotten. One that is equal to the current is no step."""
        instance(structure, Structure, "a Structure to choose")
        if not structure.space.is_same_model(self.current.space):
            raise ValueError(
                f"Expected a structure of {self.current.space.graph.name!r}, got one of "
                f"{structure.space.graph.name!r}. Begin a History of its own."
            )
        if structure != self.current:
            self._before = [*self._before, self.current][-LONGEST:]
            self._after = []
            self.current = structure
        return self.current

    def undo(self) -> Structure:
        """The structure before, which is then the current one; at the beginning nothing changes."""
        if self._before:
            self._after.append(self.current)
            self.current = self._before.pop()
        return self.current

    def redo(self) -> Structure:
        """What the last :meth:`undo` left; without one nothing changes."""
        if self._after:
            self._before.append(self.current)
            self.current = self._after.pop()
        return self.current

    def stand(self, before: Iterable[Structure], current: Structure, after: Iterable[Structure]) -> None:
        """Be at ``current``, with these as :attr:`before` and :attr:`after`: what somebody else has kept count of."""
        self._before, self._after = list(before)[-LONGEST:], list(after)[-LONGEST:]
        self.current = current

    def snapshot(self, name: str) -> Structure:
        """Keep the current structure under a name, in the place of what had it."""
        if not text(name, "the name of a snapshot"):
            raise ValueError(f"Expected a name of one letter at least, got {short(name)}. Call it 'A'.")
        self.snapshots[name] = self.current
        return self.current

    def restore(self, name: str) -> Structure:
        """Choose the snapshot of that name: a step like any other, which can be undone."""
        return self.choose(self.snapshots[known(name, self.snapshots, "a snapshot")])

    def to_json(self) -> str:
        """The choices of every step and snapshot, without the model they are choices in."""
        steps = [*self._before, self.current, *reversed(self._after)]
        state = {
            "steps": [choices_of(each) for each in steps],
            "at": len(self._before),
            "snapshots": {name: choices_of(each) for name, each in self.snapshots.items()},
        }
        return json.dumps({"format": FORMAT, "model": self.current.space.fingerprint, **state}, allow_nan=False)

    @classmethod
    def from_json(cls, written: str, space: StructureSpace) -> History:
        """The history that :meth:`to_json` wrote, in the space of the same model; ``ValueError`` for other text."""
        instance(space, StructureSpace, "a StructureSpace")
        data = read_json(written, FORMAT, _EXPECTED)
        if data.get("model") != space.fingerprint:
            raise ValueError(f"{_EXPECTED} for this model, got one of another model. Read that model first.")
        try:
            steps = [structure_of_choices(space, each) for each in data["steps"]]
            if not 0 <= data["at"] < len(steps):
                raise ValueError(f"step {data['at']} of {len(steps)}")
            found = cls(steps[data["at"]])
            found._before, found._after = steps[: data["at"]], steps[data["at"] + 1 :][::-1]
            found.snapshots = {str(name): structure_of_choices(space, each) for name, each in data["snapshots"].items()}
        except MissingRuleError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{_EXPECTED}; this one is damaged: {type(error).__name__} {error}") from error
        return found
