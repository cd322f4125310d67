"""Figures of the state folder: a start after 10,000 mutations, with the checkpoint and without it."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench import servers

MUTATIONS = 10_000
ROUNDS = 5


@dataclass(frozen=True)
class Restart:
    """Seconds from the command to the first answered call, medians; and what lies in the folder, MiB."""

    empty: float
    grown: float
    replayed: float
    journal: float
    checkpoint: float


def restart() -> Restart:
    """A process makes the mutations and is killed; starts are timed on copies of its folder."""
    with tempfile.TemporaryDirectory(prefix="bench-state-") as folder:
        state = Path(folder) / "state"
        subprocess.run([sys.executable, "-m", "tests.bench.mutations", state, str(MUTATIONS)], check=False)
        grown = [_started(state, folder) for _ in range(ROUNDS)]
        empty = [_started(None, folder) for _ in range(ROUNDS)]
        sizes = [(state / name).stat().st_size / (1 << 20) for name in ("journal", "checkpoint")]
        (state / "checkpoint").unlink()
        # Once: it is the long way, and only shown.
        replayed = _started(state, folder)
        return Restart(statistics.median(empty), statistics.median(grown), replayed, *sizes)


def _started(state: Path | None, folder: str) -> float:
    copy = Path(folder) / "copy"
    if state is not None:
        shutil.copytree(state, copy)
    with servers.kit(copy) as kit:
        os.kill(kit.pid, signal.SIGKILL)
    shutil.rmtree(copy)
    return kit.ready_seconds
