"""Characters that cannot be seen or look like others, made visible; and where two texts differ that look the same.

Names and categories are Unicode's (unicodedata). What looks alike is a selection of Unicode's confusables (UTS 39).
"""

import unicodedata

_NAMES = {
    " ": "a space",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a carriage return",
    "\u00a0": "a no-break space",
    "\u3000": "an ideographic space",
    "\u200b": "a zero width space",
    "\ufeff": "a byte order mark",
}
# Characters that Unicode gives no name of their own, by their category.
_NAMELESS = {"Cs": "lone surrogate", "Co": "private character", "Cn": "unassigned character"}
_PLAIN = {"'": "a single quote (')", '"': 'a double quote (")'}
# Cyrillic and Greek letters, and dashes, that a page shows as Latin ones.
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0501\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u03bf\u03b1\u2010\u2011\u2012\u2013\u2014\u2212\u2215\u2044",
    "aeopcxyijsdABEKMHOPCTXoa------//",
)


def character(char: str) -> str:
    """A character for people: itself in quotes, or its name and number where it cannot be seen."""
    number = f"U+{ord(char):04X}"
    if char in _NAMES:
        return f"{_NAMES[char]} ({number})"
    if not _unseen(char):
        return _PLAIN.get(char) or (f"'{char}'" if char.isascii() else f"{char} ({number})")
    return f"{_name(char)} ({number})"


def visible(text: str) -> str:
    """The text with every character that cannot be seen by its name in brackets; spaces stay spaces."""
    return "".join(f"[{_bare(char)}]" if char not in " \n" and _unseen(char) else char for char in text)


def quoted(text: str) -> str:
    """In double quotes, so that it is seen where it ends; what cannot be seen is named."""
    return f'"{visible(text)}"'


def differs(ours: str, theirs: str) -> str:
    """Where two texts differ that look the same, as a sentence; empty where they are equal or look different."""
    if ours == theirs or _seen_as(ours) != _seen_as(theirs):
        return ""
    place = next((at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        place = min(len(ours), len(theirs))
    here = theirs[place : place + 1]
    if place >= len(theirs):
        return f"It lacks {character(ours[place])} at its end."
    if place >= len(ours):
        return f"It has {character(here)} at its end, after character {place}."
    if _unseen(here) or here == " ":
        return f"Character {place + 1} of it is {character(here)}, which does not belong there."
    if _unseen(ours[place]):
        return f"It lacks {character(ours[place])} before its character {place + 1}."
    return f"Character {place + 1} of it is {_named(here)}, not {_named(ours[place])}."


def _unseen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "Zs")


def _name(char: str) -> str:
    name = unicodedata.name(char, _NAMELESS.get(unicodedata.category(char), "control character")).lower()
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _bare(char: str) -> str:
    return character(char).removeprefix("an ").removeprefix("a ")


def _named(char: str) -> str:
    return character(char) if char.isascii() else f"{char}, {_name(char)} (U+{ord(char):04X})"


def _seen_as(text: str) -> str:
    """What is seen of it, more or less: without what cannot be seen, in one case, look-alikes as Latin letters."""
    plain = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return "".join(char for char in plain if not _unseen(char)).casefold()
