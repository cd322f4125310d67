"""Processes: how the kit starts its own Python ones, what one is by its number, and ending it only while it is ours."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PAUSE_S = 0.05
_MAIN = Path(__file__).with_name("__main__.py")


def python(*words: str) -> list[str]:
    """The command line of this Python with ``words``, isolated: every Python process of the kit is started by it.

    ``-I`` keeps the current folder, PYTHONPATH and the user's site-packages off ``sys.path``, and what the process
    starts itself (a kernel) does not inherit it. Source: Python's documentation, "Command line and environment".
    """
    # -I does not hear PYTHONUTF8 either.
    utf8 = ["-X", "utf8"] if sys.flags.utf8_mode else []
    return [sys.executable, "-I", *utf8, *words]


def labs(*words: str) -> list[str]:
    """The command line of ``labs WORDS`` for this very package, installed or not."""
    return python(str(_MAIN), *words)


def command_line(pid: int) -> list[str]:
    """The words a running process was started with; empty when there is none, or only its exit status is left."""
    if pid <= 1:
        return []
    if Path("/proc/self").exists():
        try:
            return [
                word for word in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0") if word
            ]
        except OSError:
            return []
    seen = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return seen.stdout.split()


def is_stopped(pid: int) -> bool:
    """Whether a process is suspended: by SIGSTOP, or Ctrl-Z at its terminal."""
    try:
        # After the name, which stands in brackets and may hold any character.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in ("T", "t")
    except (OSError, IndexError):
        if Path("/proc/self").exists():
            return False
    seen = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return seen.stdout.strip().startswith("T")


def ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of a child; its exit code. In steps: a signal of the moment before would not end a long wait."""
    while (code := process.poll()) is None:
        time.sleep(PAUSE_S)
    return code


def stop(pid: int, is_ours: Callable[[], bool], within_s: float) -> bool:
    """End process ``pid`` by SIGTERM, after ``within_s`` seconds by SIGKILL; ``is_ours`` is asked before each signal.

    True when it is gone. Works for a child of this process and for any other.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_ours():
            return True
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if not is_ours():
                return True
            time.sleep(PAUSE_S)
    return not is_ours()
