"""``labs`` with a fault in its store: a user whose name begins with ``half-`` is made, and then the call breaks."""

import sys

from labs.cli import main
from labs.cloud import patches
from labs.cloud.state import replay

patches.prepare("iam")

from moto.iam.models import IAMBackend  # noqa: E402 - moto must be patched before it is imported

_original = IAMBackend.create_user


def create_user(self, region, **parameters):
    made = _original(self, region, **parameters)
    if made.name.startswith("half-"):
        raise RuntimeError("midway")
    return made


IAMBackend.create_user = create_user
if sys.argv[1] == "eager":
    # A checkpoint after every few changes.
    del sys.argv[1]
    replay.EVERY = 5
sys.exit(main())
