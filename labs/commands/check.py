"""``labs check STAGE``: the verdict."""

import argparse
import sys
from functools import partial

from labs.commands.verbs import as_command_lines
from labs.lesson import runner
from labs.lesson.bench import open_bench
from labs.lesson.stage import stage, stages
from labs.verdict import Status

EXAMPLES = {
    "labs check build": "by the stage's name",
    "labs check 3": "by its number",
}
EXITS = {0: "PASS", 1: "NOT YET or FAIL", 2: "CANNOT CHECK"}
_CODES = {Status.PASS: 0, Status.NOT_YET: 1, Status.FAIL: 1, Status.CANNOT_CHECK: 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs check``."""
    parser.add_argument("stage", metavar="STAGE", help=f"one of: {', '.join(each.name for each in stages())}")


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 for PASS, 1 for NOT YET and FAIL, 2 for CANNOT CHECK."""
    report = runner.check_and_record(stage(args.stage).name, open_bench(), say=partial(print, file=sys.stderr))
    print(as_command_lines(str(report), "check"))
    return _CODES[report.verdict.status]
