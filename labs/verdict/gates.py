"""Gates: the questions of a check, asked in order; the first that fails is the verdict."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

from labs.verdict.verdict import Verdict

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Gate(Generic[Subject]):
    """One question. ``ask`` returns None when the gate is open, else the verdict that says why not.

    ``runs``: it starts something to find out, so it is asked when the trainee checks, and not by who only looks.
    """

    name: str
    ask: Callable[[Subject], Verdict | None]
    runs: bool = False


# What is said at a gate that runs something, while somebody only looks; None while a check is made.
_only_looking: ContextVar[Verdict | None] = ContextVar("_only_looking", default=None)


@contextmanager
def looking(instead: Verdict) -> Iterator[None]:
    """Within it no gate runs anything: the first that would is not asked, and ``instead`` is its verdict."""
    token = _only_looking.set(instead)
    try:
        yield
    finally:
        _only_looking.reset(token)


@dataclass(frozen=True)
class Report:
    """A finished check: its verdict, the gates that are open, the one that is shut, those not reached."""

    stage: str
    verdict: Verdict
    open_gates: tuple[str, ...] = ()
    shut: str = ""
    not_reached: tuple[str, ...] = ()

    def gates(self) -> tuple[str, ...]:
        """All gates by name, in order; none when the kit could not ask."""
        return (*self.open_gates, *((self.shut,) if self.shut else ()), *self.not_reached)

    @property
    def remark(self) -> str:
        """Where it ended, and what was not asked for that reason; empty when every gate was asked."""
        remark = f"at {self.shut}" if self.shut else ""
        return f"{remark}; not reached: {', '.join(self.not_reached)}" if self.not_reached else remark

    def __str__(self) -> str:
        return "\n".join(self.verdict.lines(self.remark))


def run_gates(
    stage: str, gates: Sequence[Gate[Subject]], subject: Subject, passed: Callable[[Subject], Verdict]
) -> Report:
    """Ask the gates in order and stop at the first that is shut; ``passed`` words the PASS."""
    names = tuple(gate.name for gate in gates)
    for position, gate in enumerate(gates):
        verdict = (_only_looking.get() if gate.runs else None) or gate.ask(subject)
        if verdict is not None:
            return Report(stage, verdict, names[:position], gate.name, names[position + 1 :])
    return Report(stage, passed(subject), names)
