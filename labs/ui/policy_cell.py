"""What a cell that writes a policy says: faults where they are, words that no action has, and what access changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from labs.printable import printable
from labs.ui import html, text
from labs.ui.pictures import escaped


@dataclass(frozen=True)
class Fault:
    """What is wrong in a text: ``line`` and ``column`` from 1 (0: no place), a sentence, and the line as written."""

    line: int
    column: int
    words: str
    written: str = ""

    @property
    def said(self) -> str:
        """``line 7, column 3: a comma is missing.``"""
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{self.words}" if self.words.endswith((".", "?")) else f"{place}{self.words}."

    @property
    def shown(self) -> str:
        """The line with its number, and a sign under the place; empty where none is known."""
        if not self.line or not self.written:
            return ""
        number = f"{self.line:>4} | "
        # What cannot be seen takes more than its place: the sign stands under what is shown.
        before = printable(self.written[: self.column - 1])
        return f"{number}{printable(self.written)}\n{' ' * (len(number) - 2)}| {' ' * len(before)}^"


@dataclass(frozen=True)
class PolicyCell:
    """A policy file that was written.

    ``said`` is what the cell says anyway. ``faults``: AWS would not take it; ``advice``: it would, and it cannot work.
    ``changed``: lines of access with + and -, None when there was no version to compare with; ``unclear``: why that
    cannot be told.
    """

    said: str
    faults: tuple[Fault, ...] = ()
    advice: tuple[Fault, ...] = ()
    changed: tuple[str, ...] | None = None
    unclear: str = ""

    def as_text(self) -> str:
        """As it is printed. What changed is not in it: the cell that puts the policy on its role prints that."""
        return "\n".join([self.said, *_listed("It is not a policy yet", self.faults), *_listed("Look at", self.advice)])

    __str__ = as_text

    @property
    def html(self) -> str:
        """The same, and what access changed."""
        body = [f"<p>{escaped(self.said)}</p>"]
        for title, found in (("It is not a policy yet", self.faults), ("Look at", self.advice)):
            for each in found:
                body.append(f'<p><span class="lab-word">{title}:</span> {escaped(each.said)}</p>')
                body += [f"<pre>{html.lines_of(each.shown)}</pre>"] if each.shown else []
        if self.unclear:
            body.append(f"<p>What access changed cannot be told: {escaped(self.unclear)}</p>")
        elif self.changed is not None and not self.faults:
            body.append(_change(self.changed))
        tone = "bad" if self.faults else "open" if self.advice else ""
        return html.framed("".join(body), tone, live=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.as_text()}


def _listed(title: str, found: Sequence[Fault]) -> list[str]:
    return [line for each in found for line in (text.hanging(f"{title}: ", each.said), each.shown) if line]


def _change(lines: Sequence[str]) -> str:
    if not lines:
        return "<p>It may do what it could do before: the text may have changed, the access has not.</p>"
    # They are wrapped for a terminal.
    shown = "".join(f"<li>{escaped(' '.join(line.split()))}</li>" for line in lines)
    return f'<p>Since the last version it may do this too (+) and no longer (-):</p><ul class="lab-plain">{shown}</ul>'
