"""The notebooks: solutions/ is the source; notebooks/ is what trainees begin with, generated from it.

A cell tagged ``answer`` carries the trainee's version in its metadata as ``placeholder``. notebooks/ has neither
outputs nor prompts. What it shows when it is run unsolved lies with the tests; these runs and solutions/ are committed
executed: ``execute`` runs them in a lab home of their own and writes outputs from which everything that changes from
run to run (ports, times, paths) has been taken; ``check`` compares strictly, with nbval.
"""

import copy
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from labs.errors import LabError
from labs.ledger import cleanup
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage, stages
from labs.lesson.throwaway import room
from labs.processes import python
from labs.session.docker_login import forget_passwords
from labs.session.home import checkout

ANSWER = "answer"
# In the metadata of a cell tagged nbval-ignore-output: why its output is not compared.
UNCOMPARED = "uncompared"
CELL_TIMEOUT_S = 300
# What is the source, what trainees begin with, and what that shows when it is run as it is.
SOLVED, TRAINEE, UNSOLVED = "solutions", "notebooks", "tests/notebooks/unsolved"
EXECUTED = (SOLVED, UNSOLVED)
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SANITIZE = "tests/notebooks/sanitize.cfg"

# What differs from run to run, and what is committed in its place.
_STABLE = (
    # Whether one has to wait depends on the machine.
    (re.compile(r"(?m)^Waiting until .*\n"), ""),
    (re.compile(r"127\.0\.0\.1:\d{2,5}"), "127.0.0.1:5000"),
    (re.compile(r"localhost:\d{2,5}"), "localhost:5000"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"), "2026-11-23T12:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC"), "2026-11-23 12:00:00 UTC"),
    (re.compile(r"\b\d+\.\d+s\b"), "0.1s"),
    (re.compile(r"embedded engine: LAB_ENGINE=embedded"), "embedded engine: no Docker Engine found"),
)


# Ids that AWS makes up: numbered in the order in which a notebook shows them, so that one stays one.
_MADE_UP = (
    re.compile(r"\b(?P<kind>(?:vpc|subnet|rtb|sg|sgr|acl|eni|vpce|pl|igw|nat)-)[0-9a-f]{17}\b"),
    re.compile(r"\b(?P<kind>)[0-9a-f]{32}\b"),
    re.compile(r"\b(?P<kind>ecs-svc/)\d{19}\b"),
    re.compile(r"\b(?P<kind>10\.0\.[12]\.)\d{1,3}\b(?!/)"),
)


def path_of(subject: Stage, folder: str) -> Path:
    """Where a stage's notebook lies."""
    return checkout() / folder / f"{subject.notebook}.ipynb"


def read(path: Path) -> Any:
    """A notebook, format 4; LabError when it is none."""
    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise LabError(
            f"{path.name} cannot be read as a notebook: {error}", "restore it: git checkout", id="notebook-unreadable"
        ) from error


def write(path: Path, notebook: Any) -> None:
    """Write a notebook with LF endings and one newline at its end; the folder is made if absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(notebook), newline="\n")


def as_text(notebook: Any) -> str:
    """A notebook as its file holds it."""
    text: str = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    return text.rstrip("\n") + "\n"


def trainee(solved: Any, before: Any = None) -> Any:
    """The trainee's version of a solved notebook.

    Answers become placeholders. Outputs are kept from ``before`` where the cell is still the same, else dropped.
    """
    made = copy.deepcopy(solved)
    known = {cell.id: cell for cell in before.cells} if before is not None else {}
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        if ANSWER in cell.metadata.get("tags", []):
            if "placeholder" not in cell.metadata:
                raise LabError(
                    f"The answer cell {cell.id} has no placeholder.",
                    "add one to its metadata",
                    id="answer-without-placeholder",
                )
            cell.source = cell.metadata.pop("placeholder")
        old = known.get(cell.id)
        if old is not None and old.cell_type == "code" and old.source == cell.source:
            cell.outputs, cell.execution_count = copy.deepcopy(old.outputs), old.execution_count
        else:
            cell.outputs, cell.execution_count = [], None
    return made


def execute(chosen: Sequence[Stage]) -> None:
    """Run each notebook solved and unsolved and save both, outputs made stable; the trainee's is written anew."""
    with _workshop() as bench:
        for subject in chosen:
            build(subject)
            for folder in EXECUTED:
                path = path_of(subject, folder)
                notebook = read(path) if folder == SOLVED else trainee(read(path_of(subject, SOLVED)))
                prepare(subject, bench)
                played(notebook, bench)
                write(path, notebook)
                print(f"{folder}/{path.name}", flush=True)


def played(notebook: Any, bench: Bench) -> Any:
    """Run a notebook from top to bottom in a new kernel; its outputs replace the old ones.

    LabError names what a cell raised, or that the kernel died.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    where = {"metadata": {"path": str(checkout() / TRAINEE)}}
    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", resources=where, record_timing=False
    )
    # Each kernel would warn that it talks over TCP, which here is loopback.
    client.extra_arguments = ["--log-level=ERROR"]
    try:
        client.execute(env=dict(bench.env))
    except CellExecutionError as error:
        raise LabError(
            f"A cell failed with {error.ename}: {error.evalue}", "run it in JupyterLab", id="notebook-cell-failed"
        ) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise LabError(
            f"The notebook did not run to its end: {error}", "run it in JupyterLab", id="notebook-not-finished"
        ) from error
    numbers = _Numbers()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_stable(output, bench, numbers) for output in _joined(cell.outputs)]
    notebook.metadata = METADATA
    return notebook


def prepare(subject: Stage, bench: Bench) -> None:
    """The state in which a trainee opens the notebook: the stages before are passed, this one is not begun."""
    # From the very beginning: the trail of a stage is part of what its notebook shows.
    runner.reset(stages()[0].name, bench)
    before = subject.needs
    if subject.lasting:
        # It is about what all the others have made, and its receipt counts from the one before.
        cleanup.clean(bench.target, lambda _line: None)
        forget_passwords(bench.target.home)
        before = tuple(each.name for each in stages() if each.order < subject.order)
    for name in before:
        if not bench.progress.of(name).passed:
            report = runner.solve(name, bench)[-1]
            if not report.verdict.passed:
                raise LabError(
                    f"{name} could not be solved before {subject.notebook}:\n{report}", id="stage-before-not-solved"
                )


def check(chosen: Sequence[Stage]) -> int:
    """Strict nbval of what is committed executed; 0 when every output is as committed and the rest is in step."""
    stale = [f"{folder}/{each.notebook}.ipynb" for each in chosen for folder in out_of_step(each)]
    for name in stale:
        print(f"{name} is not what solutions/ generates. Next: labs notebooks build")
    codes = []
    with _workshop() as bench:
        for subject in chosen:
            for folder in EXECUTED:
                prepare(subject, bench)
                codes.append(compare(path_of(subject, folder), bench))
    return 1 if stale or any(codes) else 0


def compare(path: Path, bench: Bench) -> int:
    """pytest's exit code of a strict nbval run of one notebook, in a prepared bench."""
    # What lies with the tests is compared as what lies elsewhere: without their fixtures.
    words = python(
        "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--noconftest", "--nbval", "--nbval-current-env"
    )
    words += [f"--nbval-cell-timeout={CELL_TIMEOUT_S}", f"--nbval-sanitize-with={checkout() / SANITIZE}", str(path)]
    return subprocess.run(words, env=dict(bench.env), cwd=checkout(), check=False).returncode


def out_of_step(subject: Stage) -> tuple[str, ...]:
    """The folders whose notebook is not what the solution generates; of the unsolved run, outputs apart."""
    made = trainee(read(path_of(subject, SOLVED)))
    there, run = _old(subject, TRAINEE), _old(subject, UNSOLVED)
    wrong = {TRAINEE: there is None or as_text(there) != as_text(made)}
    wrong[UNSOLVED] = run is None or _sources(run) != _sources(made)
    return tuple(folder for folder in wrong if wrong[folder])


def _sources(notebook: Any) -> list[tuple[str, str, str, Any]]:
    return [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]


def _old(subject: Stage, folder: str) -> Any:
    path = path_of(subject, folder)
    return read(path) if path.exists() else None


def build(subject: Stage) -> None:
    """Write what trainees begin with anew from the solution, and the cells of its unsolved run.

    Outputs of that run are kept where the cell is still the same, else dropped: ``execute`` makes them.
    """
    solved = read(path_of(subject, SOLVED))
    write(path_of(subject, TRAINEE), trainee(solved))
    write(path_of(subject, UNSOLVED), trainee(solved, _old(subject, UNSOLVED)))


def chosen(names: Sequence[str]) -> tuple[Stage, ...]:
    """The stages of these notebooks, all without a name; LabError lists what there is."""
    if not (checkout() / SOLVED).is_dir():
        raise LabError(
            "Notebooks are made in a checkout of the kit, and this is an installed package.",
            "clone the repository and run it there",
            id="notebooks-need-checkout",
        )
    known = {subject.notebook: subject for subject in stages()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LabError(f"There is no notebook {unknown[0]}.", f"use one of: {', '.join(known)}", id="no-such-notebook")
    return tuple(known[name] for name in names) or stages()


@contextmanager
def _workshop() -> Iterator[Bench]:
    """A bench of its own, by the engine that answers; widgets are never in a committed output."""
    with room({**os.environ, "LAB_WIDGETS": "0"}) as bench:
        yield bench


def _joined(outputs: Sequence[Any]) -> list[Any]:
    """Pieces of one stream put together: how a stream was cut depends on the moment."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        stream = output.output_type == "stream"
        if stream and last is not None and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(copy.deepcopy(output))
    return joined


def _stable(output: Any, bench: Bench, numbers: "_Numbers") -> Any:
    if output.output_type == "stream":
        output.text = _numbered(_clean(output.text, bench), numbers)
    for kind, data in list(output.get("data", {}).items()):
        if isinstance(data, str):
            output["data"][kind] = _numbered(_clean(data, bench), numbers)
    return output


@dataclass
class _Numbers:
    """What the ids of a notebook became, and how many of each kind there were."""

    became: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def instead(self, match: re.Match[str]) -> str:
        """The number in place of one id, as long as the id was."""
        old, kind = match[0], match["kind"]
        if old not in self.became:
            self.counts[kind] += 1
            number = self.counts[kind]
            digits = str(number + 9) if kind.startswith("10.") else f"{number:0{len(old) - len(kind)}x}"
            self.became[old] = f"{kind}{digits}"
        return self.became[old]


def _numbered(text: str, numbers: _Numbers) -> str:
    for pattern in _MADE_UP:
        text = pattern.sub(numbers.instead, text)
    return text


def _clean(text: str, bench: Bench) -> str:
    text = text.replace(str(bench.home), ".lab").replace(str(checkout()), ".")
    for pattern, instead in _STABLE:
        text = pattern.sub(instead, text)
    return text
