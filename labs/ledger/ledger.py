"""The ledger: every resource is written down before the call that makes it, so that all of it can be taken back.

One JSON object a line, mode 600, flushed to the disk before the caller goes on. A line that was cut off by a crash is
counted and passed over: cleaning searches the account by tag as well. Several processes may write at once.
"""

import contextlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from labs import locks
from labs.errors import LabError
from labs.ledger.names import moment, stamp
from labs.ownership import FILE_MODE, open_own


class State(StrEnum):
    """How far a resource has come."""

    INTENDED = "intended"
    CREATED = "created"
    GONE = "gone"


# A resource that stays and changes what it costs.
CHANGED = "changed"
# A receipt that said "left 0" ends a chapter: the next receipt counts from there.
CLOSED = "closed"


@dataclass(frozen=True)
class CostFacts:
    """What a bill needs to know of a resource, and since when (UTC) it is so."""

    since: datetime
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One resource: its number in the ledger, kind, id, region, state, and whether it ever existed.

    ``token`` is what its tag ENTRY_TAG says, where the account chooses the id; the id is empty until the answer came.
    ``intended_at``, ``created_at`` and ``gone_at`` are UTC; None for what has not happened.
    """

    n: int
    kind: str
    id: str
    region: str
    state: State
    was_created: bool = False
    note: str = ""
    token: str = ""
    facts: tuple[CostFacts, ...] = ()
    intended_at: datetime | None = field(default=None, compare=False)
    created_at: datetime | None = field(default=None, compare=False)
    gone_at: datetime | None = field(default=None, compare=False)


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The ledger of one target and account."""

    def __init__(self, file: Path, clock: Callable[[], datetime] = _now) -> None:
        self.file = file
        self._clock = clock
        self._seen = b""
        self._book = _Book()

    def intend(self, kind: str, id: str, region: str, token: str = "", facts: Mapping[str, Any] | None = None) -> int:
        """Write down a resource that is about to be made and return its number.

        One that is already written down and not gone keeps its number: the same cell may run twice.
        """
        with self._open() as file:
            entries, _ = self._read(file)
            same = [entry for entry in entries if id and (entry.kind, entry.id) == (kind, id)]
            if same and same[-1].state is not State.GONE:
                return same[-1].n
            n = max((entry.n for entry in entries), default=0) + 1
            row = {"n": n, "state": State.INTENDED, "kind": kind, "id": id, "region": region}
            self._append(file, row | ({"token": token} if token else {}) | ({"facts": dict(facts)} if facts else {}))
            return n

    def created(self, n: int, id: str = "") -> None:
        """The account has made it; ``id`` where the account chose it."""
        self._change(n, State.CREATED, {"id": id} if id else {})

    def gone(self, n: int, note: str = "", at: datetime | None = None) -> None:
        """It no longer exists, or was never made; ``note`` says why, ``at`` since when if not since now."""
        self._change(n, State.GONE, ({"note": note} if note else {}) | ({"at": stamp(at)} if at else {}))

    def gone_by_id(self, kind: str, id: str) -> None:
        """The same, for a resource known by its id; nothing happens when the ledger does not hold it."""
        for entry in self._open_with(kind, id):
            self.gone(entry.n)

    def changed(self, kind: str, id: str, facts: Mapping[str, Any]) -> None:
        """New facts of a resource; nothing happens when the ledger does not hold it."""
        for entry in self._open_with(kind, id):
            with self._open() as file:
                self._append(file, {"n": entry.n, "state": CHANGED, "facts": dict(facts)})

    def _open_with(self, kind: str, id: str) -> list[Entry]:
        entries = self.entries()
        return [each for each in entries if (each.kind, each.id) == (kind, id) and each.state is not State.GONE]

    def touch(self) -> None:
        """The lab has changed something in the account a moment ago, whether or not it made anything."""
        with contextlib.suppress(OSError):
            self._touched.touch(mode=FILE_MODE)

    def quiet_s(self) -> float:
        """For how many seconds the lab has changed nothing in the account."""
        try:
            at = self._touched.stat().st_mtime
        except OSError:
            return math.inf
        return self._clock().timestamp() - at

    @property
    def _touched(self) -> Path:
        return self.file.with_suffix(".touched")

    def close(self) -> None:
        """End the chapter: everything in it is gone."""
        with self._open() as file:
            self._append(file, {"state": CLOSED})

    def entries(self) -> list[Entry]:
        """The resources of the last chapter that has any, oldest first."""
        with self._open() as file:
            entries, closed_at = self._read(file)
        open_chapter = [entry for entry in entries if entry.n > closed_at[-1]] if closed_at else entries
        if open_chapter or not closed_at:
            return open_chapter
        before = [n for n in closed_at if n < closed_at[-1]]
        return [entry for entry in entries if entry.n > (before[-1] if before else 0)]

    def has_open_chapter(self) -> bool:
        """Whether anything was written since the last receipt that said "left 0"."""
        with self._open() as file:
            entries, closed_at = self._read(file)
        return any(entry.n > (closed_at[-1] if closed_at else 0) for entry in entries)

    def unreadable(self) -> int:
        """How many lines cannot be read."""
        with self._open() as file:
            return sum(1 for line in _lines(file) if _parse(line) is None)

    def _read(self, file: IO[bytes]) -> tuple[list[Entry], list[int]]:
        """The entries in order, and after which numbers chapters were closed; only what was added is parsed."""
        file.seek(0)
        data = file.read()
        if not data.startswith(self._seen):
            self._seen, self._book = b"", _Book()
        whole = data.rfind(b"\n") + 1
        self._book.add(data[len(self._seen) : whole])
        self._seen = data[:whole]
        if whole == len(data):
            return self._book.told()
        # A line that was cut off is finished by whoever writes next, so it is not remembered.
        book = _Book(dict(self._book.entries), list(self._book.closed_at))
        book.add(data[whole:])
        return book.told()

    def _change(self, n: int, state: State, more: dict[str, str]) -> None:
        with self._open() as file:
            entries, _ = self._read(file)
            entry = next((entry for entry in entries if entry.n == n), None)
            if entry is None or entry.state is not state or more.get("id", entry.id) != entry.id:
                self._append(file, {"n": n, "state": state} | more)

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            handle = open_own(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            with os.fdopen(handle, "a+b") as file, locks.waited(self.file.with_suffix(".lock")):
                self.file.chmod(FILE_MODE)
                yield file
        except OSError as error:
            raise LabError(
                f"The ledger {self.file} cannot be written: {error.strerror or error}",
                "free some space or check its permissions, then try again",
                id="ledger-not-writable",
            ) from error

    def _append(self, file: IO[bytes], row: dict[str, Any]) -> None:
        row.setdefault("at", stamp(self._clock()))
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
    known = isinstance(row.get("n"), int) and state in {*State, CHANGED}
    return row if known else None


@dataclass
class _Book:
    """What the lines of a ledger have told so far."""

    entries: dict[int, Entry] = field(default_factory=dict)
    closed_at: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> None:
        """More lines."""
        for line in data.split(b"\n"):
            row = _parse(line) if line.strip() else None
            if row is None:
                continue
            if row["state"] == CLOSED:
                self.closed_at.append(max(self.entries, default=0))
                continue
            n = row["n"]
            self.entries[n] = _told(self.entries.get(n), row)

    def told(self) -> tuple[list[Entry], list[int]]:
        """The entries in order, and after which numbers chapters were closed."""
        # An entry without a kind has lost its first line; the search by tag finds the resource.
        return [entry for _, entry in sorted(self.entries.items()) if entry.kind], list(self.closed_at)


def _told(known: Entry | None, row: Mapping[str, Any]) -> Entry:
    """An entry after one more line of the ledger."""
    n, at = row["n"], moment(str(row.get("at", "")))
    if known is None:
        id, token = str(row.get("id", "")), str(row.get("token", ""))
        known = Entry(n, str(row.get("kind", "")), id, str(row.get("region", "")), State.INTENDED, token=token)
    facts = row.get("facts")
    if isinstance(facts, dict) and at:
        before = known.facts[-1].values if known.facts else {}
        known = replace(known, facts=(*known.facts, CostFacts(at, _after(before, facts))))
    if row["state"] == CHANGED:
        return known
    state = State(row["state"])
    known = replace(known, state=state, id=str(row.get("id", known.id)), note=str(row.get("note", "")))
    if state is State.INTENDED:
        return replace(known, intended_at=at)
    if state is State.CREATED:
        # Taken for gone and found again: it was there all the time.
        return replace(known, was_created=True, created_at=known.created_at or at, gone_at=None)
    return replace(known, gone_at=at)


def _after(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Facts after a change; ``+x`` and ``-x`` add to and take from the list ``x``."""
    after = dict(before)
    for name, value in change.items():
        plain = name[1:]
        if name.startswith("+"):
            after[plain] = [*after.get(plain, []), *(each for each in value if each not in after.get(plain, []))]
        elif name.startswith("-"):
            after[plain] = [each for each in after.get(plain, []) if each not in value]
        else:
            after[name] = value
    return after
