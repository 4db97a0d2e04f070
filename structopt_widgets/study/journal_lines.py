"""The lines of a journal: each with a checksum, and read one by one, whatever has become of the others.

A disk, a network or an editor can change a byte anywhere. What Optuna makes of a line depends on those before
it only through how many studies and trials they have made: the n-th line that makes a trial makes trial n. So
a damaged line that made one is replaced, while it is read, by one that makes an empty trial. Such a line says
its n, so that one that is missing, doubled or in another place moves no result to another trial.
"""

from __future__ import annotations

import datetime
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

HEAD = b'{"op_code":'
DAMAGED = "damaged"
PLACE = "place"  # of a line that makes a trial among all of those
CREATE_STUDY, SET_STUDY_USER_ATTR, SET_STUDY_SYSTEM_ATTR, CREATE_TRIAL = 0, 2, 3, 4  # Optuna's JournalOperation
# All trials of a study depend on these, so they are written twice. Doing them again changes nothing.
VITAL = (CREATE_STUDY, SET_STUDY_USER_ATTR, SET_STUDY_SYSTEM_ATTR)

_CHECKSUM = re.compile(rb',"crc32":(\d+)\}$')
_STUDY = re.compile(rb'"study_name":"([^"\\\\]*)","directions":\[([12]),([12])\]')
# A line that makes a trial has all of these, and no other line has most of them.
_OF_A_TRIAL = (b'"study_id":', b'"distributions":{', b'"params":{', b'"user_attrs":{', b'"intermediate_values":{')
# What each operation has to have for Optuna to do it.
_FIELDS: dict[int, dict[str, tuple[type, ...]]] = {
    CREATE_STUDY: {"study_name": (str,), "directions": (list,)},
    1: {"study_id": (int,)},
    SET_STUDY_USER_ATTR: {"study_id": (int,), "user_attr": (dict,)},
    SET_STUDY_SYSTEM_ATTR: {"study_id": (int,), "system_attr": (dict,)},
    CREATE_TRIAL: {"study_id": (int,), "datetime_start": (str, type(None))},
    5: {"trial_id": (int,), "param_name": (str,), "param_value_internal": (int, float), "distribution": (str,)},
    6: {"trial_id": (int,), "state": (int,), "values": (list, type(None))},
    7: {"trial_id": (int,), "step": (int,), "intermediate_value": (int, float)},
    8: {"trial_id": (int,), "user_attr": (dict,)},
    9: {"trial_id": (int,), "system_attr": (dict,)},
    10: {},  # written by other programs; Optuna passes over it
}


def encode(log: dict[str, Any]) -> bytes:
    """The line, or the two equal ones, of a change to a study."""
    if log["op_code"] not in VITAL:
        return _encode(log)
    # Optuna refuses to do the same again only to the worker who asks for it.
    return _encode(log) + _encode({**log, "worker_id": f"{log['worker_id']} again"})


def decode(line: bytes) -> dict[str, Any] | None:
    """The change that a line, without its break, tells of; ``None`` where it is damaged."""
    checksum = _CHECKSUM.search(line)
    if checksum and zlib.crc32(line[: checksum.start()] + b"}") != int(checksum[1]):
        return None
    try:
        log = json.loads(line)
        _check(log)
    # Whatever is wrong with it: other programs write lines without a checksum.
    except Exception:
        return None
    return log


def salvage(lines: bytes, studies: set[int], where: str) -> Iterator[dict[str, Any]]:
    """What can be read in a stretch of damaged lines, and an empty trial for each that cannot.

    Args:
        lines: the bytes, without line breaks: one of them may have got, or been, a break by mistake.
        studies: numbers of the studies that whole lines have told of.
        where: names the stretch, for people.
    """
    parts = lines.split(HEAD)
    for part in [parts[0], *(HEAD + each for each in parts[1:])]:
        whole = decode(part[: part.rfind(b"}") + 1])
        if whole is not None:
            yield whole
            continue
        study_line = _STUDY.search(part)
        if study_line and b'"crc32":' not in part:  # with a checksum, there is a second such line
            yield {
                "op_code": CREATE_STUDY,
                "worker_id": "",
                "study_name": study_line[1].decode(errors="replace"),
                "directions": [int(study_line[2]), int(study_line[3])],
            }
            continue
        found = sorted(part.count(key) for key in _OF_A_TRIAL)[len(_OF_A_TRIAL) // 2]
        named = re.search(rb'"study_id":(\d+),', part)
        study = int(named[1]) if named and int(named[1]) in studies else max(studies, default=0)
        for _ in range(found):
            yield _empty_trial(study, f"{where} is damaged")


class Placed:
    """Counts lines that make a trial, and puts them where they were.

    Args:
        trials: how many there were before.
    """

    def __init__(self, trials: int) -> None:
        self.trials = trials

    def numbered(self, log: dict[str, Any]) -> dict[str, Any]:
        """A change that is about to be written."""
        if log["op_code"] != CREATE_TRIAL:
            return log
        self.trials += 1
        return {**log, PLACE: self.trials - 1}

    def restored(self, log: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
        """A change that was read, after empty trials for those that are missing before it; nothing if it is a double.

        Lines of other programs, and of earlier releases, have no place of their own.
        """
        if log["op_code"] != CREATE_TRIAL:
            yield log
            return
        place = log.get(PLACE, self.trials)
        if place < self.trials:
            return
        for _ in range(place - self.trials):
            yield _empty_trial(log["study_id"], f"its line, before {where}, is missing or in another place")
        self.trials = place + 1
        yield log


def _empty_trial(study: int, fault: str) -> dict[str, Any]:
    return {
        "op_code": CREATE_TRIAL,
        "worker_id": "",
        "study_id": study,
        "datetime_start": None,
        "state": TrialState.FAIL.value,
        "user_attrs": {DAMAGED: fault},
    }


def _encode(log: dict[str, Any]) -> bytes:
    text = json.dumps(log, separators=(",", ":")).encode()
    return text[:-1] + b',"crc32":%d}\n' % zlib.crc32(text)


def _check(log: Any) -> None:
    """Raise where Optuna would, at a line that only looks whole."""
    for name, kinds in {"worker_id": (str,), **_FIELDS[log["op_code"]]}.items():
        if not isinstance(log[name], kinds):
            raise TypeError(name)
    if "state" in log:
        TrialState(log["state"])
    for name in ("datetime_start", "datetime_complete"):
        if log.get(name) is not None:
            datetime.datetime.fromisoformat(log[name])
    if log["op_code"] == 6:
        state = TrialState(log["state"])
        if state.is_finished() or state == TrialState.RUNNING:
            datetime.datetime.fromisoformat(log["datetime_complete" if state.is_finished() else "datetime_start"])
    if log["op_code"] == CREATE_STUDY:
        [StudyDirection(each) for each in log["directions"]]
    if "distribution" in log:
        json_to_distribution(log["distribution"])
    if log["op_code"] == CREATE_TRIAL:
        [int(each) for each in log.get("intermediate_values", {})]
        if log.get("value") is not None and log.get("values") is not None:
            raise ValueError("values")
        distributions = {name: json_to_distribution(text) for name, text in log.get("distributions", {}).items()}
        for name, value in log.get("params", {}).items():
            distributions[name].to_external_repr(value)
        if not isinstance(log.get(PLACE, 0), int):
            raise TypeError(PLACE)
        if not isinstance(log.get("user_attrs", {}), dict) or not isinstance(log.get("system_attrs", {}), dict):
            raise TypeError("attrs")
