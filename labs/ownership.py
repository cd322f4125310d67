"""Folders and files that are ours: not another user's, and no link that somebody planted.

Root's count as ours: shared folders of some virtual machines show every file as root's.
"""

import os
import stat
from pathlib import Path

from labs.errors import LabError

FILE_MODE = 0o600
_NO_FILE = "is no ordinary file"


def check_folder(path: Path) -> None:
    """Raises LabError when a folder, or the link that leads to it, belongs to another user. None there is right."""
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except OSError:
        return  # not there, or not to be looked at: whoever uses it says so
    if not owners <= _ours():
        raise LabError(
            f"The folder {path} belongs to another user, who could read and change what the lab keeps there.",
            "set LAB_HOME (for labs cloud: --state) to a folder of your own",
            id="folder-of-another-user",
        )


def open_own(path: Path, flags: int) -> int:
    """A descriptor of an ordinary file of ours, made with mode 600 where ``flags`` say so. The caller closes it.

    LabError for a link, for anything that is no file, and for another user's; OSError as ``os.open``.
    """
    try:
        # Without O_NONBLOCK a FIFO would wait for its other end.
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)
    except OSError:
        if path.is_symlink():
            raise _not_ours(path, "is a link") from None
        if path.exists() and not path.is_file():
            raise _not_ours(path, _NO_FILE) from None
        raise
    found = os.fstat(handle)
    wrong = ""
    if not stat.S_ISREG(found.st_mode):
        wrong = _NO_FILE
    elif found.st_uid not in _ours():
        wrong = "belongs to another user"
    elif found.st_nlink > 1 and flags & (os.O_WRONLY | os.O_RDWR):
        wrong = "has a second name"
    if wrong:
        os.close(handle)
        raise _not_ours(path, wrong)
    return handle


def _ours() -> set[int]:
    return {os.geteuid(), 0}


def _not_ours(path: Path, wrong: str) -> LabError:
    return LabError(
        f"{path} {wrong}; the lab does not use it.", "move it away, and try again", id="file-of-another-user"
    )
