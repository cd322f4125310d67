"""One verdict: a status word, a stable id, and at most four short lines."""

import re
from dataclasses import dataclass
from enum import Enum

from labs.iam import visible
from labs.printable import printable


class Status(Enum):
    """The four words a check may say. CANNOT CHECK is the kit's fault, never the trainee's."""

    PASS = "PASS"
    NOT_YET = "NOT YET"
    FAIL = "FAIL"
    CANNOT_CHECK = "CANNOT CHECK"


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    ``expected`` and ``found`` are observations; ``cause`` is given only when it was observed, else it is
    empty or names what fits and how to tell; ``next_step`` is one thing to do.
    """

    status: Status
    message_id: str
    expected: str = ""
    found: str = ""
    cause: str = ""
    next_step: str = ""

    @property
    def passed(self) -> bool:
        return self.status is Status.PASS

    def parts(self) -> tuple[tuple[str, str], ...]:
        """Names and words of what was said, each on one line: Expected, Found, Why, Next."""
        named = (
            ("Expected", self.expected),
            ("Found", self.found),
            ("Why", self.cause),
            ("Next", self.next_step),
        )
        # A value from outside (a policy, a client's words) may hold line breaks; one field stays one line.
        # Spaces of other kinds are named: as one space they would make two things that differ look the same.
        return tuple((name, printable(_one_line(text))) for name, text in named if text)

    def lines(self, remark: str = "") -> list[str]:
        """The text, at most five lines: the status and id, then Expected, Found, Why, Next."""
        head = f"{self.status.value}  {self.message_id}" + (f"  ({remark})" if remark else "")
        return [head] + [f"{name + ':':<10}{words}" for name, words in self.parts()]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _one_line(text: str) -> str:
    named = re.sub(r"[^\S \t\n\r\v\f]", lambda found: visible(found[0]), text)
    return " ".join(named.split())
