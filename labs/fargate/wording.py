"""What a text of AWS is: a template with its evidence, in two generations; and telling which text a reason is."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter


class Mark(enum.Enum):
    """On what evidence a text stands."""

    DOC = "[doc]"
    FIELD = "[field]"
    SRC = "[src]"
    SIMULATED = "simulated"


class Wording(enum.Enum):
    """Which generation of AWS's messages."""

    NEWER = "newer"
    OLDER = "older"


class StopCode(enum.Enum):
    """``stopCode`` of a stopped task that this model gives. Source: ECS API Reference, Task."""

    FAILED_TO_START = "TaskFailedToStart"
    ESSENTIAL_EXITED = "EssentialContainerExited"
    USER = "UserInitiated"
    SCHEDULER = "ServiceSchedulerInitiated"


SIMULATED = "(simulated wording)"


@dataclass(frozen=True)
class Text:
    """One text. ``id`` is stable; ``cause`` says when AWS gives it; ``source`` what the evidence is.

    ``older`` is the template of the older wording, "" when none is known or it did not change; ``also`` holds other
    forms that were seen, which are recognised and never given.
    """

    id: str
    cause: str
    template: str
    mark: Mark
    source: str
    older: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.mark is Mark.SIMULATED) != self.template.endswith(SIMULATED):
            raise ValueError(f"{self.id}: a simulated text, and only one, ends with {SIMULATED}")

    def render(self, values: Mapping[str, str], wording: Wording = Wording.NEWER) -> str:
        """The text with its placeholders filled. KeyError names a placeholder without a value."""
        template = self.older if wording is Wording.OLDER and self.older else self.template
        return template.format_map(values)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names to give to ``render``, for either wording."""
        both = self.template + self.older
        return frozenset(name for _, name, _, _ in Formatter().parse(both) if name)


def recognise(reason: str, texts: Iterable[Text]) -> tuple[Text, ...]:
    """Which of ``texts`` a ``stoppedReason`` is, in either wording, also when it was cut short.

    Several when their words are the same, or were cut before they differ; none when it is none of them.
    """
    fits = [
        (max(_common(template, reason) for template in (text.template, text.older, *text.also)), text) for text in texts
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
