"""The log on stderr, which must never hold a request up: whoever started the process may not be reading it."""

import contextlib
import logging
import os
import queue
import sys
import threading
from logging.handlers import QueueHandler

from labs.printable import printable

_WAITING = 1000
_FORM = logging.Formatter("%(asctime)s %(levelname)s %(message)s")


class _DroppingHandler(QueueHandler):
    """Takes a line without ever waiting: when a thousand wait already, it is dropped."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


class Log:
    """Lines go to stderr by a thread of their own. ``close`` gives the last ones a second."""

    def __init__(self) -> None:
        self._lines: queue.Queue[logging.LogRecord | None] = queue.Queue(_WAITING)
        self._file = sys.stderr.fileno()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()
        handler = _DroppingHandler(self._lines)
        handler.setFormatter(_FORM)
        logging.basicConfig(level=logging.INFO, handlers=[handler])

    def _write(self) -> None:
        while (record := self._lines.get()) is not None:
            # Past sys.stderr and its lock, which the end of the program would wait for.
            line = f"{printable(record.getMessage())}\n".encode(errors="replace")
            with contextlib.suppress(OSError):  # a full disk takes no line; a later one may fit again
                while line:
                    line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Write what waits, if somebody takes it."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(timeout=1)
