"""Which actions a workflow uses, where each comes from, and what cannot run on this machine.

A stand-in is a composite action of the kit in ``actions/OWNER/NAME``, with the inputs, outputs and calls of the real
one. ``LAB_ACTIONS`` names a folder of real checkouts, ``owner/name/`` each; a real one is used where it is there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from labs.errors import LabError
from labs.workflow.act import LABELS
from labs.workflow.document import Job, Workflow
from labs.workflow.record import REAL, STAND_IN

STAND_INS = Path(__file__).parent / "actions"
# It would fetch from github.com: what it checks out is the run's own repository.
_ALWAYS_STAND_IN = ("actions/checkout",)
_USES = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)((?:/[^@]+)?)@(.+)")
_NODE = re.compile(r"node\d+")


@dataclass(frozen=True)
class Source:
    """Where an action comes from: ``repository@version`` as a workflow writes it, its folder, stand-in or real."""

    uses: str
    folder: Path
    kind: str
    needs_node: bool = False
    inputs: tuple[str, ...] = ()


def sources(workflow: Workflow, work: Path, given: Path | None) -> dict[str, Source]:
    """Every action by the text of its ``uses``, those that another one uses included.

    LabError for the first that cannot run here: by its name, with what to do.
    """
    found: dict[str, Source] = {}
    for job in workflow.jobs:
        _whole_job(workflow, job)
        for step in job.steps:
            if step.uses:
                where = f"{workflow.file}, line {workflow.line('jobs', job.id, 'steps', step.index, 'uses')}"
                _add(step.uses, where, work, given, found)
    return found


def _whole_job(workflow: Workflow, job: Job) -> None:
    """What a job may not have: act would need containers, or another workflow's file."""
    raw = workflow.raw["jobs"][job.id]
    for key, what in (
        ("uses", "calls a reusable workflow"),
        ("services", "has service containers"),
        ("container", "runs in a container"),
    ):
        if raw.get(key):
            raise LabError(
                f"{workflow.file}, line {workflow.line('jobs', job.id, key)}: job {job.id} {what} ({key}:), which the "
                "kit's runs do not have.",
                "write the job's steps in this workflow, on ubuntu-latest",
                id="workflow-job-not-served",
            )

    for label in job.runs_on:
        if "${{" not in label and label not in LABELS:
            raise LabError(
                f"{workflow.file}, line {workflow.line('jobs', job.id, 'runs-on')}: job {job.id} runs on {label}, and "
                "the kit's runs stand for GitHub's Ubuntu runners only.",
                f"write one of: {', '.join(LABELS)}",
                id="workflow-runner-not-served",
            )


def _add(uses: str, where: str, work: Path, given: Path | None, found: dict[str, Source], depth: int = 0) -> None:
    if uses in found:
        return
    if uses.startswith("docker://"):
        raise LabError(
            f"{where}: {uses} runs a container image, which the kit's runs do not.",
            "use an action that runs on Node or is composite, or a run: step",
            id="workflow-docker-action",
        )
    if depth > 9:
        raise LabError(f"{where}: its actions use each other without an end.", "look at them", id="actions-too-deep")
    if uses.startswith("./"):
        folder = (work / uses).resolve()
        if not folder.is_relative_to(work.resolve()):
            raise _missing(where, uses, "it is not in the repository", f"write it in {uses}/action.yml")
        source = _described(uses, folder, "own", where)
    else:
        source = _published(uses, where, given)
    found[uses] = source
    for inner in _used_by(source.folder, where):
        _add(inner, f"{where}, by way of {uses}", work, given, found, depth + 1)


def _published(uses: str, where: str, given: Path | None) -> Source:
    parts = _USES.fullmatch(uses)
    if parts is None:
        raise _missing(where, uses, "an action is OWNER/NAME@VERSION", "write it like actions/checkout@v7")
    name, inner = parts[1], parts[2].strip("/")
    if given is not None and name.lower() not in _ALWAYS_STAND_IN:
        folder = next((each for each in (given / name, given / name.lower()) if each.is_dir()), None)
        if folder is not None:
            return _described(uses, folder / inner, REAL, where)
    folder = STAND_INS / name.lower()
    if not inner and folder.is_dir():
        return _described(uses, folder, STAND_IN, where)
    there = ", ".join(stand_ins())
    raise LabError(
        f"{where}: the kit has no stand-in for {name}{f'/{inner}' if inner else ''}, and LAB_ACTIONS "
        + (f"({given}) has no folder {name}." if given else "is not set."),
        f"put a checkout of it into a folder as {name}/ and set LAB_ACTIONS to that folder; stand-ins: {there}",
        id="workflow-action-not-here",
    )


def stand_ins() -> tuple[str, ...]:
    """Every action that the kit stands in for."""
    return tuple(sorted(path.parent.relative_to(STAND_INS).as_posix() for path in STAND_INS.glob("*/*/action.yml")))


def _described(uses: str, folder: Path, kind: str, where: str) -> Source:
    document = _document(folder)
    if document is None:
        raise _missing(where, uses, f"{folder} has no action.yml", "look what is in that folder")
    runs = document.get("runs")
    using = str(runs.get("using", "")).lower() if isinstance(runs, Mapping) else ""
    if using == "docker":
        raise LabError(
            f"{where}: {uses} runs in a container, which the kit's runs do not have.",
            "use an action that runs on Node or is composite, or a run: step",
            id="workflow-container-action",
        )
    inputs = document.get("inputs")
    names = tuple(map(str, inputs)) if isinstance(inputs, Mapping) else ()
    return Source(uses, folder, kind, bool(_NODE.fullmatch(using)), names)


def _document(folder: Path) -> Mapping[str, Any] | None:
    for name in ("action.yml", "action.yaml"):
        try:
            found = yaml.safe_load((folder / name).read_bytes()[: 1 << 20])
        # ValueError: a date or a number that cannot be one.
        except (OSError, yaml.YAMLError, ValueError, RecursionError):
            continue
        if isinstance(found, Mapping):
            return found
    return None


def _used_by(folder: Path, where: str) -> Iterator[str]:
    """What a composite action uses itself."""
    runs = (_document(folder) or {}).get("runs")
    steps = runs.get("steps") if isinstance(runs, Mapping) else None
    for step in steps if isinstance(steps, Sequence) else ():
        if isinstance(step, Mapping) and isinstance(step.get("uses"), str):
            yield step["uses"]


def _missing(where: str, uses: str, why: str, next_step: str) -> LabError:
    return LabError(f"{where}: {uses} is no action that can be found: {why}.", next_step, id="workflow-action-unknown")


def local_repositories(found: Mapping[str, Source]) -> list[str]:
    """act's ``--local-repository`` values: ``owner/name@version=FOLDER``."""
    values = []
    for uses, source in found.items():
        if parts := _USES.fullmatch(uses) if not uses.startswith("./") else None:
            folder = source.folder
            for _ in Path(parts[2].strip("/")).parts:
                folder = folder.parent
            values.append(f"{parts[1]}@{parts[3]}={folder}")
    return list(dict.fromkeys(values))


def unexpected_inputs(source: Source, given: Sequence[str]) -> str:
    """GitHub's warning for inputs that an action does not have; "" for none.

    Source: actions/runner, ``src/Runner.Worker/ActionRunner.cs``.
    """
    known = {each.lower() for each in source.inputs} | {"entrypoint", "args"}
    wrong = [each for each in given if each.lower() not in known]
    if not wrong:
        return ""
    between = "', '"
    return f"Unexpected input(s) '{between.join(wrong)}', valid inputs are ['{between.join(source.inputs)}']"
