"""The file of a study: a journal that stays readable however its writer ends, and whatever becomes of a line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, NamedTuple

from optuna.storages.journal import JournalFileBackend

from .journal_lines import HEAD, Placed, decode, encode, salvage
from .locks import lock_of


class _Read(NamedTuple):
    """How much of the file was read: changes, lines, bytes, and how many of the changes made a trial."""

    changes: int = 0
    lines: int = 0
    bytes: int = 0
    trials: int = 0


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
        self._read = _Read()
        super().__init__(path, self._append_lock)
        _refuse_other_kinds(path)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The changes from a number on; what was read before is not read again."""
        if log_number_from != self._read.changes:
            self._read = _Read()
        for number, log, after in self._changes(self._read):
            self._read = after
            if number > log_number_from:
                yield log

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add a line a change, or nothing at all; raises ``OSError`` that says what to do."""
        try:
            self._append_lock.acquire()
            try:
                file = os.open(self._path, os.O_RDWR | getattr(os, "O_BINARY", 0))
                try:
                    end, line_break = _whole_lines(file)
                    if line_break:  # what it ends is a change, which counts
                        _append(file, end, line_break)
                    placed = Placed(self._trials())
                    _append(file, end + len(line_break), b"".join(encode(placed.numbered(log)) for log in logs))
                finally:
                    os.close(file)
            finally:
                with contextlib.suppress(RuntimeError):  # it took so long that another process has broken the lock
                    self._append_lock.release()
        except FileNotFoundError as error:
            raise _gone(self._path) from error
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(
                error.errno,
                f"{error.strerror} while writing the study. All that was written before is kept; make room, "
                "open the study again, and sweep() goes on where it stopped",
                self._path,
            ) from error

    def _trials(self) -> int:
        """How many changes in the file have made a trial; what was read already is known."""
        read = self._read
        for _, _, after in self._changes(read):
            read = after
        return read.trials

    def _changes(self, read: _Read) -> Iterator[tuple[int, dict[str, Any], _Read]]:
        """Each change after what was read, with its number, and what is read once it is done."""
        try:
            with open(self._path, "rb") as file:
                yield from self._changes_in(file, read)
        except FileNotFoundError as error:
            raise _gone(self._path) from error

    def _changes_in(self, file: BinaryIO, read: _Read) -> Iterator[tuple[int, dict[str, Any], _Read]]:
        # Another process may write meanwhile: what it adds is for the next time.
        rest = os.fstat(file.fileno()).st_size - read.bytes
        if rest < 0:
            raise OSError(
                f"Expected the file of the study as it was or longer, got {self._path!r}, which is shorter: "
                "another program has written it anew. Open it again with sw.Study."
            )
        file.seek(read.bytes)
        damaged: list[bytes] = []
        for line in file:
            rest -= len(line)
            if rest < 0 or not line.endswith(b"\n"):
                break
            log = decode(line[:-1])
            if log is None:
                damaged.append(line)
                continue
            for step in self._salvaged(damaged, read):
                read = step[-1]
                yield step
            damaged = []
            for step in self._noted([log], [line], read):
                read = step[-1]
                yield step
        yield from self._salvaged(damaged, read)

    def _salvaged(self, lines: list[bytes], read: _Read) -> Iterator[tuple[int, dict[str, Any], _Read]]:
        if not lines:
            return
        # A break may have come into a line by mistake, so breaks mean nothing here.
        logs = list(salvage(b"".join(line[:-1] for line in lines), self._studies, self._where(read, len(lines))))
        yield from self._noted(logs, lines, read)

    def _where(self, read: _Read, count: int = 1) -> str:
        first = read.lines + 1
        which = f"line {first}" if count == 1 else f"lines {first} to {first + count - 1}"
        return f"{which} of {os.path.basename(self._path)}"

    def _noted(
        self, logs: list[dict[str, Any]], lines: list[bytes], read: _Read
    ) -> Iterator[tuple[int, dict[str, Any], _Read]]:
        """The changes of some lines. All of them are read when the last is done, and none before."""
        placed = Placed(read.trials)
        done = [each for log in logs for each in placed.restored(log, self._where(read))]
        after = _Read(
            read.changes + len(done), read.lines + len(lines), read.bytes + sum(map(len, lines)), placed.trials
        )
        for position, log in enumerate(done, start=1):
            self._studies |= {log["study_id"]} if "study_id" in log else set()
            yield read.changes + position, log, after if position == len(done) else read
        if not done:
            yield 0, {}, after  # a change that is asked for has a number above 0


def _gone(path: str) -> FileNotFoundError:
    return FileNotFoundError(
        f"Expected the file of the study, got nothing at {path!r}: it was moved or deleted. Put it back, and go on."
    )


def _refuse_other_kinds(path: str) -> None:
    with open(path, "rb") as file:
        start = file.read(len(HEAD))
        file.seek(0)
        # Where the first line is damaged, a later one says what it is.
        if not HEAD.startswith(start) and not any(HEAD in line for line in file):
            raise ValueError("its lines are not those of a journal")


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
