"""The embedded engine's docker command in a process that is forked, with its modules loaded.

The walk through the stages runs a thousand, and four fifths of such a command's time are Python's start. What is run is
``labs docker``, whole; tests/engine/embedded and the notebooks start it as people do.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([
    "labs.cli",
    "labs.commands.docker",
    "labs.engine.embedded.build_command",
    "labs.engine.embedded.builder_command",
    "labs.engine.embedded.images_command",
    "labs.engine.embedded.login_command",
    "labs.engine.embedded.run_command",
])  # fmt: skip


class Forked:
    """In place of ``subprocess`` in labs.lesson.shell: the docker command is forked, anything else is started."""

    PIPE, STDOUT, TimeoutExpired = subprocess.PIPE, subprocess.STDOUT, subprocess.TimeoutExpired

    def __init__(self, line: str) -> None:
        self._line = line

    def run(self, command: list[str], *, env: dict[str, str], timeout: float, **rest: Any) -> Any:
        """As subprocess.run, for a text on stdin and an answer on stdout and stderr together."""
        if command[0] != "docker":
            return subprocess.run(command, env=env, timeout=timeout, **rest)
        with tempfile.TemporaryDirectory(prefix="docker-") as folder:
            given, said = Path(folder) / "stdin", Path(folder) / "output"
            given.write_text(rest["input"])
            words = (command[1:], {**env, "LAB_ENGINE_LINE": self._line}, str(Path.cwd()), str(given), str(said))
            child = _FORKS.Process(target=_docker, args=words)
            child.start()
            child.join(timeout)
            if child.is_alive():
                child.kill()
                child.join()
                raise subprocess.TimeoutExpired(command, timeout)
            output = said.read_text(errors="replace") if said.exists() else ""
            return subprocess.CompletedProcess(command, child.exitcode or 0, output)


def _docker(words: list[str], env: dict[str, str], folder: str, given: str, said: str) -> None:
    """In the child: stdin, stdout and stderr as a shell would give them, then ``labs docker WORDS``."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for number, source in ((0, os.open(given, os.O_RDONLY)), (1, out), (2, out)):
        os.dup2(source, number)
    sys.stdin = os.fdopen(0, "r")
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    sys.argv = ["docker", *words]
    from labs.cli import main

    try:
        code = main(["docker", *words])
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
