"""``labs stop``: end the local AWS of this lab home, if one runs. Its state stays; the next start finds it again."""

import argparse

from labs.session import local
from labs.session.home import lab_home

EXAMPLES = {
    "labs stop": "its state stays; the next start finds it again",
}
EXITS = {0: "no local AWS runs here any more", 2: "the lab home cannot be used"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``labs stop`` has no options."""


def run(args: argparse.Namespace) -> int:
    """Stop the local AWS; 0 whether or not one was running."""
    stopped = local.stop_cloud(lab_home())
    print("The local AWS has stopped; its state is kept." if stopped else "No local AWS runs here.")
    return 0
