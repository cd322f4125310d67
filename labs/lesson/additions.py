"""What the stages add to ``lab``, to shell cells and to policy files: each in the ``notebook.py`` of its folder.

``VERBS``: functions that take the bench first and print; ``lab`` gives them its bench and says their errors in
sentences. ``NAMES``: ``lab.<name>``, read each time. ``VARIABLES``: what shell cells and policy files call ``$NAME``.
``WORKFLOW_VALUES``: what a workflow's run calls ``${{ vars.NAME }}``, besides what every run gets.
A stage may bring all, some or none of them, and may bring what another stage brings, too: the same object.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labs.errors import LabError
from labs.lesson.stage import Stage, stages
from labs.lesson.stage_file import line_with, place

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
    workflow_values: Mapping[str, Variable] = field(default_factory=dict)


def additions_of(subject: Stage) -> Additions:
    """What a stage adds. LabError names the file and the line of a mistake in its ``notebook.py``."""
    path = subject.folder / "notebook.py"
    if not path.exists():
        return Additions()
    module = subject.module("notebook")
    verbs, names, variables = (getattr(module, name, ()) for name in ("VERBS", "NAMES", "VARIABLES"))
    workflow_values = getattr(module, "WORKFLOW_VALUES", ())
    if not isinstance(verbs, tuple | list) or not all(map(inspect.isfunction, verbs)):
        raise _of_another_type(path, "VERBS", "a tuple of functions", "VERBS = (show_it,)")
    for called, values in (("NAMES", names), ("VARIABLES", variables), ("WORKFLOW_VALUES", workflow_values)):
        if values and not (isinstance(values, Mapping) and all(map(callable, values.values()))):
            example = f'{called} = {{"name": lambda bench: ...}}'
            raise _of_another_type(path, called, "a table of functions that take the bench", example)
    return Additions({verb.__name__: verb for verb in verbs}, dict(names), dict(variables), dict(workflow_values))


def _of_another_type(path: Path, name: str, wanted: str, example: str) -> LabError:
    line = line_with(path, name)
    return LabError(
        f"{place(path, line)}: {name} is not {wanted}.",
        f"write it like: {example}",
        id="stage-additions-of-another-type",
    )


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


def workflow_values() -> dict[str, Variable]:
    """Every stage's values for the runs of workflows."""
    return {name: value for each in _in_turn(None) for name, value in each.workflow_values.items()}


def verbs() -> dict[str, Verb]:
    """Every stage's verbs."""
    return {name: value for each in _in_turn(None) for name, value in each.verbs.items()}


def names() -> dict[str, Read]:
    """Every stage's names."""
    return {name: value for each in _in_turn(None) for name, value in each.names.items()}
