"""Foreign models keep the grade they have, and a model that is read better raises the table."""

from __future__ import annotations

import pytest

from . import EXPECTED, FOREIGN
from .examine import examine
from .grades import check_grade, expected_grades


def test_every_model_has_an_expected_grade() -> None:
    assert set(expected_grades(EXPECTED)) == set(FOREIGN)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FOREIGN)[::6])
def test_a_sixth_is_read_as_expected(name: str) -> None:
    check_grade(EXPECTED, examine(FOREIGN[name]))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", list(FOREIGN))
def test_all_are_read_as_expected(name: str) -> None:
    check_grade(EXPECTED, examine(FOREIGN[name]))
