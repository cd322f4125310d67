"""What the stages add to ``lab``, to shell cells and to policy files: each in the ``notebook.py`` of its folder.

``VERBS``: functions that take the bench first and print; ``lab`` gives them its bench and says their errors in
sentences. ``NAMES``: ``lab.<name>``, read each time. ``VARIABLES``: what shell cells and policy files call ``$NAME``.
A stage may bring all, some or none of the three, and may bring what another stage brings, too: the same object.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from labs.lesson.stage import Stage, stages

if TYPE_CHECKING:
    from labs.lesson.bench import Bench

Verb = Callable[..., None]
Read = Callable[["Bench"], Any]
Variable = Callable[["Bench"], str]


@dataclass(frozen=True)
class Additions:
    """What one stage adds; all empty without a ``notebook.py``."""

    verbs: Mapping[str, Verb] = field(default_factory=dict)
    names: Mapping[str, Read] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)

    @classmethod
    def of(cls, module: ModuleType) -> "Additions":
        """What a ``notebook.py`` says."""
        verbs = {verb.__name__: verb for verb in getattr(module, "VERBS", ())}
        return cls(verbs, getattr(module, "NAMES", {}), getattr(module, "VARIABLES", {}))


@cache
def _of_folder(folder: str) -> Additions:
    return Additions.of(importlib.import_module(f"labs.stages.{folder}.notebook"))


def additions_of(subject: Stage) -> Additions:
    """What a stage adds."""
    return _of_folder(subject.folder.name) if (subject.folder / "notebook.py").exists() else Additions()


def _in_turn(in_hand: Stage | None) -> Iterator[Additions]:
    """Those of the stage in hand, then of the others in the order of the course."""
    if in_hand is not None:
        yield additions_of(in_hand)
    yield from (additions_of(each) for each in stages())


def verb(name: str, in_hand: Stage | None = None) -> Verb | None:
    """The verb of that name, the stage in hand first; None when no stage has it."""
    return next((each.verbs[name] for each in _in_turn(in_hand) if name in each.verbs), None)


def read(name: str, in_hand: Stage | None = None) -> Read | None:
    """What reads the name, the stage in hand first; None when no stage has it."""
    return next((each.names[name] for each in _in_turn(in_hand) if name in each.names), None)


def variables() -> dict[str, Variable]:
    """Every stage's variables."""
    return {name: value for each in _in_turn(None) for name, value in each.variables.items()}


def verbs() -> dict[str, Verb]:
    """Every stage's verbs."""
    return {name: value for each in _in_turn(None) for name, value in each.verbs.items()}


def names() -> dict[str, Read]:
    """Every stage's names."""
    return {name: value for each in _in_turn(None) for name, value in each.names.items()}
