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

PACKAGE = Path(structopt_widgets.__file__).parent
DOCUMENTED = (TypeError, ValueError, FileNotFoundError, IsADirectoryError, MemoryError)
OF_DATA = (np.ndarray, pd.DataFrame, pd.Series, Sparse, Declared)
OF_TEXT = ("Data(y_val)", "Structure.from_json", "Trial.from_", "Data(x)", "Data(y)", "Study(a file)")
NOTHING = r"\[\]|\(\)|\{\}|''|none|\(0"  # how a message shows what is empty
ROWS = [(row, value) for row in rows() for value in row.values]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Things:
    return Things(tmp_path_factory.mktemp("bad"))


def test_there_are_enough_of_them() -> None:
    assert len(ROWS) >= 300
    assert len({row.argument for row, _ in ROWS}) == len(list(rows()))


@pytest.mark.parametrize(
    ("row", "value"),
    ROWS,
    ids=[f"{row.argument}-{type(value).__name__}-{place}" for place, (row, value) in enumerate(ROWS)],
)
def test_what_is_wrong_is_said(row: Row, value: Any, things: Things) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is what this is about
        row.call(things, value)
    error = caught.value
    message = str(error)
    assert type(error) in DOCUMENTED, f"{type(error).__name__}: {message}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert Path(last.filename).is_relative_to(PACKAGE), f"raised in {last.filename}: {message}"
    assert "xpected" in message, message
    assert len(message) < 3000
    assert names(row, value, message), f"{value!r:.80} is not in: {message}"


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
