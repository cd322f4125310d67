"""From a start, step by step, to its causes: ranked, each with its evidence and one change.

What it covers: everything AWS's runbook AWSSupport-TroubleshootECSTaskFailedToStart looks at for a task (the path to
the registry, the role, endpoints, groups, secrets, the log configuration) and what that misses: egress to S3's prefix
list, endpoint policies, private DNS, the endpoints' zones, the image's tag and CPU before it is deployed. Pure: make
the survey from the present state, then ask.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from labs.fargate.steps import Check, CheckKind, OutcomeKind, StartPlan, StepName, StepVerdict
from labs.fargate.texts import Text, recognise


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
    step: StepName
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


def diagnose(survey: StartPlan, stopped_reason: str = "") -> Diagnosis:
    """The causes of a start that failed or would fail.

    ``survey``: ``plan.survey`` of the state now. ``stopped_reason``: what a stopped task said, "" for a task not yet
    run. A cause that leads to that very text comes first; the others keep AWS's order: they would stop it next.
    """
    text = recognise(stopped_reason) if stopped_reason else None
    causes = tuple(
        _failure(step.name, check)
        for step in survey.steps
        for check in step.checks
        if check.verdict is StepVerdict.FAILED
    )
    ranked = tuple(sorted(causes, key=lambda cause: not _says(cause, text)))
    unchecked = tuple(
        Finding(Status.CANNOT_CHECK, step.name, f"Cannot check whether {check.about}.", _evidence(check))
        for step in survey.steps
        for check in step.checks
        if check.verdict is StepVerdict.CANNOT_CHECK
    )
    passed = tuple(
        Finding(Status.PASS, step.name, f"{step.name.value}: nothing in the way", _passes(step.checks))
        for step in survey.steps
        if step.verdict is StepVerdict.DONE
    )
    explains = None if text is None else bool(ranked) and _says(ranked[0], text)
    verdict, action = _verdict(ranked, unchecked, survey, text, explains)
    return Diagnosis(ranked, unchecked, passed, explains, verdict, action)


# Texts that one cause cannot be told from another by.
_ALIKE = (
    frozenset({"manifest.no_tag", "manifest.no_repository"}),
    frozenset({"layers.denied", "layers.bucket_denied"}),
    frozenset({"eni.no_address", "eni.gone"}),
    frozenset({"asm.missing", "asm.no_value"}),
)


def _says(cause: Finding, text: Text | None) -> bool:
    if text is None:
        return False
    return cause.text_id == text.id or any({cause.text_id, text.id} <= alike for alike in _ALIKE)


def _failure(step: StepName, check: Check) -> Finding:
    stop = check.stop
    return Finding(
        Status.FAIL,
        step,
        _cause(check),
        _evidence(check),
        check.mend,
        check.rule,
        stop.text_id if stop else "",
    )


def _cause(check: Check) -> str:
    if check.kind is CheckKind.NETWORK and check.path is not None and check.path.blocked_at is not None:
        hop = check.path.blocked_at
        return f"{_not(check.about)}: {hop.reason}"
    return f"{_not(check.about)}: {check.found}"


def _not(about: str) -> str:
    return f"Not so: {about}"


def _evidence(check: Check) -> tuple[str, ...]:
    lines = [f"{check.about}: {check.found}"]
    if check.path is not None:
        lines += [f"{hop.verdict.value}: {hop.step}, {hop.resource}: {hop.reason}" for hop in check.path.hops]
    if check.rule:
        lines.append(f"decided by: {check.rule}")
    return tuple(lines)


def _passes(checks: tuple[Check, ...]) -> tuple[str, ...]:
    return tuple(f"{check.about}: {check.found}" for check in checks) or ("this task does not need it",)


def _verdict(
    causes: tuple[Finding, ...],
    unchecked: tuple[Finding, ...],
    survey: StartPlan,
    text: Text | None,
    explains: bool | None,
) -> tuple[str, str]:
    if causes:
        first = causes[0]
        more = f" {len(causes) - 1} more would stop it after that." if len(causes) > 1 else ""
        if explains is False and text is not None:
            said = f"The task said that {text.cause}. That is no longer so, or cannot be seen from here."
            return f"{said} The next start stops at {first.step.value}. {first.cause}", first.next_action
        return f"The start stops at {first.step.value}. {first.cause}{more}", first.next_action
    if unchecked:
        return "Nothing found that fails, but not everything could be checked.", unchecked[0].evidence[0]
    if text is not None and text.id.startswith("exit."):
        return f"The task started and then ended: {text.cause}.", "Read the last lines of the container's log."
    if text is not None:
        said = f"The task said that {text.cause}. With things as they are now, nothing stops it."
        return said, "Run the task again."
    if survey.outcome.kind is OutcomeKind.RUNNING:
        return "Nothing stops this task from starting.", "Run the task."
    return "Nothing found.", ""
