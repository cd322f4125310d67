"""What a text of AWS is, and reading the files of the catalogue."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

_FOLDER = Path(__file__).parent
FILES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))

SIMULATED = "(simulated wording)"


class Mark(enum.Enum):
    """On what evidence a text stands."""

    DOC = "[doc]"
    FIELD = "[field]"
    SRC = "[src]"
    INFERRED = "[inferred]"
    SIMULATED = "simulated"


class Wording(enum.Enum):
    """Which generation of AWS's messages."""

    NEWER = "newer"
    OLDER = "older"


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text of AWS, or one of ours where none of AWS is known.

    ``id`` is stable and unique in the catalogue; ``service`` and ``operations`` say who says it, ``case`` when.
    ``words`` is the template; ``older`` that of the older wording, "" when none is known or it did not change;
    ``also`` holds other forms that were seen. ``code`` is the error's code and ``status`` its HTTP status, "" and 0
    for a text that is not an error. ``evidence`` says what ``mark`` stands on, ``test`` which test makes the
    lab say it.
    """

    id: str
    service: str
    operations: tuple[str, ...]
    case: str
    words: str
    mark: Mark
    evidence: str
    code: str = ""
    status: int = 0
    older: str = ""
    also: tuple[str, ...] = ()
    test: str = ""

    def __post_init__(self) -> None:
        if (self.mark is Mark.SIMULATED) != self.words.endswith(SIMULATED):
            raise ValueError(f"{self.id}: a simulated text, and only one, ends with {SIMULATED}")

    def render(self, values: Mapping[str, object], wording: Wording = Wording.NEWER) -> str:
        """The text with its placeholders filled. KeyError names a placeholder without a value."""
        template = self.older if wording is Wording.OLDER and self.older else self.words
        return template.format_map(values)

    def say(self, /, **values: object) -> str:
        """The text in today's wording with its placeholders filled. KeyError names one without a value."""
        return self.words.format_map(values)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names to give to ``render``, for either wording."""
        both = self.words + self.older
        return frozenset(name for _, name, _, _ in Formatter().parse(both) if name)


@cache
def texts(file: str) -> Mapping[str, Text]:
    """The texts of one file by id, in the file's order. ``file``: its name without ``.toml``, one of ``FILES``."""
    import tomllib  # not before a text is said: its import takes longer than this module's

    with (_FOLDER / f"{file}.toml").open("rb") as opened:
        read = tomllib.load(opened)
    about = read.pop("about")
    return {id: _text(id, entry, about) for id, entry in read.items()}


def _text(id: str, entry: Mapping[str, Any], about: Mapping[str, Any]) -> Text:
    """An entry, with what ``[about]`` says for all of its file."""
    values = {**about, **entry}
    for several in ("operations", "also"):
        values[several] = tuple(values.get(several, ()))
    return Text(id=id, **{**values, "mark": Mark(values["mark"])})
