"""``labs docker ...``: the embedded engine, in docker's own words."""

import argparse
import os
from collections.abc import Sequence

from labs.engine.embedded.docker_command import main

EXAMPLES = {
    "labs docker images": "the images of the embedded engine's store",
    "labs docker buildx build --help": "the flags that are served",
}
EXITS = {0: "done", 1: "the command failed", 125: "a flag that this command does not have"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For the help only: the words are docker's, and ``docker`` reads them."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help="a docker command and its flags")


def docker(words: Sequence[str]) -> int:
    """Run one docker command; its exit code is docker's."""
    # Typed by a person, not by the kit's own docker command: nobody has looked for a Docker Engine.
    os.environ.setdefault("LAB_ENGINE_LINE", "embedded engine: called by labs docker")
    return main(words)


def run(args: argparse.Namespace) -> int:
    """As ``docker``."""
    return docker(args.words)
