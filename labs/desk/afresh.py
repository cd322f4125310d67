"""Beginning again: a stage and what builds on it are undone, and its notebook is new; the old one is kept beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labs.desk import copies
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.progress import Progress
from labs.lesson.stage import Stage, stages, undone_with
from labs.ui import text


@dataclass(frozen=True)
class Again:
    """What was undone, last first, and the notebooks that are new: file name, and where the old one is kept."""

    undone: tuple[str, ...]
    renewed: tuple[tuple[str, Path], ...]


def plan(wanted: Sequence[Stage], progress: Progress) -> str:
    """What beginning ``wanted`` again would undo, in sentences; LabError when the progress file is damaged.

    Of the stages that build on them it names those that were begun.
    """
    named = [each for each in stages() if each in wanted]
    others = {other.name for each in named for other in undone_with(each)} - {each.name for each in named}
    also = [
        f"{each.notebook} ({state})" for each in stages() if each.name in others and (state := _state(each, progress))
    ]
    first = text.series(tuple(each.notebook for each in named))
    builds = f", and what builds on it: {text.series(tuple(also))}" if also else ""
    what = "it" if len(named) + len(also) == 1 else "they"
    page = f"{named[0].notebook}.ipynb begins" if len(named) == 1 else "Their notebooks begin"
    return (
        f"This undoes {first}{builds}.\n"
        f"What {what} made goes, in the account and in $WORK. {page} anew; what you wrote there is kept beside it."
    )


def _state(subject: Stage, progress: Progress) -> str:
    known = progress.of(subject.name)
    return "passed" if known.passed else "begun" if known.begun else ""


def begin_again(wanted: Sequence[Stage], bench: Bench) -> Again:
    """Undo these stages and what builds on them, and renew their notebooks. LabError as ``runner.reset``."""
    undone: list[str] = []
    for each in stages():
        if each in wanted and each.name not in undone:
            undone = [*(name for name in runner.reset(each.name, bench) if name not in undone), *undone]
    kept = [(each, copies.renew(bench.home, each.notebook)) for each in stages() if each in wanted]
    return Again(tuple(undone), tuple((f"{each.notebook}.ipynb", path) for each, path in kept if path is not None))


def told(again: Again, *, beside_panel: bool = False) -> str:
    """What was undone, and where the old notebooks are. ``beside_panel``: the panel sees to the page that is open."""
    lines = [f"Undone: {text.series(again.undone)}."]
    lines += [f"{name} begins anew; what you had saved is kept as {path.name}." for name, path in again.renewed]
    if again.renewed and not beside_panel:
        lines.append("A page that is open shows the old one until you choose File, Reload Notebook from Disk.")
    return "\n".join(lines)
