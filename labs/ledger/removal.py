"""Removing a set of resources: what uses another first, with bounded waiting.

The tags are read from the account again before each delete. Who may be removed and what is written down about it is the
caller's: cleaning asks for this lab's tags and keeps the ledger, sweeping asks for what is past its time.
"""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from labs.failures import RAISED, code_of, explain, passing
from labs.ledger import kinds
from labs.ledger.kind import Kind
from labs.ledger.ledger import Entry
from labs.ledger.receipt import Item, Outcome
from labs.ledger.tagging import Tags

# Never longer than this for one kind; a kind's own ``wait_s`` may be shorter.
LONGEST_WAIT_S = 300.0
# What is in use may be free in a moment; a kind adds its own. Source: the error code references of EC2, ECS and IAM.
_BUSY = frozenset(
    {
        "DependencyViolation",
        "ResourceInUse",
        "ResourceInUseException",
        "DeleteConflict",
    }
)


class RemovalRules(Protocol):
    """What the caller decides and writes down."""

    def may_go(self, entry: Entry, tags: Tags) -> Item | None:
        """None when a resource with these tags may be removed; else what to say of it."""

    def removing(self, entry: Entry) -> None:
        """It exists and is about to be removed."""

    def gone(self, entry: Entry, note: str) -> None:
        """It does not exist; ``note`` says so when it did not before either."""


@dataclass
class _Removal:
    """The removal of one entry: whether a delete was sent, whether it was accepted, what stood in its way last."""

    entry: Entry
    tried: bool = False
    sent: bool = False
    reason: str = ""

    @property
    def patience(self) -> float:
        """Seconds until it is given up."""
        kind = kinds.known().named(self.entry.kind)
        return min(kind.wait_s, LONGEST_WAIT_S) if kind else 0.0


def in_order(entry: Entry) -> tuple[int, int]:
    """The sort key of removal: by kind, and of one kind the last created first."""
    return kinds.known().rank(entry.kind), -entry.n


@dataclass(frozen=True)
class Remover:
    """Removes entries by ``rules``. ``client`` gives the boto3 client of a kind in a region; ``say`` gets lines."""

    client: Callable[[Kind, str], Any]
    rules: RemovalRules
    say: Callable[[str], None]

    def remove(self, entries: Iterable[Entry]) -> list[Item]:
        """Remove these; the outcome for each. LabError when the account cannot be asked."""
        items: list[Item] = []
        known = kinds.known()
        for _, group in itertools.groupby(sorted(entries, key=in_order), key=lambda entry: known.wave(entry.kind)):
            items += self._remove_wave([_Removal(entry) for entry in group])
        return items

    def _remove_wave(self, waiting: list[_Removal]) -> list[Item]:
        """All deletes are sent before the first is waited for; what is in the way is tried again.

        The outcomes are told in the order of removal, whichever of them AWS removed first.
        """
        began, pause, told = time.monotonic(), 0.1, False
        order, untold, outcomes = waiting, deque(waiting), dict[int, Item]()
        while waiting:
            waited = time.monotonic() - began
            for each in waiting:
                if item := self._step(each, waited):
                    outcomes[each.entry.n] = item
                while untold and untold[0].entry.n in outcomes:
                    self.say(str(outcomes[untold.popleft().entry.n]))
            waiting = [each for each in waiting if each.entry.n not in outcomes]
            if waiting and waited > 2 and not told:
                told = True
                longest = max(each.patience for each in waiting)
                self.say(f"  waiting   for {len(waiting)} that AWS is removing, at most {longest:.0f} s")
            if waiting:
                time.sleep(pause)
                pause = min(5.0, pause * 1.5)
        return [outcomes[each.entry.n] for each in order]

    def _step(self, removal: _Removal, waited: float) -> Item | None:
        entry, kind = removal.entry, kinds.known().named(removal.entry.kind)
        if kind is None:
            return unknown(entry)
        try:
            item = self._try(kind, removal)
        except RAISED as error:
            item = self._refused(removal, error)
        if item is None and waited >= removal.patience:
            reason = removal.reason or f"still there {removal.patience:.0f} s after it was deleted"
            item = Item(entry.kind, entry.id, Outcome.LEFT, reason)
        return item

    def _refused(self, removal: _Removal, error: Exception) -> Item | None:
        """None for what passes: it is tried again. LabError when the account cannot be asked."""
        entry = removal.entry
        if passing(error):
            removal.reason = words(error) if isinstance(error, ClientError) else explain(error, "removing it").what
            return None
        if not isinstance(error, ClientError):
            raise explain(error, f"removing {entry.kind} {entry.id}") from error
        return Item(entry.kind, entry.id, Outcome.LEFT, words(error))

    def _try(self, kind: Kind, removal: _Removal) -> Item | None:
        """One try; None when there is nothing to say yet."""
        entry, client = removal.entry, self.client(kind, removal.entry.region)
        tags = kind.tags_now(client, entry.id) if entry.id else None
        if tags is None:
            self.rules.gone(entry, "" if removal.tried else "was not there")
            there = "was already gone" if entry.was_created else "never made"
            return Item(entry.kind, entry.id, Outcome.GONE, "" if removal.tried else there)
        refused = self.rules.may_go(entry, tags)
        if refused is not None:
            return refused
        if removal.sent:
            return None
        self.rules.removing(entry)
        try:
            sent = kind.delete(client, entry.id)
        except ClientError as error:
            if code_of(error) not in {*_BUSY, *kind.busy}:
                raise
            return self._blocked(kind, client, removal, error)
        removal.tried, removal.sent, removal.reason = True, sent, ""
        # "Not there" and still shown: AWS answers from two moments, and what it held may have been all that was gone.
        return self._try(kind, removal) if sent else self._shown_still(kind, removal)

    def _shown_still(self, kind: Kind, removal: _Removal) -> Item | None:
        entry = removal.entry
        if kind.tags_now(self.client(kind, entry.region), entry.id) is not None:
            return None
        self.rules.gone(entry, "")
        return Item(entry.kind, entry.id, Outcome.GONE)

    def _blocked(self, kind: Kind, client: Any, removal: _Removal, error: ClientError) -> Item | None:
        """In use: an Item when that will not pass by itself."""
        try:
            blockers = kind.blockers(client, removal.entry.id) if kind.blockers else None
        except ClientError:
            # What is in the way may not be read; then the refusal itself is all there is to say.
            blockers = None
        removal.reason = (blockers.words if blockers else "") or words(error)
        if blockers and not blockers.passing:
            return Item(kind.name, removal.entry.id, Outcome.LEFT, removal.reason)
        return None


def unknown(entry: Entry) -> Item:
    """A kind from another version of the kit."""
    return Item(entry.kind, entry.id, Outcome.LEFT, "this version of the kit does not know this kind")


def words(error: ClientError) -> str:
    """The account's own code and sentence."""
    detail = error.response.get("Error", {})
    return f"{detail.get('Code', 'error')}: {detail.get('Message', '')}".rstrip(": ")
