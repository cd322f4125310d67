"""Plain Windows is not served: one sentence that says what is, exit code 2, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# As on Windows: what the kit imports of Unix is not there.
SITE = """
import sys
sys.platform = "win32"
for name in ("fcntl", "pwd", "grp", "resource", "termios", "pty"):
    sys.modules[name] = None
"""
WAYS = {
    "bootstrap": ["labs/bootstrap.py", ".venv", "requirements.lock"],
    "labs": [str(Path(sys.executable).parent / "labs"), "start"],
    "python -m labs": ["-m", "labs", "doctor"],
    "python -m labs.cli": ["-m", "labs.cli", "cloud", "--state", "x"],
    "labs.cli.main": ["-c", "import sys; from labs.cli import main; sys.exit(main(['help']))"],
    "labs alone": ["-m", "labs"],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_says_so_in_one_sentence_with_what_to_do(way, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SITE)
    done = subprocess.run(
        [sys.executable, *WAYS[way]],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    said, then = done.stderr.splitlines()
    assert "Windows in WSL2" in said
    assert then.startswith("Next: ")
    assert "wsl --install" in then
