"""Go's file patterns: ``.dockerignore`` (moby/patternmatcher) and the wildcards of COPY (filepath.Match).

gitignore libraries do not fit: in a .dockerignore a pattern without a slash matches at the top only, and the last
matching line wins for a file even below an excluded folder.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_SPECIAL = frozenset(".+()|{}$^")  # characters that mean something to a regular expression but not to Go's patterns


class BadPattern(ValueError):
    """A pattern that Go would refuse, e.g. an unclosed ``[``."""


@dataclass(frozen=True)
class Ignore:
    """The rules of one .dockerignore, in order: (regular expression, whether ``!`` stood in front)."""

    rules: tuple[tuple[re.Pattern[str], bool], ...]

    def excludes(self, path: str) -> bool:
        """Whether a path (slashes, relative to the context) is left out of the build context."""
        parts = path.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        excluded = False
        for pattern, negative in self.rules:
            if excluded == negative and any(pattern.fullmatch(each) for each in above):
                excluded = not negative
        return excluded


def read_ignore(text: str) -> Ignore:
    """Read a .dockerignore; BadPattern names the line that Go would refuse."""
    rules = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        negative = pattern.startswith("!")
        pattern = pattern[1:].strip() if negative else pattern
        if not pattern:
            raise BadPattern('illegal exclusion pattern: "!"')
        pattern = posixpath.normpath(pattern)
        pattern = pattern.lstrip("/") if len(pattern) > 1 else pattern
        rules.append((_ignore_expression(pattern), negative))
    return Ignore(tuple(rules))


def _ignore_expression(pattern: str) -> re.Pattern[str]:
    """patternmatcher's translation: ``**`` crosses folders, ``**/`` also matches none."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            out += "(.*/)?" if at < len(pattern) else ".*"
        else:
            piece, at = _translate(pattern, at)
            out += piece
    return _compile(out, pattern)


@lru_cache(maxsize=256)
def expression(pattern: str) -> re.Pattern[str]:
    """One path component with Go's filepath.Match wildcards, as a regular expression."""
    out, at = "", 0
    while at < len(pattern):
        piece, at = _translate(pattern, at)
        out += piece
    return _compile(out, pattern)


def _translate(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char == "*":
        return "[^/]*", at + 1
    if char == "?":
        return "[^/]", at + 1
    if char == "\\":
        if at + 1 == len(pattern):
            raise BadPattern(f"syntax error in pattern: {pattern}")
        return re.escape(pattern[at + 1]), at + 2
    if char == "[":
        end = pattern.find("]", at + 2)
        if end < 0:
            raise BadPattern(f"syntax error in pattern: {pattern}")
        return "[" + pattern[at + 1 : end].replace("[", "\\[") + "]", end + 1
    return ("\\" + char if char in _SPECIAL else char), at + 1


def _compile(text: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        raise BadPattern(f"syntax error in pattern: {pattern}") from None


def has_wildcard(path: str) -> bool:
    """Whether COPY treats a source as a pattern: an unescaped ``*``, ``?`` or ``[``."""
    return re.search(r"(?<!\\)[*?\[]", path) is not None


def match_paths(pattern: str, paths: Iterable[str]) -> Sequence[str]:
    """The paths that a COPY pattern names, sorted; each component is matched alone."""
    parts = [expression(part) for part in pattern.strip("/").split("/")]
    found = []
    for path in paths:
        words = path.split("/")
        if len(words) == len(parts) and all(part.fullmatch(word) for part, word in zip(parts, words, strict=True)):
            found.append(path)
    return sorted(found)
