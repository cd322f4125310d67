"""Shapes of SVG, and how wide a line of text is: no browser is asked, so widths are those of a wide font."""

import re
import textwrap

from labs.ui.pictures import INK, LINE, SOFT, escaped

# The last number of an address, with up to three digits: where lines end does not depend on which one it is.
_LAST_NUMBER = re.compile(r"(?<![\d.])((?:\d{1,3}\.){3})(\d{1,3})(?![\d./])")
_FILLED = "\x00"

# The widest usual sans-serif font takes this much of its size for a letter or a digit of a line of text.
LETTER, BOLD = 0.58, 0.66
_FONT = "font-family='system-ui, sans-serif'"
_DASH = " stroke-dasharray='5 4'"


def line(x1: float, y: float, x2: float, *, dashed: bool = False) -> str:
    """A line from left to right."""
    return f"<path d='M{x1:g} {y:g} H{x2:g}' stroke='{INK}' stroke-width='2'{_DASH if dashed else ''} fill='none'/>"


def box(left: float, top: float, width: float, height: float, *, radius: int = 6, fill: str = SOFT,
         colour: str = LINE, edge: float = 1, dashed: bool = False) -> str:  # fmt: skip
    """A rectangle with round corners."""
    return (
        f"<rect x='{left:g}' y='{top:g}' width='{width:g}' height='{height:g}' rx='{radius}' fill='{fill}' "
        f"stroke='{colour}' stroke-width='{edge:g}'{_DASH if dashed else ''}/>"
    )


def arrow_head(x: float, y: float) -> str:
    """The head of an arrow that ends there and points to the right."""
    tip = f"M{x - 9:g} {y - 5:g} L{x:g} {y:g} L{x - 9:g} {y + 5:g}"
    return f"<path d='{tip}' stroke='{INK}' stroke-width='2' fill='none'/>"


def text(
    x: float, y: float, words: str, *, anchor: str = "start", size: float = 13, colour: str = INK, weight: int = 400
) -> str:
    """A line of text; what it says is escaped."""
    return (
        f"<text x='{x:g}' y='{y:g}' text-anchor='{anchor}' font-size='{size:g}' font-weight='{weight}' {_FONT} "
        f"fill='{colour}'>{escaped(words)}</text>"
    )


def letters(width: float, size: float, letter: float = LETTER) -> int:
    """How many letters of a size fit into a width."""
    return max(int(width / (letter * size)), 1)


def wrapped(words: str, width: float, size: float, *, letter: float = LETTER, indent: str = "") -> list[str]:
    """Words in lines that fit into a width. No word is broken; one that is wider than the width is cut off."""
    lines = textwrap.wrap(
        _LAST_NUMBER.sub(lambda found: found[1] + found[2].ljust(3, _FILLED), words),
        letters(width, size, letter),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [cut(line, width, size, letter).replace(_FILLED, "") for line in lines] or [""]


def cut(words: str, width: float, size: float, letter: float = LETTER) -> str:
    """Words cut off where the width ends, with a sign that they are."""
    most = letters(width, size, letter)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
