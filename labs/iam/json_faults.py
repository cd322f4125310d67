"""What is wrong with a text that should be JSON: which character stands there, and what belongs there.

Source of the grammar: RFC 8259 (white space in 2, numbers in 6, strings in 7). Python's own words name neither the
character nor the mistake; its place is used, and the text around it is read again for the mistakes people make.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

from labs.iam.characters import character

_SPACE = " \t\n\r"
_CURLY = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02"
_CURLY_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u00b4`"
_WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "null", "NULL": "null"}
_WORDS |= {"undefined": "null", "nil": "null"}
_CLOSES = {"{": "}", "[": "]"}
_BEGINNING = "a JSON document begins with {"


@dataclass(frozen=True)
class JsonFault:
    """``offset``: the character it is about; ``words``: a sentence without its full stop."""

    offset: int
    words: str


def json_fault(text: str) -> JsonFault:
    """The first fault of a text that is not JSON. ValueError for a text that is: there is none to name."""
    if text.startswith("\ufeff"):
        return JsonFault(0, f"the text begins with {character(text[0])}; save the file as UTF-8 without it")
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return _fault(text, error.pos, error.msg)
    except _Constant as error:
        return _constant(text, str(error))
    except ValueError:
        return JsonFault(0, "it holds a number with too many digits")
    except RecursionError:
        return JsonFault(0, "it is nested too deeply")
    raise ValueError("this text is JSON")


class _Constant(Exception):
    """NaN or an infinity, which Python reads and JSON does not have."""


def _refuse(word: str) -> None:
    raise _Constant(word)


def _constant(text: str, word: str) -> JsonFault:
    # Outside of strings: a string may hold the word, too.
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: " " * len(found[0]), text)
    return JsonFault(max(outside.find(word), 0), f"{word} is not a JSON value; JSON has finite numbers only")


def _fault(text: str, at: int, said: str) -> JsonFault:
    if "control character" in said:
        return _in_a_string(text, at)
    if "Unterminated string" in said:
        return _unterminated(text, at)
    if "escape" in said:
        return _escape(text, at)
    place = _after_space(text, at)
    if said.startswith("Illegal trailing comma"):  # Python 3.13 and later; the place is the comma's
        return _after_the_last(text, _after_space(text, at + 1), at)
    expected = _expected(text, said)
    if place >= len(text):
        return _ended(text, expected)
    return _wrong_character(text, place, expected)


def _expected(text: str, said: str) -> str:
    if "Extra data" in said:
        return "end"
    if "delimiter" in said:
        return "colon" if "':'" in said else "comma"
    return "key" if "property name" in said else "value"


_BELONGS = {
    "end": "the end of the text",
    "colon": "a colon (:)",
    "comma": "a comma (,) or a closing bracket",
    "key": 'a key in straight double quotes (")',
    "value": "a value (a string in straight double quotes, a number, true, false, null, {...} or [...])",
}


def _wrong_character(text: str, place: int, expected: str) -> JsonFault:
    char, rest = text[place], text[place:]
    before = _last_before(text, place)
    if rest.startswith(("//", "/*")) or char == "#":
        mark = rest[:2] if char == "/" else "#"
        return JsonFault(place, f"{mark} begins a comment; JSON has no comments: remove it")
    if char in "}]" and before >= 0 and text[before] == ",":
        return _after_the_last(text, place, before)
    if char in "}]," and before >= 0 and text[before] == ":":
        return JsonFault(place, f"{_quoted(char)} right after a colon; a value is missing between them")
    if char == "," and before >= 0 and text[before] in ",[{":
        return JsonFault(place, f"a comma after {text[before]}; there is nothing between them: remove it")
    if char in "}]" and (opened := _open_bracket(text, place)) is not None and _CLOSES[text[opened]] != char:
        line = text.count("\n", 0, opened) + 1
        return JsonFault(
            place, f"{char} closes what {text[opened]} of line {line} opened; {_CLOSES[text[opened]]} belongs here"
        )
    if char in "}]" and _open_bracket(text, place) is None:
        return JsonFault(place, f"{char} closes nothing: there is one too many of it")
    if char in _CURLY:
        return JsonFault(place, f'{character(char)} is a curly quote; JSON takes the straight one (") only')
    if char == "'" or char in _CURLY_SINGLE:
        return JsonFault(place, f'{character(char)} where a straight double quote (") belongs')
    if char not in _SPACE and (char.isspace() or unicodedata.category(char) in ("Cf", "Cc", "Zs")):
        return JsonFault(
            place, f"{character(char)} between the values; only spaces, tabs and line breaks may stand there"
        )
    if expected == "comma":
        return _comma_missing(text, place)
    if expected == "colon":
        sign = "=>" if rest.startswith("=>") else char
        return JsonFault(place, f"{_quoted(sign)} after a key; a colon (:) belongs there")
    return _wrong_word(text, place, expected)


def _after_the_last(text: str, place: int, comma: int) -> JsonFault:
    line = text.count("\n", 0, comma) + 1
    where = f" at the end of line {line}" if "\n" in text[comma:place] else ""
    return JsonFault(
        place, f"{text[place]} after a comma; JSON allows no comma after the last item: remove the comma{where}"
    )


def _wrong_word(text: str, place: int, expected: str) -> JsonFault:
    word = re.match(r"[A-Za-z_$][\w$:.*/-]*", text[place:])
    if word and expected == "value" and word[0] in _WORDS:
        return JsonFault(place, f"{word[0]} is not a JSON value; JSON writes {_WORDS[word[0]]}")
    if expected == "value" and _last_before(text, place) < 0:
        return JsonFault(place, f"{character(text[place])} at the beginning; {_BEGINNING}")
    if word and expected in ("value", "key"):
        kind, bare = ("key", word[0].partition(":")[0]) if expected == "key" else ("text", word[0].rstrip(":,."))
        return JsonFault(place, f'{bare} has no quotes; a {kind} stands in straight double quotes: "{bare}"')
    if expected == "end":
        return JsonFault(
            place, f"{character(text[place])} after the end of the document; nothing may follow the last bracket"
        )
    if expected == "value" and (number := re.match(r"[+-]?\.?\d[\w.]*|[+-]\S*", text[place:])):
        return JsonFault(place, f"{number[0]} is not a JSON number: no + in front, and a digit before the point")
    if text[place] in ":;=":
        return JsonFault(place, f"{_quoted(text[place])} where {_BELONGS[expected]} belongs")
    return JsonFault(place, f"{character(text[place])} where {_BELONGS[expected]} belongs")


def _comma_missing(text: str, place: int) -> JsonFault:
    """A value has ended, and something else than a comma or the closing bracket follows."""
    before, char = _last_before(text, place), text[place]
    if char in '"{[' or char.isalnum() or char == "-":
        if re.match(r"\d", char) and text[before].isdigit() and before == place - 1:
            return JsonFault(place, "a number that begins with 0 has no further digits in JSON")
        if before == place - 1 and text[before] == '"' and (char.isalnum() or char in '"-'):
            return JsonFault(
                place, f'{character(char)} right after a closing quote; a quote inside a string is written \\"'
            )
        line = text.count("\n", 0, before) + 1
        here = "" if "\n" not in text[before:place] else f", at the end of line {line}"
        return JsonFault(place, f"a comma is missing before {character(char)}{here}")
    return JsonFault(place, f"{_quoted(char)} where {_BELONGS['comma']} belongs")


def _in_a_string(text: str, at: int) -> JsonFault:
    char = text[at]
    if char in "\r\n":
        opening = _opening(text, at)
        return _curly_close(text, opening, at) or JsonFault(
            opening, 'this string is not closed on its line; a closing quote (") is missing'
        )
    escaped = {"\t": "\\t"}.get(char, f"\\u{ord(char):04x}")
    return JsonFault(at, f"{character(char)} inside a string; write {escaped}, or a space")


def _opening(text: str, at: int) -> int:
    """The quote that opened the string in which ``at`` stands."""
    return max(text.rfind('"', 0, at), 0)


def _unterminated(text: str, at: int) -> JsonFault:
    return _curly_close(text, at, len(text)) or JsonFault(
        at, 'this string is not closed; a closing quote (") is missing'
    )


def _curly_close(text: str, opening: int, end: int) -> JsonFault | None:
    """A curly quote that was meant to close the string, the first on its line."""
    place = next((each for each in range(opening + 1, end) if text[each] in _CURLY), -1)
    if place < 0 or "\n" in text[opening:place]:
        return None
    return JsonFault(place, f'{character(text[place])} is a curly quote; JSON takes the straight one (") only')


def _escape(text: str, at: int) -> JsonFault:
    place = text.rfind("\\", 0, at + 1) if text[at : at + 1] != "\\" else at
    shown = text[place : place + 2]
    if shown == "\\u":
        return JsonFault(place, "\\u needs four hexadecimal digits after it")
    return JsonFault(place, f"{shown} is no escape that JSON knows; a backslash itself is written \\\\")


def _ended(text: str, expected: str) -> JsonFault:
    if not text.strip():
        return JsonFault(0, f"the text is empty; {_BEGINNING}")
    opened = _open_bracket(text, len(text))
    last = len(text)
    if opened is None:
        return JsonFault(last, f"the text ends where {_BELONGS[expected]} belongs")
    line = text.count("\n", 0, opened) + 1
    return JsonFault(
        last, f"the text ends, and {text[opened]} of line {line} is not closed; {_CLOSES[text[opened]]} is missing"
    )


def _open_bracket(text: str, end: int) -> int | None:
    """The innermost bracket that is open at ``end``; strings are skipped."""
    stack: list[int] = []
    inside = False
    place = 0
    while place < end:
        char = text[place]
        if inside:
            if char == "\\":
                place += 1
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "{[":
            stack.append(place)
        elif char in "}]" and stack:
            stack.pop()
        place += 1
    return stack[-1] if stack else None


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _last_before(text: str, place: int) -> int:
    """The last character before a place that is no white space; -1 when there is none."""
    place -= 1
    while place >= 0 and text[place] in _SPACE:
        place -= 1
    return place


def _quoted(text: str) -> str:
    return f"'{text}'"
