"""``labs env``: the variables that point a shell, and every AWS tool in it, at the local AWS."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from labs.errors import LabError
from labs.session import local
from labs.session.home import lab_home
from labs.session.local import Cloud

_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def _bash(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$Env:{name} = '{escaped}'"


SHELLS: Mapping[str, Callable[[str, str], str]] = {"bash": _bash, "fish": _fish, "powershell": _powershell}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs env``."""
    parser.add_argument("--shell", choices=SHELLS, default="bash", help="bash also serves sh and zsh")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--state", type=Path, metavar="DIR", help="the local AWS that runs with this --state")
    which.add_argument("--home", type=Path, metavar="DIR", help="the local AWS of this LAB_HOME")


def run(args: argparse.Namespace) -> int:
    """Print one line a variable; LabError when no local AWS runs. Starts nothing."""
    cloud = _running(args.state, args.home)
    write = SHELLS[args.shell]
    print("\n".join(write(name, value) for name, value in cloud.variables().items()))
    for name in _IN_THE_WAY:
        if os.environ.get(name):
            print(f"Note: {name} is set here and may lead tools elsewhere; unset it.", file=sys.stderr)
    return 0


def _running(state: Path | None, home: Path | None) -> Cloud:
    if state is not None:
        cloud = local.recorded(state / local.READY_FILE)
        if cloud is not None and local.identity(cloud):
            return cloud
        raise LabError(f"No local AWS runs with the state in {state}.", f"start it: labs cloud --state {state}")
    if home is not None and not home.is_dir():
        raise LabError(f"There is no folder {home}.", "name the LAB_HOME of a running lab, or leave --home out")
    cloud = local.find_cloud(lab_home({"LAB_HOME": str(home)}) if home is not None else lab_home())
    if cloud is None:
        raise LabError("No local AWS runs for this checkout.", "start it: make lab")
    return cloud
