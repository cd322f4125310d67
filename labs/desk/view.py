"""What the desk shows of the course, as plain values, and the same as text and as JSON. Pure.

Words carry the meaning everywhere; a sign or a colour only repeats it.
"""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from labs.printable import printable

WIDTH = 80


class StageState(Enum):
    """Where a stage stands, in words. TAKEN_BACK: it was passed, and what it made went with the cleaning."""

    DONE = "done"
    HELPED = "done with help"
    TAKEN_BACK = "done, taken back"
    HERE = "here"
    NOT_YET = "not yet"


class GateState(Enum):
    """What is known of one gate, in words. NOT_LOOKED: nobody has asked so far; NOT_REACHED: one before it is shut."""

    OPEN = "open"
    SHUT = "shut"
    NOT_REACHED = "not reached"
    NOT_LOOKED = "not looked at yet"
    CANNOT = "cannot check"


SIGNS: Mapping[Enum, str] = {
    StageState.DONE: "✓",
    StageState.HELPED: "◐",
    StageState.TAKEN_BACK: "✓",
    StageState.HERE: "▶",
    StageState.NOT_YET: "○",
    GateState.OPEN: "✓",
    GateState.SHUT: "✗",
    GateState.NOT_REACHED: "·",
    GateState.NOT_LOOKED: "·",
    GateState.CANNOT: "?",
}


@dataclass(frozen=True)
class StageView:
    """One stage: ``number`` as notebooks are numbered, minutes planned and spent (None: not begun, or not known).

    ``current``: the stage in hand, whatever its state. ``resets``: what a reset undoes of
    what has begun, last first, and itself.
    """

    name: str
    number: str
    title: str
    notebook: str
    state: StageState
    planned_min: int
    spent_min: int | None = None
    current: bool = False
    resets: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateView:
    """One question of the check of the stage in hand."""

    name: str
    state: GateState


@dataclass(frozen=True)
class FindingView:
    """What the last look or check found: a verdict's words, each on one line; empty where there is none."""

    status: str
    message_id: str
    expected: str = ""
    found: str = ""
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class ActionView:
    """What a button has started: ``name`` is check, hint or reset; ``number`` counts them, ``lines`` are its answer."""

    name: str
    stage: str
    number: int
    at_work: bool
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CourseView:
    """The course as a trainee sees it.

    ``gates`` and ``finding`` are those of the stage in hand. ``evidence_age_s``: seconds since the gates were asked,
    None when they have not been. ``remark``: why they are not looked at now, or how long a look has taken already.
    ``next_notebook``: where the work goes on; ``after``: the notebook behind the one in hand. Empty after the last one.
    """

    target: str
    stages: tuple[StageView, ...]
    gates: tuple[GateView, ...] = ()
    finding: FindingView | None = None
    evidence_age_s: float | None = None
    remark: str = ""
    cost: str = ""
    next_step: str = ""
    next_notebook: str = ""
    after: str = ""
    action: ActionView | None = None

    @property
    def here(self) -> StageView:
        """The stage in hand."""
        return next(each for each in self.stages if each.current)

    @property
    def progress(self) -> str:
        """How far, in one line: for a status bar."""
        done = sum(each.state not in (StageState.HERE, StageState.NOT_YET) for each in self.stages)
        line = f"{self.here.notebook}: {self.here.state.value}"
        opened = sum(gate.state is GateState.OPEN for gate in self.gates)
        known = any(gate.state is not GateState.NOT_LOOKED for gate in self.gates)
        gates = f", {opened} of {len(self.gates)} gates open" if known else ""
        return f"{line}{gates}; {done} of {len(self.stages)} stages done"


def minutes(stage: StageView) -> str:
    """Minutes spent against planned: ``12 of 25 min``, ``25 min`` before it was begun."""
    spent = "" if stage.spent_min is None else f"{stage.spent_min} of "
    return f"{spent}{stage.planned_min} min"


def evidence(view: CourseView) -> str:
    """How old it is, in steps that a reader needs: ``looked at 40 s ago``, ``passed 3 h ago``."""
    seconds = view.evidence_age_s
    if seconds is None:
        return "not looked at yet"
    happened = "passed" if view.finding is None and view.here.state is not StageState.HERE else "looked at"
    if seconds < 5:
        return f"{happened} just now"
    for unit, length, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{happened} {seconds / length:.0f} {unit} ago"
    return f"{happened} {seconds / 86400:.0f} days ago"


def as_json(view: CourseView) -> dict[str, Any]:
    """The view as JSON values, with each state's word and sign, and the lines that a panel shows as they are."""
    row: dict[str, Any] = _plain(view)
    for shown, each in zip(row["stages"], view.stages, strict=True):
        shown |= {"sign": SIGNS[each.state], "minutes": minutes(each)}
    for shown, gate in zip(row["gates"], view.gates, strict=True):
        shown["sign"] = SIGNS[gate.state]
    return row | {"age": evidence(view), "progress": view.progress, "here": view.here.name}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, str):
        return printable(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def as_text(view: CourseView) -> str:
    """The view in at most 80 columns; nothing in it needs colour."""
    return "\n".join(_lines(view))


def _lines(view: CourseView) -> Iterator[str]:
    yield f"The course  ({view.target})"
    yield ""
    words = max(len(each.state.value) for each in view.stages)
    names = max(len(each.notebook) for each in view.stages)
    for each in view.stages:
        mark = "  <" if each.current else ""
        line = f"  {SIGNS[each.state]} {each.notebook:<{names}}  {each.state.value:<{words}}  {minutes(each)}{mark}"
        yield line.rstrip()
    yield ""
    yield from _wrapped(f"{view.here.notebook}  ", view.here.title)
    for gate in view.gates:
        yield f"  {SIGNS[gate.state]} {gate.name}: {gate.state.value}"
    if view.evidence_age_s is not None or view.remark:
        yield from _wrapped("  ", f"{evidence(view)}{f'; {view.remark}' if view.remark else ''}")
    if view.finding is not None:
        yield ""
        yield f"{view.finding.status}  {view.finding.message_id}"
        for name, words_ in (
            ("Expected: ", view.finding.expected),
            ("Found:    ", view.finding.found),
            ("Why:      ", view.finding.why),
        ):
            if words_:
                yield from _wrapped(name, words_)
    yield ""
    if view.cost:
        yield from _wrapped("Cost:     ", view.cost)
    yield from _wrapped("Next:     ", view.next_step)


def _wrapped(begin: str, words: str) -> list[str]:
    shown, indent = printable(words), " " * len(begin)
    return textwrap.wrap(shown, WIDTH, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False)
