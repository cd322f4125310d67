"""``make test`` and ``make check``: style, types, import rules, workflows and tests, each as a step.

    python -m tests              everything; the notebooks are among the tests, strictly compared
    python -m tests check        what needs no process: style, types, import rules, unit tests with few examples
    python -m tests lint         style, types, import rules and the workflows in .github/
    python -m tests notebooks    only the notebooks, compared (CI: once more with LAB_ENGINE=embedded)
    python -m tests WORDS ...    everything, with these words to pytest

Each step runs even when an earlier one failed; the exit code is 0 only if all passed.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import source_hash
from pathlib import Path

from tests import leftovers
from tests.examples import QUICK

ROOT = Path(__file__).parent.parent
# More workers than cores: many tests wait, for a task, an endpoint or a kernel. tests/conftest.py shares them out.
PYTEST = ["-m", "pytest", "-n", "4"]
LINT = [
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("import rules", [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]),
    ("workflows", ["-m", "tests.lint_workflows"]),
]
# Where files in memory are, and how much must be free there and twice as much in the machine: every commit of every
# local AWS waits for a disk, with four workers longer than for anything else.
MEMORY, MEMORY_FREE = Path("/dev/shm"), 8 << 30
UNIT = ("unit tests", ["-m", "pytest", "-q", "-n", "2", "-m", "unit", "--hypothesis-profile", QUICK])


def main(words: list[str]) -> int:
    if words == ["notebooks"]:
        steps = [("notebooks", [*PYTEST, "tests/notebooks/test_notebooks.py"])]
    elif words == ["check"]:
        steps = [*LINT, UNIT]
    elif words == ["lint"]:
        steps = LINT
    else:
        steps = [*LINT, ("tests", [*PYTEST, *words])]
    # As a Ctrl-C: the step's local AWS is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Set, it makes each worker compile the tests, and each of a thousand processes what it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    reading = _read_tests() if steps[-1][0] == "tests" and not _are_read() else None
    results = []
    for name, command in steps:
        if reading and name == "tests":
            reading.wait()
        results.append((name, *_run(name, [sys.executable, *command])))
    print("\nstep               result  seconds")
    for name, code, seconds in results:
        print(f"{name:<18} {'passed' if code == 0 else 'FAILED':<7} {seconds:7.0f}")
    return 0 if all(code == 0 for _, code, _ in results) else 1


def _are_read() -> bool:
    """Whether pytest keeps every test file compiled, as it stands: behind 8 bytes, the source's hash (PEP 552)."""
    compiled = f".{sys.implementation.cache_tag}-pytest-*.pyc"
    for file in (ROOT / "tests").rglob("*.py"):
        if file.name.startswith("test_") or file.name == "conftest.py":
            wanted = source_hash(file.read_bytes())
            kept = (file.parent / "__pycache__").glob(file.stem + compiled)
            if not any(each.read_bytes()[8:16] == wanted for each in kept):
                return False
    return True


def _read_tests() -> subprocess.Popen[bytes]:
    """Compile the tests while mypy runs: in a new checkout each worker would, all at the same time."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, preexec_fn=leftovers.end_with_parent, **quiet)


def _run(name: str, command: list[str]) -> tuple[int, float]:
    """Run one step in a lab home of its own; a local AWS that the step started is stopped afterwards."""
    print(f"\n--- {name}", flush=True)
    began = time.monotonic()
    memory = _memory()
    with tempfile.TemporaryDirectory(prefix="lab-", dir=memory, ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        environment = {**os.environ, "LAB_HOME": str(home), "LAB_TARGET": "local", "JUPYTER_PLATFORM_DIRS": "1"}
        if memory:
            environment |= {"TMPDIR": folder, leftovers.FOLDER: folder}
        try:
            code = subprocess.run(
                command, cwd=ROOT, env=environment, check=False, preexec_fn=leftovers.end_with_parent
            ).returncode
        finally:
            _stop_local_aws(home)
    return code, time.monotonic() - began


def _memory() -> Path | None:
    """Where a run's files are best kept; None for the machine's own place."""
    try:
        there = os.statvfs(MEMORY)
        known = Path("/proc/meminfo").read_text().split()
        available = int(known[known.index("MemAvailable:") + 1]) << 10
    except (OSError, ValueError):
        return None
    usable = os.access(MEMORY, os.W_OK) and not there.f_flag & os.ST_NOEXEC
    roomy = min(there.f_bavail * there.f_frsize, available // 2) >= MEMORY_FREE
    return MEMORY if usable and roomy else None


def _stop_local_aws(home: Path) -> None:
    from labs.session import local

    local.stop_cloud(home)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
