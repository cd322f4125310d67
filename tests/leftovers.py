"""A killed test run leaves no process behind: a watcher outlives pytest and ends what its tests started. Where the
run's files are in memory, it removes them too.

What the tests start carries a mark in its environment; local AWSs are daemons and would run on. Linux only, where
/proc shows a process's environment.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
MARK = "FARGATE_LAB_TEST_RUN"
# The folder in memory that ``python -m tests`` made for the run.
FOLDER = "FARGATE_LAB_TEST_FOLDER"
POLL_S = 0.2
# A local AWS ends its tasks and removes its containers when it is asked to stop.
PATIENCE_S = 15.0
PROC = Path("/proc")


def pytest_configure(config):
    if hasattr(config, "workerinput") or not sys.platform.startswith("linux"):
        return
    os.environ[MARK] = f"{os.getpid()}.{time.time_ns()}"
    folder = os.environ.pop(FOLDER, "")
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    # Its own session: a signal to pytest's process group does not reach it.
    subprocess.Popen(
        [sys.executable, __file__, str(os.getpid()), os.environ[MARK], folder],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end_with_parent() -> None:
    """In a child, between fork and exec: SIGTERM when the process that started it is gone."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _running() -> dict[int, int]:
    """Every process that has not ended, and its parent."""
    parents = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # After the name, which may hold anything: the state, then the parent.
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(folder.name)] = int(parent)
    return parents


def _carries(process: int, mark: str) -> bool:
    with contextlib.suppress(OSError):
        return f"{MARK}={mark}".encode() in (PROC / str(process) / "environ").read_bytes().split(b"\0")
    return False


def left_of(mark: str, known: set[int]) -> set[int]:
    """What still runs: the processes that carry the mark, all that these have started, and those known before."""
    parents = _running()
    found = {process for process in parents if process in known or _carries(process, mark)}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def end(mark: str) -> None:
    """Ask all of them to stop; kill what has not stopped in time."""
    deadline = time.monotonic() + PATIENCE_S
    asked: set[int] = set()
    while left := left_of(mark, asked):
        late = time.monotonic() > deadline
        for process in left if late else left - asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
        asked |= left
        time.sleep(POLL_S)


def main(parent: int, mark: str, folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.getppid() == parent:
        time.sleep(POLL_S)
    end(mark)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
