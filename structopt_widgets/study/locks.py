"""Who may write a journal: one at a time, and never kept waiting by a process that is dead."""

from __future__ import annotations

import contextlib
import errno
import os

from optuna.storages.journal import JournalFileOpenLock, JournalFileSymlinkLock
from optuna.storages.journal._file import BaseJournalFileLock

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

DEAD_AFTER = 10  # seconds until the lock of another program that was killed while it wrote is broken
# What file systems without symbolic links (FAT, exFAT, SMB) say when they are asked for one.
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def lock_of(path: str) -> BaseJournalFileLock:
    """The lock of the journal at an absolute path."""
    # Windows gives symbolic links to administrators only.
    return JournalFileOpenLock(path, grace_period=DEAD_AFTER) if fcntl is None else JournalLock(path)


class JournalLock(BaseJournalFileLock):
    """The kernel's lock on the file, then Optuna's symbolic link beside it.

    The kernel takes its lock from a process that dies. The link keeps other programs out that use the file
    through Optuna. Who has the kernel's lock and finds a link of ours knows that its owner is dead; a link of
    another program's has :data:`DEAD_AFTER` seconds. Where there are no links, no such program can write.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        folder, name = os.path.split(path)
        # Optuna looks at the file through the link, so it must lead there; the detour marks it as ours.
        self._target = os.path.join(folder, ".", name)
        self._beside: BaseJournalFileLock = JournalFileSymlinkLock(self._target, grace_period=DEAD_AFTER)
        self._file: int | None = None

    def acquire(self) -> bool:
        """Wait for it; raises ``OSError`` where the folder cannot be written."""
        self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            is_alone = self._take_the_kernels(self._file)
            try:
                self._beside.acquire()
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                if not is_alone:
                    self._beside = JournalFileOpenLock(self._path, grace_period=DEAD_AFTER)
                    self._beside.acquire()
        except BaseException:
            self._let_go()
            raise
        return True

    def release(self) -> None:
        """Let others have it; raises ``RuntimeError`` when another program has taken it away meanwhile."""
        try:
            if os.path.lexists(f"{self._path}.lock"):
                self._beside.release()
        finally:
            self._let_go()

    def _take_the_kernels(self, file: int) -> bool:
        """Whether it was to be had: some network file systems have none."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            return False
        with contextlib.suppress(OSError):  # there is no link, or it is a file of JournalFileOpenLock's
            if os.readlink(f"{self._path}.lock") == self._target:
                os.unlink(f"{self._path}.lock")
        return True

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
