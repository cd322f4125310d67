"""``labs reset STAGE``: undo a stage and those that build on it."""

import argparse

from labs.lesson import runner
from labs.lesson.bench import open_bench
from labs.lesson.stage import stage, stages

EXAMPLES = {
    "labs reset push-fixed": "undo 03, and what builds on it",
}
EXITS = {0: "undone", 2: "it could not be undone"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs reset``."""
    parser.add_argument("stage", metavar="STAGE", help=f"one of: {', '.join(each.name for each in stages())}")


def run(args: argparse.Namespace) -> int:
    """Print what was undone."""
    undone = runner.reset(stage(args.stage).name, open_bench())
    print(f"Undone: {', '.join(undone)}")
    return 0
