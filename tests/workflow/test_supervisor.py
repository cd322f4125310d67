"""Whatever ends a run, the kit killed or a limit reached: nothing that a step started goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labs.workflow import record, supervisor
from tests.workflow.place import Place

WITHIN_S = 30
ROOT = Path(__file__).parents[2]
# A step that starts a child in a session of its own, which ignores what asks it kindly.
STUBBORN = """\
on: push
jobs:
  push:
    runs-on: ubuntu-latest
    steps:
      - shell: sh
        run: |
          "$LAB_PYTHON" -I -c "
          import os, signal, sys, time
          if os.fork() == 0:
              os.setsid()
              [signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
          open('FOLDER/' + str(os.getpid()), 'w').close()
          time.sleep(300)
          "
"""
CODE = """
import sys
from pathlib import Path
from tests.workflow.place import Place
place = Place(Path(sys.argv[1]))
place.write(Path(sys.argv[2]).read_text())
found = place.run(limit_s=float(sys.argv[3]))
print(found.conclusion, flush=True)
"""


def until(condition, what):
    deadline = time.monotonic() + WITHIN_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what}"
        time.sleep(0.05)
    return found


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return not Path("/proc/self").exists() or not Path(f"/proc/{pid}").exists()


@pytest.fixture
def begun(tmp_path):
    """A kit in a process of its own that runs the stubborn workflow: the process, the pids of the step's programs."""
    pids, work = tmp_path / "pids", tmp_path / "kit"
    pids.mkdir()
    work.mkdir()
    text = tmp_path / "push.yml"
    text.write_text(STUBBORN.replace("FOLDER", str(pids)))
    processes = []

    def begin(limit_s):
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(work), str(text), str(limit_s)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        until(lambda: len(list(pids.iterdir())) == 2, "the step's two programs run")
        return process, [int(each.name) for each in pids.iterdir()], work / "home"

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def test_ctrl_c_ends_everything_and_is_the_conclusion(begun):
    process, pids, home = begun(300)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=WITHIN_S)[0].splitlines()[-1] == "cancelled"
    assert all(map(gone, pids))
    assert record.last(home).conclusion == "cancelled"
    assert list((home / "workflow").glob("run-*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_kit_that_is_ended_or_killed_leaves_no_process_and_no_scratch_folder(begun, number):
    process, pids, home = begun(300)
    process.send_signal(number)
    process.communicate(timeout=WITHIN_S)
    until(lambda: all(map(gone, pids)), "the step's programs are gone")
    until(lambda: not list((home / "workflow").glob("run-*")), "the scratch folder is gone")


def test_a_run_that_takes_too_long_is_ended_and_says_so(begun):
    process, pids, home = begun(4)
    assert process.communicate(timeout=WITHIN_S)[0].splitlines()[-1] == "timed out"
    assert all(map(gone, pids))
    found = record.last(home)
    assert (found.conclusion, found.jobs["push"].steps[0].conclusion) == ("timed out", "cancelled")


def test_what_a_finished_step_left_running_ends_with_the_run(tmp_path):
    place = Place(tmp_path)
    pid = tmp_path / "pid"
    place.write(
        "on: push\njobs:\n  push:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
        f"          setsid sleep 300 > /dev/null 2>&1 < /dev/null &\n          echo $! > {pid}\n"
        if sys.platform == "linux"
        else "on: push\njobs:\n  push:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
        f"          nohup sleep 300 > /dev/null 2>&1 < /dev/null &\n          echo $! > {pid}\n"
    )
    assert place.run().conclusion == "success"
    assert gone(int(pid.read_text()))


def test_an_exit_code_is_passed_on_and_the_folder_is_gone(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    words = [sys.executable, "-I", supervisor.__file__, "mark", str(folder), "sh", "-c", "exit 7"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        assert process.wait(WITHIN_S) == 7
    assert not folder.exists()
    assert os.getpid()
