"""``labs status``: where one is in the course, in 80 columns; it only looks, and starts nothing."""

import argparse

from labs.commands.verbs import as_command_lines
from labs.desk.asking import view_now
from labs.desk.view import as_text

EXAMPLES = {
    "labs status": "stages, gates of the one in hand, cost so far, the next step",
}
EXITS = {0: "said, as far as it could be looked at", 2: "what the lab keeps cannot be read"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs status``: none."""
    parser.epilog = "The gates are looked at where the target answers. A gate that runs something waits for a check."


def run(_args: argparse.Namespace) -> int:
    """Print the view."""
    print(as_command_lines(as_text(view_now()), "status"))
    return 0
