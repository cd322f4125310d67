"""Every kind of resource the kit can make and take back, and the order in which they are removed.

A kind belongs to the room that makes it: each ``kinds.py`` of a subject or a stage lists its own in ``KINDS``. They are
found by their folders when the first is asked for; nothing here names one of them.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labs.errors import LabError
from labs.ledger.kind import CostChange, Kind
from labs.rooms import module_of

# Calls that make something that stays (and may cost) begin with one of these words.
CREATING = (
    "Create", "Run", "Allocate", "Register", "Request", "Import", "Restore", "Launch", "Put", "Attach", "Associate",
    "Authorize", "StartTask",
)  # fmt: skip


@dataclass(frozen=True)
class Room:
    """Who brings kinds: the name of its ``kinds.py`` (``labs/subjects/vpc/kinds.py``), and what it lists."""

    name: str
    kinds: tuple[Kind, ...]


class Kinds:
    """A set of kinds in the order of their removal. LabError when they do not fit together.

    What uses another goes before it. Where that leaves a choice, what is slow goes first, then the services that no
    other service uses, then the rooms as they are given, each in its own order.
    """

    def __init__(self, rooms: Iterable[Room]) -> None:
        rooms = tuple(rooms)
        self._named = _unique("kind of resource", rooms, lambda kind: (kind.name,))
        self._made_by = _unique("create call", rooms, lambda kind: _calls(kind, kind.creates))
        self._content = _unique("call for content", rooms, lambda kind: _calls(kind, kind.content))
        self._changes = _unique("call that changes a cost", rooms, lambda kind: _calls(kind, kind.changes))
        self._removed_by = _unique("delete call", rooms, lambda kind: _calls(kind, kind.deletes))
        self._harmless = {call for kind in self._named.values() for call in _calls(kind, kind.harmless)}
        self._order = tuple(self._ordered(rooms))
        self._waves = self._numbered_waves()

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def named(self, name: str) -> Kind | None:
        """The kind of a ledger entry; None for a kind that this version of the kit does not know."""
        return self._named.get(name)

    def made_by(self, service: str, operation: str) -> Kind | None:
        """The kind that a call makes."""
        return self._made_by.get(_call(service, operation))

    def removed_by(self, service: str, operation: str) -> Kind | None:
        """The kind that a call removes."""
        return self._removed_by.get(_call(service, operation))

    def filled_by(self, service: str, operation: str) -> tuple[Kind, str] | None:
        """The kind whose content a call makes, and the parameter that names the resource."""
        kind = self._content.get(_call(service, operation))
        return (kind, kind.content[operation]) if kind else None

    def changed_by(self, service: str, operation: str) -> tuple[Kind, CostChange] | None:
        """The kind whose cost a call changes, and how."""
        kind = self._changes.get(_call(service, operation))
        return (kind, kind.changes[operation]) if kind else None

    def leaves_something(self, service: str, operation: str) -> bool:
        """Whether a call would make a resource that the ledger could not take back."""
        call = _call(service, operation)
        known = call in self._made_by or call in self._content or call in self._harmless
        return operation.startswith(CREATING) and not known

    def rank(self, name: str) -> int:
        """The place of a kind in the order of removal; an unknown one comes last."""
        kind = self._named.get(name)
        return len(self._order) if kind is None else self._order.index(kind)

    def wave(self, name: str) -> int:
        """Kinds of one number are removed at the same time."""
        return self._waves.get(name, len(self._order))

    def _ordered(self, rooms: Iterable[Room]) -> Iterator[Kind]:
        waiting = [kind for room in rooms for kind in room.kinds]
        used_by_others = {
            self._used(kind, name).service
            for kind in waiting
            for name in kind.uses
            if self._used(kind, name).service != kind.service
        }
        waiting.sort(key=lambda kind: (not kind.slow, kind.service in used_by_others))
        while waiting:
            used = {name for kind in waiting for name in kind.uses}
            free = next((kind for kind in waiting if kind.name not in used), None)
            if free is None:
                raise LabError(
                    f"These kinds of resources use each other in a circle: {', '.join(each.name for each in waiting)}.",
                    "take one of them out of the uses of another in its kinds.py",
                    id="kinds-use-each-other",
                )
            waiting.remove(free)
            yield free

    def _used(self, kind: Kind, name: str) -> Kind:
        used = self._named.get(name)
        if used is None:
            raise LabError(
                f"The kind of resource '{kind.name}' uses '{name}', which is not a kind of resource.",
                f"correct the name in the uses of '{kind.name}'",
                id="kind-uses-unknown-kind",
            )
        return used

    def _numbered_waves(self) -> dict[str, int]:
        waves: dict[str, int] = {}
        together: list[Kind] = []
        for n, kind in enumerate(self._order):
            joins = kind.slow and together and not any(kind.name in each.uses for each in together)
            waves[kind.name] = waves[together[0].name] if joins else n
            together = [*together, kind] if joins else [kind] if kind.slow else []
        return waves


def _call(service: str, operation: str) -> str:
    return f"{service}:{operation}"


def _calls(kind: Kind, operations: Iterable[str]) -> list[str]:
    return [_call(kind.service, operation) for operation in operations]


def _unique(what: str, rooms: Iterable[Room], keys: Callable[[Kind], Iterable[str]]) -> Mapping[str, Kind]:
    """The kinds by their keys; LabError naming both rooms where two kinds have the same one."""
    owners: dict[str, tuple[Room, Kind]] = {}
    for room in rooms:
        for kind in room.kinds:
            for key in keys(kind):
                if key in owners:
                    raise LabError(
                        f"Two kinds have the same {what}, '{key}': one in {owners[key][0].name}, one in {room.name}.",
                        "take it out of one of the two, or give it another name",
                        id="two-kinds-of-one-name",
                    )
                owners[key] = (room, kind)
    return {key: kind for key, (_, kind) in owners.items()}


@cache
def known() -> Kinds:
    """The kinds of every stage and subject of this kit. LabError when they do not fit together."""
    # What the course builds last is taken back first: stages before subjects, and of the subjects the last first.
    return Kinds((*_rooms("stages"), *reversed(_rooms("subjects"))))


def _rooms(package: str) -> list[Room]:
    """The rooms of ``labs.<package>`` that have a ``kinds.py``, by name."""
    paths = importlib.import_module(f"labs.{package}").__path__
    folders = sorted({file.parent.name for path in paths for file in Path(path).glob("*/kinds.py")})
    return [
        _room(f"labs/{package}/{folder}/kinds.py", getattr(module_of(f"{package}.{folder}", "kinds"), "KINDS", None))
        for folder in folders
    ]


def _room(name: str, kinds: object) -> Room:
    if not isinstance(kinds, tuple) or not all(isinstance(each, Kind) for each in kinds):
        raise LabError(
            f"{name}: KINDS is not a tuple of kinds of resources.",
            "write: KINDS = (Kind(...),)",
            id="kinds-of-another-type",
        )
    return Room(name, kinds)
