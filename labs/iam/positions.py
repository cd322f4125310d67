"""Where in a JSON text a value stands: line and column, from 1, for messages to people."""

import json
import re

JsonPath = tuple[str | int, ...]

_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and column, both from 1, of a character."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def offset_of(text: str, path: JsonPath) -> int:
    """The offset of the value at ``path``, or of the nearest value above it that exists; the text is valid JSON."""
    place = _skip(text, 0)
    for step in path:
        inside = {key: value for key, _, value in _members(text, place)}
        if step not in inside:
            break
        place = inside[step]
    return place


def statement_offsets(text: str) -> tuple[int, ...]:
    """Where each statement of a policy begins."""
    place = offset_of(text, ("Statement",))
    return (place,) if text[place] == "{" else tuple(value for _, _, value in _members(text, place))


def statement_span(text: str, index: int) -> tuple[int, int]:
    """Where IAM's simulators say that a statement stands: offsets of its start and of what follows its end.

    Seen in their answers: it begins right after the bracket of the list or, from the second on, with the comma.
    """
    place = offset_of(text, ("Statement",))
    if text[place] == "{":
        return place, _end_of(text, place)
    start = place + 1
    for number, (_, at, _) in enumerate(_members(text, place)):
        if number == index:
            return start, _end_of(text, at)
        start = _skip(text, _end_of(text, at))
    return place, place


def _end_of(text: str, place: int) -> int:
    return _DECODER.raw_decode(text, place)[1]


def repeated_key(text: str) -> tuple[str, int]:
    """The first key that appears twice in one object, with the offset of its second appearance; there must be one."""
    pending = [_skip(text, 0)]
    repeats: list[tuple[int, str]] = []
    while pending:
        place = pending.pop()
        seen: set[str | int] = set()
        for key, start, value in _members(text, place):
            if key in seen:
                repeats.append((start, str(key)))
            seen.add(key)
            pending.append(value)
    offset, key = min(repeats)
    return key, offset


def path_text(path: JsonPath) -> str:
    """A path as people write it: ``Statement[0].Action[1]``; an odd key is quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"\w+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _members(text: str, place: int) -> list[tuple[str | int, int, int]]:
    """The keys or indexes of the object or array at ``place``, with the offsets of key and value; else nothing."""
    members: list[tuple[str | int, int, int]] = []
    if text[place] not in "{[":
        return members
    is_object = text[place] == "{"
    place = _skip(text, place + 1)
    while text[place] not in "}]":
        key: str | int = len(members)
        start = place
        if is_object:
            key, place = _DECODER.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)
        members.append((key, start, place))
        _, place = _DECODER.raw_decode(text, place)
        place = _skip(text, place)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return members
