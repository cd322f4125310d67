"""What the panel's buttons do: the same as ``lab.check()``, ``lab.hint()`` and ``lab.reset()``, said in lines."""

from collections.abc import Callable, Mapping

from labs.desk import afresh
from labs.failures import RAISED, explain
from labs.lesson import hints, runner
from labs.lesson.bench import Bench, open_bench
from labs.lesson.stage import Stage
from labs.printable import printable_lines
from labs.verdict import Report, Status

Answer = tuple[Report | None, tuple[str, ...]]


def press(name: str, subject: Stage) -> Answer:
    """The report, of a check, and what to show. LabError when it cannot be done."""
    try:
        report, said = _DO[name](subject, open_bench())
    except RAISED as error:
        raise explain(error, f"doing {name} for {subject.name}") from error
    return report, tuple(printable_lines(said).splitlines())


def _check(subject: Stage, bench: Bench) -> tuple[Report | None, str]:
    report = runner.check_and_record(subject.name, bench)
    said = f"{report.verdict.status.value}  {report.verdict.message_id}"
    if report.verdict.status in (Status.PASS, Status.CANNOT_CHECK):
        return report, said
    offered = hints.offer(subject, bench)
    return report, f"{said}\n{offered}" if offered else said


def _hint(subject: Stage, bench: Bench) -> tuple[Report | None, str]:
    return None, hints.next_hint(subject, bench)


def _reset(subject: Stage, bench: Bench) -> tuple[Report | None, str]:
    again = afresh.begin_again((subject,), bench)
    # As lab.reset() in a notebook: its files are there again, for who goes on.
    runner.begin(subject.name, bench)
    return None, afresh.told(again, beside_panel=True)


_DO: Mapping[str, Callable[[Stage, Bench], tuple[Report | None, str]]] = {
    "check": _check,
    "hint": _hint,
    "reset": _reset,
}
