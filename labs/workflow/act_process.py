"""act as a process: its lines as they come, a time limit, and an end that leaves nothing behind."""

import os
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from labs.workflow.record import CANCELLED, TIMED_OUT

_END_S = 15.0
Feed = Callable[[str], object]


def watch(words: Sequence[str], env: Mapping[str, str], feed: Feed, within_s: float) -> tuple[str, int]:
    """Run the supervised command and feed every line: how it was cut off ("" where it was not), and its exit code.

    Ctrl-C (KeyboardInterrupt) is ``cancelled``, the limit ``timed out``; both end everything that was started.
    """
    process = subprocess.Popen(
        list(words),
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A terminal's Ctrl-C is for the kit, which then ends this process in its own way.
        start_new_session=True,
    )
    ended = ""
    try:
        if not _read(process, feed, within_s):
            ended = TIMED_OUT
    except KeyboardInterrupt:
        ended = CANCELLED
    finally:
        _end(process)
    return ended, process.returncode


def _read(process: "subprocess.Popen[bytes]", feed: Feed, within_s: float) -> bool:
    """Feed every line; False when the time was over before the end."""
    assert process.stdout is not None
    deadline = time.monotonic() + within_s
    rest = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        ready, _, _ = select.select([process.stdout], [], [], min(left, 1.0))
        if not ready:
            continue
        chunk = os.read(process.stdout.fileno(), 1 << 16)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            feed(line.decode("utf-8", "replace"))
        if not chunk:
            if rest:
                feed(rest.decode("utf-8", "replace"))
            return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let go of the supervisor: whatever still runs, it ends. A second Ctrl-C does not stop that."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError):
        process.stdin.close()
    deadline = time.monotonic() + _END_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(KeyboardInterrupt):
            # What still comes is read, so that nobody waits for a full pipe; it is no part of the log.
            if select.select([process.stdout], [], [], 0.05)[0]:
                os.read(process.stdout.fileno(), 1 << 16)
    process.stdout.close()
    if process.poll() is None:
        process.kill()
        process.wait()
