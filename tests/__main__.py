"""``make test``: style, types, and every test; the notebooks are among them (tests/notebooks), strictly compared.

    python -m tests              everything
    python -m tests notebooks    only the notebooks (CI runs them once more with LAB_ENGINE=embedded)

Each step runs even when an earlier one failed; the exit code is 0 only if all passed.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
# More workers than cores: many tests wait, for a task, an endpoint or a kernel. tests/conftest.py shares them out.
PYTEST = ["-m", "pytest", "-n", "4"]


def main(words: list[str]) -> int:
    python = sys.executable
    if words == ["notebooks"]:
        steps = [("notebooks", [python, *PYTEST, "tests/notebooks"])]
    else:
        steps = [
            ("ruff check", [python, "-m", "ruff", "check", "."]),
            ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
            ("mypy", [python, "-m", "mypy"]),
            ("tests", [python, *PYTEST, *words]),
        ]
    results = [(name, *_run(name, command)) for name, command in steps]
    print("\nstep               result  seconds")
    for name, code, seconds in results:
        print(f"{name:<18} {'passed' if code == 0 else 'FAILED':<7} {seconds:7.0f}")
    return 0 if all(code == 0 for _, code, _ in results) else 1


def _run(name: str, command: list[str]) -> tuple[int, float]:
    """Run one step in a lab home of its own; a local AWS that the step started is stopped afterwards."""
    print(f"\n--- {name}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fargate-lab-") as home:
        environment = {**os.environ, "LAB_HOME": home, "LAB_TARGET": "local", "JUPYTER_PLATFORM_DIRS": "1"}
        try:
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        finally:
            _stop_local_aws(Path(home))
    return code, time.monotonic() - began


def _stop_local_aws(home: Path) -> None:
    from labs.session import local

    local.stop_cloud(home)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
