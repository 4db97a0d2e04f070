"""Where a study is kept: in memory, in a file, or in a database."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.study import StudyDirection

from ..graph.checks import file_path, instance, opened
from .databases import open_database
from .journal import MendingJournalFile

SQLITE = b"SQLite format 3\x00"
# What Optuna's own plots show of a trial. A sweep may go by other columns: they are in the trial's attributes.
VALUES = ("score", "n_params")
DIRECTIONS = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)


def open_storage(place: str | os.PathLike[str] | None) -> optuna.storages.BaseStorage:
    """The Optuna storage of a path, a database URL, or ``None`` for memory."""
    if place is None:
        return optuna.storages.InMemoryStorage()
    what = "the place of a study"
    text = os.fspath(instance(place, (str, os.PathLike), f"{what} as a path, the URL of a database, or None"))
    with quiet_optuna():
        if isinstance(text, str) and "://" in text:
            return open_database(text)
        text = file_path(text, what)
        with opened(text, what):
            is_database = _first_bytes(text) == SQLITE
        if is_database:
            return open_database(f"sqlite:///{os.path.abspath(text)}")
        with opened(text, what):
            return _open_journal(text)


def _open_journal(path: str) -> optuna.storages.BaseStorage:
    is_new = not os.path.exists(path) or os.path.getsize(path) == 0
    try:
        storage = optuna.storages.JournalStorage(MendingJournalFile(path))
        if is_new or storage.get_all_studies():
            return storage
        with open(path, "rb") as file:
            if not file.readline().endswith(b"\n"):
                return storage  # half of its first line, of a writer that was killed; the next one mends it
        fault = "none of its lines makes a study"
    except (json.JSONDecodeError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        fault = f"{type(error).__name__}: {error}"
    raise ValueError(
        f"Expected a file that sw.Study has written, or the path of a new one; got {path!r}, which holds "
        f"something else ({fault})."
    )


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
