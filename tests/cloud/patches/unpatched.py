"""Run a piece of Python against moto as it comes, in a process of its own."""

import os
import subprocess
import sys
import textwrap

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


def moto(code, patched=False):
    """What the code prints; ``call(service, action, **parameters)`` asks moto."""
    prepare = "from labs.cloud.patches import prepare as PREPARE" if patched else "PREPARE = lambda name: None"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MOTO_", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"{SETUP}\n{prepare}\n{textwrap.dedent(code)}"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
