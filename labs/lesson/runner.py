"""Run a check: waiting where evidence may still be on its way, and never blaming the trainee for our faults."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from botocore import exceptions as boto

from labs.errors import LabError
from labs.failures import RAISED, denied, explain, passing, throttled
from labs.ledger import cleanup
from labs.lesson.bench import Bench
from labs.lesson.history import What, taken_back
from labs.lesson.progress import Progress
from labs.lesson.stage import Stage, catalogue, stage, undone_with
from labs.session.target import Target
from labs.verdict import Report, Status, Verdict, looking

# How long a NOT YET that may resolve itself is asked again: IAM and CloudTrail on AWS are eventually consistent.
DEADLINE_LOCAL_S = 3.0
DEADLINE_AWS_S = 60.0
# For so long AWS may answer without what was made or changed a moment ago (IAM and EC2: seconds).
SETTLES_S = 15.0
# Nothing is missing any more, so only the machine is slow.
DEADLINE_SOLVED_S = 60.0


def check(
    subject: Stage,
    bench: Bench,
    *,
    solved: bool = False,
    until: str = "",
    say: Callable[[str], object] = lambda _line: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """The report of one stage; what may pass by itself (its message says ``waits``) is asked again until a deadline.

    ``solved``: the kit has just done the stage itself, and waits longer. ``until``: a gate; when it and all before it
    are open, nothing after it is waited for. ``say`` hears once what is waited for.
    """
    patience = DEADLINE_SOLVED_S if solved else DEADLINE_AWS_S if bench.on_aws else DEADLINE_LOCAL_S
    deadline = clock() + patience
    settled = clock() + (SETTLES_S - bench.target.ledger.quiet_s() if bench.on_aws else 0.0)
    pause, told = 0.25, False
    while True:
        report = ask(subject, bench)
        if until in report.open_gates:
            return report
        message = catalogue().messages[report.verdict.message_id]
        wrong = report.verdict.status in (Status.FAIL, Status.NOT_YET) and report.gates()
        wait_until = deadline if message.waits else settled if wrong else 0.0
        left = wait_until - clock()
        if left < pause:
            return report
        if not told:
            told = True
            why = "until this changes by itself" if message.waits else "in case AWS does not show the last change yet"
            say(f"Waiting {why}: {report.verdict.found}; at most {left:.0f} s.")
        # Thirty checks that were refused at one moment do not come back at one moment.
        sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, 5.0)


def ask(subject: Stage, bench: Bench) -> Report:
    """One pass through the stage's gates. What keeps the kit from looking is CANNOT CHECK."""
    for name in subject.needs:
        if not bench.progress.of(name).passed:
            return Report(subject.name, bench.say("check.out_of_order", stage=subject.name, needs=name))
    try:
        return subject.check(bench)
    except RAISED as error:
        return Report(subject.name, _cannot(bench, error))
    except LabError as error:
        return Report(subject.name, bench.say("check.broken", what=error.what, next=error.next_step or "try again"))


def look(subject: Stage, bench: Bench) -> Report:
    """As ``ask``, for whoever watches: nothing is run to find out, so a gate that does so is left to a check."""
    with looking(bench.say("check.left_to_check", stage=subject.name)):
        return ask(subject, bench)


def _cannot(bench: Bench, error: Exception) -> Verdict:
    said = explain(error, "reading what the check needs")
    if throttled(error):
        return bench.say("check.throttled", what=said.what)
    if passing(error):
        return bench.say("check.aws_failed", what=said.what)
    if denied(error):
        return bench.say("check.not_allowed", what=said.what)
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return bench.say("check.target_gone", what=said.what, next=said.next_step)
    return bench.say("check.no_credentials", what=said.what, next=said.next_step)


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """What boto3 raises, as a LabError in words."""
    try:
        yield
    except RAISED as error:
        raise explain(error, doing) from error


def check_and_record(
    name: str, bench: Bench, *, solved: bool = False, say: Callable[[str], object] = lambda _line: None
) -> Report:
    """Check a stage and write the outcome into the progress file; ``say`` hears what is waited for."""
    subject = stage(name)
    return _recorded(subject, bench, check(subject, bench, solved=solved, say=say))


def _recorded(subject: Stage, bench: Bench, report: Report) -> Report:
    before = bench.progress.of(subject.name)
    after = before.checked(report, datetime.now(UTC))
    if after != before:
        bench.progress.put(subject.name, after)
    bench.history.add(subject.name, What.CHECKED, verdict=report.verdict)
    return report


def check_part(name: str, until: str, bench: Bench, *, say: Callable[[str], object] = lambda _line: None) -> Report:
    """Check a stage as far as the gate ``until``: PASS when that one and all before it are open, else as ``check``.

    The PASS of a part is not the stage's, and the progress does not take it for one. LabError lists the gates.
    """
    subject = stage(name)
    report = check(subject, bench, until=until, say=say)
    gates = report.gates()
    if gates and until not in gates:
        raise LabError(f"{name} has no gate '{until}'.", f"use one of: {', '.join(gates)}", id="no-such-gate")
    if until not in report.open_gates:
        return _recorded(subject, bench, report)
    reached = gates[: gates.index(until) + 1]
    verdict = bench.say("check.part_passed", gate=until, open=", ".join(reached))
    return Report(subject.name, verdict, reached)


@dataclass(frozen=True)
class Begun:
    """A stage that was begun: facts to show, and the names of those that must be passed before it."""

    facts: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def begin(name: str, bench: Bench) -> Begun:
    """Begin a stage, or take it up again: its files are restored; what the trainee has written is left alone.

    A stage out of order is not begun.
    """
    subject = stage(name)
    missing = tuple(each for each in subject.needs if not bench.progress.of(each).passed)
    if missing:
        return Begun(missing=missing)
    known = bench.progress.of(subject.name).begun
    bench.progress.begin(subject.name)
    with _explained(f"preparing {subject.name}"):
        facts = subject.prepare(bench)
    if not known:
        bench.history.add(subject.name, What.BEGUN)
    return Begun(facts)


def solve(
    name: str, bench: Bench, watch: Callable[[str, Report | None], object] = lambda _stage, _report: None
) -> tuple[Report, ...]:
    """Do a stage, and before it those it needs and that are not passed; the report of each that was done.

    ``watch`` hears a stage's name when it begins, with None, and its report when it has ended. Where what
    stands there is in the way of a PASS, the stage is reset and done once more from its beginning.
    """
    subject = stage(name)
    reports: list[Report] = []
    for needed in subject.needs:
        if not bench.progress.of(needed).passed:
            reports += solve(needed, bench, watch)
            if not reports[-1].verdict.passed:
                return tuple(reports)
    watch(subject.name, None)
    begun = bench.progress.of(subject.name).begun
    report = _solved(subject, bench)
    if begun and report.verdict.status in (Status.FAIL, Status.NOT_YET):
        reset(subject.name, bench)
        report = _solved(subject, bench)
    watch(subject.name, report)
    return (*reports, report)


def _solved(subject: Stage, bench: Bench) -> Report:
    bench.progress.begin(subject.name)
    with _explained(f"solving {subject.name}"):
        subject.solve(bench)
    bench.progress.put(subject.name, replace(bench.progress.of(subject.name), helped=True))
    bench.history.add(subject.name, What.SOLVED)
    return check_and_record(subject.name, bench, solved=True)


def reset(name: str, bench: Bench) -> tuple[str, ...]:
    """Undo a stage and those that build on it, last first; the names of what was undone."""
    undone, events = undone_with(stage(name)), bench.history.events()
    with cleanup.searched_once():
        for each in undone:
            begun = bench.progress.of(each.name).begun or taken_back(events, each.name)
            with _explained(f"resetting {each.name}"):
                each.reset(bench)
            bench.progress.forget(each.name)
            if begun:
                bench.history.add(each.name, What.RESET)
    return tuple(each.name for each in undone)


def confirm(target: Target, typed: str) -> None:
    """Remember which account's number was typed; LabError when it is not this account's."""
    number, progress = "".join(typed.split()).replace("-", ""), Progress.at(target.home)
    progress.put("start", replace(progress.begin("start"), answer=number))
    if number:
        target.confirm(number)
