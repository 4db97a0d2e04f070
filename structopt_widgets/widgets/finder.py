"""What stands out in a structure, what it scores before training, and its code, as the page shows them."""

from __future__ import annotations

import time
from typing import Any

from ..advice import Finding, findings
from ..graph.wording import say, told
from ..structure import Structure
from ..study import Study
from ..training import Data
from ..training.sensitivity import InheritedScores
from .changes import changes
from .exploration import needed
from .heat_map import said_of_untrained


def shown_findings(data: Data | None, study: Study, structure: Structure) -> list[dict[str, Any]]:
    """The findings of a structure, its data and its study."""
    try:
        return [_shown(each, structure) for each in findings(structure, data, study)]
    # A user's own rule may fail, and a thread has nobody to raise to: the list says so.
    except Exception as error:
        return [{"sentence": told(error), "why": say("A rule of findings failed."), "changes": None}]


def shown_code(structure: Structure) -> dict[str, Any]:
    """The stand-alone Keras code of a structure, or why there is none."""
    found: dict[str, Any] = {"structure": changes(structure), "text": "", "error": ""}
    try:
        found["text"] = structure.code()
    # A thread has nobody to raise to: the page says why there is none.
    except Exception as error:
        found["error"] = told(error)
    return found


class Preview:
    """The validation score of a structure with the model's weights, before any training."""

    def __init__(self, data: Data | None) -> None:
        self._data = data
        self._scores: InheritedScores | None = None
        self._note = ""  # on the model as it came

    def __call__(self, structure: Structure) -> dict[str, Any]:
        start = time.monotonic()
        found: dict[str, Any] = {"structure": changes(structure), "score": None, "error": "", "note": ""}
        try:
            data = needed(self._data, structure.space)
            if self._scores is None:
                self._scores = InheritedScores(structure.space, data, None)
                self._note = said_of_untrained(float(self._scores(structure.space.baseline)), data)
            found["note"] = self._note
            found["score"] = float(self._scores(structure))
        # A thread has nobody to raise to: the page says why there is no preview.
        except Exception as error:
            found["error"] = told(error)
        return {**found, "seconds": time.monotonic() - start}


def _shown(finding: Finding, structure: Structure) -> dict[str, Any]:
    """Of the remedy what it changes, so that those of several findings go together."""
    remedy = None if finding.remedy is None else changes(finding.remedy, since=structure)
    return {"sentence": finding.sentence, "why": finding.why, "changes": remedy}
