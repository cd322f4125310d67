"""``labs course``: the whole solved course without a browser, by the same code as the notebooks, and its table.

On the local AWS it runs in a lab home of its own, so that a trainee's work is left alone; ``--here`` uses LAB_HOME.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from labs.commands.verbs import as_command_lines
from labs.engine.base import ensure_base
from labs.lesson import runner
from labs.lesson.bench import Bench, open_bench
from labs.lesson.course import left_out, planned, play, shown
from labs.lesson.stage import stages
from labs.lesson.throwaway import room
from labs.session import TargetName
from labs.session.target import target_name

EXAMPLES = {
    "labs course": "in a lab home of its own: your work is left alone",
    "labs course --plan": "which stages there are, and what each needs",
    "LAB_TARGET=aws labs course --here": "in your AWS account",
}
EXITS = {0: "every stage has passed", 1: "not every stage has passed", 2: "it could not begin"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs course``."""
    parser.add_argument("--here", action="store_true", help="run in LAB_HOME; the stages done there are reset first")
    parser.add_argument("--plan", action="store_true", help="print the stages with their minutes; run nothing")
    parser.add_argument("--keep", action="store_true", help="leave what was created in LAB_HOME, or on AWS")


def run(args: argparse.Namespace) -> int:
    """Print the table; 0 only if every stage has passed."""
    if args.plan:
        print(planned())
        return 0
    own = target_name(os.environ) is TargetName.LOCAL and not args.here
    began = time.monotonic()
    # A name of its own as well: a Docker Engine's image store is shared with the trainee's lab.
    with _ended_by_sigterm(), room({"LAB_TRAINEE": "course", **os.environ}) if own else _here() as bench:
        runner.reset(stages()[0].name, bench)
        print(f"Target: {bench.target.name}, account {bench.target.account}, region {bench.target.region}")
        print(f"Engine: {bench.engine.line}")
        ensure_base(bench.target, bench.engine, print)
        print(f"Set-up: {time.monotonic() - began:.1f} s", flush=True)
        rows = list(play(bench, keep=args.keep))
        here = [each for each in stages() if not left_out(bench, each)]
        if not args.keep:
            runner.reset(stages()[0].name, bench)
    print()
    print(shown(rows, [each for each in stages() if each not in here]))
    for row in rows:
        if not row.report.verdict.passed:
            print(f"\n{row.stage.notebook}\n{as_command_lines(str(row.report))}")
    if rows[-1].stage.lasting and rows[-1].report.verdict.passed:
        print(f"\n{rows[-1].report.verdict.found}")
    wanted = [each for each in here if not (args.keep and each.lasting)]
    passed = len(rows) == len(wanted) and all(row.report.verdict.passed for row in rows)
    kept = "; cleaning up was left out" if args.keep else ""
    for each in stages():
        if each not in here:
            kept += f"; {each.notebook}, which can be done on the local AWS alone, was left out"
    print(f"\n{f'Every stage has passed{kept}' if passed else 'Not every stage has passed'}.")
    return 0 if passed else 1


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the course as Ctrl-C does: its own local AWS is stopped, its own home is removed."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _here() -> Iterator[Bench]:
    yield open_bench()
