"""Processes by number: what one is, and ending it only while it is still what we think it is."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PAUSE_S = 0.05


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
