"""What labs have forgotten in an account: carries the kit's tag, of whatever owner, and is past its ``expires-at``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import RAISED, explain
from labs.ledger import kinds
from labs.ledger.kind import Kind
from labs.ledger.lab_account import LabAccount
from labs.ledger.ledger import Entry, State
from labs.ledger.names import EXPIRES_TAG, KIT_TAG, OWNER_TAG, Names, moment
from labs.ledger.patience import patiently
from labs.ledger.receipt import Item, Outcome
from labs.ledger.removal import Remover, words
from labs.ledger.tagging import Tags


@dataclass(frozen=True)
class Found:
    """One resource with the kit's tag: of which lab and owner, and when it expires (UTC; None: it does not say)."""

    kind: str
    id: str
    lab: str
    owner: str
    expires: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether it is past its time; what does not say is never past it."""
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True)
class Search:
    """Everything with the kit's tag in one region, and the kinds that could not be read."""

    found: tuple[Found, ...]
    unread: tuple[Item, ...]

    def expired(self, now: datetime) -> list[Found]:
        """What is past its time."""
        return [each for each in self.found if each.expired(now)]


def search(target: LabAccount) -> Search:
    """Look through the target's account and region, all kinds, all owners; changes nothing.

    LabError when the account cannot be asked at all.
    """
    found: list[Found] = []
    unread: list[Item] = []
    for kind in kinds.known():
        try:
            found += patiently(partial(_of_kind, target, kind))
        except ClientError as error:
            unread.append(Item(kind.name, "(any)", Outcome.LEFT, f"cannot check: {words(error)}"))
        except RAISED as error:
            raise explain(error, f"searching for forgotten {kind.name}") from error
    return Search(tuple(found), tuple(unread))


def _of_kind(target: LabAccount, kind: Kind) -> list[Found]:
    return [
        Found(kind.name, id, tags[KIT_TAG], tags.get(OWNER_TAG, ""), _expires(tags))
        for id, tags in kind.tagged(target.client(kind.service), Names())
        if Names().owns(tags[KIT_TAG])
    ]


def _expires(tags: Tags) -> datetime | None:
    return moment(tags.get(EXPIRES_TAG, ""))


def delete(target: LabAccount, expired: list[Found], now: datetime, say: Callable[[str], None] = print) -> list[Item]:
    """Remove what ``search`` found expired, in dependency order; the outcome for each.

    Whether it is past its time is read again before each delete. LabError while the account is not confirmed.
    """
    target.require_confirmed()

    def client(kind: Kind, _region: str) -> Any:
        return target.client(kind.service)

    entries = [
        Entry(n, each.kind, each.id, target.region, State.CREATED, was_created=True) for n, each in enumerate(expired)
    ]
    return Remover(client, _Expired(target, now), say).remove(entries)


@dataclass(frozen=True)
class _Expired:
    """The rules of sweeping. This lab's own ledger hears of what was swept; others' cleaning finds it gone."""

    target: LabAccount
    now: datetime

    def may_go(self, entry: Entry, tags: Tags) -> Item | None:
        """None when it still carries the kit's tag and is past its time."""
        expires = _expires(tags)
        if Names().owns(tags.get(KIT_TAG, "")) and expires is not None and expires <= self.now:
            return None
        return Item(entry.kind, entry.id, Outcome.LEFT, "its tags have changed since the search; not touched")

    def removing(self, entry: Entry) -> None:
        """Nothing to write down."""

    def gone(self, entry: Entry, note: str) -> None:
        """In the ledger, if it is this lab's."""
        self.target.ledger.gone_by_id(entry.kind, entry.id)
