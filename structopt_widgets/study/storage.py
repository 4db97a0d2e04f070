"""Where a study is kept: in memory, in a file, or in a database."""

from __future__ import annotations

import contextlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.study import StudyDirection

from .journal import MendingJournalFile

PAUSES = (0.2, 0.5, 1.0)  # seconds between tries to open a database
SQLITE = b"SQLite format 3\x00"
# What Optuna's own plots show of a trial. A sweep may go by other columns: they are in the trial's attributes.
VALUES = ("score", "n_params")
DIRECTIONS = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)


def open_storage(place: str | os.PathLike[str] | None) -> optuna.storages.BaseStorage:
    """The Optuna storage of a path, a database URL, or ``None`` for memory."""
    if place is None:
        return optuna.storages.InMemoryStorage()
    text = os.fspath(place)
    with quiet_optuna():
        if "://" in text:
            return _open_database(text)
        if _first_bytes(text) == SQLITE:
            return _open_database(f"sqlite:///{os.path.abspath(text)}")
        try:
            return optuna.storages.JournalStorage(MendingJournalFile(text))
        except (json.JSONDecodeError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"Expected a file that sw.Study has written, or the path of a new one; got {text!r}, which holds "
                f"something else ({type(error).__name__}: {error})."
            ) from error


def _open_database(url: str) -> optuna.storages.BaseStorage:
    from sqlalchemy.exc import DBAPIError

    for pause in PAUSES:
        try:
            return optuna.storages.get_storage(url)
        except DBAPIError:
            # Of two processes that make the tables of a new database at once, one fails; then they are there.
            time.sleep(pause)
    return optuna.storages.get_storage(url)


def open_study(storage: optuna.storages.BaseStorage, name: str) -> optuna.Study:
    """The Optuna study of that name, made if it is not there."""
    with quiet_optuna():
        try:
            # Making it again, if only to hear that it is there, would write: a full disk may be read.
            study = optuna.load_study(storage=storage, study_name=name, sampler=_no_sampler())
        except KeyError:
            study = optuna.create_study(
                storage=storage, study_name=name, directions=DIRECTIONS, load_if_exists=True, sampler=_no_sampler()
            )
    if tuple(study.directions) != DIRECTIONS:
        raise ValueError(f"Expected a study that sw.Study has made; {name!r} is another program's. Pass another name.")
    with warnings.catch_warnings():
        # Optuna calls the names of values experimental, since version 3.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if study.metric_names is None:
            study.set_metric_names(list(VALUES))
    return study


def _no_sampler() -> Any:
    # A sweep asks samplers of its own; the default one would be made for nothing.
    return optuna.samplers.RandomSampler(seed=0)


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(len(SQLITE))
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna tells of each study it makes, on the terminal; the setting is put back."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
