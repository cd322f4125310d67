"""Asking an account again where its answer may be another in a moment."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from labs.failures import RAISED, passing

# A throttled account answers within seconds, a fault of AWS's may take a minute.
ASK_S = 60.0
_FIRST_S, _LONGEST_S = 0.2, 5.0

Answer = TypeVar("Answer")


def patiently(read: Callable[[], Answer], limit_s: float = ASK_S) -> Answer:
    """What ``read`` gives; while it raises what passes (throttling, a fault of AWS's), it is asked again.

    Raises what boto3 raises: what does not pass at once, what passes after ``limit_s`` seconds.
    """
    deadline, pause = time.monotonic() + limit_s, _FIRST_S
    while True:
        try:
            return read()
        except RAISED as error:
            if not passing(error) or time.monotonic() >= deadline:
                raise
        # Everybody in a room is throttled at one moment, and must not come back at one.
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, _LONGEST_S)
