"""``labs course``: the whole solved course without a browser, by the same code as the notebooks, and its table.

On the local AWS it runs in a lab home of its own, so that a trainee's work is left alone; ``--here`` uses LAB_HOME.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labs.engine.base import ensure_base
from labs.errors import LabError
from labs.stages import runner
from labs.stages.bench import Bench, open_bench
from labs.stages.commands import docker
from labs.stages.stage import Stage, stages
from labs.target import local
from labs.target.target import TargetName, target_name
from labs.ui import text
from labs.verdict import Report


@dataclass(frozen=True)
class Row:
    """One line of the table; ``seconds`` counts solving and checking."""

    stage: Stage
    report: Report
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs course``."""
    parser.add_argument("--here", action="store_true", help="run in LAB_HOME; the stages done there are reset first")
    parser.add_argument("--keep", action="store_true", help="leave what was created, instead of resetting at the end")


def run(args: argparse.Namespace) -> int:
    """Print the table; 0 only if every stage has passed."""
    own = target_name(os.environ) is TargetName.LOCAL and not args.here
    began = time.monotonic()
    # A name of its own as well: a Docker Engine's image store is shared with the trainee's lab.
    with room({"LAB_TRAINEE": "course", **os.environ}) if own else _here() as bench:
        runner.reset(stages()[0].name, bench)
        print(f"Target: {bench.target.name}, account {bench.target.account}, region {bench.target.region}")
        print(f"Engine: {bench.engine.line}")
        ensure_base(bench.target, bench.engine, print)
        print(f"Set-up: {time.monotonic() - began:.1f} s", flush=True)
        rows = list(play(bench, keep=args.keep))
        if not args.keep:
            runner.reset(stages()[0].name, bench)
    print()
    print(shown(rows))
    for row in rows:
        if not row.report.verdict.passed:
            print(f"\n{row.stage.notebook}\n{row.report}")
    if rows[-1].stage.lasting and rows[-1].report.verdict.passed:
        print(f"\n{rows[-1].report.verdict.found}")
    wanted = [each for each in stages() if not (args.keep and each.lasting)]
    passed = len(rows) == len(wanted) and all(row.report.verdict.passed for row in rows)
    print(f"\n{'Every stage has passed' if passed else 'Not every stage has passed'}.")
    return 0 if passed else 1


def play(bench: Bench, *, keep: bool = False) -> Iterator[Row]:
    """Solve and check each stage in order; a stage that does not pass ends the course. ``keep`` leaves out cleaning."""
    for subject in stages():
        if keep and subject.lasting:
            continue
        began = time.monotonic()
        try:
            report = runner.solve(subject.name, bench)[-1]
        except LabError as error:
            verdict = bench.say("check.broken", what=error.what, next=error.next_step or "try again")
            report = Report(subject.name, verdict)
        yield Row(subject, report, time.monotonic() - began)
        if not report.verdict.passed:
            return


def shown(rows: list[Row]) -> str:
    """The table: stage, verdict, seconds; stages that were not reached say so."""
    cells = [(row.stage.notebook, row.report.verdict.status.value, f"{row.seconds:.1f}") for row in rows]
    cells += [(subject.notebook, "not reached", "") for subject in stages()[len(rows) :]]
    cells.append(("all", "", f"{sum(row.seconds for row in rows):.1f}"))
    return text.table(("stage", "verdict", "seconds"), cells)


@contextmanager
def room(env: Mapping[str, str]) -> Iterator[Bench]:
    """A bench in a lab home of its own, with its own local AWS; both, and its images, are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="lab-"))
    try:
        bench = open_bench({**env, "LAB_HOME": str(home), "LAB_TARGET": "local"})
        try:
            yield bench
        finally:
            _forget_images(bench)
    finally:
        local.stop_cloud(home)
        shutil.rmtree(home, ignore_errors=True)


def _forget_images(bench: Bench) -> None:
    """Take what was built for the room's registry out of a Docker Engine's store, which outlives the room."""
    if bench.engine.name == "embedded":
        return
    listed = docker(bench, "images", "--format", "{{.Repository}}:{{.Tag}}").output.split()
    names = [name for name in listed if name.startswith(f"{bench.target.registry}/")]
    docker(bench, "rmi", bench.image, *names)


@contextmanager
def _here() -> Iterator[Bench]:
    yield open_bench()
