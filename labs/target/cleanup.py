"""Taking back what the lab created, and only that, with a receipt.

What uses another goes first, and of one kind the last created. Before each delete the tags are read from the account
again: without this lab's tags nothing is touched. Each step is in the ledger, so an interrupted cleaning goes on where
it stopped.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from labs.errors import LabError
from labs.target import costing, removal
from labs.target.docker_login import forget_passwords
from labs.target.failures import code_of, explain
from labs.target.kind import Kind
from labs.target.kinds import KINDS, kind_named, rank
from labs.target.ledger import Entry, State
from labs.target.names import ENTRY_TAG, KIT_TAG, OWNER_TAG
from labs.target.receipt import Item, Outcome, Receipt
from labs.target.removal import Tags
from labs.target.target import Target, TargetName

# Never longer than this for one kind; a kind's own ``wait_s`` may be shorter.
LONGEST_WAIT_S = 300.0
# How long after an interrupted create call its resource may still turn up in the account's answers.
SETTLE_S = {TargetName.LOCAL: 2.0, TargetName.AWS: 20.0}
# Refusals that may pass when what is being removed has gone. Source: the error code references of EC2, ECS and IAM.
_BUSY = frozenset(
    {
        "DependencyViolation",
        "ResourceInUse",
        "ResourceInUseException",
        "InvalidIPAddress.InUse",
        "InvalidNetworkInterface.InUse",
        "InvalidParameterValue",
        "IncorrectState",
        "ClusterContainsServicesException",
        "ClusterContainsTasksException",
        "UpdateInProgressException",
        "DeleteConflict",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
    }
)


def clean(target: Target, say: Callable[[str], None] = print) -> Receipt:
    """Remove what this lab created and return the receipt. ``say`` gets one line for each resource.

    Safe to run again at any point. LabError when the account cannot be asked at all.
    """
    cleaning = _Cleaning(target, say)
    cleaning.adopt()
    left = [item for item in cleaning.take_back(cleaning.open_entries()) if item.outcome is Outcome.LEFT]
    forget_passwords(target.home)
    receipt = cleaning.read_again(left)
    if not receipt.left and target.ledger.has_open_chapter():
        target.ledger.close()
    return receipt


def take_back(
    target: Target, wanted: Callable[[Entry], bool], say: Callable[[str], None] = lambda _line: None
) -> list[Item]:
    """Remove only what ``wanted`` says yes to, in the same order and with the same care; for the reset of a stage.

    ``wanted`` gets ledger entries (kind, id). What carries the lab's tags and is not in the ledger is entered first.
    """
    cleaning = _Cleaning(target, say)
    cleaning.adopt()
    return cleaning.take_back([entry for entry in cleaning.open_entries() if wanted(entry)])


def preview(target: Target) -> list[Item]:
    """What ``clean`` would do, in its order; changes nothing."""
    cleaning = _Cleaning(target, lambda _line: None)
    found = list(cleaning.tagged())
    items = []
    for entry in sorted(cleaning.open_entries(), key=_order):
        items += cleaning.look(entry)
    known = {(item.kind, item.id) for item in items}
    strays = [(kind.name, id) for kind, id, _tags in found if (kind.name, id) not in known]
    items += [Item(kind, id, Outcome.WOULD_GO, "found by its tags") for kind, id in strays]
    return items + cleaning.unread()


def _order(entry: Entry) -> tuple[int, int]:
    return rank(entry.kind), -entry.n


@dataclass
class _Going:
    """An entry on its way out: whether the delete was accepted, and what stood in its way last."""

    entry: Entry
    sent: bool = False
    reason: str = ""


class _Cleaning:
    def __init__(self, target: Target, say: Callable[[str], None]) -> None:
        self.target = target
        self.say = say
        self._unread: dict[str, Item] = {}

    def open_entries(self) -> list[Entry]:
        """What is not gone."""
        return [entry for entry in self.target.ledger.entries() if entry.state is not State.GONE]

    def tagged(self, among: Iterable[Kind] = KINDS) -> Iterator[tuple[Kind, str, Tags]]:
        """Everything of these kinds in the account that carries this lab's name and tags, with all its tags."""
        for kind in among:
            self._unread.pop(kind.name, None)
            try:
                for id, tags in removal.tagged(kind, self._client(kind, ""), self.target.names):
                    if self._ours(tags):
                        yield kind, id, tags
            except ClientError as error:
                self._unread[kind.name] = Item(kind.name, "(any)", Outcome.LEFT, f"cannot check: {_words(error)}")
            except BotoCoreError as error:
                raise explain(error, f"searching for the lab's {kind.name} by tag") from error

    def unread(self) -> list[Item]:
        """The kinds that the last search could not read."""
        return list(self._unread.values())

    def look(self, entry: Entry) -> list[Item]:
        """What would happen to one entry."""
        kind = kind_named(entry.kind)
        if kind is None:
            return [_unknown(entry)]
        if not entry.id:
            return []
        try:
            tags = removal.tags_now(kind, self._client(kind, entry.region), entry.id)
        except ClientError as error:
            return [Item(entry.kind, entry.id, Outcome.LEFT, f"cannot check: {_words(error)}")]
        except BotoCoreError as error:
            raise explain(error, f"looking at {entry.kind} {entry.id}") from error
        if tags is None:
            return []
        return [Item(entry.kind, entry.id, Outcome.WOULD_GO) if self._ours(tags) else self._untouched(entry, tags)]

    def adopt(self) -> None:
        """Bring ledger and account together: a lost ledger, line or answer loses no resource.

        What carries the lab's tags is entered if it is not in the ledger. An intention whose answer never came is
        completed by its token; a young one is searched for again, since the account may not show it yet.
        """
        self._adopt(KINDS)
        while young := self._young():
            time.sleep(0.2 if self.target.name is TargetName.LOCAL else 2.0)
            self._adopt(dict.fromkeys(young))

    def _adopt(self, among: Iterable[Kind]) -> None:
        ledger = self.target.ledger
        found = list(self.tagged(among))
        entries = ledger.entries()
        held = {(entry.kind, entry.id): entry for entry in entries if entry.id}
        asked = {(entry.kind, entry.token): entry for entry in entries if entry.token and not entry.id}
        for kind, id, tags in found:
            entry = held.get((kind.name, id)) or asked.pop((kind.name, tags.get(ENTRY_TAG, "")), None)
            if entry is None:
                ledger.created(ledger.intend(kind.name, id, self.target.region))
            elif entry.state is State.GONE or not entry.id:
                ledger.created(entry.n, id)

    def _young(self) -> list[Kind]:
        """The kinds of intentions without an id that may still turn up."""
        kinds = []
        for entry in self.open_entries():
            kind = kind_named(entry.kind)
            if kind and not entry.id and entry.intended_at:
                age = (datetime.now(UTC) - entry.intended_at).total_seconds()
                if 0 <= age < SETTLE_S[self.target.name]:
                    kinds.append(kind)
        return kinds

    def take_back(self, entries: Iterable[Entry]) -> list[Item]:
        """Remove these, kind by kind; what becomes of each."""
        items: list[Item] = []
        for name, group in itertools.groupby(sorted(entries, key=_order), key=lambda entry: entry.kind):
            kind = kind_named(name)
            if kind is None:
                items += [self._told(_unknown(entry)) for entry in group]
            else:
                items += self._take_back_kind(kind, [_Going(entry) for entry in group])
        return items

    def _take_back_kind(self, kind: Kind, going: list[_Going]) -> list[Item]:
        """All deletes are sent before the first is waited for; what is in the way is tried again."""
        began, pause, items = time.monotonic(), 0.1, list[Item]()
        patience = min(kind.wait_s, LONGEST_WAIT_S)
        while True:
            steps = [(each, self._step(kind, each)) for each in going]
            items += [self._told(item) for _, item in steps if item]
            going = [each for each, item in steps if item is None]
            waited = time.monotonic() - began
            if not going:
                return items
            if waited >= patience:
                break
            if waited + pause > 3 > waited:
                self.say(f"  waiting   {kind.name:<27}  {len(going)} on the way out, at most {patience:.0f} s")
            time.sleep(pause)
            pause = min(5.0, pause * 1.5)
        for each in going:
            reason = each.reason or f"still there {patience:.0f} s after it was deleted"
            items.append(self._told(Item(kind.name, each.entry.id, Outcome.LEFT, reason)))
        return items

    def _step(self, kind: Kind, going: _Going) -> Item | None:
        entry = going.entry
        try:
            return self._remove(kind, going)
        except ClientError as error:
            return Item(entry.kind, entry.id, Outcome.LEFT, _words(error))
        except BotoCoreError as error:
            raise explain(error, f"removing {entry.kind} {entry.id}") from error

    def _remove(self, kind: Kind, going: _Going) -> Item | None:
        """One try; None when there is nothing to say yet."""
        ledger, entry = self.target.ledger, going.entry
        client = self._client(kind, entry.region)
        tags = removal.tags_now(kind, client, entry.id) if entry.id else None
        if tags is None:
            ledger.gone(entry.n, "" if going.sent else "was not there")
            there = "was already gone" if entry.was_created else "never made"
            return Item(entry.kind, entry.id, Outcome.GONE, "" if going.sent else there)
        if not self._ours(tags):
            if not entry.was_created:
                ledger.gone(entry.n, "not this lab's")
            return self._untouched(entry, tags)
        if going.sent:
            return None
        ledger.created(entry.n)
        try:
            removal.remove(kind, client, entry.id)
        except ClientError as error:
            if code_of(error) not in _BUSY:
                raise
            return self._blocked(kind, client, going, error)
        going.sent, going.reason = True, ""
        return self._remove(kind, going)

    def _blocked(self, kind: Kind, client: Any, going: _Going, error: ClientError) -> Item | None:
        """In use: an Item when that will not pass by itself."""
        try:
            blockers = removal.blockers(kind, client, going.entry.id)
        except ClientError:
            # What is in the way may not be read; then the refusal itself is all there is to say.
            blockers = None
        going.reason = (blockers.words if blockers else "") or _words(error)
        if blockers and not blockers.passing:
            return Item(kind.name, going.entry.id, Outcome.LEFT, going.reason)
        return None

    def read_again(self, left: list[Item]) -> Receipt:
        """Count in the account, not in the ledger."""
        target = self.target
        seen = {(item.kind, item.id): item for item in left}
        for kind, id, _tags in self.tagged():
            seen.setdefault((kind.name, id), Item(kind.name, id, Outcome.LEFT, "carries the lab's tags"))
        created = [entry for entry in target.ledger.entries() if entry.was_created]
        gone = [entry for entry in created if (entry.kind, entry.id) not in seen]
        try:
            cost = costing.bill(target)
        except LabError as error:
            self.say(str(error))
            cost = None
        unread = self.unread()
        now = datetime.now(UTC)
        found = (*seen.values(), *unread)
        return Receipt(target.account, target.region, target.name, len(created), len(gone), found, now, cost)

    def _told(self, item: Item) -> Item:
        self.say(str(item))
        return item

    def _ours(self, tags: Tags) -> bool:
        return self.target.tags.items() <= tags.items()

    def _untouched(self, entry: Entry, tags: Tags) -> Item:
        if not entry.was_created:
            return Item(entry.kind, entry.id, Outcome.NOT_OURS, "does not carry this lab's tags, so it was not touched")
        mine, theirs = self.target.tags[OWNER_TAG], tags.get(OWNER_TAG, "")
        if tags.get(KIT_TAG) == self.target.prefix and theirs:
            why = f"its owner tag says '{theirs}', not '{mine}', so it was not touched"
        else:
            why = "lost the lab's tags, so it was not touched; remove it by hand"
        return Item(entry.kind, entry.id, Outcome.LEFT, why)

    def _client(self, kind: Kind, region: str) -> Any:
        return self.target.client(kind.service, region=region)


def _unknown(entry: Entry) -> Item:
    return Item(entry.kind, entry.id, Outcome.LEFT, "this version of the kit does not know this kind")


def _words(error: ClientError) -> str:
    detail = error.response.get("Error", {})
    return f"{detail.get('Code', 'error')}: {detail.get('Message', '')}".rstrip(": ")
