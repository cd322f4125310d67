"""Text that is not ours, as it may be printed: what a terminal or an eye would be misled by is made visible.

A tag, a registry's error or a program's line may hold terminal escapes, line breaks that forge a line of a verdict, and
marks that turn the reading direction. Sources: ECMA-48 (C0 and C1); Unicode Standard Annex 9 and Technical Report 36.
"""

import re
import unicodedata

# Format characters that have a shape of their own: signs that stand under Arabic, Syriac and Kaithi numbers.
_SHOWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# Letters, by their category, that are as empty as a space.
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# They join emoji, and letters of scripts that need it; beside ASCII they are only invisible.
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~]*")


def printable(text: object) -> str:
    r"""One line of text: control characters, line breaks, direction marks and what cannot be seen as ``\x1b``."""
    words = str(text)
    if _PLAIN.fullmatch(words):
        return words
    return "".join(_visible(char, words, place) for place, char in enumerate(words))


def printable_lines(text: object) -> str:
    """Several lines of text: as ``printable``, but line breaks and tabs stay what they are."""
    words = str(text).replace("\r\n", "\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in words.split("\n"))


def _visible(char: str, words: str, place: int) -> str:
    if char in _JOINERS:
        around = words[max(place - 1, 0) : place] + words[place + 1 : place + 2]
        hidden = len(around) < 2 or any(each.isascii() for each in around)
    else:
        hidden = char in _EMPTY or (unicodedata.category(char) in _HIDDEN and char not in _SHOWN)
    if not hidden:
        return char
    number = ord(char)
    return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(char) or (
        f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    )
