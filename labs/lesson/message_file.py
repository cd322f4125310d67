"""The words of a stage, read strictly: its messages and its hints, each mistake with the file and the line."""

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from labs.errors import LabError
from labs.lesson.stage_file import line_of_key, line_of_table, line_with, place, read_toml
from labs.verdict import Status

TEMPLATES = ("expected", "found", "cause", "next")
MESSAGE = ("status", *TEMPLATES, "waits")
RUNGS = ("look", "concept", "locate", "neighbour", "solution")
HINT = ("for", *RUNGS)


def message_mistakes(paths: Iterable[Path]) -> Iterator[LabError]:
    """What is wrong in message files that are used together: an id used twice, an unknown key or status."""
    seen: dict[str, Path] = {}
    for path in paths:
        for message_id, entry in read_toml(path).items():
            line = line_of_table(path, message_id)
            if not isinstance(entry, dict) or any(isinstance(each, dict) for each in entry.values()):
                line = line_with(path, rf"\[{re.escape(message_id)}\.|{re.escape(message_id)}\s*=")
                yield LabError(
                    f"{place(path, line)}: {message_id} is not a message.",
                    'put the id in quotes: ["tags.no_repository"]',
                    id="message-id-not-quoted",
                )
                continue
            if message_id in seen:
                first = seen[message_id]
                yield LabError(
                    f"{place(path, line)}: the message id {message_id} is used twice.",
                    f"give it another one; the first is in {place(first, line_of_table(first, message_id))}",
                    id="message-id-twice",
                )
            seen.setdefault(message_id, path)
            yield from _entry(path, message_id, entry)


def _entry(path: Path, message_id: str, entry: Mapping[str, Any]) -> Iterator[LabError]:
    for key in [each for each in entry if each not in MESSAGE]:
        yield LabError(
            f"{place(path, line_of_key(path, key, message_id))}: '{key}' is not a key of a message.",
            f"use one of: {', '.join(MESSAGE)}",
            id="message-key-unknown",
        )
    known = [each.value for each in Status]
    if entry.get("status") not in known:
        yield LabError(
            f"{place(path, line_of_table(path, message_id))}: {message_id} has no status that a check may give.",
            f"use one of: {', '.join(known)}",
            id="message-without-status",
        )
    for key in [each for each in TEMPLATES if not _is_template(entry.get(each, ""))]:
        yield LabError(
            f"{place(path, line_of_key(path, key, message_id))}: '{key}' is not a text with values like {{name}}.",
            "put it in quotes; write {{ and }} for braces that are meant",
            id="message-template-malformed",
        )
    if not entry.get("next"):
        yield LabError(
            f"{place(path, line_of_table(path, message_id))}: {message_id} does not say what to do next.",
            'add: next = "one thing to do"',
            id="message-without-next",
        )


def _is_template(text: object) -> bool:
    try:
        return isinstance(text, str) and all(name != "" for _, name, _, _ in string.Formatter().parse(text))
    except ValueError:
        return False


def hint_mistakes(path: Path, raw: Mapping[str, Any]) -> Iterator[LabError]:
    """What is wrong in a hint file by itself: an unknown key, a rung that is missing or empty."""
    for name, entry in raw.items():
        line = line_of_table(path, name)
        if not isinstance(entry, dict):
            yield LabError(
                f"{place(path, line_of_key(path, name))}: '{name}' is not a group of hints.",
                "write a table: [name], then for = [...] and the five rungs",
                id="hint-not-a-table",
            )
            continue
        for key in [each for each in entry if each not in HINT]:
            yield LabError(
                f"{place(path, line_of_key(path, key, name))}: '{key}' is not a key of a group of hints.",
                f"use one of: {', '.join(HINT)}",
                id="hint-key-unknown",
            )
        for key in [each for each in HINT if not entry.get(each)]:
            yield LabError(
                f"{place(path, line)}: the hints '{name}' have no '{key}'.", f"add '{key}'", id="hint-incomplete"
            )
        for key in [each for each in HINT if entry.get(each) and not _is_of_its_kind(each, entry[each])]:
            kind = "a list of message ids" if key == "for" else "a text"
            yield LabError(
                f"{place(path, line_of_key(path, key, name))}: '{key}' is not {kind}.",
                'write: for = ["message.id"]' if key == "for" else "put it in quotes",
                id="hint-of-another-type",
            )


def _is_of_its_kind(key: str, value: object) -> bool:
    if key == "for":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)


def hints_against_messages(
    hints_path: Path, raw: Mapping[str, Any], messages_path: Path, statuses: Mapping[str, Status]
) -> Iterator[LabError]:
    """A hint without its message, a message without its hint, a message that two groups of hints are for."""
    hinted: dict[str, str] = {}
    for name, entry in raw.items():
        for message_id in entry["for"]:
            where = place(hints_path, line_of_key(hints_path, "for", name))
            if message_id not in statuses:
                yield LabError(
                    f"{where}: there is no message {message_id}.",
                    f"write it in {place(messages_path)}, or take it out of this list",
                    id="hint-without-message",
                )
            if message_id in hinted:
                yield LabError(
                    f"{where}: {message_id} has hints in '{hinted[message_id]}' already.",
                    "take it out of one of the two",
                    id="message-hinted-twice",
                )
            hinted.setdefault(message_id, name)
    for message_id, status in statuses.items():
        if status in (Status.FAIL, Status.NOT_YET) and message_id not in hinted:
            yield LabError(
                f"{place(messages_path, line_of_table(messages_path, message_id))}: {message_id} has no hints.",
                f"name it in a group of {place(hints_path)}",
                id="message-without-hint",
            )
