"""A verdict as a card: its status in a word, a sign and a colour, what to do next, and the rest in its order.

One value, two renderings: ``as_text`` is what a terminal and a committed notebook show, ``html`` the card. Its shape:
WAI-ARIA 1.2, role ``status``, so that a screen reader hears the end of a check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.ui import html, text
from labs.ui.pictures import escaped

# The sign and the tone of each status word; the word itself is always written.
SIGNS = {"PASS": ("✓", "good"), "NOT YET": ("…", "open"), "FAIL": ("✗", "bad"), "CANNOT CHECK": ("?", "ours")}
_NEXT = "Next"


@dataclass(frozen=True)
class Fold:
    """Lines that are there for who opens them: the gates, the calls that were read."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """What a check found.

    ``status`` is one of ``SIGNS``; ``name`` the message's id; ``remark`` where it ended. ``parts`` are names and words
    in the order of the text (Expected, Found, Why, Next). ``notes`` are paragraphs below: the prediction, a hint.
    ``folds`` stand in the card only. ``pages`` maps what can be a link to its address.
    """

    status: str
    name: str
    parts: tuple[tuple[str, str], ...]
    remark: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    folds: tuple[Fold, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """The verdict, at most five lines; then the notes, each after an empty line."""
        head = f"{self.status}  {self.name}" + (f"  ({self.remark})" if self.remark else "")
        verdict = "\n".join([head, *(f"{name + ':':<10}{words}" for name, words in self.parts)])
        return "\n\n".join([verdict, *map(text.wrapped, self.notes)])

    __str__ = as_text

    @property
    def html(self) -> str:
        """The card: what to do next comes first."""
        sign, tone = SIGNS[self.status]
        at = f" at {escaped(self.place)}" if self.place else ""
        word = f'<span class="lab-word"><span aria-hidden="true">{sign}</span> {self.status}</span>'
        body = [f'<p class="lab-head">{word}{at} <code>{escaped(self.name)}</code></p>']
        button = self.status == "PASS"
        body += [
            f'<p class="lab-next">{name}: {html.linked(words, self.pages, button=button)}</p>'
            for name, words in self.parts
            if name == _NEXT
        ]
        listed = [f"<dt>{name}</dt><dd>{escaped(words)}</dd>" for name, words in self.parts if name != _NEXT]
        body += [f"<dl>{''.join(listed)}</dl>"] if listed else []
        body += [f'<p class="lab-note">{html.lines_of(note)}</p>' for note in self.notes]
        body += [html.fold(each.title, each.lines) for each in self.folds]
        return html.framed("".join(body), tone, live=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.as_text()}


@dataclass(frozen=True)
class Note:
    """Something the lab says in a sentence or two, with the one thing to do next where there is one: an error, a hint.

    ``what`` may have several lines.
    """

    what: str
    next_step: str = ""
    tone: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """As it is printed."""
        return f"{self.what}\n{_NEXT}: {self.next_step}" if self.next_step else self.what

    __str__ = as_text

    @property
    def html(self) -> str:
        """What happened, then what to do."""
        body = f'<p style="white-space:pre-line">{html.lines_of(self.what)}</p>'
        if self.next_step:
            body += f'<p class="lab-next">{_NEXT}: {html.linked(self.next_step, self.pages)}</p>'
        return html.framed(body, self.tone, live=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.as_text()}
