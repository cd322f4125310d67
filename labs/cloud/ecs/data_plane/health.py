"""A container's health, checked at intervals from a thread of its own.

Source: ECS API reference, HealthCheck: failures in ``startPeriod`` do not count, ``retries`` in a row are too many.
"""

import threading
import time

from labs.cloud.ecs.data_plane.container_runner import Running
from labs.fargate.task import HealthCheck


class HealthWatch:
    """``status`` is UNKNOWN until the first success or the last allowed failure."""

    def __init__(self, check: HealthCheck, running: Running) -> None:
        self._check = check
        self._running = running
        self._stop = threading.Event()
        self.status = "UNKNOWN"
        threading.Thread(target=self._run, name="health", daemon=True).start()

    def _run(self) -> None:
        began, failures = time.monotonic(), 0
        # AWS waits an interval before the first check; a lab should not.
        pause = min(1.0, self._check.interval)
        while not self._stop.wait(pause):
            pause = self._check.interval
            if self._running.ended() is not None:
                return
            if self._running.check(self._check.command, self._check.timeout):
                failures, self.status = 0, "HEALTHY"
                continue
            if self.status == "UNKNOWN" and time.monotonic() - began < self._check.start_period:
                pause = min(1.0, pause)
                continue
            failures += 1
            if failures >= self._check.retries:
                self.status = "UNHEALTHY"

    def end(self) -> None:
        """Check no more."""
        self._stop.set()
