"""How old the archive of stage 01 is: what was changed after it was written is not in it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labs.engine.archive import Image
from labs.ledger.names import stamp

_NOT_BUILT = ("__pycache__", ".ipynb_checkpoints", ".git")


@dataclass(frozen=True)
class Change:
    """A file of the build's folder that was changed after the archive was written; ``at`` is a stamp in UTC."""

    file: str
    at: str


def written_at(path: Path) -> str:
    """When a file was last written, as ``2026-11-23T20:15:00Z``."""
    return stamp(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def changed_since(archive: Path, folder: Path, image: Image) -> Change | None:
    """The last change in ``folder`` that the archive cannot hold; None when there is none.

    A file that was saved again and stands in the image as it is now is no change.
    """
    moment = archive.stat().st_mtime_ns
    newer = sorted(
        (each for each in _files(folder) if each.stat().st_mtime_ns > moment), key=lambda each: each.stat().st_mtime_ns
    )
    for path in reversed(newer):
        if not _holds(image, path):
            return Change(str(path.relative_to(folder)), written_at(path))
    return None


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in _NOT_BUILT]
        yield from (Path(place) / name for name in names if (Path(place) / name).is_file())


def _holds(image: Image, path: Path) -> bool:
    """Whether the topmost file of that name has these bytes, in the image for the first platform there is."""
    found = [
        entry.read(path.stat().st_size + 1) == path.read_bytes()
        for platform in image.platforms[:1]
        for entry in image.files(platform)
        if entry.info.isreg() and entry.path.rpartition("/")[2] == path.name
    ]
    return bool(found) and found[-1]
