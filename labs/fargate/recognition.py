"""Telling which text of AWS a reason is, also when it is of the older wording or was cut short."""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter

from labs.aws_texts import SIMULATED, Text


def recognise(reason: str, texts: Iterable[Text]) -> tuple[Text, ...]:
    """Which of ``texts`` a ``stoppedReason`` is, in either wording, also when it was cut short.

    Several when their words are the same, or were cut before they differ; none when it is none of them.
    """
    fits = [
        (max(_common(template, reason) for template in (text.words, text.older, *text.also)), text) for text in texts
    ]
    longest = max((common for common, _ in fits), default=0)
    return tuple(text for common, text in fits if common == longest) if longest else ()


# A shorter run of fixed words tells nothing.
_SHORT = 4
_TELLING = 24


def _common(template: str, reason: str) -> int:
    """How many characters of the template's fixed words stand in ``reason``, in order; 0 when they do not fit.

    Fargate 1.4 truncates long messages: such a reason ends with three dots, or in the middle of the fixed words.
    """
    literals = [words for words, _, _, _ in Formatter().parse(template.removesuffix(SIMULATED)) if len(words) >= _SHORT]
    at = common = 0
    for words in literals:
        found = reason.find(words, at)
        if found == -1:
            common += _cut(reason[at:], words)
            return common if common >= _TELLING and _ends_early(reason[at:], words) else 0
        if at == 0 and found != 0 and template.startswith(words):
            return 0
        at, common = found + len(words), common + len(words)
    return common


def _cut(rest: str, words: str) -> int:
    """How many characters of ``words`` stand at the very end of ``rest``, for a reason that ends within them."""
    return next((length for length in range(len(words) - 1, 7, -1) if rest.endswith(words[:length])), 0)


def _ends_early(rest: str, words: str) -> bool:
    return rest.endswith("...") or _cut(rest, words) > 0
