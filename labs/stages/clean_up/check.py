"""Stage 07: a receipt that says "left 0", and an account that says the same."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from labs.ledger import kinds
from labs.lesson.bench import Bench
from labs.lesson.cleaning import Kept, kept
from labs.ui import text
from labs.verdict import Gate, Report, Verdict, run_gates

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_SHOWN = 3


@dataclass
class _Subject:
    """The bench, and the receipt, which is read once."""

    bench: Bench

    @cached_property
    def receipt(self) -> Kept | None:
        """The receipt of a cleaning since this stage began."""
        return kept(self.bench, self.bench.progress.of("clean-up").begun_at or _BEGINNING)


def _receipt(subject: _Subject) -> Verdict | None:
    return subject.bench.say("clean.no_receipt") if subject.receipt is None else None


def _left(subject: _Subject) -> Verdict | None:
    assert subject.receipt is not None, "the gate before has found it"
    left = subject.receipt.left
    if not left:
        return None
    kind, id, reason = left[0]
    return subject.bench.say("clean.left", count=len(left), kind=kind, id=id, reason=reason or "no reason given")


def _account(subject: _Subject) -> Verdict | None:
    """What carries the lab's tags now, read from the account."""
    bench = subject.bench
    found = [
        f"{kind.name} {id}"
        for kind in kinds.known()
        for id, tags in kind.tagged(bench.reader(kind.service), bench.target.names)
        if bench.target.tags.items() <= tags.items()
    ]
    if not found:
        return None
    return bench.say("clean.made_since", count=len(found), what=text.series(found[:_SHOWN]))


def _passed(subject: _Subject) -> Verdict:
    receipt = subject.receipt
    assert receipt is not None, "the gates before have found it"
    # How old the prices are stands in the receipt.
    cost = f"; cost {receipt.cost.partition(' (')[0]}" if receipt.cost else ""
    return subject.bench.say("clean.pass", created=receipt.created, gone=receipt.gone, cost=cost)


GATES = (Gate("receipt", _receipt), Gate("left", _left), Gate("account", _account))


def check(bench: Bench) -> Report:
    """Ask the gates of stage 07."""
    return run_gates("clean-up", GATES, _Subject(bench), _passed)
