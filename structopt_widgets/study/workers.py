"""Who sweeps: so that trials of a process that died are done again, and those of a living one are not."""

from __future__ import annotations

import os
import platform
import threading
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import optuna
import psutil

BEAT = 15.0  # seconds between signs of life
LEASE = 120.0  # seconds without one until a process on another machine is taken for dead

_here: set[str] = set()  # sweeps that go on in this process


class Worker:
    """This process's part in a sweep. Inside ``with`` it gives signs of life.

    A process on the same machine is dead when the operating system says so. One on another machine is
    dead when its sign of life has not changed for :data:`LEASE` seconds by the watch of the one who
    looks, so that the clocks need not agree.
    """

    def __init__(self, storage: optuna.storages.BaseStorage, study_id: int) -> None:
        self._storage, self._study_id = storage, study_id
        self._id = uuid.uuid4().hex
        self._pid = os.getpid()
        self._machine = _machine()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._seen: dict[str, tuple[Any, float]] = {}

    @property
    def attrs(self) -> dict[str, Any]:
        """What a running trial says of who runs it."""
        return {"id": self._id, "machine": self._machine, "pid": self._pid, "start": _start(self._pid)}

    def is_dead(self, owner: Mapping[str, Any]) -> bool:
        """Whether the worker with these :attr:`attrs` will never finish its trials."""
        if owner["id"] == self._id:
            return False
        if owner["machine"] == self._machine:
            if owner["pid"] == self._pid:
                return owner["id"] not in _here
            return not _is_alive(owner)
        beat = self._storage.get_study_user_attrs(self._study_id).get(_beat_key(owner["machine"], owner["pid"]))
        now = time.monotonic()
        before = self._seen.setdefault(owner["id"], (beat, now))
        if before[0] != beat:
            self._seen[owner["id"]] = (beat, now)
        return now - self._seen[owner["id"]][1] > LEASE

    def __enter__(self) -> Worker:
        _here.add(self._id)
        if not isinstance(self._storage, optuna.storages.InMemoryStorage):
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _here.discard(self._id)
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _beat(self) -> None:
        number = 0
        while not self._stopped.wait(BEAT):
            number += 1
            try:
                self._storage.set_study_user_attr(self._study_id, _beat_key(self._machine, self._pid), number)
            except Exception:  # noqa: S112 - whatever it is, the sweep meets it at its next write, and can say so
                continue


def _beat_key(machine: str, pid: int) -> str:
    return f"sign of life {machine} {pid}"


def _machine() -> str:
    """Processes that give the same name see each other's process numbers."""
    try:
        # Containers may share a host name, but number their processes apart.
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def _is_alive(owner: Mapping[str, Any]) -> bool:
    try:
        if "start" in owner:
            return _start(owner["pid"]) == owner["start"]
        # Written before there were starts that no clock moves.
        return abs(psutil.Process(owner["pid"]).create_time() - owner["started"]) < 1
    except psutil.NoSuchProcess:
        return False
    except (PermissionError, psutil.AccessDenied):
        return True  # somebody else's, so there is one


def _start(pid: int) -> str | None:
    """Tells a process from others that had or get its number; ``None`` when it has ended.

    On Linux it is the kernel's count of ticks since it was booted, and which boot that was: a time of day,
    which psutil makes of it, moves when the clock is set.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id") as boot, open(f"/proc/{pid}/stat") as stat:
            # The name of the program, in brackets, may hold anything; after it come the state and, 20th, the start.
            fields = stat.read().rpartition(")")[2].split()
            return None if fields[0] in "ZX" else f"{boot.read().strip()} {fields[19]}"
    except (FileNotFoundError, ProcessLookupError):
        pass
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.0f}"
    except psutil.NoSuchProcess:
        return None
