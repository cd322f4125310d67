"""Build progress in the form of ``buildx --progress=plain``: numbered steps, real times, the failing step repeated."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

from labs.engine.embedded.build_error import BuildError
from labs.engine.embedded.flags import Given
from labs.errors import LabError

_MODES = ("auto", "plain", "quiet", "none")


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


def progress_mode(given: Given, env: Mapping[str, str]) -> str:
    """How progress is shown: there is one form, plain, or none at all."""
    mode = given.one("progress") or env.get("BUILDKIT_PROGRESS") or "auto"
    if mode in ("tty", "rawjson"):
        raise BuildError(
            f"--progress={mode} needs a Docker Engine: the embedded engine does not have it",
            "write --progress=plain",
            id="progress-mode-not-served",
        )
    if mode not in _MODES:
        raise BuildError(f"invalid progress mode {mode}", "write --progress=plain", id="invalid-progress-mode")
    return mode
