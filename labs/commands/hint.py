"""``labs hint [STAGE]``: the next hint for what the last check found."""

import argparse

from labs.commands.named_stage import add_stage, opened
from labs.commands.verbs import as_command_lines
from labs.lesson import hints
from labs.ui import text

EXAMPLES = {
    "labs hint": "for the stage in hand: the one begun last",
    "labs hint push-denied": "for a stage by its name",
}
EXITS = {0: "a hint, or why there is none", 2: "the lab cannot be reached"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs hint``."""
    add_stage(parser)


def run(args: argparse.Namespace) -> int:
    """Print the hint."""
    bench, subject = opened(args)
    print(f"{subject.notebook}  {subject.title}\n")
    print(text.wrapped(as_command_lines(hints.next_hint(subject, bench), "hint"), 80))
    return 0
