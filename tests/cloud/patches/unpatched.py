"""Run a piece of Python against moto as it comes, in a process of its own: a fork of one that has read what moto reads.

moto itself is read in the fork: what a patch does to it at that moment is what is tested.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[3]
SETUP = """
import os
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
def call(service, action, **parameters):
    from urllib.parse import urlencode
    from labs.cloud.store.dispatch import MotoStore, StoreRequest
    body = urlencode({"Action": action, **parameters}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = StoreRequest(service, action, "111122223333", "us-east-1", "AKIA", "POST", "/", "", headers, body)
    return MotoStore(PREPARE).run(request)
"""


class Moto:
    """Runs code in forks of two processes in turn, which hash differently, as any two do. ``close`` it."""

    def __init__(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MOTO_", "AWS_"))}
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.cloud.patches.unpatched"],
                cwd=ROOT,
                env={**environment, "PYTHONHASHSEED": seed},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for seed in ("1", "2")
        ]
        self._turns = itertools.cycle(self._processes)

    def run(self, code, patched=False):
        """What the code prints; ``call(service, action, **parameters)`` asks moto."""
        prepare = "from labs.cloud.patches import prepare as PREPARE" if patched else "PREPARE = lambda name: None"
        process = next(self._turns)
        process.stdin.write(json.dumps(f"{SETUP}\n{prepare}\n{textwrap.dedent(code)}") + "\n")
        process.stdin.flush()
        status, said, errors = json.loads(process.stdout.readline())
        assert status == 0, errors
        return said.strip()

    def close(self):
        """End both."""
        for process in self._processes:
            process.stdin.close()
            process.wait(60)
            process.stdout.close()


def _forked(code):
    """The exit code, standard output and standard error of the code in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if not process:
            status = 1
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                exec(compile(code, "<probe>", "exec"), {"__name__": "__main__"})
                status = 0
            except BaseException:  # noqa: BLE001 - as an interpreter of its own would end: the traceback, and status 1
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(process, 0)
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read().decode(), err.read().decode()


def _main():
    # What moto imports of others, half of the time it takes to read moto.
    import boto3  # noqa: F401
    import cryptography.x509  # noqa: F401
    import jinja2  # noqa: F401
    import requests  # noqa: F401
    import werkzeug  # noqa: F401
    import xmltodict  # noqa: F401
    import yaml  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


if __name__ == "__main__":
    _main()
