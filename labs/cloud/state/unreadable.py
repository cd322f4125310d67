"""Calls in a journal that hold what no answer can show again: an earlier version of the kit took them.

Each such character becomes U+FFFD. A later call that names the same thing holds it too, so it names it still.
"""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from labs.cloud.protocols import xml_text
from labs.cloud.state.journal import Record, beside, line_of, lines_of, read_line

_FORMS = ("ec2", "iam", "sts")
_TAGS = "x-amz-tagging"


def lines_in(journal: Path) -> list[int]:
    """The numbers of the lines that have such a character, from 1."""
    with journal.open("rb") as source:
        return [number for number, (line, wrong, _) in enumerate(lines_of(source), 1) if not wrong and _new(line)]


def rewritten(journal: Path) -> Path:
    """A file beside the journal with every line of it, those with readable strings; OSError leaves none behind."""
    return beside(journal, lambda line, _wrong: _new(line) or line)


def _new(line: bytes) -> bytes | None:
    record = read_line(line)
    new = None if isinstance(record, str) else mended(record)
    return None if new is None else line_of(new)


def mended(record: Record) -> Record | None:
    """The record with readable strings; None when it needs no change."""
    request = record.get("request")
    if record.get("kind") != "call" or not isinstance(request, dict):
        return None
    new = dict(request)
    if request.get("service") in _FORMS:
        new["query"] = _form(request["query"])
        new |= _with_body(request, _form(_body(request)))
    elif request.get("service") == "resourcegroupstaggingapi":
        new |= _with_body(request, _json(_body(request)))
    elif request.get("service") == "s3":
        headers = request["headers"]
        new["headers"] = {name: _form(value) if name == _TAGS else value for name, value in headers.items()}
    return None if new == request else {**record, "request": new}


def _body(request: Record) -> str:
    encoded = request.get("base64")
    return base64.b64decode(encoded).decode("utf-8", "replace") if encoded is not None else str(request.get("text", ""))


def _with_body(request: Record, text: str) -> Record:
    return {} if text == _body(request) else {"text": text, "base64": None}


def _form(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    return (
        urlencode(list(_held_pairs(pairs)))
        if any(xml_text.bad_character(name + value) for name, value in pairs)
        else text
    )


def _held_pairs(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((xml_text.held(name), xml_text.held(value)) for name, value in pairs)


def _json(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    held = _held(value)
    return text if held == value else json.dumps(held)


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        return {xml_text.held(name): _held(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_held(item) for item in value]
    return xml_text.held(value) if isinstance(value, str) else value
