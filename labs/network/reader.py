"""Plain data read with its path at hand, so that an error can name the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from labs.network.spans import Span, span


class MalformedSnapshot(ValueError):
    """A document that is not a snapshot. ``path``: where, as in ``RouteTables[0].Routes[2].DestinationCidrBlock``."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path or 'The snapshot'}: {what}")
        self.path = path
        self.what = what


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the document and its path. A null stands for an absent value, as an empty list does."""

    data: Mapping[str, Any]
    path: str

    def at(self, key: str) -> str:
        """The path of one of its values."""
        return f"{self.path}.{key}" if self.path else key

    def fail(self, key: str, what: str) -> NoReturn:
        """Refuse the value of ``key``."""
        raise MalformedSnapshot(self.at(key), what)

    def text(self, key: str) -> str:
        """A string that must be there."""
        value = self.optional(key)
        if not value:
            self.fail(key, "is missing.")
        return value

    def optional(self, key: str) -> str:
        """A string, "" when absent."""
        value = self.data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fail(key, f"must be a string, not {_kind(value)}.")
        return value

    def flag(self, key: str, absent: bool = False) -> bool:
        """A boolean."""
        value = self.data.get(key)
        if value is None:
            return absent
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {_kind(value)}.")
        return value

    def number(self, key: str) -> int | None:
        """An integer, None when absent."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(key, f"must be a whole number, not {_kind(value)}.")
        return value

    def block(self, key: str) -> Span | None:
        """An address or CIDR block, None when absent."""
        value = self.optional(key)
        if not value:
            return None
        try:
            return span(value)
        except ValueError:
            self.fail(key, f"'{value}' is not an IP address or CIDR block.")

    def child(self, key: str) -> Node:
        """An object, empty when absent."""
        value = self.data.get(key)
        if value is None:
            return Node({}, self.at(key))
        if not isinstance(value, Mapping):
            self.fail(key, f"must be an object, not {_kind(value)}.")
        return Node(value, self.at(key))

    def children(self, key: str) -> Iterator[Node]:
        """The objects of a list."""
        for index, value in enumerate(self._list(key)):
            path = f"{self.at(key)}[{index}]"
            if not isinstance(value, Mapping):
                raise MalformedSnapshot(path, f"must be an object, not {_kind(value)}.")
            yield Node(value, path)

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of a list."""
        found = self._list(key)
        for index, value in enumerate(found):
            if not isinstance(value, str):
                raise MalformedSnapshot(f"{self.at(key)}[{index}]", f"must be a string, not {_kind(value)}.")
        return tuple(found)

    def has(self, key: str) -> bool:
        """Whether the value is there at all."""
        return self.data.get(key) is not None

    def name(self, key: str = "Tags") -> str:
        """The value of the tag Name."""
        return next((tag.optional("Value") for tag in self.children(key) if tag.optional("Key") == "Name"), "")

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.fail(key, f"must be a list, not {_kind(value)}.")
        return list(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kinds, word in (
        ((int, float), "a number"),
        (str, "a string"),
        (Mapping, "an object"),
        ((list, tuple), "a list"),
    ):
        if isinstance(value, kinds):
            return word
    return f"a {type(value).__name__}"
