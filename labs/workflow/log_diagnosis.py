"""Why a run failed, from its log: the first step that failed, the cause by its words, the evidence, one next action.

What AWS leaves open is told as open: a trust policy and the token's claims decide it where they are given. Words that
no cause knows are said to be unknown; a log that lacks a beginning or an end is never one in which nothing failed.
"""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from labs.verdict.trail import Event
from labs.workflow.findings import Weight
from labs.workflow.log_causes import Cause, Fit, cause, fits
from labs.workflow.log_reading import Level, Line, Log, Step
from labs.workflow.trust import keeps_out

# Between the log's clock and the trail's, and a step's end and its call.
_NOT_SAID = (Level.DEBUG, Level.GROUP, Level.ENDGROUP, Level.COMMAND)
_NEAR = timedelta(minutes=5)
_KEPT = 8
_ANYWHERE = re.compile(r"^(?:#\d+ )?(?:ERROR|error|Error|denied|fatal|FATAL|unauthorized)\b[: ]")
# A try that is made again, and a setting of the job's log.
_PASSING = re.compile(r"^Retry\b|^Retrying in |^Failed to resolve action download info")
_EXIT = re.compile(r"Process completed with exit code \d+\.|^exit status \d+|^Job '.*' failed|^exitcode '\d+'")
_LOGGED_IN = re.compile(r"^Logging into (?:registry )?(?P<host>[\w.*-]+(?::\d+)?)(?: \(scope [^)]*\))?(?:\.\.\.)?$")
_PUSHED = re.compile(
    r"(?:failed to push|pushing (?:manifest for|layers for)?|The push refers to repository \[) ?"
    r"(?P<host>[\w*-]+(?:\.[\w*-]+)+(?::\d+)?|localhost:\d+)/"
)
_TAG = re.compile(r"--tag (?P<host>[\w*-]+(?:\.[\w*-]+)+(?::\d+)?|localhost:\d+)/")


class Verdict(enum.Enum):
    """How the reading ended."""

    CAUSE = "a cause was found"
    UNKNOWN = "a step failed with words that are not known"
    NOTHING = "nothing failed"
    CANNOT_TELL = "it cannot be told"


@dataclass(frozen=True)
class Named:
    """A cause in the log: its sentences filled in, its lines, and the refusal's action, principal and resource.

    ``told``: what is known from elsewhere; ``decided``: it leaves nothing open. ``trail``: the refused calls there.
    """

    cause: Cause
    says: str
    next_step: str
    evidence: tuple[Line, ...]
    action: str = ""
    principal: str = ""
    resource: str = ""
    told: tuple[str, ...] = ()
    decided: bool = False
    trail: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Finding:
    """The first step of a job that failed. ``named`` has the likeliest cause first; none: its words are not known.

    ``lines``: its last words where they are not known, and ``wrapped`` what its action says around them, if it does.
    ``warnings``: what was said before and may have to do with it. ``after``: the steps of the job that failed later.
    """

    step: Step
    named: tuple[Named, ...]
    lines: tuple[Line, ...] = ()
    warnings: tuple[Named, ...] = ()
    after: tuple[Step, ...] = ()
    wrapped: Named | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The answer: ``findings`` has one for each job in which a step failed, in the log's order."""

    verdict: Verdict
    log: Log = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def first(self) -> Finding | None:
        """The first step that failed."""
        return self.findings[0] if self.findings else None

    @property
    def next_step(self) -> str:
        """The one thing to do, "" where there is nothing."""
        if self.verdict is Verdict.NOTHING:
            return ""
        if self.first is None:
            return "give the whole log of the job that failed: gh run view RUN --log-failed"
        if self.first.wrapped is not None:
            return self.first.wrapped.next_step
        if not self.first.named:
            return "read the lines shown, and look their words up where that action's own documentation is"
        return self.first.named[0].next_step


def diagnose(
    log: Log,
    trust: str | Mapping[str, Any] | None = None,
    claims: Mapping[str, str] | None = None,
    events: Sequence[Event] = (),
    ended_well: bool | None = None,
) -> Diagnosis:
    """The diagnosis of a log.

    ``trust`` and ``claims`` (``sub``, ...) are the role's trust policy and the token's claims, where they are known;
    ``events`` those of the trail; ``ended_well`` what a record of the run says, over what the log shows.
    MalformedPolicy for a ``trust`` that is none.
    """
    failed = [step for step in _failed(log) if not (ended_well and not step.outcome)]
    by_job: dict[str, list[Step]] = {}
    for step in failed:
        by_job.setdefault(step.job, []).append(step)
    findings = tuple(_finding(log, steps) for steps in by_job.values())
    findings = tuple(_decided(each, trust, claims, events) for each in findings)
    if findings:
        # A job whose cause is known says more than one that only failed.
        findings = tuple(sorted(findings, key=lambda each: not each.named)) if len(findings) > 1 else findings
        return Diagnosis(Verdict.CAUSE if findings[0].named else Verdict.UNKNOWN, log, findings)
    well = log.whole if ended_well is None else ended_well and not log.unread
    return Diagnosis(Verdict.NOTHING if well else Verdict.CANNOT_TELL, log)


def _failed(log: Log) -> list[Step]:
    """The steps that failed, by their outcome or their marks; in a piece of a log, those with words of a failure."""
    failed = [s for s in log.steps if s.outcome == "failure" or (not s.outcome and s.of(Level.ERROR))]
    # The step that uses a composite action fails with a step of the action, which has the words.
    inner = [s for s in failed if not any(t.title.startswith(f"{s.title} / ") and t.job == s.job for t in failed)]
    if inner or log.whole:
        return inner
    return [s for s in log.steps if not s.outcome and any(_tells(line) for line in s.lines)]


def _tells(line: Line) -> bool:
    if line.level in _NOT_SAID or _PASSING.search(line.text):
        return False
    if _ANYWHERE.search(line.text):
        return True
    return any(fit.cause.level == "error" and not fit.cause.generic for fit in fits(line.text))


def _finding(log: Log, steps: list[Step]) -> Finding:
    step = steps[0]
    named = _named(step)
    warnings, near = _warnings(log, step)
    led = next((w for w in near if any(w.cause.covers(n.cause.id) for n in named)), None)
    if led is not None:
        kept = [n for n in named if not led.cause.covers(n.cause.id)]
        covered = tuple(line for n in named if led.cause.covers(n.cause.id) for line in n.evidence)
        named = [_with_lines(led, covered), *kept]
        warnings = [w for w in warnings if w is not led]
    named = _registry(log, step, named)
    wrapped = named[0] if named and named[0].cause.generic else None
    if wrapped is not None or not named:
        return Finding(step, (), _last_words(step), tuple(warnings), tuple(steps[1:]), wrapped)
    return Finding(step, tuple(named), (), tuple(warnings), tuple(steps[1:]))


def _named(step: Step) -> list[Named]:
    """The causes in a step's words: each once, with its best line, without those that another explains."""
    best: dict[str, tuple[int, int, Fit, Line]] = {}
    for line in step.lines:
        if line.level in _NOT_SAID:
            continue
        for order, fit in enumerate(fits(line.text)):
            if fit.cause.level != "error":
                continue
            # A marked line says how the step ended; of the others, the last is the nearest to it.
            rank = (0 if line.level is Level.ERROR else 1, order if line.level is Level.ERROR else -line.number)
            if fit.cause.id not in best or rank < best[fit.cause.id][:2]:
                best[fit.cause.id] = (*rank, fit, line)
    found = sorted(best.values(), key=lambda each: (each[2].cause.generic, each[0], each[1]))
    explained = {id: [other for other in best if best[other][2].cause.covers(id)] for id in best}
    named = []
    for *_, fit, line in found:
        if explained[fit.cause.id]:
            continue
        follows = tuple(best[id][3] for id, by in explained.items() if fit.cause.id in by)
        named.append(_name(fit, line, follows))
    specific = [each for each in named if not each.cause.generic]
    return specific or named[:1]


def _name(fit: Fit, line: Line, follows: tuple[Line, ...] = ()) -> Named:
    values = _Values({**fit.values, "line": line.text.strip()})
    return Named(
        fit.cause,
        fit.cause.cause.format_map(values),
        fit.cause.next_step.format_map(values),
        _ordered((line, *follows)),
        fit.cause.action.format_map(values),
        fit.values.get("principal", ""),
        fit.values.get("resource", ""),
    )


class _Values(dict[str, str]):
    """The names of a template. Of the words of a denial some name no resource; no other name may be missing."""

    def __missing__(self, key: str) -> str:
        return {"resource": "a resource that AWS does not name"}.get(key, "(not said)")


def _ordered(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Each once, in the log's order; lines that repeat one another's words once."""
    seen: dict[str, Line] = {}
    for line in sorted(lines, key=lambda each: each.number):
        seen.setdefault(line.text.strip(), line)
    return tuple(seen.values())


def _with_lines(named: Named, lines: tuple[Line, ...]) -> Named:
    return replace(named, evidence=_ordered((*named.evidence, *lines)))


def _warnings(log: Log, failed: Step) -> tuple[list[Named], list[Named]]:
    """The job's warnings until the step failed, of the causes that are told so; and those of the step itself.

    The runner warns of a step's inputs before it shows the step: at the end of the one before, in a job's whole log.
    """
    found: dict[str, Named] = {}
    near: list[Named] = []
    place = log.steps.index(failed)
    for step in log.steps[: place + 1]:
        for line in step.lines if step.job == failed.job else ():
            if line.level not in (Level.WARNING, Level.PLAIN) or (line.level is Level.PLAIN and step is not failed):
                continue
            for fit in fits(line.text):
                key = f"{fit.cause.id} {line.text}"
                if fit.cause.level == "warning" and key not in found:
                    found[key] = _name(fit, line)
                    if step is failed or (step is log.steps[place - 1] and line in step.lines[-3:]):
                        near.append(found[key])
    return list(found.values()), near


def _registry(log: Log, step: Step, named: list[Named]) -> list[Named]:
    """Where docker had no login: whether the job logged in, but to another registry."""
    other = cause("login.other_registry")
    if not named or not other.covers(named[0].cause.id):
        return named
    logins = {}
    for each in log.steps[: log.steps.index(step) + 1]:
        for line in each.lines if each.job == step.job else ():
            found = _LOGGED_IN.match(line.text.strip())
            if found:
                logins[found["host"].rstrip(".")] = line
    hosts = {
        found["host"]: line
        for line in step.lines
        for found in (*_PUSHED.finditer(line.text), *_TAG.finditer(line.text))
    }
    strange = {host: line for host, line in hosts.items() if host not in logins}
    if not logins or not strange or set(logins) & set(hosts):
        return named
    says = f"{other.cause}: the login was for {', '.join(logins)}, the image is of {', '.join(strange)}"
    lines = _ordered((*logins.values(), *strange.values(), *named[0].evidence))
    return [Named(other, says, other.next_step, lines), *named[1:]]


def _last_words(step: Step) -> tuple[Line, ...]:
    """The marked lines and what stood before the first of them, without what only says that it failed."""
    marked = [line for line in step.of(Level.ERROR) if not _EXIT.search(line.text)]
    if marked:
        return tuple(marked[-_KEPT:])
    own = [line for line in step.lines if line.text.strip() and line.level in (Level.PLAIN, Level.WARNING)]
    return tuple(line for line in own if not _EXIT.search(line.text))[-_KEPT:]


def _decided(
    finding: Finding, trust: str | Mapping[str, Any] | None, claims: Mapping[str, str] | None, events: Sequence[Event]
) -> Finding:
    """With what the trust policy and the trail say besides."""
    named = []
    for each in finding.named:
        if each.cause.id == "trust.refused" and claims:
            told = (f"this run's token had the subject {claims.get('sub', '(not known)')}",)
            each = replace(each, told=told) if trust is None or "sub" not in claims else _by_trust(each, trust, claims)
        named.append(replace(each, trail=in_trail(each, events)) if events else each)
    return replace(finding, named=tuple(named))


def _by_trust(named: Named, trust: str | Mapping[str, Any], claims: Mapping[str, str]) -> Named:
    found = keeps_out(trust, claims)
    if not found:
        return replace(
            named,
            says="the trust policy given lets this run's token in, so it is not the one that AWS asked",
            told=("labs.iam decides: allowed, under this trust policy and these claims",),
            decided=True,
            next_step="compare account and name in role-to-assume with the role that has this trust policy",
        )
    first, *others = found
    open_ = all(each.weight is Weight.UNKNOWN for each in found)
    return replace(
        named,
        says=f"the role's trust policy {'may keep' if open_ else 'keeps'} this run out. {first.what.rstrip('.')}",
        told=tuple(each.what for each in others),
        decided=not open_,
        # Which of the two is wrong, the policy or the run, is for its owner to say.
        next_step=first.next_step if open_ else "correct that in the trust policy, or run from what it names",
    )


def in_trail(named: Named, events: Sequence[Event]) -> tuple[Event, ...]:
    """The refused calls in the trail that the log's words are about: by action, principal and time, oldest first."""
    if not named.action:
        return ()
    at = next((_time(line.at) for line in named.evidence if line.at), None)
    return tuple(
        event
        for event in events
        if event.error
        and event.action.lower() == named.action.lower()
        and (not named.principal or "***" in named.principal or event.principal == named.principal)
        and (at is None or abs(event.at - at) <= _NEAR)
    )


def _time(text: str) -> datetime | None:
    # Seven digits of a second are more than Python 3.11 reads.
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", text)
    return datetime.fromisoformat(f"{found[1]}+00:00") if found else None
