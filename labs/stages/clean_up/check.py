"""Stage 07: a receipt that says "left 0", and an account that says the same."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from labs.ledger import kinds
from labs.ledger.ledger import State
from labs.ledger.names import KIT_TAG, NAME_TAG, OWNER_TAG
from labs.lesson.bench import Bench
from labs.lesson.cleaning import Kept, kept
from labs.ui import text
from labs.verdict import Gate, Report, Verdict, run_gates

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_SHOWN = 3


@dataclass(frozen=True)
class _Account:
    """What the account has under the lab's name or tag: its own, another owner's or lab's, and what says no owner."""

    ours: tuple[str, ...]
    others: tuple[str, ...]
    unclaimed: tuple[str, ...]


@dataclass
class _Subject:
    """The bench, the receipt and the account, which are read once."""

    bench: Bench

    @cached_property
    def found(self) -> _Account:
        """Everything that by its name or by the kit's tag may be the lab's."""
        target = self.bench.target
        ours, others, unclaimed = [], [], []
        for kind in kinds.known():
            client = self.bench.reader(kind.service)
            for id in kind.found(client, target.names):
                tags = kind.tags_now(client, id)
                if tags is None:
                    continue  # gone
                shown, owner, lab = f"{kind.name} {id}", tags.get(OWNER_TAG, ""), tags.get(KIT_TAG, target.prefix)
                if lab != target.prefix:
                    others.append(f"{shown} (lab: {lab})")
                elif target.owns(tags):
                    ours.append(shown)
                elif owner:
                    others.append(f"{shown} (owner: {owner})")
                elif KIT_TAG in tags:
                    unclaimed.append(f"{shown} (the kit's tag, no owner)")
                elif target.names.owns(tags.get(NAME_TAG, id)):
                    unclaimed.append(f"{shown} (the lab's name, no tags of it)")
        return _Account(*(tuple(sorted(each)) for each in (ours, others, unclaimed)))

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
    found = subject.found.ours
    if not found:
        return None
    return subject.bench.say("clean.made_since", count=len(found), what=text.series(found[:_SHOWN]))


def _elsewhere(subject: _Subject) -> Verdict | None:
    """What the ledger holds of other Regions: a cleaning goes there, the gates before looked at this one."""
    target = subject.bench.target
    held = [each for each in target.ledger.entries() if each.state is not State.GONE and each.region != target.region]
    if not held:
        return None
    what = text.series([f"{each.kind} {each.id or '(no id yet)'} in {each.region}" for each in held[:_SHOWN]])
    return subject.bench.say("clean.elsewhere", count=len(held), what=what)


def _unclaimed(subject: _Subject) -> Verdict | None:
    """What has the lab's name or tag and says of nobody whose it is: no receipt names it."""
    found = subject.found.unclaimed
    if not found:
        return None
    return subject.bench.say(
        "clean.unclaimed", count=len(found), what=text.series(found[:_SHOWN]), prefix=subject.bench.target.prefix
    )


def _passed(subject: _Subject) -> Verdict:
    receipt = subject.receipt
    assert receipt is not None, "the gates before have found it"
    # How old the prices are stands in the receipt.
    cost = f"; cost {receipt.cost.partition(' (')[0]}" if receipt.cost else ""
    others = subject.found.others
    more = (f"{len(others) - _SHOWN} more",) if len(others) > _SHOWN else ()
    beside = f"; not the lab's: {text.series((*others[:_SHOWN], *more))}" if others else ""
    return subject.bench.say("clean.pass", created=receipt.created, gone=receipt.gone, cost=cost, beside=beside)


GATES = (
    Gate("receipt", _receipt),
    Gate("left", _left),
    Gate("account", _account),
    Gate("other Regions", _elsewhere),
    Gate("unclaimed", _unclaimed),
)


def check(bench: Bench) -> Report:
    """Ask the gates of stage 07."""
    return run_gates("clean-up", GATES, _Subject(bench), _passed)
