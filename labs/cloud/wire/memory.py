"""What the local AWS keeps in memory."""

import ctypes
import gc
from contextlib import suppress


def few_heaps() -> None:
    """glibc gives each thread a heap of its own and keeps what was freed in it: two are enough under the GIL."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 2)


def settle() -> None:
    """All that is loaded now stays: it is not walked again in search of garbage, which stops every call for 0.1 s."""
    gc.collect()
    gc.freeze()
    # What loading took and gave back goes to the system (glibc only).
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
