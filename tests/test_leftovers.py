"""A test run that is killed leaves nothing running: no local AWS, no task, no worker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import leftovers

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60
# A local AWS as a notebook starts it, a daemon; a child whose child has an environment of its own; then the test hangs.
HANGING = '''
import os, subprocess, sys, time
from pathlib import Path
from labs.session import local

CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={}, start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""

def test_hangs(tmp_path):
    cloud, _ = local.ensure_cloud(Path(os.environ["LAB_HOME"]))
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    told = Path(os.environ["TOLD"])
    told.with_suffix(".new").write_text(f"{cloud.pid} {child.pid} {child.stdout.readline()}")
    told.with_suffix(".new").rename(told)
    time.sleep(600)
'''

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the watcher reads /proc, as Linux has it")


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def runs(process):
    try:
        return (leftovers.PROC / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def killed(tmp_path, number, *words):
    """What a hanging test of a run had started when the run was sent the signal; all of the run is gone."""
    folder, told = tmp_path / "tests", tmp_path / "told"
    folder.mkdir()
    (folder / "test_hanging.py").write_text(HANGING)
    (tmp_path / "lab").mkdir(mode=0o700)
    (tmp_path / "memory").mkdir()
    environment = {**os.environ, "LAB_HOME": str(tmp_path / "lab"), "TOLD": str(told), "LAB_ENGINE": "embedded"}
    environment[leftovers.FOLDER] = str(tmp_path / "memory")
    command = [sys.executable, "-m", "pytest", "-p", "tests.leftovers", f"--rootdir={folder}", *words, str(folder)]
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        started = [int(word) for word in wait_for(lambda: told.exists() and told.read_text().split())]
        assert all(runs(each) for each in started)
        run.send_signal(number)
        assert run.wait(PATIENCE_S) == -number
        wait_for(lambda: not any(runs(each) for each in started) and not (tmp_path / "memory").exists())
    finally:
        run.kill()
        run.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_nothing_running(tmp_path, number):
    killed(tmp_path, number)


def test_nor_does_one_with_workers(tmp_path):
    killed(tmp_path, signal.SIGKILL, "-n", "2")
