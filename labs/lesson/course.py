"""The solved course: each stage solved and checked in order, and its table."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage, stages
from labs.ui import text
from labs.verdict import Report


@dataclass(frozen=True)
class Row:
    """One line of the table; ``seconds`` counts solving and checking."""

    stage: Stage
    report: Report
    seconds: float


def play(bench: Bench, *, keep: bool = False) -> Iterator[Row]:
    """Solve and check each stage in order; a stage that does not pass ends the course. ``keep`` leaves out cleaning."""
    for subject in stages():
        if left_out(bench, subject) or (keep and subject.lasting):
            continue
        began = time.monotonic()
        try:
            report = runner.solve(subject.name, bench)[-1]
        except LabError as error:
            verdict = bench.say("check.broken", what=error.what, next=error.next_step or "try again")
            report = Report(subject.name, verdict)
        yield Row(subject, report, time.monotonic() - began)
        if not report.verdict.passed:
            return


def left_out(bench: Bench, subject: Stage) -> bool:
    """Whether the course does not ask a stage here: on real AWS, one that can be done on the local AWS alone."""
    return bench.on_aws and subject.local_only


def planned() -> str:
    """The stages in order: minutes, what each needs, and which of that is not in this course."""
    names = {each.name for each in stages()}
    rows = []
    for each in stages():
        needs = [name if name in names else f"{name} (not in this course)" for name in each.needs]
        rows.append((each.notebook, str(each.minutes), text.series(needs) or "nothing"))
    rows.append(("all", str(sum(each.minutes for each in stages())), ""))
    return text.table(("stage", "minutes", "needs"), rows)


def shown(rows: list[Row], without: Collection[Stage] = ()) -> str:
    """The table: stage, verdict, seconds; stages that were left out, and those that were not reached, say so."""
    done = {row.stage.name: (row.report.verdict.status.value, f"{row.seconds:.1f}") for row in rows}
    cells = [
        (each.notebook, *done.get(each.name, ("left out" if each in without else "not reached", "")))
        for each in stages()
    ]
    cells.append(("all", "", f"{sum(row.seconds for row in rows):.1f}"))
    return text.table(("stage", "verdict", "seconds"), cells)
