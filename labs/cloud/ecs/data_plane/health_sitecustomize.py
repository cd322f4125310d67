"""A copy of this is a health check's ``sitecustomize``: what the app calls its own port is on another one here.

LAB_LOCALHOST=INNER:OUTER makes a connection to this machine's INNER go to OUTER, where the embedded engine published
the app. Imports nothing of the kit.
"""

import os
import socket
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")


def redirect(inner: int, outer: int) -> None:
    """Send connections to loopback's ``inner`` to 127.0.0.1's ``outer``."""
    original: Any = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] in LOOPBACK and address[1] == inner:
            address = ("::ffff:127.0.0.1", outer) if self.family == socket.AF_INET6 else ("127.0.0.1", outer)
        original(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign,assignment]


if __name__ == "sitecustomize":
    redirect(*(int(each) for each in os.environ.pop("LAB_LOCALHOST").split(":")))
