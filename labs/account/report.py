"""A diagnosis in words: the conclusion first, then its proof, the other causes, what was not checked, every step."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from labs.account.case import Case
from labs.account.survey import Looked
from labs.fargate.diagnosis import Diagnosis, Finding
from labs.fargate.steps import Step, StepVerdict
from labs.printable import printable
from labs.ui import text

_WORDS = {
    StepVerdict.DONE: "ok",
    StepVerdict.FAILED: "FAILS",
    StepVerdict.CANNOT_CHECK: "CANNOT CHECK",
    StepVerdict.NOT_REACHED: "not reached",
}


def report(looked: Looked) -> str:
    """Plain text that reads from the top, in lines of at most ``text.WIDTH`` letters."""
    case, diagnosis = looked.case, looked.diagnosis
    parts = [_head(case), text.wrapped(diagnosis.verdict)]
    if diagnosis.first is not None:
        parts.append(_listed("Proof:", diagnosis.first.evidence))
    if len(diagnosis.causes) > 1:
        parts.append(_listed("Also:", (_line(each) for each in diagnosis.causes[1:])))
    if diagnosis.unchecked:
        parts.append(_listed("CANNOT CHECK:", _unchecked(diagnosis)))
    parts.append(text.facts({step.name.value: _now(step) for step in looked.plan.steps}))
    if diagnosis.next_action:
        parts.append(text.wrapped(text.following(diagnosis.next_action)))
    return "\n\n".join(parts)


def _head(case: Case) -> str:
    facts = {"Looked at": case.title}
    if case.state:
        facts["State"] = case.state
    if case.told.stop_code:
        facts["Stop code"] = case.told.stop_code
    lines = [text.facts(facts)]
    if case.told.reason:
        lines += [_listed("It said:", [case.told.reason])]
    elif case.events:
        lines += [_listed("Newest event:", case.events[:1])]
    return "\n".join(lines)


def _now(step: Step) -> str:
    return "not needed" if step.verdict is StepVerdict.DONE and not step.checks else _WORDS[step.verdict]


def _listed(title: str, lines: Iterable[str]) -> str:
    wrap = textwrap.TextWrapper(text.WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join([title, *(wrap.fill(printable(line)) for line in lines)])


def _line(finding: Finding) -> str:
    return f"{finding.step}: {finding.cause}"


def _unchecked(diagnosis: Diagnosis) -> list[str]:
    """One line for each reason, with the steps that it keeps from being checked."""
    steps: dict[str, dict[str, None]] = {}
    for each in diagnosis.unchecked:
        steps.setdefault(each.why, {})[each.step] = None
    return [f"{', '.join(names)}: {why}" for why, names in steps.items()]
