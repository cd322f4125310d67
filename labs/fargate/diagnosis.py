"""From a start, step by step, to its causes: ranked, each with its evidence and one change.

What it covers: everything AWS's runbook AWSSupport-TroubleshootECSTaskFailedToStart looks at for a task (the path to
the registry, the role, endpoints, groups, secrets, the log configuration) and what that misses: egress to S3's prefix
list, endpoint policies, private DNS, the endpoints' zones, the image's tag and CPU before it is deployed; check by
check in docs/diagnosis.md. Pure: make the survey from the present state, then ask.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.aws_texts import Text
from labs.fargate.conclusion import EXEC, conclude
from labs.fargate.endings import ending
from labs.fargate.findings import Finding, FindingStatus, Told
from labs.fargate.recognition import recognise
from labs.fargate.refusals import REFUSALS, Refusal
from labs.fargate.steps import Check, StartPlan, StepVerdict
from labs.fargate.texts import TEXTS

__all__ = ["Diagnosis", "Finding", "FindingStatus", "Told", "diagnose"]


@dataclass(frozen=True)
class Diagnosis:
    """``causes``: the failures, most likely first; ``unchecked``: what could not be read; ``passed``: the rest.

    ``explains``: whether the first cause leads to the reason the task gave (None: no reason was given, or it is not one
    we know); ``verdict``: one or two sentences; ``next_action``: what to do now, "" for nothing.
    """

    causes: tuple[Finding, ...]
    unchecked: tuple[Finding, ...]
    passed: tuple[Finding, ...]
    explains: bool | None
    verdict: str
    next_action: str

    @property
    def first(self) -> Finding | None:
        """The cause to fix first, None when nothing was found."""
        return self.causes[0] if self.causes else None


def diagnose(
    survey: StartPlan,
    told: Told | None = None,
    exec_checks: tuple[Check, ...] = (),
    unread: tuple[Finding, ...] = (),
    refusal: Refusal | None = None,
) -> Diagnosis:
    """The causes of a start that failed or would fail.

    ``survey``: ``plan.survey`` of the state now. ``told``: what a task that was run said, None for one not yet run. A
    cause that leads to that very text comes first; the others keep AWS's order: they would stop it next.
    ``exec_checks``: those of ECS Exec; they come last, for they stop nothing. ``unread``: what the reader could not
    see, beside the checks. ``refusal``: what RunTask would refuse of it; nothing else comes before that.
    """
    told = told or Told()
    texts = recognise(told.reason, (*TEXTS.values(), *REFUSALS.values()))
    asked = [(step.name.value, check) for step in survey.steps for check in step.checks]
    asked += [(EXEC, check) for check in exec_checks]
    causes = [_failure(step, check) for step, check in asked if check.verdict is StepVerdict.FAILED]
    end = ending(told)
    if end is not None and end.wrong and not any(_says(cause, texts) for cause in causes):
        causes.insert(0, end.finding(told))
        texts = tuple(text for text in TEXTS.values() if text.id == end.text_id)
    ranked = tuple(sorted(causes, key=lambda cause: not _says(cause, texts)))
    ranked = (*((_refused(refusal),) if refusal else ()), *ranked)
    unchecked = tuple(_unknown(step, check) for step, check in asked if check.verdict is StepVerdict.CANNOT_CHECK)
    unchecked = (*unread, *_outside(told, ranked, texts), *unchecked)
    passed = tuple(
        Finding(FindingStatus.PASS, step.name.value, f"{step.name.value}: nothing in the way", _passes(step.checks))
        for step in survey.steps
        if step.verdict is StepVerdict.DONE
    )
    explains = None if not texts else bool(ranked) and _says(ranked[0], texts)
    verdict, action = conclude(ranked, unchecked, texts, explains, told)
    return Diagnosis(ranked, unchecked, passed, explains, verdict, action)


def _says(cause: Finding, texts: tuple[Text, ...]) -> bool:
    return any(cause.text_id == text.id for text in texts)


def _failure(step: str, check: Check) -> Finding:
    text_id = check.stop.text_id if check.stop else ""
    return Finding(FindingStatus.FAIL, step, _cause(check), _evidence(check), check.fix, check.rule, text_id)


def _refused(refusal: Refusal) -> Finding:
    cause = f"Refused: {refusal.text.case}."
    proof = (f"{refusal.code}: {refusal.message}",)
    return Finding(FindingStatus.FAIL, "RunTask", cause, proof, "Fix the task definition.", text_id=refusal.text.id)


def _unknown(step: str, check: Check) -> Finding:
    cause = f"Cannot check whether {check.about}: {check.found}"
    return Finding(FindingStatus.CANNOT_CHECK, step, cause, _evidence(check), check.fix, why=check.found)


# Policies that a member account cannot read, as AWS's sentences name them.
_OUTSIDE = ("service control policy", "resource control policy", "session policy")


def _outside(told: Told, causes: tuple[Finding, ...], texts: tuple[Text, ...]) -> tuple[Finding, ...]:
    """A refusal by a policy that stands outside the account, when nothing inside it explains the same."""
    named = next((kind for kind in _OUTSIDE if kind in told.reason), "")
    if not named or any(_says(cause, texts) for cause in causes):
        return ()
    words = f"The task was refused by a {named}, which cannot be read from within the account."
    action = f"Ask whoever keeps the {named} for the statement that refuses it."
    return (Finding(FindingStatus.CANNOT_CHECK, named, words, (told.reason,), action, why=words),)


def _cause(check: Check) -> str:
    hop = check.path.blocked_at if check.path is not None else None
    found = hop.reason if hop else check.found
    if check.decision is not None and check.rule:
        # The whole sentence is in the proof.
        found = check.decision.words.removeprefix("because ").removeprefix("with ") or found
    return f"Needed: {check.about}. Found: {found.rstrip('.')}."


def _evidence(check: Check) -> tuple[str, ...]:
    if check.path is not None:
        lines = [f"{hop.verdict.value}: {hop.step.value}: {hop.reason}" for hop in check.path.hops]
    elif check.decision is not None and check.rule:
        lines = [check.found]
    else:
        lines = [f"{check.about}: {check.found}"]
    if check.rule and not any(check.rule in line for line in lines):
        lines.append(f"decided by: {check.rule}")
    return tuple(lines)


def _passes(checks: tuple[Check, ...]) -> tuple[str, ...]:
    return tuple(f"{check.about}: {check.found}" for check in checks) or ("this task does not need it",)
