"""Stages found by their folders: nothing outside a folder is edited to add one.

A folder holds ``stage.toml``, ``check.py`` (``check(bench) -> Report``), ``solve.py`` (``solve(bench)``,
``reset(bench)`` and, if files must be there, ``prepare(bench)``), ``wrong.py`` (``WRONG``), ``messages.en.toml``,
``hints.en.toml`` and ``policies/*.json`` (``check.json`` is the IAM policy of what the check reads).
"""

import importlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from string import Template
from types import ModuleType
from typing import TYPE_CHECKING

from labs.errors import LabError
from labs.verdict import Catalogue, Report

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
class Stage:
    """One stage, as its ``stage.toml`` says: ``minutes`` is measured work, ``cost`` what it costs on AWS.

    ``lasting``: what it does stays done; its reset only forgets it.
    """

    name: str
    folder: Path
    order: int
    title: str
    notebook: str
    minutes: int
    cost: str
    needs: tuple[str, ...]
    creates: tuple[str, ...]
    prediction: Prediction
    lasting: bool = False

    def module(self, name: str) -> ModuleType:
        """``check``, ``solve`` or ``wrong`` of this stage."""
        return importlib.import_module(f"labs.stages.{self.folder.name}.{name}")

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

    def policy(self, name: str, **names: str) -> str:
        """The text of ``policies/NAME.json`` with ``$REPOSITORY_ARN`` and its like filled in."""
        return Template((self.folder / "policies" / f"{name}.json").read_text()).safe_substitute(names)


@cache
def stages() -> tuple[Stage, ...]:
    """All stages, in the order of the course."""
    found = [_read(path) for path in FOLDER.glob("*/stage.toml")]
    return tuple(sorted(found, key=lambda stage: stage.order))


def stage(name: str) -> Stage:
    """The stage of that name, notebook or number (``push-fixed``, ``03-push-fixed``, ``03``); LabError lists them."""
    wanted = name.strip().lower().replace("_", "-")
    for found in stages():
        if wanted in (found.name, found.notebook, f"{found.order:02}"):
            return found
    names = [each.name for each in stages()]
    meant = "".join(f"did you mean {each}? " for each in get_close_matches(wanted, names, n=1))
    raise LabError(f"There is no stage '{name}'.", f"{meant}use one of: {', '.join(names)}", id="no-such-stage")


@cache
def catalogue() -> Catalogue:
    """Every message of every stage, and the common ones."""
    return Catalogue.load(COMMON, *(each.folder / "messages.en.toml" for each in stages()))


def _read(path: Path) -> Stage:
    raw = tomllib.loads(path.read_text())
    return Stage(
        name=raw.get("name") or path.parent.name.replace("_", "-"),
        folder=path.parent,
        order=raw["order"],
        title=raw["title"],
        notebook=raw["notebook"],
        minutes=raw["minutes"],
        cost=raw["cost"],
        needs=tuple(raw["needs"]),
        creates=tuple(raw["creates"]),
        prediction=Prediction(**raw["prediction"]),
        lasting=raw.get("lasting", False),
    )
