"""What a trainee did in the course: what failed, what changed before it passed, minutes and cost; to keep or hand in.

Pure: from the history, the progress and the stages to plain data, and from that to Markdown. ``redact`` takes out who
and where: the account's number becomes the lab's, the user's name and the home folder go, and so does what looks like
a secret.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from labs import iam
from labs.lesson.history import Happened, What, files_at, taken_back, time_spent
from labs.lesson.progress import StageProgress
from labs.lesson.stage import Stage
from labs.subjects.policies import as_written
from labs.ui import policy_access, text
from labs.verdict import Status, Verdict
from labs.workflow.masking import masked

# So many lines of one file's change are shown.
_SHOWN = 60
LAB_ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"


@dataclass(frozen=True)
class Change:
    """How one of the trainee's files changed: unified ``lines``, and what it may now do and could not, if a policy."""

    file: str
    lines: tuple[str, ...]
    access: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A check's answer, how often it came in a row, and what changed before another one came."""

    at: datetime
    verdict: Verdict
    times: int
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class StageReport:
    """One stage of the report. ``spent``: measured work, None where the history does not tell.

    ``by_the_kit``: ``solve`` was called for it.
    """

    stage: Stage
    state: str
    spent: timedelta | None
    predicted: str
    hints: int
    by_the_kit: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class CourseReport:
    """All of it. ``where`` is the target and engine in words, ``cost`` the bill in one line."""

    made_at: datetime
    where: str
    cost: str
    stages: tuple[StageReport, ...]
    unreadable: int = 0


def state_of(progress: StageProgress, *, gone: bool = False) -> str:
    """A stage's state in words. ``gone``: it was passed, and the cleaning took back what it had made."""
    if progress.passed:
        return "done with help" if progress.helped else "done"
    return "done, taken back" if gone else "begun" if progress.begun else "not begun"


def stage_report(subject: Stage, events: Sequence[Happened], progress: StageProgress) -> StageReport:
    """What happened in one stage since it was last reset; ``events`` are those of the whole course."""
    own = _since_reset(subject.name, events)
    return StageReport(
        stage=subject,
        state=state_of(progress, gone=taken_back(events, subject.name)),
        spent=time_spent(events, subject.name) if own else None,
        predicted=progress.prediction,
        hints=sum(each.what is What.HINTED for each in own),
        by_the_kit=any(each.what is What.SOLVED for each in own),
        findings=tuple(_findings(own, events)),
    )


def _since_reset(stage: str, events: Sequence[Happened]) -> list[Happened]:
    own = [each for each in events if each.stage == stage]
    resets = [n for n, each in enumerate(own) if each.what is What.RESET]
    return own[resets[-1] + 1 :] if resets else own


def _findings(own: Sequence[Happened], events: Sequence[Happened]) -> Iterator[Finding]:
    """Equal answers in a row are one finding. Once a stage has passed, what comes after is not its story."""
    checks = [each for each in own if each.verdict is not None]
    passed = next((n for n, each in enumerate(checks) if each.verdict and each.verdict.passed), len(checks) - 1)
    runs = [list(run) for _, run in groupby(checks[: passed + 1], key=lambda each: _same(each.verdict))]
    for n, run in enumerate(runs):
        changes: tuple[Change, ...] = ()
        if n + 1 < len(runs):
            changes = tuple(_changes(_files(events, run[0]), _files(events, runs[n + 1][0])))
        verdict = run[0].verdict
        assert verdict is not None
        yield Finding(run[0].at, verdict, len(run), changes)


def _same(verdict: Verdict | None) -> tuple[str, str]:
    return (verdict.message_id, verdict.found) if verdict else ("", "")


def _files(events: Sequence[Happened], until: Happened) -> dict[str, str]:
    return files_at(events[: events.index(until) + 1])


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old == new:
            continue
        lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))[2:]
        lines = [line for line in lines if not line.startswith("@@")]
        if len(lines) > _SHOWN:
            lines = [*lines[:_SHOWN], f"... and {len(lines) - _SHOWN} more lines"]
        yield Change(name, tuple(lines), _access(name, old, new))


def _access(name: str, old: str, new: str) -> tuple[str, ...]:
    """What a policy's change changes in access; empty where one of the two is no policy or nothing changes."""
    if not name.endswith(".json"):
        return ()
    try:
        kind = as_written.kind_of(new or old)
        before, after = (
            as_written.alone(iam.parse_policy(each, kind, name)) for each in (old or _EMPTY, new or _EMPTY)
        )
        return tuple(policy_access.change(before, after, iam.Scene(account=LAB_ACCOUNT)))
    except iam.MalformedPolicy:
        return ()


_EMPTY = '{"Version": "2012-10-17", "Statement": []}'


Redaction = Callable[[str], str]


def redaction(account: str, identity: str, folders: Mapping[str, str]) -> Redaction:
    """A function that takes out of a text who made it and where, and what looks like a secret.

    ``folders``: a path of this machine and what stands in its place, the longest path first.
    """
    user = identity.rpartition("/")[2] if "/" in identity else ""

    def number(found: re.Match[str]) -> str:
        return LAB_ACCOUNT if found[0] in (account, LAB_ACCOUNT) else OTHER_ACCOUNT

    def redact(shown: str) -> str:
        for path, instead in sorted(folders.items(), key=lambda each: -len(each[0])):
            shown = shown.replace(path, instead)
        shown = re.sub(r"(?<![0-9a-zA-Z])\d{12}(?![0-9a-zA-Z])", number, shown)
        if user:
            shown = re.sub(rf"/{re.escape(user)}\b", "/you", shown)
        return masked(shown)

    return redact


def as_markdown(report: CourseReport, redact: Redaction) -> str:
    """The report as a page of Markdown, every line of it redacted."""
    return "\n".join(redact(line) for line in _lines(report)).rstrip() + "\n"


def _lines(report: CourseReport) -> Iterator[str]:
    yield "# What I did in the Fargate lab"
    yield ""
    yield f"Made on {report.made_at:%Y-%m-%d at %H:%M} UTC. {_prose(report.where)}. {_prose(report.cost)}."
    yield ""
    yield (
        f"The account's number is shown as {LAB_ACCOUNT}, any other as {OTHER_ACCOUNT}; names of users, folders of "
        "this machine and what looks like a secret are taken out."
    )
    if report.unreadable:
        yield ""
        yield f"{report.unreadable} lines of the history cannot be read: what they say is missing here."
    yield ""
    yield "| notebook | state | minutes | planned | checks | hints |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for each in report.stages:
        checks = sum(finding.times for finding in each.findings)
        cells = (each.stage.notebook, each.state, _minutes(each.spent), str(each.stage.minutes), checks, each.hints)
        yield f"| {' | '.join(map(str, cells))} |"
    for each in report.stages:
        if each.state != "not begun" or each.findings:
            yield ""
            yield from _stage_lines(each)


def _minutes(spent: timedelta | None) -> str:
    return "not known" if spent is None else f"{spent.total_seconds() / 60:.0f}"


def _stage_lines(each: StageReport) -> Iterator[str]:
    yield f"## {each.stage.notebook}: {_prose(each.stage.title)}"
    yield ""
    yield f"{each.state[0].upper()}{each.state[1:]}; {_minutes(each.spent)} minutes of {each.stage.minutes} planned."
    if each.by_the_kit:
        yield ""
        yield "The kit did this stage, or a part of it, at my word (`solve`)."
    asked = each.stage.prediction
    if each.predicted in asked.options:
        right = "That was right" if each.predicted == asked.right else f"In fact: {_prose(asked.options[asked.right])}"
        yield ""
        yield f"I predicted: {_prose(asked.options[each.predicted])}. {right}."
    for number, finding in enumerate(each.findings, start=1):
        yield ""
        yield from _finding_lines(number, finding)


def _finding_lines(number: int, finding: Finding) -> Iterator[str]:
    verdict = finding.verdict
    often = "" if finding.times == 1 else f", {finding.times} times in a row"
    yield f"### {number}. {verdict.status.value} at {finding.at:%H:%M} UTC{often}"
    yield ""
    yield f"`{verdict.message_id}`"
    said = (("Expected", verdict.expected), ("Found", verdict.found), ("Why", verdict.cause))
    for name, words in said:
        if words:
            yield ""
            yield f"{name}: {_prose(words)}"
    if verdict.status is Status.PASS:
        return
    for change in finding.changes:
        yield ""
        yield f"Then I changed `{change.file}`:"
        yield ""
        yield from _fenced("diff", change.lines)
        if change.access:
            yield ""
            yield "What it allows changed:"
            yield ""
            yield from _fenced("text", change.access)


def _fenced(kind: str, lines: Sequence[str]) -> Iterator[str]:
    """A block that nothing in its lines can end."""
    longest = max((len(found) for line in lines for found in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{kind}"
    yield from (line for each in lines for line in each.split("\n"))
    yield fence


def _prose(words: str) -> str:
    """Words from an account or a file as words: nothing in them is taken for Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", text.wrapped(words).replace("\n", " ").rstrip("."))
