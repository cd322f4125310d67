"""Wildcard patterns: ``*`` is any run of characters, ``?`` any single one, compiled once.

Source: IAM User Guide, reference_policies_elements_action and reference_policies_elements_resource; for ARN
conditions, reference_policies_elements_condition_operators ("each of the six colon-delimited components of the ARN
is checked separately").
"""

import enum
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar, cast


class Wildcard(enum.Enum):
    """A wildcard in a pattern."""

    MANY = "*"
    ONE = "?"


# A pattern is a row of literal texts and wildcards.
Token = str | Wildcard
Tokens = tuple[Token, ...]
# A token, or in a template a variable as well.
T = TypeVar("T")

_SPLIT = re.compile(r"([*?])")
NOTHING = re.compile(r"(?!)")


def tokens_of(pattern: str) -> Tokens:
    """Read a pattern: ``ecr:*Image`` is ``("ecr:", MANY, "Image")``."""
    return tuple(Wildcard(part) if part in ("*", "?") else part for part in _SPLIT.split(pattern) if part)


def source_of(tokens: Iterable[Token], character: str, one: str = "") -> str:
    """The regular expression of some tokens, where ``character`` is what a wildcard may stand for (``one``: a ``?``).

    Between two stars the earliest match is always right, so those groups are atomic: matching stays
    linear, and no pattern can make it slow.
    """
    runs = [""]
    for token in tokens:
        if token is Wildcard.MANY:
            runs.append("")
        elif token is Wildcard.ONE:
            runs[-1] += one or character
        else:
            runs[-1] += re.escape(str(token))
    first, *rest = runs
    if not rest:
        return first
    middle = "".join(f"(?>{character}*?{run})" for run in rest[:-1] if run)
    return f"{first}{middle}{character}*{rest[-1]}"


@lru_cache(maxsize=8192)
def any_of(patterns: tuple[Tokens, ...]) -> re.Pattern[str]:
    """One expression whose ``fullmatch`` says whether any of the patterns matches the whole text."""
    if not patterns:
        return NOTHING
    return re.compile("|".join(f"(?:{source_of(tokens, '.')})" for tokens in patterns), re.DOTALL)


@lru_cache(maxsize=8192)
def any_arn(patterns: tuple[Tokens, ...]) -> re.Pattern[str]:
    """Like ``any_of``, but component by component: no wildcard reaches over one of the first five colons.

    A pattern with fewer than six components has ``*`` for the others.
    """
    if not patterns:
        return NOTHING
    return re.compile("|".join(f"(?:{_arn_source(tokens)})" for tokens in patterns), re.DOTALL)


def arn_components(tokens: tuple[T, ...]) -> list[tuple[T | str, ...]]:
    """The six components of an ARN pattern, a ``*`` for each that is missing."""
    components: list[list[T | str]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            components[-1].append(token)
            continue
        first, *others = token.split(":", 6 - len(components))
        components[-1].append(first)
        components.extend([other] for other in others)
    missing = [(cast(T, Wildcard.MANY),)] * (6 - len(components))
    return [tuple(part for part in component if part != "") for component in components] + missing


def _arn_source(tokens: Tokens) -> str:
    components = arn_components(tokens)
    sources = [source_of(component, "[^:]") for component in components[:5]]
    return ":".join([*sources, source_of(components[5], ".")])


class Patterns:
    """A list of patterns without variables, as in ``Action``: does any match?

    ``written`` keeps the texts as they stand in the document.
    """

    __slots__ = ("_everything", "_exact", "_globs", "written")

    def __init__(self, written: Iterable[str], fold: bool = False) -> None:
        self.written = tuple(written)
        texts = [text.lower() if fold else text for text in self.written]
        self._everything = "*" in texts
        self._exact = frozenset(text for text in texts if "*" not in text and "?" not in text)
        globs = tuple(tokens_of(text) for text in texts if text not in self._exact)
        self._globs = any_of(globs).fullmatch if globs else None

    def match(self, text: str) -> bool:
        """Whether any pattern matches; ``text`` must be in lower case when the patterns fold case."""
        if self._everything or text in self._exact:
            return True
        return self._globs is not None and self._globs(text) is not None
