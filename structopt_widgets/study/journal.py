"""The file of a study: a journal that stays readable however its writer ends, and whatever becomes of a line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from typing import Any

from optuna.storages.journal import JournalFileBackend

from .journal_lines import HEAD, decode, encode, salvage
from .locks import lock_of


class MendingJournalFile(JournalFileBackend):
    """Optuna's journal file, read past what is damaged, and mended at its end before a line is added.

    Optuna appends a line a change, and refuses a file with a damaged one. Here each line is read for itself;
    damaged ones stay where they are. A process that is killed while it writes, or a disk that fills up, leaves
    half a line at the end, to which the next line would be joined: it is cut off, under Optuna's lock, at once
    where the write failed, else by the next writer. Other programs may use the file through Optuna at the same time.
    """

    def __init__(self, path: str) -> None:
        # Optuna looks at its lock through a symbolic link, which a relative path would leave dangling.
        path = os.path.abspath(path)
        self._append_lock = lock_of(path)
        self._path = path
        self._studies: set[int] = set()
        self._read = (0, 0, 0)  # changes, lines and bytes
        super().__init__(path, self._append_lock)
        _refuse_other_kinds(path)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The changes from a number on; what was read before is not read again."""
        if log_number_from != self._read[0]:
            self._read = (0, 0, 0)
        with open(self._path, "rb") as file:
            # Another process may write meanwhile: what it adds is for the next time.
            rest = os.fstat(file.fileno()).st_size - self._read[2]
            file.seek(self._read[2])
            damaged: list[bytes] = []
            for line in file:
                rest -= len(line)
                if rest < 0 or not line.endswith(b"\n"):
                    break
                log = decode(line[:-1])
                if log is None:
                    damaged.append(line)
                    continue
                yield from self._salvaged(damaged, log_number_from)
                damaged = []
                yield from self._noted([log], 1, len(line), log_number_from)
            yield from self._salvaged(damaged, log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add a line a change, or nothing at all; raises ``OSError`` that says what to do."""
        lines = b"".join(map(encode, logs))
        try:
            self._append_lock.acquire()
            try:
                file = os.open(self._path, os.O_RDWR | getattr(os, "O_BINARY", 0))
                try:
                    _append(file, *_whole_lines(file), lines)
                finally:
                    os.close(file)
            finally:
                with contextlib.suppress(RuntimeError):  # it took so long that another process has broken the lock
                    self._append_lock.release()
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror} while writing the study. All that was written before is kept; make room, "
                "open the study again, and sweep() goes on where it stopped",
                self._path,
            ) from error

    def _salvaged(self, lines: list[bytes], number_from: int) -> Iterator[dict[str, Any]]:
        if not lines:
            return
        first = self._read[1] + 1
        which = f"line {first}" if len(lines) == 1 else f"lines {first} to {first + len(lines) - 1}"
        where = f"{which} of {os.path.basename(self._path)}"
        # A break may have come into a line by mistake, so breaks mean nothing here.
        logs = list(salvage(b"".join(line[:-1] for line in lines), self._studies, where))
        yield from self._noted(logs, len(lines), sum(map(len, lines)), number_from)

    def _noted(self, logs: list[dict[str, Any]], lines: int, size: int, number_from: int) -> Iterator[dict[str, Any]]:
        """The changes of some lines that are asked for; notes before each that those before it are read."""
        number, line, offset = self._read
        for position, log in enumerate(logs, start=1):
            self._studies |= {log["study_id"]} if "study_id" in log else set()
            if position == len(logs):
                self._read = (number + position, line + lines, offset + size)
            if number + position > number_from:
                yield log
        if not logs:
            self._read = (number, line + lines, offset + size)


def _refuse_other_kinds(path: str) -> None:
    with open(path, "rb") as file:
        start = file.read(len(HEAD))
        file.seek(0)
        # Where the first line is damaged, a later one says what it is.
        if not HEAD.startswith(start) and not any(HEAD in line for line in file):
            raise ValueError("its lines are not those of a journal")


def _append(file: int, end: int, breaks: bytes, lines: bytes) -> None:
    """Write ``lines`` at ``end``, or nothing at all."""
    os.ftruncate(file, end)
    os.lseek(file, end, os.SEEK_SET)
    lines = breaks + lines
    try:
        written = 0
        while written < len(lines):
            written += os.write(file, lines[written:])
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def _whole_lines(file: int, block: int = 65536) -> tuple[int, bytes]:
    """Bytes of the file up to its last whole line, and the line break if it lacks only that."""
    size = start = os.lseek(file, 0, os.SEEK_END)
    tail = b""
    while start:
        end, start = start, max(0, start - block)
        os.lseek(file, start, os.SEEK_SET)
        tail = os.read(file, end - start) + tail
        if (found := tail.rfind(b"\n")) >= 0:
            start, tail = start + found + 1, tail[found + 1 :]
            break
    if decode(tail[: tail.rfind(b"}") + 1]) is not None:
        return size, b"\n"
    return start, b""
