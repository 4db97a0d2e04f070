"""What came of running a report again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..training import Trial
from .manifest import RESULTS, bits

if TYPE_CHECKING:
    import pandas as pd

TO_THE_BIT, WITHIN, DIFFERS, NOT_RUN = "to the bit", "within tolerance", "differs", "not run"

_COMPARED = {
    True: "Compared: the numbers of the page's manifest. Its own text was not; its checksum is as written.",
    False: "The page's own text was changed after it was written: only the numbers of the manifest were compared.",
    None: "Compared: the numbers of the manifest. The page's own text was not compared.",
}


@dataclass(frozen=True)
class Outcome:
    """What came of one trial.

    Attributes:
        number: of the trial in its study.
        outcome: ``"to the bit"``: every loss and score of every epoch and seed, and which samples were answered
            rightly. ``"within tolerance"``: the score differs by at most half its 95 % interval, and something
            differs that moves it, which ``why`` names. ``"differs"``: anything else, costs included. ``"not run"``.
        difference: of the score, now less then; NaN where it was not run.
        tolerance: of the score.
        why: what differs, or why it was not run; of one to the bit what could have moved it and did not.
    """

    number: int
    outcome: str
    difference: float = math.nan
    tolerance: float = math.nan
    why: str = ""


@dataclass(frozen=True)
class Reproduction:
    """What came of all trials that were run again; ``print`` says it.

    Attributes:
        outcomes: of each trial.
        is_as_written: whether the page's text has the checksum that it was written with, ``None`` where it has none.
            That finds what was changed by hand or by chance; who writes a page to deceive writes its checksum too.
    """

    outcomes: tuple[Outcome, ...]
    is_as_written: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether all were run, none differs by more than a tolerance, and the page's text is not known as changed."""
        is_run = bool(self.outcomes) and all(each.outcome in (TO_THE_BIT, WITHIN) for each in self.outcomes)
        return is_run and self.is_as_written is not False

    @property
    def table(self) -> pd.DataFrame:
        """A row for each trial, with the attributes of :class:`Outcome`, by its number."""
        import pandas as pd

        return pd.DataFrame([vars(each) for each in self.outcomes], columns=[*Outcome.__annotations__]).set_index(
            "number"
        )

    def summary(self) -> str:
        """In sentences: how many match how well, and what is to be known of those that do not to the bit."""
        counts = [
            f"{count} {word}"
            for word in (TO_THE_BIT, WITHIN, DIFFERS, NOT_RUN)
            if (count := sum(each.outcome == word for each in self.outcomes))
        ]
        lines = [f"Of {len(self.outcomes)} trials, run again: {', '.join(counts)}."]
        by_reason: dict[tuple[str, str], list[Outcome]] = {}
        for each in self.outcomes:
            if each.outcome != TO_THE_BIT or each.why:
                by_reason.setdefault((each.outcome, each.why), []).append(each)
        for (word, why), many in by_reason.items():
            numbers = ", ".join(str(each.number) for each in many)
            off = [abs(each.difference) for each in many if math.isfinite(each.difference)]
            by = f" (score off by up to {max(off):.4f})" if off else ""
            verb = "differ" if word == DIFFERS and len(many) > 1 else word
            lines.append(f"Trial{'s' if len(many) > 1 else ''} {numbers} {verb}{by}: {why.rstrip('.')}.")
        lines.append(_COMPARED[self.is_as_written])
        return "\n".join(lines)

    __str__ = summary


def excuses(stored: Mapping[str, Any], trial: Trial, company: str) -> list[str]:
    """What differs between then and now that moves numbers without anybody's having changed them."""
    then, now = stored["versions"], trial.versions
    found = [
        f"{name} was {then.get(name, 'not told')}, here it is {now.get(name, 'not there')}"
        for name in dict.fromkeys((*then, *now))
        if then.get(name) != now.get(name)
    ]
    if company:
        found.append(company)
    if stored["engine"] != trial.engine:
        found.append(f"it was trained {stored['engine']!r}, now {trial.engine!r}")
    if stored["budget"].get("seconds") is not None:
        found.append("its budget is of seconds, and ends by the clock")
    return found


def _number(value: Any) -> float:
    """A number of the report; ``TypeError`` for anything else, such as text."""
    return math.nan if value is None else math.fsum([value])


def weighed(stored: Mapping[str, Any], trial: Trial, moved_by: Sequence[str]) -> Outcome:
    """What a trial that was run again says of the stored one; ``moved_by``: see :func:`excuses`."""
    score, low, high = (_number(stored[name]) for name in ("score", "low", "high"))
    difference, tolerance = trial.score - score, (high - low) / 2
    is_near = abs(difference) <= tolerance or trial.state != "complete"
    outcome, why = _judged(stored, trial, moved_by, is_near)
    return Outcome(int(stored["number"]), outcome, difference, tolerance, why)


def _judged(stored: Mapping[str, Any], trial: Trial, moved_by: Sequence[str], is_near: bool) -> tuple[str, str]:
    record, here, then = trial.to_record(), bits(trial), stored["bits"]
    if costs := [name for name, value in stored["costs"].items() if name in record and record[name] != value]:
        return DIFFERS, f"{costs[0]} is {record[costs[0]]} and was {stored['costs'][costs[0]]}"
    if trial.state != stored["state"]:
        return DIFFERS, f"it is {trial.state} and was {stored['state']}. {trial.reason}".rstrip()
    if here == then and all(record[name] == stored[name] for name in RESULTS):
        return TO_THE_BIT, "; ".join(moved_by)
    seeds = trial.budget.seed_list
    moved = [place for place in range(len(seeds)) if here[place : place + 1] != then[place : place + 1]]
    if len(moved) < len(seeds):
        said = [
            f"seed {seeds[place]} gives {trial.by_seed[place]:.6g} and not {_number(stored['by_seed'][place]):.6g}"
            for place in moved[: len(trial.by_seed)]
        ]
        what = f"{', '.join(said)}, the others match to the bit" if said else "every seed's training matches to the bit"
        return DIFFERS, f"{what}: a seed or a number of the report was changed"
    if not moved_by:
        return DIFFERS, (
            "nothing is known to differ: seeds, budget or numbers of the report were changed, or a layer draws from "
            "a generator that no seed sets"
        )
    return WITHIN if is_near else DIFFERS, "; ".join(moved_by)
