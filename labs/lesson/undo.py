"""Undoing a stage in the account: what it made is taken back with the care of the cleanup, and only that."""

from collections.abc import Callable

from labs.errors import LabError
from labs.ledger import cleanup
from labs.ledger.ledger import Entry
from labs.ledger.receipt import Outcome
from labs.lesson.bench import Bench


def undo(bench: Bench, wanted: Callable[[Entry], bool]) -> None:
    """Take back the lab's resources that ``wanted`` says yes to. LabError names one that would not go."""
    for item in cleanup.take_back(bench.target, wanted):
        if item.outcome is Outcome.LEFT:
            raise LabError(
                f"{item.kind} {item.id} could not be removed: {item.reason}",
                "fix that, then try again",
                id="stage-not-undone",
            )


def named(entry: Entry, *names: str) -> bool:
    """Whether an entry is one of these names, or belongs to it (a role's policy, a definition's revision)."""
    return any(entry.id == name or entry.id.startswith((f"{name}/", f"{name}:")) for name in names)
