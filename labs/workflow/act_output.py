"""act's output (``--json``, one object a line) as jobs, steps and the lines of a log, with everything secret masked.

The log has the form of ``gh run view --log``: ``JOB<tab>STEP<tab>TIME TEXT``, with GitHub's markers (``##[group]``,
``##[error]`` ...). Source: nektos/act 0.2.89, ``pkg/runner/logger.go`` (the fields), ``command.go`` (the commands,
whose arguments stand unmasked in fields of their own), ``step.go``.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from labs.printable import printable_lines
from labs.workflow.document import Job, Step, Workflow
from labs.workflow.record import FAILURE, SKIPPED, SUCCESS, JobRecord, StepRecord

SET_UP, COMPLETE = "Set up job", "Complete job"
_MARKERS = ("group", "endgroup", "error", "warning", "notice")
# act 0.2.89 itself cuts a command at the last "::" of its line, which an ARN may hold.
_COMMAND = re.compile(r"::([a-z-]+)(?: [^\r\n]*?)?::([^\r\n]*)")
_RUNNER, _END = "act, run by the Fargate Lab Kit", "Cleaning up orphan processes"
_NO_RUNNER = "Skipping unsupported platform"
_BEGINS, _EXIT = "\u2b50 Run Main", "exit status "
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST, _MOST_LINES, _SHOWN_LINES = 16_384, 20_000, 40
MASK = "***"


def shown(step: Step) -> str:
    """A step by the name that GitHub shows."""
    return step.name or f"Run {step.title}"


@dataclass
class _StepState:
    step: Step
    lines: list[tuple[str, str]] = field(default_factory=list)
    post: list[tuple[str, str]] = field(default_factory=list)
    conclusion: str = SKIPPED
    outputs: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    began: bool = False


@dataclass
class _JobState:
    name: str
    job: Job
    steps: dict[str, _StepState]
    around: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {SET_UP: [], COMPLETE: []})
    conclusion: str = ""


class Reader:
    """Fed with act's lines; ``say`` gets what a person wants to see while it runs.

    ``warnings`` are the runner's own, by job and step index: GitHub says them before the step.
    """

    def __init__(
        self,
        workflow: Workflow,
        masks: Iterable[str],
        warnings: Mapping[tuple[str, int], str],
        say: Callable[[str], object],
    ) -> None:
        self._workflow, self._warnings, self._say = workflow, warnings, say
        self._masks: list[str] = []
        self._jobs: dict[str, _JobState] = {}
        self.notes: list[str] = []
        for each in masks:
            self.mask(each)

    def mask(self, value: str) -> None:
        """Never show a value, or a line of it, again. From any thread: the list of those known is never changed."""
        lines = [line for line in value.splitlines() if line.strip()]
        # The longest first: one may be a part of another.
        self._masks = sorted({*self._masks, *lines}, key=len, reverse=True)

    def masked(self, text: str) -> str:
        for each in self._masks:
            text = text.replace(each, MASK)
        return text

    def feed(self, line: str) -> None:
        """One line of act's output."""
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            self._note(line)
            return
        command, text = _command(str(entry.get("raw") or ""))
        if command == "add-mask":
            self.mask(text)
            return
        job = self._workflow.job(str(entry.get("jobID", "")))
        if job is None:
            if entry.get("level") in ("error", "fatal"):
                self._note(str(entry.get("msg", "")))
            return
        self._of_job(self._state(job, entry.get("matrix")), entry)

    def _note(self, text: str) -> None:
        words = self.masked(text.strip()).removeprefix("Error: ")
        if words and not words.startswith(("Job '", "Error occurred running finally")):
            self.notes.append(words[:_LONGEST])

    def _state(self, job: Job, matrix: Any) -> _JobState:
        values = ", ".join(str(each) for each in matrix.values()) if isinstance(matrix, dict) else ""
        name = f"{job.id} ({values})" if values else job.id
        if name not in self._jobs:
            steps = {each.id or str(each.index): _StepState(each) for each in job.steps}
            state = self._jobs[name] = _JobState(name, job, steps)
            # GitHub's own lines: a reader of logs knows a job's beginning and end by them.
            state.around[SET_UP] += [
                _stamped(f"Current runner version: '{_RUNNER}'"),
                _stamped(f"Complete job name: {name}"),
            ]
        return self._jobs[name]

    def _of_job(self, state: _JobState, entry: dict[str, Any]) -> None:
        if entry.get("jobResult"):
            state.conclusion = str(entry["jobResult"])
            state.around[COMPLETE].append(_stamped(_END))
            return
        if _NO_RUNNER in str(entry.get("msg", "")):
            # act passes such a job over; on GitHub it would wait for a runner.
            state.conclusion = FAILURE
            label = self._text(entry).partition("-P ")[2].partition("=")[0]
            said = f"##[error]No runner here has the label: {label}"
            state.around[SET_UP].append(_stamped(said))
            state.around[COMPLETE].append(_stamped(_END))
            self._say(f"{state.name}: {said}")
            return
        where = entry.get("step")
        if where in (SET_UP, COMPLETE) and "stepID" not in entry:
            if entry.get("raw_output") or entry.get("level") == "error":
                state.around[where].append(_stamped(self._text(entry)))
            return
        ids = entry.get("stepID")
        ids = ids if isinstance(ids, list) else []
        step = state.steps.get(str(ids[0])) if ids else None
        if step is None:
            if entry.get("level") == "error":
                state.around[COMPLETE].append(_stamped(f"##[error]{self._text(entry)}"))
            return
        if entry.get("stage") == "Main":
            self._of_step(state, step, entry, outer=len(ids) == 1)
        elif (text := self._line(entry)) is not None and entry.get("stage") == "Post":
            _keep(step.post, text)

    def _of_step(self, state: _JobState, step: _StepState, entry: dict[str, Any], outer: bool) -> None:
        message = str(entry.get("msg", ""))
        if outer and not step.began and message.startswith(_BEGINS):
            step.began = True
            self._begin(state, step)
        if outer and entry.get("command") == "set-output":
            step.outputs[str(entry.get("name"))] = self.masked(str(entry.get("arg") or ""))
        elif outer and entry.get("stepResult"):
            step.conclusion = str(entry["stepResult"])
            took = entry.get("executionTime")
            step.seconds = round(took / 1e9, 2) if isinstance(took, int) else 0.0
            self._show(state, step)
        elif (text := self._line(entry)) is not None:
            _keep(step.lines, text)
        elif outer and entry.get("level") == "error":
            self._of_act(step, self.masked(message))

    def _begin(self, state: _JobState, step: _StepState) -> None:
        title = step.step.uses or next(iter(step.step.run.strip().splitlines()), "")
        _keep(step.lines, f"##[group]Run {self.masked(title)}")
        for line in step.step.run.splitlines() if step.step.run else ():
            _keep(step.lines, self.masked(line))
        _keep(step.lines, "##[endgroup]")
        if warning := self._warnings.get((state.job.id, step.step.index)):
            _keep(step.lines, f"##[warning]{warning}")

    def _of_act(self, step: _StepState, message: str) -> None:
        """act's own words for a step that failed; an action has said its own already."""
        if not message.startswith(_EXIT):
            text = f"##[error]{message}"
        elif step.step.run:
            text = f"##[error]Process completed with exit code {message.removeprefix(_EXIT)}."
        else:
            return
        _keep(step.lines, text)
        if step.conclusion == FAILURE:
            self._say(f"    {printable_lines(text)}")

    def _line(self, entry: dict[str, Any]) -> str | None:
        """The text of an output line, a command as GitHub marks it; None for what is no line of the log."""
        if entry.get("raw_output"):
            return self._text(entry)
        raw = str(entry.get("raw") or "")
        command, text = _command(raw)
        if entry.get("command") == "ignored":
            return self.masked(raw.rstrip("\r\n"))
        return f"##[{command}]{self.masked(text)}" if command in _MARKERS else None

    def _text(self, entry: dict[str, Any]) -> str:
        return self.masked(str(entry.get("msg", "")).rstrip("\r\n"))

    def _show(self, state: _JobState, step: _StepState) -> None:
        sign = {SUCCESS: "ok", FAILURE: "FAILED"}.get(step.conclusion, step.conclusion)
        title = printable_lines(self.masked(_short(shown(step.step))))
        self._say(f"{state.name}: {sign:<6} {title} ({step.seconds:.1f} s)")
        lines = [text for _, text in step.lines]
        if step.conclusion == FAILURE:
            chosen = [line for text in _unfolded(lines) for line in text.splitlines() if line.strip()][-_SHOWN_LINES:]
        else:
            chosen = [text for text in lines if text.startswith("##[warning]")]
        for text in chosen:
            self._say(f"    {printable_lines(_COLOUR.sub('', text))}")

    def jobs(self, environments: Mapping[str, str], subjects: Mapping[str, str]) -> dict[str, JobRecord]:
        """Every job of the workflow, in its order; one that never began was skipped."""
        found: dict[str, JobRecord] = {}
        for job in self._workflow.jobs:
            names = [name for name, state in self._jobs.items() if state.job.id == job.id]
            for name in names or [job.id]:
                state = self._jobs.get(name)
                found[name] = JobRecord(
                    (state.conclusion or FAILURE) if state else SKIPPED,
                    environments.get(job.id, ""),
                    subjects.get(job.id, ""),
                    tuple(map(self._record, state.steps.values())) if state else (),
                )
        return found

    def _record(self, state: _StepState) -> StepRecord:
        # act ends the step before it is told its result when the run is cut off.
        conclusion = "cancelled" if state.began and state.conclusion == SKIPPED else state.conclusion
        step = state.step
        # Masked again: what an output holds may have been told as secret only later.
        outputs = {name: self.masked(value) for name, value in state.outputs.items()}
        return StepRecord(self.masked(shown(step)), step.action, conclusion, step.id, outputs, state.seconds)

    def log(self) -> str:
        """The whole log, job by job and step by step."""
        out: list[str] = []
        for name, state in self._jobs.items():
            sections = [(SET_UP, state.around[SET_UP])]
            sections += [(shown(each.step), each.lines) for each in state.steps.values()]
            sections += [(f"Post {shown(each.step)}", each.post) for each in reversed(state.steps.values())]
            sections.append((COMPLETE, state.around[COMPLETE]))
            for title, lines in sections:
                where = f"{name}\t{self.masked(' '.join(title.split()))}"
                out += [f"{where}\t{at} {line}" for at, text in lines for line in text.split("\n")]
        out += [f"\t\t{_now()} ##[error]{note}" for note in self.notes]
        # What was masked later is masked before, too.
        return self.masked("\n".join([*out, ""]))


def _short(title: str) -> str:
    """A commit's id as people write it."""
    return re.sub(r"@([0-9a-f]{7})[0-9a-f]{33}\b", r"@\1", title)


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    """The lines outside groups, as GitHub's page shows them at first."""
    inside = False
    for text in lines:
        if text.startswith("##[group]"):
            inside = True
        elif text.startswith("##[endgroup]"):
            inside = False
        elif not inside or text.startswith(("##[error]", "##[warning]")):
            yield text


def _command(raw: str) -> tuple[str, str]:
    """A workflow command and its text, as GitHub reads ``::name key=value::text``; empty where it is none."""
    found = _COMMAND.match(raw)
    if found is None:
        return "", ""
    text = found[2].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return found[1], text


def _keep(lines: list[tuple[str, str]], text: str) -> None:
    if len(lines) < _MOST_LINES:
        lines.append(_stamped(text[:_LONGEST]))
    elif len(lines) == _MOST_LINES:
        lines.append(_stamped(f"##[warning]The log of this step was cut after {_MOST_LINES} lines."))


def _stamped(text: str) -> tuple[str, str]:
    return _now(), text


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
