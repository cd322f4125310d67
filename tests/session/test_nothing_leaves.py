"""The lab where there is no network: all of it works, and nothing but loopback is asked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sealed

ROOT = Path(__file__).parent.parent.parent
# As `make lab` and a trainee: the page, the panel's view, and a notebook run in a kernel.
LESSON = r"""
import json, re, signal, subprocess, sys, urllib.request
lab = subprocess.Popen([sys.executable, "-m", "labs", "start"], stdout=subprocess.PIPE, text=True)
try:
    url = next(found[0] for line in lab.stdout if (found := re.search(r"http://127\.0\.0\.1:\S+token=\S+", line)))
    base, _, token = url.partition("?")
    for path in ("/lab", "/fargate-lab/view"):
        urllib.request.urlopen(f"{base.split('/lab')[0]}{path}?{token}").read()
    run = [sys.executable, "-m", "jupyter", "execute", f"--output={sys.argv[2]}", sys.argv[1]]
    subprocess.run(run, check=True)
    assert "start.pass" in open(sys.argv[2] + ".ipynb").read()
finally:
    lab.send_signal(signal.SIGINT)
sys.exit(lab.wait())
"""


@pytest.fixture
def alone(tmp_path: Path) -> list[str]:
    """What begins a command that has no network."""
    words = ["unshare", "--map-root-user", "--net", sys.executable, str(Path(sealed.__file__))]
    if not all(map(shutil.which, ("unshare", "ip"))):
        pytest.skip("no unshare and ip on PATH: network namespaces are Linux's")
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespace may be made here: {tried.stderr.strip()}")
    return words


def without_network(alone: list[str], home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run these words there, with the embedded engine: Docker's own daemon is outside."""
    own = {"LAB_ENGINE": "embedded", "LAB_HOME": str(home), "LAB_NO_BROWSER": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*alone, *words], cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_who_asks_for_an_address_is_told_of(alone: list[str], home: Path, address: str) -> None:
    ask = f"import socket; socket.create_connection(({address!r}, 443), 0.2)"
    done = without_network(alone, home, sys.executable, "-c", ask)
    assert f"asked for {address} port 443" in done.stderr
    assert done.returncode == sealed.ASKED


def test_the_course_asks_for_nothing_outside_this_machine(alone: list[str], home: Path) -> None:
    done = without_network(alone, home, sys.executable, "-m", "labs", "course")
    assert "asked for" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every stage has passed." in done.stdout


def test_jupyterlab_its_panel_and_a_kernel_ask_for_nothing_outside_this_machine(
    alone: list[str], home: Path, tmp_path: Path
) -> None:
    lesson = tmp_path / "lesson.py"
    lesson.write_text(LESSON)
    notebook = ROOT / "solutions" / "00-start.ipynb"
    done = without_network(alone, home, sys.executable, str(lesson), str(notebook), str(tmp_path / "done"))
    assert "asked for" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
