"""The message catalogue of a stage: stable ids, templates with named values."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labs.verdict.verdict import Status, Verdict

_FIELDS = ("expected", "found", "cause", "next")


class BadCatalogue(Exception):
    """A mistake of the stage's author in a message file or in its use: an unknown id, key or value."""


@dataclass(frozen=True)
class Message:
    """One entry: the status it gives and its four templates.

    ``waits`` marks a NOT YET or CANNOT CHECK that may fix itself: the check is asked again until a deadline.
    """

    message_id: str
    status: Status
    expected: str = ""
    found: str = ""
    cause: str = ""
    next_step: str = ""
    waits: bool = False

    @property
    def values(self) -> frozenset[str]:
        """The names that the templates need."""
        texts = (self.expected, self.found, self.cause, self.next_step)
        return frozenset(name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name)

    def verdict(self, values: Mapping[str, object]) -> Verdict:
        """Fill the templates in; BadCatalogue names a value that is missing."""
        missing = self.values - set(values)
        if missing:
            raise BadCatalogue(f"The message {self.message_id} needs a value for: {', '.join(sorted(missing))}")
        texts = (self.expected, self.found, self.cause, self.next_step)
        return Verdict(self.status, self.message_id, *(text.format_map(values) for text in texts))


@dataclass(frozen=True)
class Catalogue:
    """The messages of one stage, or of several put together."""

    messages: Mapping[str, Message]

    @classmethod
    def load(cls, *paths: Path) -> "Catalogue":
        """Read message files; an id may be written once only."""
        messages: dict[str, Message] = {}
        for path in paths:
            with path.open("rb") as file:
                raw = tomllib.load(file)
            for message_id, entry in raw.items():
                if message_id in messages:
                    raise BadCatalogue(f"{path.name}: the id {message_id} is already taken")
                messages[message_id] = _message(path, message_id, entry)
        return cls(messages)

    def verdict(self, message_id: str, **values: object) -> Verdict:
        """The verdict behind an id, with its values filled in."""
        if message_id not in self.messages:
            raise BadCatalogue(f"No message has the id {message_id}")
        return self.messages[message_id].verdict(values)


def _message(path: Path, message_id: str, entry: object) -> Message:
    if not isinstance(entry, dict):
        raise BadCatalogue(f"{path.name}: {message_id} is not a table; put the id in quotes")
    unknown = set(entry) - {*_FIELDS, "status", "waits"}
    if unknown:
        raise BadCatalogue(f"{path.name}: {message_id} has unknown keys: {', '.join(sorted(unknown))}")
    try:
        status = Status(entry["status"])
    except (KeyError, ValueError) as error:
        words = ", ".join(status.value for status in Status)
        raise BadCatalogue(f"{path.name}: {message_id} needs a status, one of: {words}") from error
    expected, found, cause, next_step = (str(entry.get(name, "")) for name in _FIELDS)
    return Message(message_id, status, expected, found, cause, next_step, bool(entry.get("waits", False)))
