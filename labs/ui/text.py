"""Plain text: tables, headers, differences. Everything the lab says reads well without widgets."""

import difflib
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from labs.printable import printable, printable_lines

WIDTH = 100


def facts(pairs: Mapping[str, str]) -> str:
    """Names and values, one a line, the values in one column."""
    width = max((len(name) for name in pairs), default=0) + 2
    return "\n".join(f"{name:<{width}}{printable_lines(value)}".rstrip() for name, value in pairs.items())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a header and a rule under it; columns as wide as their widest cell."""
    lines = [[printable(cell) for cell in line] for line in (header, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([shown[0], "  ".join("-" * width for width in widths), *shown[1:]])


def wrapped(text: str, width: int = WIDTH) -> str:
    """Long sentences over several lines; the line breaks of the text are kept."""
    return "\n".join(textwrap.fill(line, width, break_on_hyphens=False) for line in printable_lines(text).split("\n"))


def following(action: str) -> str:
    """The line that names the one thing to do, from a sentence."""
    return f"Next: {as_next(action)}"


def as_next(action: str) -> str:
    """A sentence as what stands after ``Next: ``: lower case, without a full stop."""
    words = action if action.endswith("...") else action.removesuffix(".")
    return f"{words[:1].lower()}{words[1:]}"


def hanging(begin: str, words: str) -> str:
    """A sentence behind its beginning; further lines stand under the sentence. Names are not broken."""
    words, indent = printable_lines(words), " " * len(begin)
    return textwrap.fill(words, WIDTH, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False)


def pretty(document: Mapping[str, Any]) -> str:
    """A policy as people write it."""
    return json.dumps(document, indent=2)


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str:
    """What changed between two policies, line by line with - and +; empty when nothing did."""
    if before == after:
        return ""
    old = pretty(before).splitlines() if before else []
    lines = list(difflib.unified_diff(old, pretty(after).splitlines(), lineterm="", n=1))
    # The two file names and the line numbers say nothing here.
    return "\n".join(line for line in lines[2:] if not line.startswith("@@"))


def series(items: Sequence[str], last: str = "and") -> str:
    """A list in words: ``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
