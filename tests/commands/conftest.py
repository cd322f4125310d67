"""A real ``labs start`` in a lab home of its own, and proof that nothing of it stays."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labs.files import read_json
from labs.processes import command_line
from labs.session import local

URL = re.compile(r"http://127\.0\.0\.1:(\d+)/lab(?:/tree/notebooks/[\w-]+\.ipynb)?\?token=(\w+)")
READY_S = 60.0


def until(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    """Ask until it is true or the time is over."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass
class RunningLab:
    """One ``labs start``: what it printed so far, its address and its processes."""

    process: subprocess.Popen[bytes]
    home: Path
    printed: str = ""
    pids: list[int] = field(default_factory=list)

    def read_until(self, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """Read what it prints until ``pattern`` comes."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + READY_S
        while not (found := re.search(pattern, self.printed)):
            readable, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            assert chunk, f"it stopped printing after: {self.printed}"
            self.printed += chunk.decode()
        return found

    def ready(self) -> "RunningLab":
        """Wait for the URL and note the processes behind it."""
        self.read_until("Stop with Ctrl-C")
        self.pids = [self.jupyter_pid]
        cloud = local.recorded(self.home / "cloud.json")
        self.pids += [cloud.pid] if cloud else []
        return self

    @property
    def port(self) -> int:
        """JupyterLab's port."""
        return int(self.read_until(URL)[1])

    @property
    def token(self) -> str:
        """JupyterLab's token."""
        return self.read_until(URL)[2]

    @property
    def jupyter_pid(self) -> int:
        """JupyterLab's process."""
        return int((read_json(self.home / "lab.json") or {})["pid"])

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send it a signal, read the rest, and return its exit code."""
        self.process.send_signal(number)
        self.printed += self.process.communicate(timeout=60)[0].decode()
        return self.process.returncode

    def all_gone(self) -> bool:
        """Whether every process it had started has ended."""
        return until(lambda: not any(command_line(pid) for pid in self.pids))


StartLab = Callable[..., RunningLab]


@pytest.fixture
def start_lab(tmp_path: Path) -> Iterator[StartLab]:
    """Start ``labs start --no-browser`` in a fresh lab home; whatever is left after the test is stopped."""
    running: list[RunningLab] = []
    home = tmp_path / "lab"

    def start(*words: str, home: Path = home, cwd: Path | None = None, **env: str) -> RunningLab:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("labs")), "start", "--no-browser", *words],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LAB_TARGET": "local", "LAB_HOME": str(home), **env},
            start_new_session=True,
        )
        running.append(RunningLab(process, home))
        return running[-1]

    yield start
    for lab in running:
        if lab.process.poll() is None:
            lab.stop()
        if lab.process.stdout is not None:
            lab.process.stdout.close()
        local.stop_cloud(lab.home)
