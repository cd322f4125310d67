"""What a run of a workflow left: plain data in ``LAB_HOME/workflow/runs/N/run.json``, and its log beside it.

Holds no token, key or password: outputs are masked as the log is.
"""

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from labs.errors import LabError
from labs.files import make_folder, write_json, write_private

SUCCESS, FAILURE, CANCELLED, TIMED_OUT, SKIPPED = "success", "failure", "cancelled", "timed out", "skipped"
STAND_IN, REAL, LOCAL = "stand-in", "real", "own"
RUN_FILE, LOG_FILE = "run.json", "log.txt"
_KEPT = 20


@dataclass(frozen=True)
class StepRecord:
    """One step: ``title`` as GitHub shows it, ``conclusion``, its outputs (masked), how long it took."""

    title: str
    action: str
    conclusion: str
    id: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class JobRecord:
    """One job. ``subject`` is the ``sub`` of the tokens it was given, "" where it was given none."""

    conclusion: str
    environment: str = ""
    subject: str = ""
    steps: tuple[StepRecord, ...] = ()

    def step(self, name: str) -> StepRecord | None:
        """The step of that id, else the first that uses that action."""
        by_id = next((each for each in self.steps if each.id == name), None)
        return by_id or next((each for each in self.steps if each.action == name.lower()), None)


@dataclass(frozen=True)
class RunRecord:
    """One run.

    ``actions`` says of each action whether a stand-in or the real one ran; ``workflow_sha256`` is that of the file's
    text; ``given`` are the values of ``vars`` that stood in place of the lab's; times are ISO 8601 in UTC.
    """

    number: int
    event: str
    ref: str
    sha: str
    repository: str
    workflow: str
    began: str
    ended: str
    conclusion: str
    workflow_sha256: str = ""
    engine: str = ""
    fork: bool = False
    actions: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    jobs: Mapping[str, JobRecord] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        return self.conclusion == SUCCESS


def runs_folder(home: Path) -> Path:
    """``LAB_HOME/workflow/runs``, made if absent."""
    return make_folder(make_folder(home / "workflow") / "runs")


def new_folder(home: Path) -> tuple[int, Path]:
    """The next run's number, and a folder of its own; the oldest runs beyond twenty go."""
    folder = runs_folder(home)
    number = max(_numbers(folder), default=0) + 1
    while True:
        try:
            (folder / str(number)).mkdir(mode=0o700)
            break
        except FileExistsError:
            number += 1
    for old in sorted(_numbers(folder))[:-_KEPT]:
        shutil.rmtree(folder / str(old), ignore_errors=True)
    return number, folder / str(number)


def save(record: RunRecord, folder: Path, log: str) -> None:
    """Write ``run.json`` and ``log.txt``, private both. LabError when the disk does not take them."""
    write_private(folder / LOG_FILE, log.encode("utf-8", "replace"))
    write_json(folder / RUN_FILE, asdict(record))


def load(path: Path) -> RunRecord:
    """The record in a run's folder, or in its ``run.json``. LabError where there is none that can be read."""
    file = path / RUN_FILE if path.is_dir() else path
    try:
        raw = json.loads(file.read_bytes())
        jobs = {
            str(name): JobRecord(**{**job, "steps": tuple(StepRecord(**step) for step in job["steps"])})
            for name, job in raw["jobs"].items()
        }
        return _checked(RunRecord(**{**raw, "jobs": jobs}))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LabError(
            f"{file} is not the record of a run that can be read.",
            f"remove it, then run the workflow again: rm {shlex.quote(str(file))}",
            id="workflow-record-not-read",
        ) from error


def _checked(found: RunRecord) -> RunRecord:
    """The same; TypeError or ValueError where a value is none of its kind."""
    steps = [step for job in found.jobs.values() for step in job.steps]
    texts = [found.event, found.ref, found.sha, found.repository, found.workflow, found.ended, found.conclusion]
    texts += [found.workflow_sha256, found.engine]
    texts += [text for job in found.jobs.values() for text in (job.conclusion, job.environment, job.subject)]
    texts += [text for step in steps for text in (step.title, step.action, step.conclusion, step.id)]
    texts += [text for step in steps for pair in step.outputs.items() for text in pair]
    texts += [text for pair in found.given.items() for text in pair]
    if not all(isinstance(each, str) for each in texts) or not isinstance(found.number, int):
        raise TypeError
    if not all(isinstance(step.seconds, int | float) for step in steps):
        raise TypeError
    if datetime.fromisoformat(found.began).tzinfo is None:
        raise ValueError
    return found


def last(home: Path) -> RunRecord | None:
    """The newest run that came to an end; None before the first."""
    found = last_folder(home)
    return load(found) if found else None


def last_folder(home: Path) -> Path | None:
    """The folder of the newest run that has a record."""
    return next(folders(home), None)


def folders(home: Path) -> Iterator[Path]:
    """The folder of each run that has a record, the newest first."""
    folder = home / "workflow" / "runs"
    for number in sorted(_numbers(folder), reverse=True):
        if (folder / str(number) / RUN_FILE).is_file():
            yield folder / str(number)


def forget(home: Path) -> None:
    """No run is kept any more."""
    shutil.rmtree(home / "workflow" / "runs", ignore_errors=True)


def _numbers(folder: Path) -> list[int]:
    return [int(each.name) for each in folder.iterdir() if each.name.isdecimal()] if folder.is_dir() else []
