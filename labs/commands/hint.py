"""``labs hint [STAGE]``: the next hint for what the last check found."""

import argparse

from labs.commands.verbs import as_command_lines
from labs.desk.reading import stage_in_hand
from labs.lesson import hints
from labs.lesson.bench import open_bench
from labs.lesson.stage import stage, stages
from labs.ui import text

EXAMPLES = {
    "labs hint": "for the stage in hand: the one begun last",
    "labs hint push-denied": "for a stage by its name",
}
EXITS = {0: "a hint, or why there is none", 2: "the lab cannot be reached"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs hint``."""
    known = ", ".join(each.name for each in stages())
    parser.add_argument("stage", metavar="STAGE", nargs="?", help=f"one of: {known} (default: in hand)")


def run(args: argparse.Namespace) -> int:
    """Print the hint."""
    named = None if args.stage is None else stage(args.stage)
    bench = open_bench()
    subject = named or stage_in_hand(bench.progress)
    print(f"{subject.notebook}  {subject.title}\n")
    print(text.wrapped(as_command_lines(hints.next_hint(subject, bench), "hint"), 80))
    return 0
