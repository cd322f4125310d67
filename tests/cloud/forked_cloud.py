"""``labs cloud`` a hundred times: everything is imported once, then each start is a fork of this process.

For every line on stdin: a process is forked that serves the state folder, its id is printed, then its ready line.
It is a process of its own with the real files and the real server; only Python's start and the imports are spared.
"""

import importlib
import json
import os
import sys
import threading

from labs import cli
from labs.cloud import patches
from labs.cloud.services import BY_NAME
from labs.cloud.state import replay
from labs.cloud.store.dispatch import MotoStore

# A checkpoint every few calls, so that processes are killed around them as well.
replay.EVERY = 20


def serve(state):
    code = 1
    try:
        code = cli.main(["cloud", "--state", state])
    finally:
        os._exit(code)


def main(state):
    for name in ("assembly", "command", "server"):
        importlib.import_module(f"labs.cloud.{name}")
    store = MotoStore(patches.prepare)
    for name, service in BY_NAME.items():
        if service.module:
            store.load(name)
    assert threading.active_count() == 1
    for _ in sys.stdin:
        process = os.fork()
        if not process:
            serve(state)
        print(json.dumps({"pid": process}), flush=True)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main(sys.argv[1])
