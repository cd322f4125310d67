"""Containers' lines on their way into CloudWatch Logs: gathered for a moment, then put as the awslogs driver does."""

import logging
import threading
import time
from contextlib import suppress

from labs.cloud.contract import AwsError
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.fargate.task import LogConfiguration

log = logging.getLogger("labs.cloud")

EVERY_S = 0.2
# API reference, PutLogEvents: at most 10,000 events and 1 MiB in a batch, 256 KiB an event; the driver cuts at 16 KiB.
BATCH, LINE = 1000, 16 * 1024
# Every line is kept forever in the state folder: an app that floods its log is cut off.
STREAM_BYTES = 4 << 20
_CUT = "(fargate-lab-kit) more than 4 MiB: the local AWS keeps no more lines of this stream"


class LogStream:
    """One container's stream. ``write`` takes a line from any thread."""

    def __init__(self, calls: InternalCalls, region: str, group: str, name: str) -> None:
        self._calls, self._region = calls, region
        self.group, self.name = group, name
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._lines: list[tuple[int, str]] = []
        self._bytes = 0

    def open(self, create_group: bool) -> None:
        """Make the stream, and with ``create_group`` the group. Raises AwsError."""
        names = {"logGroupName": self.group, "logStreamName": self.name}
        if create_group:
            with suppress(AwsError):  # it is there already
                self._calls.json("logs", "CreateLogGroup", {"logGroupName": self.group}, self._region)
        try:
            self._calls.json("logs", "CreateLogStream", names, self._region)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise

    def write(self, line: str) -> None:
        """Keep a line for the next batch. CloudWatch Logs takes no empty ones."""
        if not line:
            return
        now = int(time.time() * 1000)
        with self._lock:
            if self._bytes > STREAM_BYTES:
                return
            self._bytes += len(line) + 26
            if self._bytes > STREAM_BYTES:
                line = _CUT
            self._lines += [(now, line[start : start + LINE]) for start in range(0, len(line), LINE)]

    def send(self) -> None:
        """Put what has gathered. A group that was deleted meanwhile takes nothing: the lines are lost, as on AWS."""
        with self._sending:
            while True:
                with self._lock:
                    batch, self._lines = self._lines[:BATCH], self._lines[BATCH:]
                if not batch:
                    return
                events = [{"timestamp": at, "message": text} for at, text in batch]
                where = {"logGroupName": self.group, "logStreamName": self.name}
                try:
                    self._calls.json("logs", "PutLogEvents", {**where, "logEvents": events}, self._region)
                except AwsError as error:
                    log.warning("lines of %s were lost: %s", self.name, error.code)
                    return


class Delivery:
    """Sends every stream's lines, five times a second."""

    def __init__(self) -> None:
        self._streams: set[LogStream] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecs-logs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def open(self, calls: InternalCalls, log: LogConfiguration, container: str, task: str) -> LogStream:
        """Make a container's stream and send its lines from now on. Raises AwsError."""
        stream = LogStream(calls, log.region, log.group, log.stream(container, task))
        stream.open(log.creates_group)
        with self._lock:
            self._streams.add(stream)
        return stream

    def finish(self, stream: LogStream) -> None:
        """Send the rest of a stream whose container has ended."""
        with self._lock:
            self._streams.discard(stream)
        stream.send()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            with self._lock:
                streams = list(self._streams)
            for stream in streams:
                stream.send()

    def close(self) -> None:
        """Send what there is and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.send()
