"""Room to free room: on a full disk SQLite and the journal want some bytes for a deletion, too.

A file holds ``RESERVE`` bytes of the disk. It is given up while something is freed, and taken again afterwards, as far
as the disk allows.
"""

import errno
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger("labs.cloud")

# What deleting a repository with a few thousand images takes in SQLite's log.
RESERVE = 4 << 20
_PIECE = 64 << 10
# The disk, the user's quota or the process's own limit is used up.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room to write in."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    # A full disk is an I/O error where SQLite makes its index of the log.
    name = getattr(error, "sqlite_errorname", "") or ""
    return isinstance(error, sqlite3.Error) and name.startswith(("SQLITE_FULL", "SQLITE_IOERR"))


class Room:
    """The reserve of one state folder, ``file``. Enter ``freeing`` before any lock of the stores."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._freeing = 0
        self._given = False
        self._lets_go: list[Callable[[], None]] = []

    def when_short(self, let_go: Callable[[], None]) -> None:
        """Call this whenever the reserve cannot be taken again: it lets go of what is dispensable."""
        self._lets_go.append(let_go)

    def give(self) -> None:
        """Give the reserve up, if there is one."""
        try:
            self._file.unlink()
            self._given = True
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EROFS):
                log.warning("the reserve %s cannot be given up: %s", self._file, error)

    def take(self) -> bool:
        """Take the reserve; whether all of it is held now."""
        self._given = False
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            at = os.fstat(handle).st_size
            while at < RESERVE:
                at += _claim(handle, at, min(_PIECE, RESERVE - at))
        except OSError:
            return False
        finally:
            os.close(handle)
        return True

    def take_again(self) -> None:
        """Take what was given up; where the disk is too full for it, what is dispensable goes first."""
        if self._given and not self.take():
            for let_go in self._lets_go:
                let_go()
            self.take()

    @contextmanager
    def freeing(self) -> Iterator[None]:
        """Free something within: the reserve's room is there for it."""
        with self._lock:
            self._freeing += 1
            if self._freeing == 1:
                self.give()
        try:
            yield
        finally:
            with self._lock:
                self._freeing -= 1
                last = not self._freeing
            if last:
                self.take_again()


def _claim(handle: int, at: int, size: int) -> int:
    """Make the file ``size`` bytes longer, really: how many it became."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, at, size)
        return size
    # Bytes that no file system compresses.
    return os.pwrite(handle, os.urandom(size), at)
