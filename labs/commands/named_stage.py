"""The word STAGE of a command that takes the stage in hand where none is named."""

import argparse

from labs.desk.reading import stage_in_hand
from labs.lesson.bench import Bench, open_bench
from labs.lesson.stage import Stage, stage, stages


def add_stage(parser: argparse.ArgumentParser) -> None:
    """The argument: a stage's name or number, or nothing."""
    known = ", ".join(each.name for each in stages())
    parser.add_argument("stage", metavar="STAGE", nargs="?", help=f"one of: {known} (default: in hand)")


def opened(args: argparse.Namespace) -> tuple[Bench, Stage]:
    """The bench, and the stage that was named or is in hand. LabError for a wrong name, before anything is opened."""
    named = None if args.stage is None else stage(args.stage)
    bench = open_bench()
    return bench, named or stage_in_hand(bench.progress, events=bench.history.events())
