"""Taking back what the lab created, and only that, with a receipt.

The ledger is walked backwards. Before each delete the tags are read from the account again: without this lab's tag
nothing is touched. Each step is in the ledger, so an interrupted cleaning goes on where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from labs.target import removal
from labs.target.docker_login import forget_passwords
from labs.target.failures import explain
from labs.target.kinds import KINDS, Kind, kind_named
from labs.target.ledger import Entry, State
from labs.target.names import KIT_TAG
from labs.target.target import Target

WAIT_S = 60.0


class Outcome(StrEnum):
    """What became of one resource."""

    GONE = "gone"
    LEFT = "left"
    NOT_OURS = "not ours"
    WOULD_GO = "would go"


@dataclass(frozen=True)
class Item:
    """One resource and what became of it; ``reason`` is empty when it simply went."""

    kind: str
    id: str
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        reason = f"  ({self.reason})" if self.reason else ""
        return f"  {self.outcome:<8}  {self.kind:<20}  {self.id}{reason}"


@dataclass(frozen=True)
class Receipt:
    """What was created, what of it is gone, what is left: counted in the account after the last delete."""

    account: str
    region: str
    target: str
    created: int
    gone: int
    left: tuple[Item, ...]
    read_at: datetime

    def __str__(self) -> str:
        lines = [
            f"Receipt for account {self.account}, region {self.region}, target {self.target}",
            f"  created {self.created}, gone {self.gone}, left {len(self.left)}",
            f"  re-read from the account at {self.read_at:%Y-%m-%d %H:%M:%S} UTC",
            *(str(item) for item in self.left),
        ]
        return "\n".join(lines)


def clean(target: Target, say: Callable[[str], None] = print) -> Receipt:
    """Remove what this lab created and return the receipt. ``say`` gets one line for each resource.

    Safe to run again at any point. LabError when the account cannot be asked at all.
    """
    return _Cleaning(target, say).run()


def preview(target: Target) -> list[Item]:
    """What ``clean`` would do, last created first; changes nothing."""
    cleaning = _Cleaning(target, lambda _line: None)
    items = []
    for entry in cleaning.open_entries():
        items += cleaning.look(entry)
    known = {(item.kind, item.id) for item in items}
    strays = [(kind, id) for kind, id in cleaning.tagged() if (kind.name, id) not in known]
    items += [Item(kind.name, id, Outcome.WOULD_GO, "found by its tags") for kind, id in strays]
    return items + cleaning.unread()


class _Cleaning:
    def __init__(self, target: Target, say: Callable[[str], None]) -> None:
        self.target = target
        self.say = say
        self._clients: dict[tuple[str, str], Any] = {}
        self._unread: dict[str, Item] = {}

    def run(self) -> Receipt:
        ledger = self.target.ledger
        self._adopt_strays()
        left = [item for item in map(self._take_back, self.open_entries()) if item.outcome is Outcome.LEFT]
        forget_passwords(self.target.home)
        receipt = self._read_again(left)
        if not receipt.left and ledger.has_open_chapter():
            ledger.close()
        return receipt

    def open_entries(self) -> list[Entry]:
        """What is not gone, last created first."""
        return [entry for entry in reversed(self.target.ledger.entries()) if entry.state is not State.GONE]

    def tagged(self) -> Iterator[tuple[Kind, str]]:
        """Everything in the account that carries this lab's name and tags, of all kinds."""
        self._unread.clear()
        for kind in KINDS:
            try:
                client = self._client(kind, "")
                for id in removal.carrying(kind, client, self.target.names, self.target.tags):
                    yield kind, id
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
            return [Item(entry.kind, entry.id, Outcome.LEFT, "this version of the kit does not know this kind")]
        try:
            tags = removal.tags_now(kind, self._client(kind, entry.region), entry.id)
        except ClientError as error:
            return [Item(entry.kind, entry.id, Outcome.LEFT, f"cannot check: {_words(error)}")]
        except BotoCoreError as error:
            raise explain(error, f"looking at {entry.kind} {entry.id}") from error
        if tags is None:
            return []
        if tags.get(KIT_TAG) != self.target.prefix:
            return [_untouched(entry)]
        return [Item(entry.kind, entry.id, Outcome.WOULD_GO)]

    def _adopt_strays(self) -> None:
        """Write down what carries the lab's tags and is in no open entry: a lost ledger loses no resource."""
        ledger = self.target.ledger
        known = {(entry.kind, entry.id) for entry in self.open_entries()}
        for kind, id in self.tagged():
            if (kind.name, id) not in known:
                ledger.created(ledger.intend(kind.name, id, self.target.region))

    def _take_back(self, entry: Entry) -> Item:
        kind = kind_named(entry.kind)
        if kind is None:
            item = Item(entry.kind, entry.id, Outcome.LEFT, "this version of the kit does not know this kind")
        else:
            try:
                item = self._remove(kind, entry)
            except ClientError as error:
                item = Item(entry.kind, entry.id, Outcome.LEFT, _words(error))
            except BotoCoreError as error:
                raise explain(error, f"removing {entry.kind} {entry.id}") from error
        self.say(str(item))
        return item

    def _remove(self, kind: Kind, entry: Entry) -> Item:
        ledger, client = self.target.ledger, self._client(kind, entry.region)
        tags = removal.tags_now(kind, client, entry.id)
        if tags is None:
            ledger.gone(entry.n, "was not there")
            return Item(entry.kind, entry.id, Outcome.GONE, "was already gone" if entry.was_created else "never made")
        if tags.get(KIT_TAG) != self.target.prefix:
            if not entry.was_created:
                ledger.gone(entry.n, "not this lab's")
            return _untouched(entry)
        ledger.created(entry.n)
        removal.remove(kind, client, entry.id)
        if not _until_absent(kind, client, entry.id):
            return Item(entry.kind, entry.id, Outcome.LEFT, f"still there {WAIT_S:.0f} s after it was deleted")
        ledger.gone(entry.n)
        return Item(entry.kind, entry.id, Outcome.GONE)

    def _read_again(self, left: list[Item]) -> Receipt:
        """Count in the account, not in the ledger."""
        seen = {(item.kind, item.id): item for item in left}
        for kind, id in self.tagged():
            seen.setdefault((kind.name, id), Item(kind.name, id, Outcome.LEFT, "carries the lab's tags"))
        created = [entry for entry in self.target.ledger.entries() if entry.was_created]
        gone = [entry for entry in created if (entry.kind, entry.id) not in seen]
        return Receipt(
            self.target.account,
            self.target.region,
            self.target.name,
            len(created),
            len(gone),
            (*seen.values(), *self.unread()),
            datetime.now(UTC),
        )

    def _client(self, kind: Kind, region: str) -> Any:
        key = (kind.service, region or self.target.region)
        if key not in self._clients:
            self._clients[key] = self.target.client(kind.service, region=key[1])
        return self._clients[key]


def _untouched(entry: Entry) -> Item:
    if entry.was_created:
        return Item(entry.kind, entry.id, Outcome.LEFT, "lost the lab's tags, so it was not touched; remove it by hand")
    return Item(entry.kind, entry.id, Outcome.NOT_OURS, "carries no tag of this lab, so it was not touched")


def _until_absent(kind: Kind, client: Any, id: str) -> bool:
    deadline, pause = time.monotonic() + WAIT_S, 0.1
    while removal.tags_now(kind, client, id) is not None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(2.0, pause * 2)
    return True


def _words(error: ClientError) -> str:
    detail = error.response.get("Error", {})
    return f"{detail.get('Code', 'error')}: {detail.get('Message', '')}".rstrip(": ")
