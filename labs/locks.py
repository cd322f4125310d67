"""Locks between processes: one at a time holds a lock file, and the file says who.

The system lets go of a lock when its holder ends, however it ends. A child process does not inherit it.
"""

import contextlib
import json
import os
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labs.ownership import FILE_MODE, open_own

if TYPE_CHECKING:
    from filelock import BaseFileLock

FOREVER_S = -1.0
_MODE = FILE_MODE
_ASK_AGAIN_S = 0.02


def take(path: Path, wait_s: float) -> "BaseFileLock | None":
    """Hold the lock file ``path`` until ``release()``; None when another still holds it after ``wait_s`` seconds.

    OSError when the file cannot be opened, LabError when it is not ours.
    """
    os.close(open_own(path, os.O_RDWR | os.O_CREAT))
    # Imported by the first who locks: most commands never do.
    from filelock import FileLock, Timeout

    # A lock of another kind (where the file system knows none) would outlive a holder that is killed.
    lock = FileLock(path, mode=_MODE, thread_local=False, poll_interval=_ASK_AGAIN_S, fallback_to_soft=False)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        return None
    return lock


@contextlib.contextmanager
def waited(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, however long another holds it; for work of a moment, so it is not signed."""
    lock = take(path, FOREVER_S)
    assert lock is not None, "waiting has no end"
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def locked(path: Path, wait_s: float) -> Iterator[bool]:
    """Hold and sign the lock file ``path``; yields False when another still holds it after ``wait_s`` seconds."""
    lock = take(path, wait_s)
    if lock is None:
        yield False
        return
    try:
        # A full disk takes no name; the lock holds all the same.
        with contextlib.suppress(OSError):
            sign(path)
        yield True
    finally:
        with contextlib.suppress(OSError):
            clear(path)
        lock.release()


def sign(path: Path) -> None:
    """Write into a lock file that this process holds it. Raises OSError."""
    _replace(path, signature().encode())


def clear(path: Path) -> None:
    """Empty a lock file that is about to be released. Raises OSError."""
    _replace(path, b"")


def _replace(path: Path, data: bytes) -> None:
    handle = open_own(path, os.O_WRONLY)
    try:
        os.fchmod(handle, _MODE)
        os.ftruncate(handle, 0)
        os.write(handle, data)
    finally:
        os.close(handle)


def lock_holder(path: Path) -> str:
    """Who holds the lock file, for a sentence: "process 12 (labs start, since ...)"."""
    try:
        return described(path.read_text(errors="replace"))
    except OSError:
        return described("")


def signature() -> str:
    """One line for the lock file: this process, its command, and the present time in UTC."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return json.dumps({"pid": os.getpid(), "command": shlex.join(sys.argv), "since": now}) + "\n"


def described(text: str) -> str:
    """Who wrote ``signature``, for a sentence: "process 12 (labs cloud --state x, since ...)"."""
    try:
        found = json.loads(text)
        return f"process {int(found['pid'])} ({found['command']}, since {found['since']})"
    except (ValueError, TypeError, KeyError):
        return "another process"
