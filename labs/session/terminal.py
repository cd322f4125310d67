"""Where ``labs`` is found: in JupyterLab's terminals, and in a shell beside it.

For its terminals Jupyter's own choice is a login shell, and login files set PATH anew.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from labs.files import write_private


def shell_command(env: Mapping[str, str], folder: Path, programs: Path) -> list[str]:
    """The user's shell, not as a login shell; bash also puts ``programs`` first again after the user's own rc file.

    ``folder`` is where that is written down.
    """
    shell = shutil.which(env.get("SHELL", "")) or shutil.which("bash") or shutil.which("sh") or "/bin/sh"
    if Path(shell).name != "bash":
        return [shell]
    rc = folder / "bashrc"
    first = shlex.quote(str(programs))
    write_private(rc, f'[ -r ~/.bashrc ] && . ~/.bashrc\nexport PATH={first}{os.pathsep}"$PATH"\n'.encode())
    return [shell, "--rcfile", str(rc)]


def how_to_find_labs() -> str:
    """One line for somebody whose shell does not find ``labs``; empty where it does, or where nothing would help."""
    activate = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("labs") or not activate.is_file():
        return ""
    here = Path.cwd()
    shown = activate.relative_to(here) if activate.is_relative_to(here) else activate
    return f"In another shell, this makes the labs command known: source {shlex.quote(str(shown))}"
