"""What the trainee has done so far, in ``progress.json``: it survives a kernel restart."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from labs.errors import LabError
from labs.files import read_json, write_json
from labs.locks import lock_holder, locked
from labs.verdict import Report, Status

LOCK_WAIT_S = 10.0


@dataclass(frozen=True)
class StageProgress:
    """One stage. Times are ISO 8601 in UTC, empty when it has not happened.

    ``last_id`` is the message of the last check and ``repeated`` how often it came in a row; ``failed`` whether
    any check was not passed; ``hint_id`` and ``rung`` where the hints stand (0: none given); ``helped`` whether
    the solution was shown or done; ``answer`` what the stage asked the trainee to type in.
    """

    begun: str = ""
    passed: str = ""
    last_id: str = ""
    repeated: int = 0
    failed: bool = False
    prediction: str = ""
    hint_id: str = ""
    rung: int = 0
    helped: bool = False
    answer: str = ""

    @property
    def begun_at(self) -> datetime | None:
        """When the stage was begun."""
        return datetime.fromisoformat(self.begun) if self.begun else None

    @property
    def passed_at(self) -> datetime | None:
        """When its check was passed for the first time."""
        return datetime.fromisoformat(self.passed) if self.passed else None

    def checked(self, report: Report, now: datetime) -> "StageProgress":
        """After a check. CANNOT CHECK is not the trainee's doing and changes nothing."""
        verdict = report.verdict
        if verdict.status is Status.CANNOT_CHECK:
            return self
        if verdict.passed:
            return replace(self, passed=self.passed or now.isoformat(), last_id=verdict.message_id, repeated=1)
        same = verdict.message_id == self.last_id
        return replace(self, last_id=verdict.message_id, repeated=self.repeated + 1 if same else 1, failed=True)


@dataclass(frozen=True)
class Progress:
    """The progress file. Every change is written at once, under a lock."""

    path: Path
    _names: frozenset[str] = field(default=frozenset(each.name for each in fields(StageProgress)), repr=False)

    @classmethod
    def at(cls, home: Path) -> "Progress":
        """The progress file of a lab home."""
        return cls(home / "progress.json")

    def of(self, stage: str) -> StageProgress:
        """The progress of one stage. LabError when the file is damaged."""
        raw = (read_json(self.path) or {}).get("stages", {}).get(stage, {})
        return StageProgress(**{key: value for key, value in raw.items() if key in self._names})

    def put(self, stage: str, progress: StageProgress) -> None:
        """Write the progress of one stage; an untouched stage leaves no entry."""
        with self._change() as entries:
            if progress == StageProgress():
                entries.pop(stage, None)
            else:
                entries[stage] = asdict(progress)

    def begin(self, stage: str, now: datetime | None = None) -> StageProgress:
        """Mark a stage as begun; begun once, it keeps its time."""
        progress = self.of(stage)
        if not progress.begun:
            progress = replace(progress, begun=(now or datetime.now(UTC)).isoformat())
            self.put(stage, progress)
        return progress

    def forget(self, stage: str) -> None:
        """Take a stage's entry away."""
        if self.path.exists():
            self.put(stage, StageProgress())

    @contextmanager
    def _change(self) -> "Iterator[dict[str, object]]":
        lock = self.path.with_suffix(".lock")
        with locked(lock, LOCK_WAIT_S) as held:
            if not held:
                raise LabError(
                    f"{self.path.name} is in use by {lock_holder(lock)}.",
                    "wait a moment and try again",
                    id="progress-file-busy",
                )
            raw = read_json(self.path) or {}
            entries = raw.setdefault("stages", {})
            yield entries
            if entries:
                write_json(self.path, raw)
            else:
                self.path.unlink(missing_ok=True)
