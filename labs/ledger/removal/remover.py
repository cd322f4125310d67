"""What cleaning needs of each kind of resource."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labs.ledger.names import Names

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Remover:
    """Recognising and removing one kind.

    ``tags(client, id)`` are the tags in the account now; None, or an error with one of the kind's ``absent`` codes,
    says that there is no such resource; a kind without tags of its own answers with its parent's.
    ``remove(client, id)`` removes it with what it holds; it may return before the account is done.
    ``named(client, names)`` are the ids in the account that may be the lab's: by name, or by the kit's tag.
    ``blockers(client, id)`` says what keeps a resource from going, in words; ``passing`` is True when that goes by
    itself.
    """

    tags: Callable[[Any, str], Tags | None]
    remove: Callable[[Any, str], None]
    named: Callable[[Any, Names], Iterator[str]]
    blockers: Callable[[Any, str], "Blockers"] | None = None


@dataclass(frozen=True)
class Blockers:
    """What stands in the way: ``words`` for people, and whether it is only a matter of time."""

    words: str
    passing: bool


def plain(tags: list[dict[str, str]]) -> Tags:
    """The tags in a list of {Key, Value} or {key, value}."""
    return {tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in tags}


def held_by_parent(_client: Any, _names: Names) -> Iterator[str]:
    """What has no tags of its own is found and removed with its parent."""
    return iter(())
