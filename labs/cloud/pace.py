"""How long the local AWS lets pass what AWS takes minutes for.

A state is to be seen, so it lasts a moment. The kit's own tests, which wait for it a thousand times, set
``LAB_PACE=quick`` for a local AWS of theirs; what happens, and in which order, is the same.
"""

import os

_QUICK = 0.1


def shown(seconds: float) -> float:
    """How long a state lasts that usually lasts so many seconds."""
    return seconds * _QUICK if os.environ.get("LAB_PACE") == "quick" else seconds
