"""A diagnosis in words: what was looked at, the first cause with its proof, the other causes, and every step."""

from __future__ import annotations

from labs.diagnose.case import Case
from labs.fargate.diagnose import Diagnosis, Finding
from labs.fargate.steps import StartPlan
from labs.ui import text


def report(case: Case, plan: StartPlan, diagnosis: Diagnosis) -> str:
    """Plain text that reads from the top: the conclusion first, the proof after it."""
    parts = [_head(case), text.wrapped(diagnosis.verdict)]
    if diagnosis.first is not None:
        parts.append("\n".join(["Proof:", *(f"  {line}" for line in diagnosis.first.evidence)]))
    if len(diagnosis.causes) > 1:
        parts.append("\n".join(["After that:", *(f"  {_line(each)}" for each in diagnosis.causes[1:])]))
    if diagnosis.unchecked:
        parts.append("\n".join(["Not checked:", *(f"  {line}" for line in _unchecked(diagnosis))]))
    rows = [(step.name.value, step.verdict.value) for step in plan.steps]
    parts.append(text.table(("step of the start", "now"), rows))
    if diagnosis.next_action:
        parts.append(text.wrapped(f"Next: {diagnosis.next_action}"))
    return "\n\n".join(parts)


def _head(case: Case) -> str:
    facts = {"Looked at": case.title}
    if case.state:
        facts["State"] = case.state
    if case.stop_code:
        facts["Stop code"] = case.stop_code
    lines = [text.facts(facts)]
    if case.reason:
        lines += ["It said:", text.wrapped(case.reason)]
    elif case.events:
        lines += ["Newest event:", text.wrapped(case.events[0])]
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    return f"{finding.step}: {finding.cause}"


def _unchecked(diagnosis: Diagnosis) -> list[str]:
    return [f"{each.step}: {each.evidence[0] if each.evidence else each.cause}" for each in diagnosis.unchecked]
