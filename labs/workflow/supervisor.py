"""Runs one command and lets nothing of it outlive its end, or the end of whoever started this.

A program by itself, of the standard library alone: ``supervisor.py MARK FOLDER COMMAND ...``. Its standard input is a
pipe that the starter holds: when it closes, because the starter wants an end or is gone, the command gets SIGINT, and
soon after it and everything that came of it SIGKILL. Then FOLDER is removed. MARK is the value of an environment
variable that all of them have: a process that left its group, and its parent's tree, is found by it.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "LAB_RUN_MARK"
_GRACE_S = 2.0
_PAUSE_S = 0.05


def main(mark: str, folder: str, command: list[str]) -> int:
    """The command's exit code; 137 when it was ended."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended_from_outside)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    wanted = False
    try:
        while child.poll() is None and not wanted:
            ready, _, _ = select.select([sys.stdin.fileno()], [], [], _PAUSE_S)
            wanted = bool(ready) and not os.read(sys.stdin.fileno(), 4096)
    except _Ended:
        wanted = True
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if wanted:
        _ask(child)
    _end(mark, child)
    shutil.rmtree(folder, ignore_errors=True)
    return 137 if wanted else child.wait()


class _Ended(Exception):
    """A signal to this process."""


def _ended_from_outside(number: int, frame: object) -> None:
    raise _Ended


def _ask(child: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _GRACE_S
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)


def _end(mark: str, child: "subprocess.Popen[bytes]") -> None:
    """SIGKILL for everything that came of the command, until nothing of it is found."""
    for _ in range(100):
        found = _found(mark, child.pid)
        if not found and child.poll() is not None:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        child.poll()
        time.sleep(_PAUSE_S)


def _found(mark: str, root: int) -> set[int]:
    """The processes that carry the mark, the root and what descends from it; never this one or a zombie."""
    rows = _table()
    found = {pid for pid, (_, marked) in rows.items() if marked(mark)} | ({root} & rows.keys())
    grown = True
    while grown:
        grown = False
        for pid, (parent, _) in rows.items():
            if parent in found and pid not in found:
                found.add(pid)
                grown = True
    return found - {os.getpid()}


def _table() -> "dict[int, tuple[int, _Marked]]":
    if Path("/proc/self/environ").exists():
        return _from_proc()
    # BSD's ps shows the environment of one's own processes behind the command.
    said = subprocess.run(
        ["ps", "-axEww", "-o", "pid=,ppid=,stat=,command="],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    rows = {}
    for line in said.stdout.splitlines():
        fields = line.split(None, 3)
        if len(fields) == 4 and not fields[2].startswith("Z"):
            rows[int(fields[0])] = (int(fields[1]), _Marked(fields[3]))
    return rows


def _from_proc() -> "dict[int, tuple[int, _Marked]]":
    rows = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            state, parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state == "Z":
            continue
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            environment = ""
        rows[int(folder.name)] = (int(parent), _Marked(environment.replace("\0", " ")))
    return rows


class _Marked:
    """Asked later: whether an environment has the mark."""

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def __call__(self, mark: str) -> bool:
        return f"{MARK}={mark}" in self._environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
