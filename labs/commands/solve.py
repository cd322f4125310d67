"""``labs solve STAGE``: do a stage, and those before it that are not passed, as the solution would."""

import argparse

from labs.commands.verbs import as_command_lines
from labs.lesson import runner
from labs.lesson.bench import open_bench
from labs.lesson.stage import stage, stages

EXAMPLES = {
    "labs solve push-fixed": "catch up to the end of 03",
}
EXITS = {0: "each stage that was done has passed", 1: "one has not", 2: "it could not be done"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs solve``."""
    parser.add_argument("stage", metavar="STAGE", help=f"one of: {', '.join(each.name for each in stages())}")


def run(args: argparse.Namespace) -> int:
    """Print one line a stage; 0 when each that was done has passed."""
    reports = runner.solve(stage(args.stage).name, open_bench())
    for report in reports:
        print(f"{report.stage}: {report.verdict.status.value}")
        if not report.verdict.passed:
            print(as_command_lines(str(report), "solve"))
    return 0 if all(report.verdict.passed for report in reports) else 1
