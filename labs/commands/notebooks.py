"""``labs notebooks``: generate notebooks/ from solutions/, run them solved and unsolved, or compare both runs."""

import argparse

from labs.lesson import notebooks

EXAMPLES = {
    "labs notebooks build 01-build": "after an edit in solutions/",
    "labs notebooks check": "compare all with what is committed",
}
EXITS = {0: "done, or all is as committed", 1: "check: something differs", 2: "a notebook cannot be read or run"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs notebooks``."""
    parser.add_argument(
        "what",
        choices=("build", "execute", "check"),
        metavar="{build,execute,check}",
        help="generate, run and save, or compare",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks, for example 01-build (default: all)")


def run(args: argparse.Namespace) -> int:
    """0 when it was done, or everything is as committed."""
    chosen = notebooks.chosen(args.names)
    if args.what == "build":
        for subject in chosen:
            notebooks.build(subject)
        return 0
    if args.what == "execute":
        notebooks.execute(chosen)
        return 0
    return notebooks.check(chosen)
