"""Pieces of HTML that the kit shows in a cell: escaped words, links, folds, and the frame with its style.

JupyterLab opens a relative link to a notebook in a tab, and leaves the keys alone below ``data-lm-suppress-shortcuts``
(Lumino's command registry), so that Enter and Space reach a link or a fold.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from labs.ui.pictures import escaped


@cache
def style() -> str:
    """The style sheet, as an element; each output carries it, since any of them may be cleared."""
    sheet = Path(__file__).with_name("outputs.css").read_text("utf-8")
    return f"<style>{re.sub(r'/[*].*?[*]/|(?<=[{};]) +', '', ' '.join(sheet.split()))}</style>"


def framed(body: str, tone: str = "", *, live: bool = False) -> str:
    """A body in the frame. ``tone``: ``good``, ``bad``, ``open``, ``ours`` or none; ``live``: a reader hears of it.

    Two ``$`` are variables of a shell, and no formula for JupyterLab's MathJax (its option ignoreHtmlClass).
    """
    role = ' role="status"' if live else ""
    kind = f"lab-shown mathjax_ignore lab-{tone}" if tone else "lab-shown mathjax_ignore"
    return f'{style()}<div class="{kind}"{role} data-lm-suppress-shortcuts="true">{body}</div>'


def link(href: str, words: str, *, button: bool = False) -> str:
    """A link; ``button``: it looks like one."""
    kind = ' class="lab-button"' if button else ""
    return f'<a{kind} href="{escaped(href)}">{escaped(words)}</a>'


def linked(words: str, pages: Mapping[str, str], *, button: bool = False) -> str:
    """Words, escaped, in which the names of ``pages`` (name: address) are links, ``open`` before one too."""
    names = "|".join(map(re.escape, sorted(pages, key=len, reverse=True)))
    parts, at = [], 0
    for found in re.finditer(rf"(?:\bopen )?(?<![\w-])(?P<name>{names})(?:\.ipynb)?(?![\w-])", words) if names else ():
        parts += [escaped(words[at : found.start()]), link(pages[found["name"]], found[0], button=button)]
        at = found.end()
    return "".join([*parts, escaped(words[at:])])


def fold(title: str, lines: Sequence[str]) -> str:
    """Lines under a title that opens and shuts; nothing without lines."""
    if not lines:
        return ""
    listed = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f"<details><summary>{escaped(title)}</summary><ul>{listed}</ul></details>"


def lines_of(words: str) -> str:
    """Several lines, escaped; the line breaks stay line breaks."""
    return "\n".join(map(escaped, words.split("\n")))
