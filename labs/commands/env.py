"""``labs env``: the variables that point a shell, and every AWS tool in it, at the local AWS."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from labs.session import local

_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def _posix(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$Env:{name} = '{escaped}'"


SHELLS: Mapping[str, Callable[[str, str], str]] = {
    "bash": _posix,
    "zsh": _posix,
    "sh": _posix,
    "fish": _fish,
    "powershell": _powershell,
}
EXAMPLES = {
    'eval "$(labs env)"': "in bash, zsh and sh",
    "labs env --shell fish | source": "in fish",
}
EXITS = {0: "the variables were printed", 2: "no local AWS runs there"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs env``."""
    parser.add_argument("--shell", choices=SHELLS, default="bash", help="whose words to print (default: bash)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--state", type=Path, metavar="DIR", help="the local AWS that runs with this --state")
    which.add_argument("--home", type=Path, metavar="DIR", help="the local AWS of this LAB_HOME")


def run(args: argparse.Namespace) -> int:
    """Print one line a variable; LabError when no local AWS runs. Starts nothing."""
    cloud = local.running_cloud(args.state, args.home)
    write = SHELLS[args.shell]
    print("\n".join(write(name, value) for name, value in cloud.variables().items()))
    for name in _IN_THE_WAY:
        if os.environ.get(name):
            print(f"Note: {name} is set here and may lead tools elsewhere; unset it.", file=sys.stderr)
    return 0
