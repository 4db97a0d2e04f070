"""The chosen structure's score on the test part, and how often a study has asked for one."""

from __future__ import annotations

import dataclasses
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import instance
from ..graph.checks import known as one_of
from ..structure import StructureSpace
from ..structure.choices import choices_of
from ..structure.serialization import structure_of_choices
from ..training import Data
from ..training.final_run import run_on_test_part

if TYPE_CHECKING:
    from .study import Study

KEY = "test"


@dataclass(frozen=True)
class FinalScore:
    """A structure on the test part.

    Attributes:
        number: of the trial.
        metric, score, low, high, by_seed: as in a :class:`Trial`, over the test samples.
        samples: how many there are.
        asked: how often this study has asked this test part by now, this time included.
        structures: how many trials it has asked it about.
    """

    number: int
    metric: str
    score: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    samples: int
    asked: int
    structures: int

    def summary(self) -> str:
        """The result in a sentence or two."""
        unit = "{:.1%}" if self.metric == "accuracy" else "{:.3f}"
        score, low, high = (unit.format(each) for each in (self.score, self.low, self.high))
        seeds = f", mean of {len(self.by_seed)} seeds" if len(self.by_seed) > 1 else ""
        text = (
            f"test {self.metric} {score} on {self.samples:,} samples that no choice has seen "
            f"(95 % interval {low} to {high}{seeds})."
        )
        if self.structures > 1:
            return (
                f"{text} This study has asked the test part {self.asked} times, about {self.structures} trials: "
                "whoever takes the best of these answers has chosen by the test part, and it is optimistic."
            )
        if self.asked > 1:
            return f"{text} Asked for the {_ordinal(self.asked)} time: the answer is the first one's."
        return f"{text} Asked once."


def score_on_test_part(
    study: Study, number: int, data: Data | None, weights: str, space: StructureSpace | None
) -> FinalScore:
    """See :meth:`Study.test`."""
    trial = study.trial(number)
    one_of(weights, ("fresh", "inherit"), "weights")
    if data is not None:
        instance(data, Data, "a Data, or None for that of this study's last sweeps,")
    if space is not None:
        instance(space, StructureSpace, "a StructureSpace, or None,")
    if trial.state != "complete":
        raise ValueError(f"Expected the number of a complete trial, got {number}, which is {trial.state}.")
    data = study.known_data.get(trial.fingerprint) if data is None else data
    if data is None:
        raise ValueError(
            f"Expected the data of trial {number}, which are not at hand: a study keeps scores, not samples. "
            "Pass them: study.test(number, data)."
        )
    if data.fingerprint != trial.fingerprint:
        raise ValueError(
            f"Expected the data that trial {number} was trained on, {trial.data!r}, got others ({data.name!r}). "
            "The training and the validation part must be the same; only the test part may be new."
        )
    if not data.test_fingerprint:
        raise ValueError(
            "Expected data with a test part, got none. Pass x_test and y_test to Data, or a test_fraction "
            "before the first trial; of shipped data, sw.load_data(name, test=True) has one."
        )
    asked_before = _records(study, data.test_fingerprint)
    record = next((each for each in asked_before if each["number"] == number), None)
    if record is None:
        structure = trial.structure
        if space is not None:
            structure = structure_of_choices(space, choices_of(structure))
        elif structure.space.source is None and structure.space.optimizer is not None:
            raise ValueError(
                f"Expected the compiled model that trial {number} is of, since a study keeps no loss and no optimizer. "
                "Pass its space: study.test(number, data, space=sw.StructureSpace.from_keras(model))."
            )
        tested = run_on_test_part(structure, data, trial.budget, weights)
        if tested.state != "complete":
            raise RuntimeError(f"Expected the training to end as it did in trial {number}, got: {tested.reason}")
        fields = {name: getattr(tested, name) for name in ("metric", "score", "low", "high", "by_seed")}
        record = {**fields, "number": number, "samples": len(data.y_test), "fingerprint": data.test_fingerprint}
    # Each time under a key of its own: two processes that ask at once are both counted.
    asked = {**record, "by_seed": list(record["by_seed"]), "time": time.time()}
    study.storage.set_study_user_attr(study.study_id, f"{KEY} {uuid.uuid4().hex}", asked)
    return _final_score(record, _records(study, data.test_fingerprint))


def asked_so_far(study: Study, number: int) -> FinalScore | None:
    """What the study has answered about a trial's structure on the test part; ``None`` if it was not asked."""
    mine = next((each for each in _asked(study) if each["number"] == number), None)
    return None if mine is None else _final_score(mine, _records(study, mine["fingerprint"]))


def _final_score(record: dict[str, Any], every: list[dict[str, Any]]) -> FinalScore:
    known = {each.name for each in dataclasses.fields(FinalScore)}
    values = {name: value for name, value in record.items() if name in known} | {"by_seed": tuple(record["by_seed"])}
    return FinalScore(**values, asked=len(every), structures=len({each["number"] for each in every}))


def _records(study: Study, fingerprint: str) -> list[dict[str, Any]]:
    """What the study has asked a test part so far, in order."""
    return [each for each in _asked(study) if each["fingerprint"] == fingerprint]


def _asked(study: Study) -> list[dict[str, Any]]:
    attrs = study.storage.get_study_user_attrs(study.study_id)
    every = (value for key, value in attrs.items() if key.startswith(f"{KEY} "))
    return sorted(every, key=lambda each: each["time"])


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
