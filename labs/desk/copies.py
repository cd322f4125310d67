"""The trainee's copies of the notebooks: laid out on the desk, and put together with the course's newer ones.

Beside each copy the notebook is kept as it was when it was copied, its origin, outside the desk. From the two it is
known what the trainee has changed. The copy is always written before its origin: whoever is killed in between does the
same again at the next start.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

from labs.desk.merge import Notebook, merged, same_cells
from labs.errors import LabError
from labs.files import write_private
from labs.ownership import open_own
from labs.session import home as places
from labs.session import workspace


class Became(Enum):
    """What laying out the desk made of one copy."""

    NEW = "new"
    AS_IT_WAS = "as it was"
    REFRESHED = "the course's newer one; nothing of the trainee's was in it"
    MERGED = "put together with the course's newer one"
    SET_ASIDE = "not readable as a notebook; kept beside, and new"
    GONE = "not in the course any more, and nothing of the trainee's was in it"


@dataclass(frozen=True)
class Copy:
    """One notebook on the desk: its file name, what became of it, and where an unreadable one is kept."""

    name: str
    became: Became
    aside: Path | None = None


def lay_out(home: Path) -> tuple[Copy, ...]:
    """Bring the desk's notebooks up to the course; in the course's order. Nothing that the trainee wrote is lost.

    JupyterLab must not be running. LabError when a file cannot be read or written, or is another user's.
    """
    if not (home / "desk").exists():
        # An earlier version of the kit showed other folders.
        workspace.forget(home)
    places.work(home)
    now = sorted(places.course_notebooks().glob("*.ipynb"))
    there = {each.name for each in now}
    left = [each.name for each in sorted(places.origins(home).glob("*.ipynb")) if each.name not in there]
    return (*(_brought_up(home, each) for each in now), *(_left(home, each) for each in left))


def renew(home: Path, notebook: str) -> Path | None:
    """Begin a stage's notebook (``01-build``) again from the course's.

    Returns where the old one is kept, beside it with the day's date; None where it was as the course's, or where
    there is none on the desk (nothing is written then).
    """
    name = f"{notebook}.ipynb"
    source, copy = places.course_notebooks() / name, places.desk_notebooks(home) / name
    old, new = _read(copy), _read(source)
    if old is None or new is None:
        return None
    mine, course = parsed(old), parsed(new)
    if mine is not None and course is not None and same_cells(mine, course):
        return None
    kept = _set_aside(copy)
    _put(home, name, new)
    return kept


def begun_anew(home: Path) -> dict[str, int]:
    """When each notebook of the desk (``01-build``) was last copied from the course, in ms since the epoch.

    While JupyterLab runs, another number is a new notebook, which an open page does not show yet.
    """
    return {each.stem: each.stat().st_mtime_ns // 1_000_000 for each in sorted(places.origins(home).glob("*.ipynb"))}


def told(copies: Sequence[Copy]) -> list[str]:
    """What is worth a line at the start: that the course is newer, and where the trainee's cells stand in it."""
    by = {each: [copy.name for copy in copies if copy.became is each] for each in Became}
    lines = []
    newer = by[Became.REFRESHED] + by[Became.MERGED]
    if newer:
        lines.append(f"The course was updated: {', '.join(newer)}.")
    if by[Became.MERGED]:
        lines.append(f"What you wrote is kept in {', '.join(by[Became.MERGED])}.")
    for copy in copies:
        if copy.aside is not None:
            lines.append(
                f"{copy.name} could not be read as a notebook. It is kept as {copy.aside.name}; a new one is there."
            )
    return lines


def parsed(data: bytes) -> Notebook | None:
    """A notebook of format 4 as JSON; None where it is none."""
    try:
        found = json.loads(data)
        if found["nbformat"] == 4 and all(isinstance(each, dict) for each in found["cells"]):
            return dict(found)
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _brought_up(home: Path, course: Path) -> Copy:
    copy, origin = places.desk_notebooks(home) / course.name, places.origins(home) / course.name
    new, mine, base = course.read_bytes(), _read(copy), _read(origin)
    if mine is None:
        _put(home, course.name, new)
        return Copy(course.name, Became.NEW)
    if base == new:
        return Copy(course.name, Became.AS_IT_WAS)
    own = parsed(mine)
    if own is None:
        kept = _set_aside(copy)
        _put(home, course.name, new)
        return Copy(course.name, Became.SET_ASIDE, kept)
    then, now = parsed(base or b""), parsed(new)
    if then is None or now is None:
        # What the trainee changed cannot be known: all of it counts as theirs.
        write_private(origin, new)
        return Copy(course.name, Became.AS_IT_WAS)
    both = merged(then, now, own)
    untouched = same_cells(both, now)
    _put(home, course.name, new if untouched else as_bytes(both), origin=new)
    return Copy(course.name, Became.REFRESHED if untouched else Became.MERGED)


def _left(home: Path, name: str) -> Copy:
    """A notebook that the course no longer has: it goes if nothing in it is the trainee's, else it stays."""
    copy, origin = places.desk_notebooks(home) / name, places.origins(home) / name
    mine, base = parsed(_read(copy) or b""), parsed(_read(origin) or b"")
    if mine is None or base is None or not same_cells(mine, base):
        return Copy(name, Became.AS_IT_WAS)
    copy.unlink(missing_ok=True)
    origin.unlink(missing_ok=True)
    return Copy(name, Became.GONE)


def _put(home: Path, name: str, data: bytes, *, origin: bytes | None = None) -> None:
    write_private(places.desk_notebooks(home) / name, data)
    write_private(places.origins(home) / name, data if origin is None else origin)


def _set_aside(copy: Path) -> Path:
    """Give a copy a name with the day's date, beside it; the name."""
    day, number = date.today().isoformat(), 1
    kept = copy.with_name(f"{copy.stem}-{day}.ipynb")
    while kept.exists():
        number += 1
        kept = copy.with_name(f"{copy.stem}-{day}-{number}.ipynb")
    try:
        copy.rename(kept)
    except OSError as error:
        raise LabError(
            f"{copy} cannot be renamed: {error.strerror or error}", "check its permissions", id="copy-not-set-aside"
        ) from error
    return kept


def as_bytes(notebook: Notebook) -> bytes:
    """As nbformat writes a notebook."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _read(path: Path) -> bytes | None:
    """The bytes of a file of ours; None where there is none."""
    try:
        with os.fdopen(open_own(path, os.O_RDONLY), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabError(
            f"{path} cannot be read: {error.strerror or error}", "check its permissions", id="copy-not-readable"
        ) from error
