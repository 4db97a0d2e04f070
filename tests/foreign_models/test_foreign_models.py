"""Foreign models keep the grade they have, and a model that is read better raises the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from . import FOREIGN
from .examine import examine
from .grades import Examination, Grade, expected_grades

RAISE = "read better than the table says: run `python -m foreign_models --write` in tests/ and commit expected.json"

# People's models drop masks and say so.
pytestmark = pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")


def check(examination: Examination) -> None:
    expected = expected_grades()[examination.name]
    worse = f"{examination.name} is {examination.grade.words}, was {expected.words}: {examination.findings}"
    assert examination.grade >= expected, worse
    assert examination.grade <= expected, f"{examination.name} is {examination.grade.words} now, {RAISE}"


def test_every_model_has_an_expected_grade() -> None:
    assert set(expected_grades()) >= set(FOREIGN)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FOREIGN)[::4])
def test_a_quarter_is_read_as_expected(name: str) -> None:
    check(examine(FOREIGN[name]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", list(FOREIGN))
def test_all_are_read_as_expected(name: str) -> None:
    check(examine(FOREIGN[name]))


@pytest.mark.benchmark
def test_the_table(report: Callable[..., None]) -> None:
    found = sorted((examine(each) for each in FOREIGN.values()), key=lambda each: (each.grade, each.name))
    rows = [(each.grade.words, FOREIGN[each.name].source, each.name, each.cause) for each in found]
    report("Foreign models, worst first", ("grade", "kind", "model", "first cause"), *rows)
    counts = Counter(each.grade for each in found)
    report("Of each grade", *[(grade.words, str(counts[grade])) for grade in reversed(Grade)])
