"""What moto 5.2.5 is changed in, one module a service. Each patch says why and has a contract test.

Door: ``prepare(name)`` imports a service with its patches; it must run before anything else imports that service.
"""

import importlib
import os
import sys
import threading
from types import ModuleType

# What the objects of a checkpoint mean. Raise it with any change after which objects pickled before would be wrong: an
# attribute that a patch gives to moto's objects, another meaning of one, another class. A checkpoint of another
# revision is not used and the journal is carried out again. A new shape is noticed by
# tests/cloud/state/test_earlier_state.py.
REVISION = 1

# 1301 machine images cost 74 ms and 4 MB for each account; a VPC lab starts no instance.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
# 1582 managed policies cost 0.2 s at each start; patches.iam brings each in when it is asked for.
os.environ.pop("MOTO_IAM_LOAD_MANAGED_POLICIES", None)
# These two would take the account and the right to call away from the gateway.
os.environ.pop("MOTO_ACCOUNT_ID", None)
os.environ.pop("INITIAL_NO_AUTH_ACTION_COUNT", None)

_MOCKS = "moto.core.models"


def _without_mocks() -> None:
    """moto.core.models patches boto3 and requests for tests in one process; its imports are a tenth of the start."""
    if _MOCKS in sys.modules:
        return
    stand_in = ModuleType(_MOCKS)
    for name in ("patch_client", "patch_resource", "MockAWS", "ProxyModeMockAWS", "ServerModeMockAWS"):
        setattr(stand_in, name, object)
    stand_in.__dict__["DEFAULT_ACCOUNT_ID"] = "123456789012"
    sys.modules[_MOCKS] = stand_in


_PATCHED = ("iam", "ec2", "kms", "s3", "secretsmanager", "ssm")
_lock = threading.RLock()
_done: set[str] = set()


def prepare(name: str) -> None:
    """Import moto's core and one service, patched. Safe to call from any thread, and again."""
    # Besides IAM they import one another, some in the middle of a call: all are patched before any is used.
    needed = ("iam",) if name == "iam" else _PATCHED
    with _lock:
        if not _done:
            _without_mocks()
        for part in ("core", *needed):
            if part not in _done:
                importlib.import_module(f"labs.cloud.patches.{part}").apply()
                _done.add(part)
