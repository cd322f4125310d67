"""The course's view from what the lab keeps: the stages, the progress file, a look at the gates, the ledger.

Reads files alone; whoever has asked the gates hands the answer in. Imports nothing that connects to AWS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labs.desk.view import ActionView, CourseView, FindingView, GateState, GateView, StageState, StageView
from labs.lesson.history import Happened, What, taken_back, time_spent
from labs.lesson.progress import Progress, StageProgress
from labs.lesson.stage import Stage, following, said, stages, undone_with
from labs.verdict import Report, Status

LEFT_TO_CHECK = "check.left_to_check"


@dataclass(frozen=True)
class Look:
    """One pass through the gates of a stage, and when it began (UTC): no evidence is younger."""

    stage: str
    report: Report
    at: datetime


def cannot_look(subject: Stage, what: str, next_step: str) -> Report:
    """The report of a look that was not possible: CANNOT CHECK, and what to do about it."""
    return Report(subject.name, said("check.broken", {"what": what, "next": next_step or "try again"}))


def stage_in_hand(progress: Progress, notebook: str = "", events: Sequence[Happened] = ()) -> Stage:
    """The stage of the notebook that is open; else the one begun last and not passed, else the first not passed.

    By ``events``, the history, it is known which were passed before the cleaning took them back.
    """
    for each in stages():
        if notebook and each.notebook == notebook:
            return each
    known = {each.name: progress.of(each.name) for each in stages()}
    begun = [each for each in stages() if known[each.name].begun and not known[each.name].passed]
    if begun:
        return max(begun, key=lambda each: known[each.name].begun)
    left = (each for each in stages() if not known[each.name].passed and not taken_back(events, each.name))
    return next(left, stages()[-1])


def course(
    progress: Progress,
    in_hand: Stage,
    *,
    look: Look | None = None,
    events: Sequence[Happened] = (),
    gates: Sequence[str] = (),
    target: str = "",
    cost: str = "",
    remark: str = "",
    action: ActionView | None = None,
    now: datetime | None = None,
) -> CourseView:
    """The view. ``look`` counts only for the stage in hand; ``events`` are the history, for the minutes.

    ``gates`` are the names of its gates, from ``gate_names``; without them the view has none.
    """
    now = now or datetime.now(UTC)
    own = progress.of(in_hand.name)
    look = look if look is not None and look.stage == in_hand.name and own.begun else None
    report = look.report if look is not None else None
    return CourseView(
        target=target,
        stages=tuple(_stage(each, progress, each is in_hand, events, now) for each in stages()),
        gates=_gates(gates, own, report),
        finding=_finding(report),
        evidence_age_s=_age(own, look, now),
        remark=remark,
        cost=cost,
        next_step=_next_step(in_hand, progress, report),
        next_notebook=_next_notebook(in_hand, own),
        after=following(in_hand),
        action=action,
    )


def _stage(subject: Stage, progress: Progress, current: bool, events: Sequence[Happened], now: datetime) -> StageView:
    own = progress.of(subject.name)
    return StageView(
        name=subject.name,
        number=f"{subject.order:02}",
        title=subject.title,
        notebook=subject.notebook,
        state=_state(own, current, gone=taken_back(events, subject.name)),
        planned_min=subject.minutes,
        spent_min=spent_minutes(subject, own, events, now),
        current=current,
        resets=tuple(each.name for each in undone_with(subject) if each is subject or progress.of(each.name).begun),
    )


def _state(own: StageProgress, current: bool, *, gone: bool) -> StageState:
    if own.passed:
        return StageState.HELPED if own.helped else StageState.DONE
    if current:
        return StageState.HERE
    return StageState.TAKEN_BACK if gone else StageState.NOT_YET


def spent_minutes(subject: Stage, own: StageProgress, events: Sequence[Happened], now: datetime) -> int | None:
    """Minutes of work as the report counts them, to this moment for a stage in work; None before it was begun."""
    if not own.begun:
        return None
    until_now = () if own.passed else (Happened(at=now, stage=subject.name, what=What.CHECKED),)
    return int(time_spent((*events, *until_now), subject.name).total_seconds() // 60)


def gate_names(subject: Stage) -> tuple[str, ...]:
    """The names of a stage's gates, in order; it imports the stage's check, and boto3 with it."""
    return tuple(gate.name for gate in getattr(subject.module("check"), "GATES", ()))


def _gates(names: Sequence[str], own: StageProgress, report: Report | None) -> tuple[GateView, ...]:
    if report is None:
        state = GateState.OPEN if own.passed else GateState.NOT_LOOKED
        return tuple(GateView(name, state) for name in names)
    states = dict.fromkeys(names, GateState.NOT_LOOKED)
    states |= dict.fromkeys(report.open_gates, GateState.OPEN)
    states |= dict.fromkeys(report.not_reached, GateState.NOT_REACHED)
    if report.shut:
        states[report.shut] = _shut(report)
    elif not report.verdict.passed:
        # Nobody could look, or a stage before is not passed: that says nothing of any gate.
        cannot = report.verdict.status is Status.CANNOT_CHECK
        states = dict.fromkeys(names, GateState.CANNOT if cannot else GateState.NOT_REACHED)
    return tuple(GateView(name, state) for name, state in states.items())


def _shut(report: Report) -> GateState:
    if report.verdict.message_id == LEFT_TO_CHECK:
        return GateState.NOT_LOOKED
    return GateState.CANNOT if report.verdict.status is Status.CANNOT_CHECK else GateState.SHUT


def _finding(report: Report | None) -> FindingView | None:
    if report is None:
        return None
    verdict, parts = report.verdict, dict(report.verdict.parts())
    return FindingView(
        verdict.status.value,
        verdict.message_id,
        expected=parts.get("Expected", ""),
        found=parts.get("Found", ""),
        why=parts.get("Why", ""),
        next_step=parts.get("Next", ""),
    )


def _age(own: StageProgress, look: Look | None, now: datetime) -> float | None:
    """Seconds since the evidence of what is shown: of the look, or of the check that was passed."""
    seen = look.at if look is not None else own.passed_at
    return None if seen is None else max(0.0, (now - seen).total_seconds())


def _next_step(subject: Stage, progress: Progress, report: Report | None) -> str:
    """The one thing to do."""
    own = progress.of(subject.name)
    missing = next((name for name in subject.needs if not progress.of(name).passed), "")
    if missing and not own.passed:
        return f'finish {missing} first, or catch up with lab.solve("{missing}")'
    if not own.begun:
        return f'open {subject.notebook} and run its first cell, lab.begin("{subject.name}")'
    if report is not None and not report.verdict.passed:
        return dict(report.verdict.parts()).get("Next", "") or "lab.check()"
    if own.passed:
        then = _next_notebook(subject, own)
        return f"open {then}" if then else "nothing more: this was the last stage"
    return "lab.check(): everything that was looked at is right" if report is not None else "go on in the notebook"


def _next_notebook(subject: Stage, own: StageProgress) -> str:
    return following(subject) if own.passed else subject.notebook
