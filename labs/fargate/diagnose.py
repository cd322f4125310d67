"""From a start, step by step, to its causes: ranked, each with its evidence and one change.

What it covers: everything AWS's runbook AWSSupport-TroubleshootECSTaskFailedToStart looks at for a task (the path to
the registry, the role, endpoints, groups, secrets, the log configuration) and what that misses: egress to S3's prefix
list, endpoint policies, private DNS, the endpoints' zones, the image's tag and CPU before it is deployed. Pure: make
the survey from the present state, then ask.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from labs.fargate.refusals import REFUSALS
from labs.fargate.steps import Check, StartPlan, StepVerdict
from labs.fargate.texts import TEXTS, Text
from labs.fargate.wording import recognise


class Status(enum.Enum):
    """What a finding says of its step."""

    PASS = "PASS"
    FAIL = "FAIL"
    CANNOT_CHECK = "CANNOT CHECK"


@dataclass(frozen=True)
class Finding:
    """One step's or one cause's line.

    ``cause`` is one sentence; ``evidence`` lines of proof: the question and its answer, then each hop or the rule that
    decided; ``next_action`` the one change, "" for a PASS; ``text_id`` the text of AWS it leads to, "" for none.
    """

    status: Status
    step: str
    cause: str
    evidence: tuple[str, ...]
    next_action: str = ""
    rule: str = ""
    text_id: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """``causes``: the failures, most likely first; ``unchecked``: what could not be read; ``passed``: the rest.

    ``explains``: whether the first cause leads to the reason the task gave (None: no reason was given, or it is not one
    we know); ``verdict``: one sentence; ``next_action``: what to do now.
    """

    causes: tuple[Finding, ...]
    unchecked: tuple[Finding, ...]
    passed: tuple[Finding, ...]
    explains: bool | None
    verdict: str
    next_action: str

    @property
    def first(self) -> Finding | None:
        """The cause to mend first, None when nothing was found."""
        return self.causes[0] if self.causes else None


def diagnose(survey: StartPlan, stopped_reason: str = "", exec_checks: tuple[Check, ...] = ()) -> Diagnosis:
    """The causes of a start that failed or would fail.

    ``survey``: ``plan.survey`` of the state now. ``stopped_reason``: what a stopped task said, "" for a task not yet
    run. A cause that leads to that very text comes first; the others keep AWS's order: they would stop it next.
    ``exec_checks``: those of ECS Exec; they come last, for they stop nothing.
    """
    texts = recognise(stopped_reason, (*TEXTS.values(), *REFUSALS.values()))
    asked = [(step.name.value, check) for step in survey.steps for check in step.checks]
    asked += [(_EXEC, check) for check in exec_checks]
    causes = [_failure(step, check) for step, check in asked if check.verdict is StepVerdict.FAILED]
    ranked = tuple(sorted(causes, key=lambda cause: not _says(cause, texts)))
    unchecked = tuple(
        Finding(Status.CANNOT_CHECK, step, f"Cannot check whether {check.about}: {check.found}", _evidence(check))
        for step, check in asked
        if check.verdict is StepVerdict.CANNOT_CHECK
    )
    passed = tuple(
        Finding(Status.PASS, step.name.value, f"{step.name.value}: nothing in the way", _passes(step.checks))
        for step in survey.steps
        if step.verdict is StepVerdict.DONE
    )
    explains = None if not texts else bool(ranked) and _says(ranked[0], texts)
    verdict, action = _verdict(ranked, unchecked, texts, explains)
    return Diagnosis(ranked, unchecked, passed, explains, verdict, action)


_EXEC = "ECS Exec"


def _says(cause: Finding, texts: tuple[Text, ...]) -> bool:
    return any(cause.text_id == text.id for text in texts)


def _failure(step: str, check: Check) -> Finding:
    text_id = check.stop.text_id if check.stop else ""
    return Finding(Status.FAIL, step, _cause(check), _evidence(check), check.mend, check.rule, text_id)


def _cause(check: Check) -> str:
    hop = check.path.blocked_at if check.path is not None else None
    found = hop.reason if hop else check.found
    return f"Needed: {check.about}. Found: {found.rstrip('.')}."


def _evidence(check: Check) -> tuple[str, ...]:
    lines = [f"{check.about}: {check.found}"]
    if check.path is not None:
        lines += [f"{hop.verdict.value}: {hop.step.value}: {hop.reason}" for hop in check.path.hops]
    if check.rule:
        lines.append(f"decided by: {check.rule}")
    return tuple(lines)


def _passes(checks: tuple[Check, ...]) -> tuple[str, ...]:
    return tuple(f"{check.about}: {check.found}" for check in checks) or ("this task does not need it",)


def _verdict(
    causes: tuple[Finding, ...],
    unchecked: tuple[Finding, ...],
    texts: tuple[Text, ...],
    explains: bool | None,
) -> tuple[str, str]:
    said = f"The task said that {' or that '.join(dict.fromkeys(text.cause for text in texts))}."
    if causes:
        first = causes[0]
        found = f"{first.step}: {first.cause}"
        if explains is False:
            return f"{said} That is not so now, but the next start would fail. {found}", first.next_action
        more = f" After that, {len(causes) - 1} more would." if len(causes) > 1 else ""
        return found + more, first.next_action
    if unchecked:
        return "Nothing that was checked is wrong, but not everything could be checked.", unchecked[0].cause
    if texts and texts[0].id.startswith("exit."):
        return f"The task started, and ended later. {said}", "Read the last lines of the container's log."
    if texts:
        return f"{said} As things are now, nothing stops it.", "Run the task again."
    return "Nothing stops this task from starting.", "Run the task."
