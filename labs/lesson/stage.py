"""Stages found by their folders: nothing outside a folder is edited to add one.

A folder holds ``stage.toml``, ``check.py`` (``check(bench) -> Report``), ``solve.py`` (``solve(bench)``,
``reset(bench)`` and, if files must be there, ``prepare(bench)``), ``wrong.py`` (``WRONG``), if there is more than one
right answer ``right.py`` (``RIGHT``), ``messages.en.toml``, ``hints.en.toml``, ``policies/*.json`` (``check.json`` is
the IAM policy of what the check reads) and, if it adds something to ``lab``, ``notebook.py``
(``labs.lesson.additions``). ``labs stage new NAME`` writes such a folder.
"""

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from string import Template
from types import ModuleType
from typing import TYPE_CHECKING

from labs.errors import LabError
from labs.lesson.message_file import message_mistakes
from labs.lesson.stage_file import line_of_key, missing, place, read_stage
from labs.rooms import module_of
from labs.verdict import Catalogue, Report, Verdict

if TYPE_CHECKING:
    from labs.lesson.bench import Bench

FOLDER = Path(__file__).parents[1] / "stages"
COMMON = Path(__file__).with_name("messages.en.toml")


@dataclass(frozen=True)
class Prediction:
    """The question a stage asks before its experiment; ``options`` maps each answer to what it means."""

    question: str
    options: dict[str, str]
    right: str
    why: str


@dataclass(frozen=True)
class Wrong:
    """A known mistake: ``do`` really makes it; the check must then say ``message_id``."""

    mistake: str
    message_id: str
    do: "Callable[[Bench], Bench | None]"


@dataclass(frozen=True)
class Right:
    """A right answer beside the solution, ``how`` it is given: ``do`` hands it in where the stage is solved."""

    how: str
    do: "Callable[[Bench], None]"


@dataclass(frozen=True)
class Stage:
    """One stage, as its ``stage.toml`` says: ``minutes`` is measured work, ``cost`` what it costs on AWS.

    ``does`` and ``proves``: what the trainee does, and what the check proves, for README's table.

    ``lasting``: what it does stays done; its reset only forgets it. ``local_only``: it can be done on the local AWS
    alone, and the course on real AWS leaves it out.
    """

    name: str
    folder: Path
    order: int
    title: str
    notebook: str
    minutes: int
    cost: str
    does: str
    proves: str
    needs: tuple[str, ...]
    creates: tuple[str, ...]
    prediction: Prediction
    lasting: bool = False
    local_only: bool = False

    @property
    def toml(self) -> Path:
        """Its ``stage.toml``."""
        return self.folder / "stage.toml"

    def module(self, name: str) -> ModuleType:
        """``check``, ``solve`` or ``wrong`` of this stage. LabError names the file and the line of a mistake in it."""
        path = self.folder / f"{name}.py"
        if not path.exists():
            raise missing(path)
        return module_of(f"stages.{self.folder.name}", name)

    def prepare(self, bench: "Bench") -> dict[str, str]:
        """Put the stage's files where the trainee works; what is there is left alone. Returns facts to show."""
        prepare = getattr(self.module("solve"), "prepare", None)
        facts: dict[str, str] = prepare(bench) if prepare is not None else {}
        return facts

    def check(self, bench: "Bench") -> Report:
        """Ask the stage's gates. It only reads."""
        report: Report = self.module("check").check(bench)
        return report

    def solve(self, bench: "Bench") -> None:
        """Do the stage as the solution would."""
        self.module("solve").solve(bench)

    def reset(self, bench: "Bench") -> None:
        """Undo the stage; what was not done is not an error."""
        self.module("solve").reset(bench)

    def wrong(self) -> tuple[Wrong, ...]:
        """The known mistakes."""
        mistakes: tuple[Wrong, ...] = self.module("wrong").WRONG
        return mistakes

    def right(self) -> tuple[Right, ...]:
        """The right answers beside the solution; none where it has no ``right.py``."""
        if not (self.folder / "right.py").exists():
            return ()
        answers: tuple[Right, ...] = self.module("right").RIGHT
        return answers

    def policy(self, name: str, **names: str) -> str:
        """The text of ``policies/NAME.json`` with ``$REPOSITORY_ARN`` and its like filled in."""
        return Template((self.folder / "policies" / f"{name}.json").read_text()).safe_substitute(names)


@cache
def stages() -> tuple[Stage, ...]:
    """All stages, in the order of the course. LabError names the file and the line of a mistake in a ``stage.toml``."""
    found = sorted((_read(path) for path in FOLDER.glob("*/stage.toml")), key=lambda stage: (stage.order, stage.name))
    for first, second in _twice(found, lambda stage: stage.order):
        raise LabError(
            f"{place(second.toml, line_of_key(second.toml, 'order'))}: order {second.order} is already that of "
            f"{first.name}.",
            "give it a number of its own, and its notebook the same",
            id="stage-order-taken",
        )
    for first, second in _twice(found, lambda stage: stage.name):
        raise LabError(
            f"{place(second.toml, line_of_key(second.toml, 'name'))}: {place(first.folder)} is already called "
            f"'{first.name}'.",
            "give one of the two another name",
            id="stage-names-twice",
        )
    return tuple(found)


def _twice(found: Sequence[Stage], key: Callable[[Stage], Hashable]) -> Iterator[tuple[Stage, Stage]]:
    """Pairs of stages that have the same of what only one may have."""
    return ((first, second) for first, second in itertools.combinations(found, 2) if key(first) == key(second))


def following(subject: Stage) -> str:
    """The notebook that comes after a stage; empty after the last."""
    return next((each.notebook for each in stages() if each.order > subject.order), "")


def undone_with(subject: Stage) -> tuple[Stage, ...]:
    """The stages that a reset undoes, last first: the stage, and those that build on it."""
    return tuple(each for each in reversed(stages()) if each is subject or _builds_on(each, subject))


def _builds_on(later: Stage, earlier: Stage) -> bool:
    return any(name == earlier.name or _builds_on(stage(name), earlier) for name in later.needs)


def stage(name: str) -> Stage:
    """The stage of that name, notebook or number: ``push-fixed``, ``03-push-fixed``, ``03``, ``3``.

    LabError lists them.
    """
    wanted = name.strip().lower().replace("_", "-")
    for found in stages():
        if wanted in (found.name, found.notebook, f"{found.order:02}", str(found.order)):
            return found
    names = [each.name for each in stages()]
    meant = "".join(f"did you mean {each}? " for each in get_close_matches(wanted, names, n=1))
    raise LabError(f"There is no stage '{name}'.", f"{meant}use one of: {', '.join(names)}", id="no-such-stage")


@cache
def catalogue() -> Catalogue:
    """Every message of every stage, and the common ones. LabError names the file and the line of a mistake in one."""
    paths = (COMMON, *(each.folder / "messages.en.toml" for each in stages()))
    for error in message_mistakes(paths):
        raise error
    return Catalogue.load(*paths)


@cache
def _owners() -> dict[str, Stage]:
    """The stage of each message."""
    return {
        message_id: each
        for each in stages()
        for message_id in Catalogue.load(each.folder / "messages.en.toml").messages
    }


def said(message_id: str, values: Mapping[str, object]) -> Verdict:
    """The verdict behind a message id. A message may name ``{following}``: the notebook that comes after its stage."""
    message = catalogue().messages.get(message_id)
    if message is not None and "following" in message.values and message_id in _owners():
        values = {"following": following(_owners()[message_id]) or "any notebook again", **values}
    return catalogue().verdict(message_id, **values)


def _read(path: Path) -> Stage:
    raw = read_stage(path)
    return Stage(
        name=raw.get("name") or path.parent.name.replace("_", "-"),
        folder=path.parent,
        order=raw["order"],
        title=raw["title"],
        notebook=raw["notebook"],
        minutes=raw["minutes"],
        cost=raw["cost"],
        does=raw["does"],
        proves=raw["proves"],
        needs=tuple(raw["needs"]),
        creates=tuple(raw["creates"]),
        prediction=Prediction(**raw["prediction"]),
        lasting=raw.get("lasting", False),
        local_only=raw.get("local_only", False),
    )
