"""What a document of XML 1.0 can hold, and making one readable that holds more.

Source: Extensible Markup Language (XML) 1.0, fifth edition, section 2.2, "Characters". A reference such as ``&#1;`` is
no way around it (section 4.1).
"""

import re
from xml.parsers import expat

_BAD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
REPLACEMENT = "\ufffd"


class Unreadable(ValueError):
    """A document that no reader of XML takes, even without the characters that XML cannot hold."""


def bad_character(text: str) -> str:
    """The first character that XML cannot hold, as "U+0001"; empty when there is none."""
    found = _BAD.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def held(text: str) -> str:
    """The text with U+FFFD for each character that XML cannot hold."""
    return _BAD.sub(REPLACEMENT, text)


def readable(document: bytes) -> bytes:
    """The document, the same bytes where it is well-formed; else with ``held``'s characters. Raises Unreadable."""
    if _well_formed(document):
        return document
    text = _REFERENCE.sub(_reference, held(document.decode("utf-8", "replace")))
    mended = text.encode()
    if not _well_formed(mended):
        raise Unreadable
    return mended


def _reference(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    bad = number > 0x10FFFF or _BAD.fullmatch(chr(number)) is not None
    return REPLACEMENT if bad else found[0]


def _well_formed(document: bytes) -> bool:
    try:
        expat.ParserCreate("utf-8").Parse(document, True)
    except expat.ExpatError:
        return False
    return True
