"""Refusing a document: which text of AWS, and what is wrong in plain words, at a path of the document."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labs.aws_texts import texts
from labs.iam.characters import differs, quoted, visible
from labs.iam.positions import JsonPath

# The text of IAM that most refusals of a document are.
SYNTAX = "policy.syntax"

# More of a value would make a detail unreadable.
_SHOWN = 80
# CreateRole and UpdateAssumeRolePolicy word some refusals of a trust policy in their own way.
_OF_TRUST = {"policy.same_sid": "trust.same_sid", "policy.no_actions": "trust.no_actions"}


class DocumentRefusal(Exception):
    """Which text of AWS it is, what is wrong, and where: known before the place in the text is.

    ``id`` and ``values``: a text of ``iam_policies`` and what fills it.
    """

    def __init__(self, id: str, detail: str, path: JsonPath = (), /, **values: object) -> None:
        super().__init__(id)
        self.id, self.detail, self.path, self.values = id, visible(detail), path, values

    def message(self, trust: bool) -> str:
        """AWS's text; ``trust``: in the words for a trust policy."""
        return said(_OF_TRUST.get(self.id, self.id) if trust else self.id, **self.values)


def said(id: str, /, **values: object) -> str:
    """The words behind an id of ``iam_policies``."""
    return texts("iam_policies")[id].say(**values)


def found(value: object, *wanted: str) -> str:
    """The end of a detail: what stands there, or where it differs from what is wanted and looks the same."""
    if not isinstance(value, str):
        return ""
    told = next(filter(None, (differs(each, value) for each in wanted)), "")
    return f" {told or f'It is {quoted(value[:_SHOWN])}.'}"


def an_object(value: object, path: JsonPath, what: str) -> Mapping[str, Any]:
    """``value``, which must be an object; ``what`` names it."""
    if not isinstance(value, Mapping):
        raise DocumentRefusal(SYNTAX, f"{what} must be an object in braces.", path)
    return value


def only(value: Mapping[str, Any], known: Sequence[str], path: JsonPath) -> None:
    """Refuse any key but the known ones."""
    for key in value:
        if key not in known:
            raise DocumentRefusal(
                SYNTAX, f"'{key}' is not an element here{did_you_mean(str(key), known)}", (*path, key)
            )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest known one, when one is near."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else "."


def strings(value: object, path: JsonPath) -> list[tuple[str, JsonPath]]:
    """A string, or a list of strings, each with its path."""
    if isinstance(value, str):
        return [(value, path)]
    if not isinstance(value, list):
        raise DocumentRefusal(SYNTAX, f"{path[-1]} must be a string or a list of strings.", path)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise DocumentRefusal(SYNTAX, f"{path[-1]} must hold strings only.", (*path, index))
    return [(item, (*path, index)) for index, item in enumerate(value)]
