"""Runs inside the process that stands for a container, before the app: a copy of it is the app's ``sitecustomize``.

Two things that a container gives an app: a port it listens on is published on this machine's loopback only
(LAB_PUBLISH=INNER:OUTER), and it ends with whatever started it (LAB_WATCH=FD, a pipe that closes). Imports nothing
of the kit: the app's Python finds it through PYTHONPATH.
"""

import os
import signal
import socket
import threading
from typing import Any


def publish(inner: int, outer: int) -> None:
    """Make binding ``inner`` bind 127.0.0.1:``outer``; any other port stays, but on loopback too."""
    original: Any = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and self.family in (socket.AF_INET, socket.AF_INET6):
            port = outer if address[1] == inner else address[1]
            if self.family == socket.AF_INET6:
                self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                address = ("::ffff:127.0.0.1", port, *address[2:])
            else:
                address = ("127.0.0.1", port)
        original(self, address)

    socket.socket.bind = bind  # type: ignore[method-assign,assignment]


def watch(pipe: int) -> None:
    """Ask this process to stop when the other end of a pipe is gone."""

    def wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "sitecustomize":
    _ports = os.environ.pop("LAB_PUBLISH", "")
    if _ports:
        publish(*(int(each) for each in _ports.split(":")))
    _pipe = os.environ.pop("LAB_WATCH", "")
    if _pipe:
        watch(int(_pipe))
