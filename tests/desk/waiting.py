"""Ask until something is true, with a deadline: nothing here sleeps for a fixed time to be right."""

import time
from collections.abc import Callable


def until(true: Callable[[], object], within_s: float = 60.0) -> bool:
    """Whether it came true in that time."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
