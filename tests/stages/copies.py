"""A copy of the checkout in which a test may add and remove stages, and the commands that run in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from labs.session.home import checkout

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".lab", "wheels", ".*_cache", "node_modules")


def copy_to(folder: Path) -> Path:
    """The whole checkout, without what a machine made in it. Compiled files stay valid: they keep their times."""
    return Path(shutil.copytree(checkout(), folder / "kit", ignore=_LEFT_OUT))


def run(copy: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """``python WORDS`` in the copy; its ``labs`` is imported, not this one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_", "PYTEST_"))}
    base = {name: os.environ[name] for name in ("LAB_BASE",) if name in os.environ}
    environment = {**clean, **base, "PYTHONPATH": str(copy), "LAB_ENGINE": "embedded", **env}
    return subprocess.run(
        [sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
