"""The conclusion of a diagnosis: one verdict in words, and one thing to do."""

from __future__ import annotations

from collections.abc import Sequence

from labs.aws_texts import Text
from labs.fargate.endings import ending
from labs.fargate.findings import Finding, Told

EXEC = "ECS Exec"
ALLOW = "Allow what was refused (labs diagnose --policy prints all that is read), then ask again."
_LOOK = "Look at what could not be checked, then ask again."
_REFUSED = "not authorized to perform"


def conclude(
    causes: Sequence[Finding], unchecked: Sequence[Finding], texts: Sequence[Text], explains: bool | None, told: Told
) -> tuple[str, str]:
    """The verdict and the next action."""
    start = [cause for cause in causes if cause.step != EXEC]
    shell = [cause for cause in causes if cause.step == EXEC]
    if start:
        return _caused(start, texts, explains, told), start[0].next_action
    verdict, action = _in_the_clear(unchecked, texts, told)
    if shell:
        return f"{verdict} A shell in it (ECS Exec) would fail. {shell[0].cause}", shell[0].next_action
    return verdict, action


def _caused(causes: Sequence[Finding], texts: Sequence[Text], explains: bool | None, told: Told) -> str:
    first = causes[0]
    found = f"{first.step}: {first.cause}"
    if told.runs:
        return f"The task runs, but as things are now it would not start again. {found}"
    end = ending(told)
    if end is not None and end.text_id != first.text_id and explains is not True:
        return f"{end.words} As things are now it would not start again. {found}"
    if explains is False:
        return f"{_said(texts)} That is not so now, but the next start would fail. {found}"
    more = f" After that, {len(causes) - 1} more would." if len(causes) > 1 else ""
    return found + more


def _in_the_clear(unchecked: Sequence[Finding], texts: Sequence[Text], told: Told) -> tuple[str, str]:
    """Nothing that was checked stops the start."""
    end = ending(told)
    if end is not None:
        return end.words, end.next_action
    said = f"{_said(texts)} " if texts else ""
    if unchecked:
        refused = any(_REFUSED in each.why for each in unchecked)
        action = next((each.next_action for each in unchecked if each.next_action), ALLOW if refused else _LOOK)
        runs = "The task runs. " if told.runs else ""
        return f"{runs}{said}Nothing that was checked is wrong, but not everything could be checked.", action
    if told.runs:
        return "The task runs, and nothing stands in the way of its next start.", ""
    if texts:
        return f"{said}As things are now, nothing stops it.", told.again
    if told.reason:
        unknown = "It stopped for a reason that this kit does not know; as things are now, nothing stops its start."
        return unknown, f"Read what it said. {told.again}"
    return "Nothing stops this task from starting.", "Run the task."


def _said(texts: Sequence[Text]) -> str:
    return f"Its reason means: {', or '.join(dict.fromkeys(text.case for text in texts))}."
