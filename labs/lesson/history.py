"""What happened in each stage, in ``history.jsonl`` in LAB_HOME: begun, predicted, checked, hinted, solved, reset.

``progress`` says where a trainee stands; this says how they got there, for ``labs report`` and for the minutes a stage
really takes. It never leaves the machine. With each event stand the trainee's own files as they were, where they
changed since the event before: policies, the Dockerfile, workflows, without what looks like a key or a password; no
other file, and nothing longer than 64 KiB.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.ownership import FILE_MODE, open_own
from labs.verdict import Status, Verdict
from labs.workflow.masking import masked

# A longer pause between two events is a break, and not counted as work.
BREAK = timedelta(minutes=30)
_LONGEST_FILE = 64 << 10
_KEPT = ("*.json", "app/Dockerfile", ".github/workflows/*.yml", ".github/workflows/*.yaml")
# What the kit writes there itself.
_NOT_KEPT = frozenset({"receipt.json"})


class What(StrEnum):
    """What happened."""

    BEGUN = "begun"
    PREDICTED = "predicted"
    CHECKED = "checked"
    HINTED = "hinted"
    SOLVED = "solved"
    RESET = "reset"


_AGAIN = (What.BEGUN, What.RESET)


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One event. ``verdict`` is a check's; ``word`` a prediction's answer or the rung of a hint.

    ``files``: the trainee's files that changed since the event before, by their path in ``$WORK``; None: taken away.
    """

    at: datetime
    stage: str
    what: What
    verdict: Verdict | None = None
    word: str = ""
    files: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """The file ``path``, and the trainee's folder ``work``. Each event is appended in one write."""

    path: Path
    work: Path

    @classmethod
    def at(cls, home: Path, work: Path) -> "History":
        """The history of a lab home."""
        return cls(home / "history.jsonl", work)

    def add(
        self,
        stage: str,
        what: What,
        *,
        verdict: Verdict | None = None,
        word: str = "",
        now: datetime | None = None,
    ) -> None:
        """Append what happened. LabError when the file cannot be written."""
        event = Happened(
            at=now or datetime.now(UTC), stage=stage, what=what, verdict=verdict, word=word, files=self._changed()
        )
        line = json.dumps(_as_row(event), ensure_ascii=False) + "\n"
        try:
            descriptor = open_own(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                os.fchmod(file.fileno(), FILE_MODE)
                # What a killed process left half-written stays a line of its own.
                file.write((b"" if _ends_a_line(file) else b"\n") + line.encode())
        except OSError as error:
            raise LabError(
                f"{self.path} cannot be written: {error.strerror or error}",
                "free some space or check its permissions",
                id="history-not-writable",
            ) from error

    def events(self) -> tuple[Happened, ...]:
        """All of it, the oldest first. A line that is damaged is left out; ``damaged`` counts them."""
        return tuple(event for event in self._read() if event is not None)

    def damaged(self) -> int:
        """How many lines cannot be read."""
        return sum(event is None for event in self._read())

    def _read(self) -> Iterator[Happened | None]:
        try:
            with os.fdopen(open_own(self.path, os.O_RDONLY), "rb") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise LabError(
                f"{self.path} cannot be read: {error.strerror or error}",
                "check its permissions",
                id="history-not-readable",
            ) from error
        yield from (_event(line) for line in lines if line)

    def _changed(self) -> dict[str, str | None]:
        known = files_at(self.events())
        there = dict(_own_files(self.work))
        changed: dict[str, str | None] = {name: text for name, text in there.items() if known.get(name) != text}
        return changed | {name: None for name in known if name not in there}


def files_at(events: Iterable[Happened]) -> dict[str, str]:
    """The trainee's files as they were at the last of these events."""
    files: dict[str, str] = {}
    for event in events:
        for name, text in event.files.items():
            if text is None:
                files.pop(name, None)
            else:
                files[name] = text
    return files


def taken_back(events: Iterable[Happened], stage: str) -> bool:
    """Whether a stage that is not passed any more was: it went with the cleaning, and nobody began it again."""
    passed = False
    for each in events:
        if each.stage == stage:
            passed = (passed or (each.verdict is not None and each.verdict.passed)) and each.what not in _AGAIN
    return passed


def time_spent(events: Sequence[Happened], stage: str) -> timedelta:
    """From the first event of a stage to its first PASS or its last event; a pause of over ``BREAK`` is not counted.

    Events of other stages in between belong to those.
    """
    spent = timedelta()
    done = False
    for before, after in pairwise(events):
        done = done or (before.stage == stage and before.verdict is not None and before.verdict.passed)
        if before.stage == stage == after.stage and not done and after.at - before.at <= BREAK:
            spent += after.at - before.at
        if after.stage == stage and after.what is What.RESET:
            spent, done = timedelta(), False
    return spent


def _own_files(work: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(path for pattern in _KEPT for path in work.glob(pattern)):
        name = path.relative_to(work).as_posix()
        if name in _NOT_KEPT or not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                data = file.read(_LONGEST_FILE + 1)
        except OSError:
            continue
        if len(data) > _LONGEST_FILE:
            yield name, "(longer than 64 KiB)\n"
        else:
            # A key that was written into a workflow by mistake does not stay here when it is taken out there.
            yield name, "".join(map(masked, data.decode(errors="replace").splitlines(keepends=True)))


def _ends_a_line(file: Any) -> bool:
    size = file.seek(0, os.SEEK_END)
    if not size:
        return True
    file.seek(size - 1)
    return bool(file.read(1) == b"\n")


def _as_row(event: Happened) -> dict[str, Any]:
    row: dict[str, Any] = {"at": event.at.isoformat(), "stage": event.stage, "what": event.what.value}
    if event.verdict is not None:
        row["verdict"] = {**vars(event.verdict), "status": event.verdict.status.value}
    if event.word:
        row["word"] = event.word
    if event.files:
        row["files"] = dict(event.files)
    return row


def _event(line: bytes) -> Happened | None:
    try:
        row = json.loads(line)
        verdict, files = row.get("verdict"), row.get("files", {})
        if not all(isinstance(name, str) and isinstance(text, str | None) for name, text in files.items()):
            return None
        return Happened(
            at=datetime.fromisoformat(row["at"]).astimezone(UTC),
            stage=str(row["stage"]),
            what=What(row["what"]),
            verdict=None if verdict is None else _verdict(verdict),
            word=str(row.get("word", "")),
            files=files,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _verdict(row: Mapping[str, Any]) -> Verdict:
    words = ("message_id", "expected", "found", "cause", "next_step")
    return Verdict(Status(row["status"]), **{name: str(row.get(name, "")) for name in words})
