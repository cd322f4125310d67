"""The causes of a failed run, as data: the words by which each is known, whose they are, and the one thing to do.

``causes/*.toml``, in the order in which causes are tried. Words are templates: ``{name}`` stands for a word,
``{name:words}`` for several; ``of = "file/id"`` takes a text from ``labs.aws_texts``, whose marks all have.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from labs.aws_texts import texts

_FOLDER = Path(__file__).parent / "causes"
_WORD = re.compile(r"[a-z]+")
_PLACE = re.compile(r"\{(?P<name>\w+)(?P<several>:words)?\}")


@dataclass(frozen=True)
class Words:
    """One form of words. ``mark`` says on what evidence they stand; ``whole``: they are all of the line."""

    says: str
    mark: str
    source: str
    whole: bool = False

    @property
    def anchor(self) -> str:
        """The longest word that stands in these words always and whole, in lower case: to look for first."""
        bare = _PLACE.sub("\0", self.says).lower()
        whole: list[str] = [word for word in _WORD.findall(bare) if not _is_cut(word, bare)]
        return max(whole, key=len)

    @property
    def pattern(self) -> re.Pattern[str]:
        """The words as a pattern, letters in any case; its groups are the template's names."""
        parts, end, seen = [], 0, set[str]()
        for found in _PLACE.finditer(self.says):
            last = found.end() == len(self.says)
            kind = (".+" if last else ".+?") if found["several"] else (r"\S+" if last else r"\S+?")
            named = kind if found["name"] in seen else f"(?P<{found['name']}>{kind})"
            seen.add(found["name"])
            parts += [re.escape(self.says[end : found.start()]), named]
            end = found.end()
        pattern = "".join([*parts, re.escape(self.says[end:])])
        return re.compile(f"^{pattern}$" if self.whole else pattern, re.IGNORECASE)


@dataclass(frozen=True)
class Cause:
    """One cause. ``cause`` and ``next_step`` are templates over the names in its words.

    ``explains``: ids (or ``group.*``) that only follow from it where both are in one step. ``apart``: how to tell apart
    what these words may mean, "" where they mean one thing. ``action``: the IAM action of the refused call. ``level``:
    ``error``, or ``warning``, which explains and never fails by itself. ``generic``: its words only repeat others.
    """

    id: str
    cause: str
    next_step: str
    words: tuple[Words, ...]
    explains: tuple[str, ...] = ()
    apart: str = ""
    action: str = ""
    level: str = "error"
    generic: bool = False

    def covers(self, other: str) -> bool:
        """Whether the other cause is only what follows from this one."""
        return other != self.id and any(fnmatchcase(other, each) for each in self.explains)


@dataclass(frozen=True)
class Fit:
    """A cause whose words stand in a text, and what its names stand for there."""

    cause: Cause
    values: Mapping[str, str]


@cache
def causes() -> tuple[Cause, ...]:
    """All, in the order in which they are tried."""
    return tuple(_causes())


def cause(id: str) -> Cause:
    """One by its id; KeyError for another word."""
    return {each.id: each for each in causes()}[id]


def fits(text: str) -> Iterator[Fit]:
    """The causes whose words stand in one line, the most telling first."""
    index = _index()
    candidates = {each for word in set(_WORD.findall(text.lower())) if word in index for each in index[word]}
    told = set[str]()
    for order in sorted(candidates):
        each, pattern = _compiled()[order]
        found = None if each.id in told else pattern.search(text)
        if found:
            told.add(each.id)
            yield Fit(each, {name: _tidy(value) for name, value in found.groupdict().items() if value})


def _tidy(value: str) -> str:
    return value.strip().rstrip(".,;")


@cache
def _compiled() -> Sequence[tuple[Cause, re.Pattern[str]]]:
    return [(each, words.pattern) for each in causes() for words in each.words]


@cache
def _index() -> Mapping[str, Sequence[int]]:
    """Where in ``_compiled`` the forms with a word are: most lines have none, and a log has many lines."""
    index: dict[str, list[int]] = {}
    for order, anchor in enumerate(words.anchor for each in causes() for words in each.words):
        index.setdefault(anchor, []).append(order)
    return index


def _is_cut(word: str, bare: str) -> bool:
    """Whether a placeholder may make another word of it."""
    return f"\0{word}" in bare or f"{word}\0" in bare


def _causes() -> Iterator[Cause]:
    for path in sorted(_FOLDER.glob("*.toml")):
        with path.open("rb") as opened:
            for id, entry in tomllib.load(opened).items():
                words = tuple(_words(each) for each in entry.pop("words"))
                explains = tuple(entry.pop("explains", ()))
                yield Cause(id, next_step=entry.pop("next"), words=words, explains=explains, **entry)


def _words(entry: Mapping[str, Any]) -> Words:
    if "of" not in entry:
        return Words(**entry)
    file, _, id = entry["of"].partition("/")
    text = texts(file)[id]
    # A client may leave the full stop out.
    return Words(text.words.rstrip("."), text.mark.value, text.evidence)
