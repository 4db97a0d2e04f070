"""How well a foreign model is read: five grades, and what was found to give one."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from pathlib import Path

EXPECTED = Path(__file__).with_name("expected.json")


class Grade(enum.IntEnum):
    """From worst to best; a silent fault is worse than an error, which can be seen."""

    SILENTLY_WRONG = 0
    CANNOT_BE_READ = 1
    CANNOT_BE_BUILT = 2
    PARTLY_EDITABLE = 3
    FULLY_EDITABLE = 4

    @property
    def words(self) -> str:
        """For people."""
        return self.name.replace("_", " ").lower()


@dataclass
class Examination:
    """What came of one model: each finding with the grade that it brings the model down to."""

    name: str
    findings: list[tuple[Grade, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def found(self, grade: Grade, what: str) -> None:
        """Add a finding."""
        self.findings.append((grade, what))

    @property
    def grade(self) -> Grade:
        """The worst of all findings."""
        return min((grade for grade, _ in self.findings), default=Grade.FULLY_EDITABLE)

    @property
    def cause(self) -> str:
        """The first finding of the worst grade."""
        return next((what for grade, what in self.findings if grade is self.grade), "")


def expected_grades() -> dict[str, Grade]:
    """The grade each model has today, as the file says."""
    return {name: Grade[grade] for name, grade in json.loads(EXPECTED.read_text()).items()}


def write_expected(examinations: list[Examination]) -> None:
    """Make what was found the expected grade; models that were not examined keep theirs."""
    known = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    known |= {each.name: each.grade.name for each in examinations}
    EXPECTED.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
