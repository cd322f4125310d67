"""The ledger: every resource is written down before the call that makes it, so that all of it can be taken back.

One JSON object a line, mode 600, flushed to the disk before the caller goes on. A line that was cut off by a crash is
counted and passed over: cleaning searches the account by tag as well. Several processes may write at once.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from labs.errors import LabError
from labs.target.files import FILE_MODE


class State(StrEnum):
    """How far a resource has come."""

    INTENDED = "intended"
    CREATED = "created"
    GONE = "gone"


# A receipt that said "left 0" ends a chapter: the next receipt counts from there.
CLOSED = "closed"


@dataclass(frozen=True)
class Entry:
    """One resource: its number in the ledger, kind, id, region, state, and whether it ever existed."""

    n: int
    kind: str
    id: str
    region: str
    state: State
    was_created: bool = False
    note: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The ledger of one target and account."""

    def __init__(self, file: Path, clock: Callable[[], datetime] = _now) -> None:
        self.file = file
        self._clock = clock

    def intend(self, kind: str, id: str, region: str) -> int:
        """Write down a resource that is about to be made and return its number.

        One that is already written down and not gone keeps its number: the same cell may run twice.
        """
        with self._open() as file:
            entries, _ = _read(file)
            same = [entry for entry in entries if id and (entry.kind, entry.id) == (kind, id)]
            if same and same[-1].state is not State.GONE:
                return same[-1].n
            n = max((entry.n for entry in entries), default=0) + 1
            self._append(file, {"n": n, "state": State.INTENDED, "kind": kind, "id": id, "region": region})
            return n

    def created(self, n: int, id: str = "") -> None:
        """The account has made it; ``id`` where the account chose it."""
        self._change(n, State.CREATED, {"id": id} if id else {})

    def gone(self, n: int, note: str = "") -> None:
        """It no longer exists, or was never made; ``note`` says why."""
        self._change(n, State.GONE, {"note": note} if note else {})

    def gone_by_id(self, kind: str, id: str) -> None:
        """The same, for a resource known by its id; nothing happens when the ledger does not hold it."""
        for entry in self.entries():
            if (entry.kind, entry.id) == (kind, id) and entry.state is not State.GONE:
                self.gone(entry.n)

    def close(self) -> None:
        """End the chapter: everything in it is gone."""
        with self._open() as file:
            self._append(file, {"state": CLOSED})

    def entries(self) -> list[Entry]:
        """The resources of the last chapter that has any, oldest first."""
        with self._open() as file:
            entries, closed_at = _read(file)
        open_chapter = [entry for entry in entries if entry.n > closed_at[-1]] if closed_at else entries
        if open_chapter or not closed_at:
            return open_chapter
        before = [n for n in closed_at if n < closed_at[-1]]
        return [entry for entry in entries if entry.n > (before[-1] if before else 0)]

    def has_open_chapter(self) -> bool:
        """Whether anything was written since the last receipt that said "left 0"."""
        with self._open() as file:
            entries, closed_at = _read(file)
        return any(entry.n > (closed_at[-1] if closed_at else 0) for entry in entries)

    def unreadable(self) -> int:
        """How many lines cannot be read."""
        with self._open() as file:
            return sum(1 for line in _lines(file) if _parse(line) is None)

    def _change(self, n: int, state: State, more: dict[str, str]) -> None:
        with self._open() as file:
            entries, _ = _read(file)
            entry = next((entry for entry in entries if entry.n == n), None)
            if entry is None or entry.state is not state or more.get("id", entry.id) != entry.id:
                self._append(file, {"n": n, "state": state} | more)

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            with self.file.open("a+b") as file:
                os.fchmod(file.fileno(), FILE_MODE)
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except OSError as error:
            raise LabError(
                f"The ledger {self.file} cannot be written: {error.strerror or error}",
                "free some space or check its permissions, then try again",
            ) from error

    def _append(self, file: IO[bytes], row: dict[str, Any]) -> None:
        row["at"] = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        end = file.seek(0, os.SEEK_END)
        cut_off = False
        if end:
            file.seek(end - 1)
            cut_off = file.read(1) != b"\n"
        file.write((b"\n" if cut_off else b"") + json.dumps(row, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _lines(file: IO[bytes]) -> list[bytes]:
    file.seek(0)
    return [line for line in file.read().split(b"\n") if line.strip()]


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    state = row.get("state")
    if state == CLOSED:
        return row
    known = isinstance(row.get("n"), int) and state in set(State)
    return row if known else None


def _read(file: IO[bytes]) -> tuple[list[Entry], list[int]]:
    """The entries in order, and after which numbers chapters were closed."""
    entries: dict[int, Entry] = {}
    closed_at: list[int] = []
    for line in _lines(file):
        row = _parse(line)
        if row is None:
            continue
        if row["state"] == CLOSED:
            closed_at.append(max(entries, default=0))
            continue
        n, state = row["n"], State(row["state"])
        known = entries.get(n)
        if known is None:
            known = Entry(n, str(row.get("kind", "")), str(row.get("id", "")), str(row.get("region", "")), state)
        entries[n] = replace(
            known,
            state=state,
            id=str(row.get("id", known.id)),
            note=str(row.get("note", "")),
            was_created=known.was_created or state is State.CREATED,
        )
    # An entry without a kind has lost its first line; the search by tag finds the resource.
    return [entry for _, entry in sorted(entries.items()) if entry.kind], closed_at
