"""Private files: written whole or not at all, readable by their owner only."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.ownership import check_folder, open_own

FOLDER_MODE = 0o700


def make_folder(path: Path) -> Path:
    """Make a folder of mode 700 (and its parents), or LabError saying which folder cannot be made and why.

    LabError, too, for one that is there and belongs to another user.
    """
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"The folder {path} cannot be made: {error.strerror or error}",
            "free that place, or set LAB_HOME to a folder you may write",
            id="folder-not-made",
        ) from error
    check_folder(path)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` in one step, mode 600; a reader sees the old bytes or the new, never a mixture."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Replace ``path`` by the JSON form of ``value``, mode 600."""
    write_private(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``; None when there is no such file; LabError when it is damaged or not ours."""
    try:
        with os.fdopen(open_own(path, os.O_RDONLY), "rb") as file:
            value = json.loads(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabError(
            f"{path} cannot be read: {error.strerror or error}", "check its permissions", id="file-not-readable"
        ) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(value, dict):
        raise _damaged(path, "not a JSON object")
    return value


def _damaged(path: Path, reason: str) -> LabError:
    return LabError(
        f"{path} is damaged: {reason}", f"move it away (mv {path} {path}.damaged) and try again", id="file-damaged"
    )


def _cannot_write(path: Path, error: OSError) -> LabError:
    return LabError(
        f"{path} cannot be written: {error.strerror or error}",
        "free some space or check its permissions",
        id="file-not-writable",
    )
