"""The file of a study: a journal that stays readable however its writer ends."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

DEAD_AFTER = 10  # seconds until the lock of a process that was killed while it wrote is broken; a write takes 2 ms


class MendingJournalFile(JournalFileBackend):
    """Optuna's journal file, whose end is mended before each line that is added.

    Optuna appends a line a change, and refuses a file with half a line in its middle. A process that
    is killed while it writes, or a disk that fills up, leaves half a line at the end, to which the
    next line would be joined. Here it is cut off, under Optuna's lock: at once where the write
    failed, else by the next writer. Other programs may use the file through Optuna at the same time.
    """

    def __init__(self, path: str) -> None:
        # Optuna looks at its lock through a symbolic link, which a relative path would leave dangling.
        path = os.path.abspath(path)
        # Windows gives symbolic links to administrators only.
        lock = JournalFileOpenLock if os.name == "nt" else JournalFileSymlinkLock
        self._append_lock = lock(path, grace_period=DEAD_AFTER)
        self._path = path
        super().__init__(path, self._append_lock)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        self._append_lock.acquire()
        try:
            file = os.open(self._path, os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                _append(file, _whole_lines(file), lines)
            finally:
                os.close(file)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror} while writing the study. All that was written before is kept; make room, "
                "open the study again, and sweep() goes on where it stopped",
                self._path,
            ) from error
        finally:
            with contextlib.suppress(RuntimeError):  # it took so long that another process has broken the lock
                self._append_lock.release()


def _append(file: int, end: int, lines: bytes) -> None:
    """Write ``lines`` at ``end``, or nothing at all."""
    os.ftruncate(file, end)
    os.lseek(file, end, os.SEEK_SET)
    try:
        written = 0
        while written < len(lines):
            written += os.write(file, lines[written:])
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def _whole_lines(file: int, block: int = 65536) -> int:
    """Bytes of the file up to its last line break."""
    start = os.lseek(file, 0, os.SEEK_END)
    while start:
        end, start = start, max(0, start - block)
        os.lseek(file, start, os.SEEK_SET)
        found = os.read(file, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    return 0
