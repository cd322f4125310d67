"""``labs check [STAGE]``: the verdict, of the stage in hand without a name."""

import argparse
import sys
from functools import partial

from labs.commands.verbs import as_command_lines
from labs.desk.reading import stage_in_hand
from labs.lesson import runner
from labs.lesson.bench import open_bench
from labs.lesson.stage import stage, stages
from labs.verdict import Status

EXAMPLES = {
    "labs check build": "by the stage's name",
    "labs check 3": "by its number",
    "labs check": "the stage in hand: the one begun last",
}
EXITS = {0: "PASS", 1: "NOT YET or FAIL", 2: "CANNOT CHECK"}
_CODES = {Status.PASS: 0, Status.NOT_YET: 1, Status.FAIL: 1, Status.CANNOT_CHECK: 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs check``."""
    known = ", ".join(each.name for each in stages())
    parser.add_argument("stage", metavar="STAGE", nargs="?", help=f"one of: {known} (default: in hand)")


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 for PASS, 1 for NOT YET and FAIL, 2 for CANNOT CHECK."""
    named = None if args.stage is None else stage(args.stage)
    bench = open_bench()
    subject = named or stage_in_hand(bench.progress)
    if named is None:
        print(f"{subject.notebook}  {subject.title}")
    report = runner.check_and_record(subject.name, bench, say=partial(print, file=sys.stderr))
    print(as_command_lines(str(report), "check"))
    return _CODES[report.verdict.status]
