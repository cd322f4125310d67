"""The time line of a push: each request, the IAM action behind it, the decision, and what decided it.

A table in both renderings, so that it is read row by row; a refused row is marked by a word and a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from labs.ui import html, text
from labs.ui.pictures import escaped

_HEADER = ("time (UTC)", "request", "action", "decision", "decided by")
# More than that nobody reads; how many are left out is said.
_MOST = 40


class Outcome(Enum):
    """How a request ended; the value is the word on it."""

    ALLOWED = "allowed"
    REFUSED = "REFUSED"
    ERROR = "error"


@dataclass(frozen=True)
class Call:
    """One request, or several alike in a row: when, what the client sent, the action, the outcome and its reason."""

    at: str
    request: str
    action: str
    outcome: Outcome
    by: str
    count: int = 1

    @property
    def cells(self) -> tuple[str, ...]:
        """As in a table."""
        times = f"{self.request} ({self.count} times)" if self.count > 1 else self.request
        return (self.at, times, self.action, self.outcome.value, self.by)


@dataclass(frozen=True)
class TimeLine:
    """The requests of a principal, oldest first. ``remark``: what is to be known of them all."""

    title: str
    calls: tuple[Call, ...]
    remark: str = ""

    @property
    def _shown(self) -> Sequence[Call]:
        return self.calls[-_MOST:]

    @property
    def _left_out(self) -> str:
        more = len(self.calls) - len(self._shown)
        return f"{more} earlier rows are not shown." if more else ""

    def as_text(self) -> str:
        """A title, a table, and what is to be known of it."""
        rows = [each.cells for each in self._shown]
        parts = [self.title, text.table(_HEADER, rows) if rows else "", self._left_out, self.remark]
        return "\n\n".join(text.wrapped(part) if part != parts[1] else part for part in parts if part)

    __str__ = as_text

    @property
    def html(self) -> str:
        """A table with a caption and headers."""
        head = "".join(f'<th scope="col">{name}</th>' for name in _HEADER)
        rows = "".join(map(_row, self._shown))
        caption = f"<caption>{escaped(self.title)}</caption>"
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        said = [table if rows else f"<p>{escaped(self.title)}</p>"]
        said += [f"<p>{escaped(words)}</p>" for words in (self._left_out, self.remark) if words]
        return html.framed("".join(said))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.as_text()}


def _row(call: Call) -> str:
    refused = call.outcome is Outcome.REFUSED
    at, request, action, outcome, by = map(escaped, call.cells)
    sign = '<span aria-hidden="true">✗</span> ' if refused else ""
    word = f'<strong class="lab-no">{sign}{outcome}</strong>' if refused else outcome
    kind = ' class="lab-refused"' if refused else ""
    return f"<tr{kind}><td>{at}</td><td>{request}</td><td><code>{action}</code></td><td>{word}</td><td>{by}</td></tr>"
