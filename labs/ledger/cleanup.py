"""Taking back what the lab created, and only that, with a receipt.

What uses another goes first, and of one kind the last created. Before each delete the tags are read from the account
again: without this lab's tags nothing is touched. Each step is in the ledger, so an interrupted cleaning goes on where
it stopped.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import RAISED, code_of, denied, explain
from labs.ledger import costing, kinds
from labs.ledger.kind import Kind
from labs.ledger.lab_account import LabAccount, TargetName
from labs.ledger.ledger import Entry, State
from labs.ledger.names import ENTRY_TAG, GENERATED, KIT_TAG, OWNER_TAG
from labs.ledger.patience import patiently
from labs.ledger.receipt import Item, Outcome, Receipt
from labs.ledger.removal import Remover, in_order, unknown, words
from labs.ledger.tagging import Tags

# How long after an interrupted create call its resource may still turn up in the account's answers.
SETTLE_S = {TargetName.LOCAL: 1.0, TargetName.AWS: 20.0}

# The accounts that one reset of several stages has searched already; None outside it.
_searched: ContextVar[set[int] | None] = ContextVar("searched", default=None)


def clean(target: LabAccount, say: Callable[[str], None] = print) -> Receipt:
    """Remove what this lab created and return the receipt. ``say`` gets one line for each resource.

    Safe to run again at any point. LabError when the account cannot be asked at all.
    """
    cleaning = _Cleaning(target, say)
    cleaning.adopt()
    left = [item for item in cleaning.take_back(cleaning.open_entries()) if item.outcome is Outcome.LEFT]
    receipt = cleaning.read_again(left)
    if len(receipt.left) > len(left):
        # AWS shows only now what it said was not there: it was young.
        cleaning.adopt()
        left = [item for item in cleaning.take_back(cleaning.open_entries()) if item.outcome is Outcome.LEFT]
        receipt = cleaning.read_again(left)
    if not receipt.left and target.ledger.has_open_chapter():
        target.ledger.close()
    return receipt


def take_back(
    target: LabAccount, wanted: Callable[[Entry], bool], say: Callable[[str], None] = lambda _line: None
) -> list[Item]:
    """Remove only what ``wanted`` says yes to, in the same order and with the same care; for the reset of a stage.

    ``wanted`` gets ledger entries (kind, id). What carries the lab's tags and is not in the ledger is entered first.
    """
    cleaning = _Cleaning(target, say)
    searched = _searched.get()
    if searched is None or id(target) not in searched:
        cleaning.adopt()
        if searched is not None:
            searched.add(id(target))
    return cleaning.take_back([entry for entry in cleaning.open_entries() if wanted(entry)])


@contextmanager
def searched_once() -> Iterator[None]:
    """Within it, ``take_back`` searches an account by tag only the first time: several stages are reset in one go."""
    token = _searched.set(set())
    try:
        yield
    finally:
        _searched.reset(token)


def preview(target: LabAccount) -> list[Item]:
    """What ``clean`` would do, in its order; changes nothing."""
    cleaning = _Cleaning(target, lambda _line: None)
    found = list(cleaning.tagged(kinds.known()))
    items = []
    for entry in sorted(cleaning.open_entries(), key=in_order):
        items += cleaning.look(entry)
    known = {(item.kind, item.id) for item in items}
    strays = [(kind.name, id) for kind, id, _tags in found if (kind.name, id) not in known]
    items += [Item(kind, id, Outcome.WOULD_GO, "found by its tags") for kind, id in strays]
    return items + cleaning.unread()


class _Cleaning:
    def __init__(self, target: LabAccount, say: Callable[[str], None]) -> None:
        self.target = target
        self.say = say
        self._unread: dict[str, Item] = {}
        self._denied: set[str] = set()

    def open_entries(self) -> list[Entry]:
        """What is not gone."""
        return [entry for entry in self.target.ledger.entries() if entry.state is not State.GONE]

    def tagged(self, among: Iterable[Kind]) -> Iterator[tuple[Kind, str, Tags]]:
        """Everything of these kinds in the account that carries this lab's name and tags, with all its tags."""
        for kind in among:
            self._unread.pop(kind.name, None)
            try:
                found = patiently(partial(self._all_of, kind))
            except ClientError as error:
                # Some services know no federated session; that its keys are known, the account has said already.
                if denied(error) or code_of(error) == "InvalidClientTokenId":
                    self._denied.add(kind.name)
                self._unread[kind.name] = Item(kind.name, "(any)", Outcome.LEFT, f"cannot check: {words(error)}")
            except RAISED as error:
                raise explain(error, f"searching for the lab's {kind.name} by tag") from error
            else:
                yield from ((kind, id, tags) for id, tags in found if self._ours(tags))

    def _all_of(self, kind: Kind) -> list[tuple[str, Tags]]:
        return list(kind.own(self._client(kind, ""), self.target.names))

    def unread(self) -> list[Item]:
        """The kinds that the last search could not read."""
        return list(self._unread.values())

    def look(self, entry: Entry) -> list[Item]:
        """What would happen to one entry."""
        kind = kinds.known().named(entry.kind)
        if kind is None:
            return [unknown(entry)]
        if not entry.id:
            return []
        try:
            tags = patiently(partial(kind.tags_now, self._client(kind, entry.region), entry.id))
        except ClientError as error:
            return [Item(entry.kind, entry.id, Outcome.LEFT, f"cannot check: {words(error)}")]
        except RAISED as error:
            raise explain(error, f"looking at {entry.kind} {entry.id}") from error
        if tags is None:
            return []
        return [
            Item(entry.kind, entry.id, Outcome.WOULD_GO) if self._ours(tags, entry) else self._untouched(entry, tags)
        ]

    def adopt(self) -> None:
        """Bring ledger and account together: a lost ledger, line or answer loses no resource.

        What carries the lab's tags is entered if it is not in the ledger. An intention whose answer never came is
        completed by its token; a young one is searched for again, since the account may not show it yet.
        """
        self._adopt(kinds.known())
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
                ledger.created(ledger.intend(kind.name, id, self.target.region, facts=self._facts_of(kind, id)))
            elif entry.state is State.GONE or not entry.id:
                ledger.created(entry.n, id)

    def _facts_of(self, kind: Kind, id: str) -> Mapping[str, Any] | None:
        described = kind.described
        if described is None:
            return None
        try:
            return kind.facts_of(patiently(lambda: described(self._client(kind, ""), id)))
        except ClientError:
            # The bill then says "at most"; it goes all the same.
            return None

    def _young(self) -> list[Kind]:
        """The kinds of intentions without an id that may still turn up."""
        young = []
        for entry in self.open_entries():
            kind = kinds.known().named(entry.kind)
            if kind and not entry.id and entry.intended_at:
                age = (datetime.now(UTC) - entry.intended_at).total_seconds()
                if 0 <= age < SETTLE_S[self.target.name]:
                    young.append(kind)
        return young

    def take_back(self, entries: Iterable[Entry]) -> list[Item]:
        """Remove these; the outcome for each."""
        return Remover(self._client, self, self.say).remove(entries)

    def may_go(self, entry: Entry, tags: Tags) -> Item | None:
        """None when it carries this lab's tags."""
        if self._ours(tags, entry):
            return None
        if not entry.was_created:
            self.target.ledger.gone(entry.n, "not this lab's")
        return self._untouched(entry, tags)

    def removing(self, entry: Entry) -> None:
        """It was made, whatever the ledger has missed."""
        self.target.ledger.created(entry.n)

    def gone(self, entry: Entry, note: str) -> None:
        """Written down at once: an interruption comes at any time."""
        self.target.ledger.gone(entry.n, note)

    def read_again(self, left: list[Item]) -> Receipt:
        """Count in the account, not in the ledger."""
        target = self.target
        seen = {(item.kind, item.id): item for item in left}
        for kind, id, _tags in self.tagged(kinds.known()):
            seen.setdefault((kind.name, id), Item(kind.name, id, Outcome.LEFT, "carries the lab's tags"))
        created = [entry for entry in target.ledger.entries() if entry.was_created]
        gone = [entry for entry in created if (entry.kind, entry.id) not in seen]
        try:
            cost = costing.bill(target)
        except LabError as error:
            self.say(str(error))
            cost = None
        # Who only pushes may be allowed nothing of EC2: what the lab never used is not "left".
        used = {_service(entry.kind) for entry in target.ledger.entries()}
        unread = self.unread()
        unused = tuple(each.kind for each in unread if used and self._may_be_unread(each.kind, used))
        found = (*seen.values(), *(item for item in unread if item.kind not in unused))
        return Receipt(
            account=target.account,
            region=target.region,
            target=target.name,
            created=len(created),
            gone=len(gone),
            left=found,
            read_at=datetime.now(UTC),
            cost=cost,
            not_read=unused,
        )

    def _may_be_unread(self, kind: str, used: set[str]) -> bool:
        return kind in self._denied and _service(kind) not in used

    def _ours(self, tags: Tags, entry: Entry | None = None) -> bool:
        if self.target.owns(tags):
            return True
        # Earlier versions wrote a session's name, which is nobody else's where botocore has made it.
        earlier = tags.get(KIT_TAG) == self.target.prefix and GENERATED.fullmatch(tags.get(OWNER_TAG, ""))
        return bool(earlier and entry and entry.was_created)

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


def _service(kind: str) -> str:
    return kind.partition(" ")[0]
