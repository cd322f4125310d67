"""Many ``labs cloud`` in the time of one: everything is imported once, and each start is a fork of that process.

A process of its own with the real files and the real server; only Python's start and the imports are spared.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.forked_programs import import_local_aws

ROOT = Path(__file__).parents[2]


class Forker:
    """Starts and kills local AWSs. ``forked`` makes one."""

    def __init__(self, process):
        self._process = process
        self._running = {}

    def start(self, state, *flags):
        """Fork one that serves ``state``; its ready line. One that served it before must have been killed."""
        words = ["cloud", "--state", str(state), *flags]
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        said = [json.loads(self._process.stdout.readline()) for _ in range(2)]
        pid = next(line["pid"] for line in said if "pid" in line)
        line = next(line for line in said if "endpoint" in line)
        self._running[line["endpoint"]] = pid
        return line

    def pid(self, line):
        """The process behind a ready line."""
        return self._running[line["endpoint"]]

    def kill(self, line):
        """SIGKILL it and wait until it is gone."""
        pid = self._running.pop(line["endpoint"])
        os.kill(pid, signal.SIGKILL)
        self._process.stdin.write(json.dumps(pid) + "\n")
        self._process.stdin.flush()
        assert json.loads(self._process.stdout.readline()) == {"ended": pid}

    def close(self):
        """Kill what still runs, end."""
        for pid in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@contextmanager
def forked(every=500, log=None):
    """A Forker whose clouds write a checkpoint after ``every`` changes; ``log`` is an open file, else pytest has it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "LAB_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cloud.forking", str(every)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**environment, "LAB_ENGINE": "embedded"},
    )
    forker = Forker(process)
    try:
        yield forker
    finally:
        forker.close()


def _import_all(every):
    from labs.cloud.state import replay

    replay.EVERY = every
    import_local_aws()


def _serve(words):
    from labs import cli

    code = 1
    try:
        code = cli.main(words)
    finally:
        os._exit(code)


def _main(every):
    _import_all(every)
    assert threading.active_count() == 1, "a process with threads cannot be forked"
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            os.waitpid(asked, 0)
            print(json.dumps({"ended": asked}), flush=True)
            continue
        process = os.fork()
        if not process:
            _serve(asked)
        print(json.dumps({"pid": process}), flush=True)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
