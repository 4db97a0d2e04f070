"""The whole public API on bad input: our own error, which says what was expected and what came."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bad_inputs import Declared, Row, Sparse, Things, rows

import structopt_widgets
from structopt_widgets.structure.budget_fit import BudgetError

PACKAGE = Path(structopt_widgets.__file__).parent
DOCUMENTED = (TypeError, ValueError, FileNotFoundError, IsADirectoryError, MemoryError, BudgetError)
OF_DATA = (np.ndarray, pd.DataFrame, pd.Series, Sparse, Declared)
OF_TEXT = (
    "build(a billion units)",
    "Data(y_val)",
    "Structure.from_json",
    "Trial.from_",
    "Data(x)",
    "Data(y)",
    "Study(a file)",
)
NOTHING = r"\[\]|\(\)|\{\}|''|none|\(0"  # how a message shows what is empty
ROWS = list(rows())


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Things:
    return Things(tmp_path_factory.mktemp("bad"))


def test_there_are_enough_of_them() -> None:
    assert sum(len(row.values) for row in ROWS) >= 300
    assert len({row.argument for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.argument)
def test_what_is_wrong_is_said(row: Row, things: Things) -> None:
    faults = {f"{value!r:.80}": fault_of(row, value, things) for value in row.values}
    assert not {value: fault for value, fault in faults.items() if fault}


def fault_of(row: Row, value: Any, things: Things) -> str:
    """What is wrong with how a call takes a bad value; empty where nothing is."""
    try:
        row.call(things, value)
    except Exception as error:
        message = str(error)
        place = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        if type(error) not in DOCUMENTED or not place.is_relative_to(PACKAGE):
            return f"{type(error).__name__} in {place}: {message}"
        is_said = "xpected" in message and len(message) < 3000 and names(row, value, message)
        return "" if is_said else f"does not say what was expected and what came: {message}"
    return "no error"


def names(row: Row, value: Any, message: str) -> bool:
    """Whether a message says what came: the value, a part of it, its type or, of data and texts, what is in it."""
    if not re.search(r"\bgot\b|this one is", message):
        return False
    if isinstance(value, OF_DATA) or row.argument.startswith(OF_TEXT) or "a " in str(value):
        return True
    if isinstance(value, (str, bytes, list, tuple, dict, set)) and not value and re.search(NOTHING, message):
        return True
    said = [form for part in parts(value) for form in (repr(part)[:40], str(part)[:40], type(part).__name__)]
    return any(each and each in message for each in said)


def parts(value: Any) -> Iterator[Any]:
    """A value and what is in it."""
    yield value
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from parts(each)
