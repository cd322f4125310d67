"""``labs check [STAGE]``: the verdict, of the stage in hand without a name."""

import argparse
import sys
from functools import partial

from labs.commands.named_stage import add_stage, opened
from labs.commands.verbs import as_command_lines
from labs.lesson import runner
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
    add_stage(parser)


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 for PASS, 1 for NOT YET and FAIL, 2 for CANNOT CHECK."""
    bench, subject = opened(args)
    if args.stage is None:
        print(f"{subject.notebook}  {subject.title}")
    report = runner.check_and_record(subject.name, bench, say=partial(print, file=sys.stderr))
    print(as_command_lines(str(report), "check"))
    return _CODES[report.verdict.status]
