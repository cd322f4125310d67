"""Many processes of a Python program in the time of one: it is imported once, and each process is a fork of that one.

What runs is the program, whole, in a process of its own with its own streams, environment and ending; only Python's
start and the imports are spared: most of what a short-lived local AWS costs, or a call of the AWS CLI.
tests/cloud/front starts the local AWS as people do.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[1]
LABS, AWS = ("-m", "labs.cli"), ("-m", "awscli")
# What is forked is named by the words of its command: labs.session.local looks for "cloud" before it ends a local AWS.
PARENTS = {LABS: ("labs", "cloud"), AWS: ("awscli",)}
# One request is one datagram: its words and its environment.
LARGEST = 1 << 17


class Forked:
    """As ``subprocess.Popen([sys.executable, *program, *words], stdout=PIPE, text=True)``, without its start.

    ``program`` is ``LABS``, ``AWS``, or a file of Python that changes ``labs`` before it runs it. ``stderr`` is an open
    file; without one it is a pipe.
    """

    def __init__(
        self, words: list[str], env: Mapping[str, str], stderr: IO[str] | None, program: tuple[str, ...] = LABS
    ) -> None:
        self.args = [*program, *words]
        self.returncode: int | None = None
        self._ended, ends = os.pipe()
        out, printed = os.pipe()
        self.stdout: IO[str] = os.fdopen(out)
        self.stderr: IO[str] | None = None
        given = [printed, ends]
        if stderr is None:
            errors, complained = os.pipe()
            self.stderr = os.fdopen(errors)
            given.append(complained)
        try:
            self.pid = _parent(PARENTS.get(program, PARENTS[LABS])).fork(
                self.args, env, [printed, stderr.fileno() if stderr else complained, ends]
            )
        finally:
            for number in given:
                os.close(number)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
            self._read_code()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; its exit code. subprocess.TimeoutExpired when it still runs then."""
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._read_code()
        assert self.returncode is not None
        return self.returncode

    def _read_code(self) -> None:
        said = os.read(self._ended, 16)
        os.close(self._ended)
        assert said, "the process that forks has ended"
        self.returncode = int(said)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All it prints until it ends: standard output, standard error (empty where a file takes it)."""
        said = ["", ""]

        def read(number: int, stream: IO[str] | None) -> None:
            said[number] = stream.read() if stream else ""

        readers = [
            threading.Thread(target=read, args=each, daemon=True) for each in enumerate((self.stdout, self.stderr))
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        return said[0], said[1]


class _Parent:
    """The process that has imported everything; it ends when this one's end of the socket is closed."""

    def __init__(self, name: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "LAB_"))}
        command = [sys.executable, "-m", "tests.forked_programs", *name, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._close)

    def fork(self, words: list[str], env: Mapping[str, str], streams: list[int]) -> int:
        """One process: its number."""
        asked = json.dumps([words, dict(env), str(Path.cwd())]).encode()
        with self._lock:
            socket.send_fds(self._socket, [asked], streams)
            return int(self._socket.recv(16))

    def _close(self) -> None:
        self._socket.close()
        self._process.wait(60)


@functools.cache
def _parent(name: tuple[str, ...]) -> _Parent:
    return _Parent(name)


def _import_aws() -> None:
    from awscli import clidriver

    # Its customizations, too: they are imported when a driver is made.
    clidriver.create_clidriver()


def import_local_aws() -> None:
    """Everything that a local AWS imports, moto's services too."""
    from labs.cloud import patches
    from labs.cloud.protocols.services import BY_NAME
    from labs.cloud.store.dispatch import MotoStore

    for name in ("cloud.front.assembly", "cloud.front.serving", "cloud.wire.server", "commands.cloud"):
        importlib.import_module(f"labs.{name}")
    store = MotoStore(patches.prepare)
    for name, service in BY_NAME.items():
        if service.module:
            store.load(name)


def _serve(asks: socket.socket) -> None:
    """Fork for each request; tell who asked how each has ended."""
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([asks, woken], [], [])
        if woken in readable:
            woken.recv(4096)
            while running:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                ends = running.pop(pid)
                os.write(ends, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(ends)
        if asks not in readable:
            continue
        asked, streams, _, _ = socket.recv_fds(asks, LARGEST, 3)
        if not asked:
            return
        process = os.fork()
        if not process:
            for other in (asks, woken, wakes):
                other.close()
            for number in (*running.values(), streams.pop()):
                os.close(number)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run(*json.loads(asked), streams)
        running[process] = streams.pop()
        for number in streams:
            os.close(number)
        asks.send(str(process).encode())


def _run(words: list[str], env: dict[str, str], folder: str, streams: list[int]) -> NoReturn:
    """In the fork: its streams, folder and environment, then the program to its end."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update({**_set_by_imports, **env})
    os.chdir(folder)
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.exit(importlib.import_module(MAINS[words[1]]).main())
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")
    sys.exit(0)


MAINS = {"labs.cli": "labs.cli", "awscli": "awscli.clidriver"}


# moto's switches, where the AWS CLI keeps its data: set once, when the program is imported.
_set_by_imports: dict[str, str] = {}


def main(name: str, number: int) -> None:
    before = dict(os.environ)
    _import_aws() if name == "awscli" else import_local_aws()
    _set_by_imports.update({each: value for each, value in os.environ.items() if before.get(each) != value})
    assert threading.active_count() == 1, "a process with threads cannot be forked"
    # Not walked in search of garbage by each fork, which would make the pages its own.
    gc.freeze()
    _serve(socket.socket(fileno=number))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[-1]))
