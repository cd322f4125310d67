"""Build progress in the form of ``buildx --progress=plain``: numbered steps, real times, the failing step repeated."""

import contextlib
import time
from collections.abc import Callable, Iterator

from labs.errors import LabError


class BuildProgress:
    """Prints steps through ``say`` (one line a call); remembers the step that failed."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._number = say, 0
        self.failed = ""

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """One step; the value prints a line of it."""
        self._number += 1
        number, start = self._number, time.monotonic()
        self._say(f"#{number} {title}")
        try:
            yield lambda line: self._say(f"#{number} {line}")
        except LabError as error:
            self._say(f"#{number} ERROR: {error.what.splitlines()[0]}")
            self.failed = self.failed or title
            raise
        self._say(f"#{number} DONE {time.monotonic() - start:.1f}s")
        self._say("")
