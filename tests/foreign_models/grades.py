"""How well a foreign model is read: five grades, and what was found to give one."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from pathlib import Path


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


def expected_grades(path: Path) -> dict[str, Grade]:
    """The grade each model has today, as the file says."""
    return {name: Grade[grade] for name, grade in json.loads(path.read_text()).items()}


def write_expected(path: Path, examinations: list[Examination]) -> None:
    """Make what was found the expected grade; models that were not examined keep theirs."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {each.name: each.grade.name for each in examinations}
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def check_grade(path: Path, examination: Examination) -> None:
    """Fail where a model is read worse than the file says, or better, so that the file is raised."""
    found, expected = examination.grade, expected_grades(path)[examination.name]
    assert found >= expected, f"{examination.name} is {found.words}, was {expected.words}: {examination.findings}"
    assert found <= expected, (
        f"{examination.name} is {found.words} now, better than the table's {expected.words}. Raise it: "
        f"run `python -m {path.parent.name} --write {examination.name}` in tests/, and commit {path.name}."
    )
