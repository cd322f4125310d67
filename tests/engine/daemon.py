"""A daemon that answers a Docker client's questions over a unix socket, with the answers a test chooses."""

import http.client
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

VERSION = {
    "Version": "27.3.1",
    "ApiVersion": "1.47",
    "MinAPIVersion": "1.24",
    "Os": "linux",
    "Arch": "amd64",
    "Components": [{"Name": "Engine", "Version": "27.3.1"}],
}
INFO = {
    "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "SecurityOptions": ["name=seccomp,profile=builtin"],
}


@dataclass
class Daemon:
    """``reaches_loopback`` False is a daemon in a virtual machine: 127.0.0.1 is another machine for it."""

    socket: Path
    version: dict[str, Any] = field(default_factory=lambda: dict(VERSION))
    info: dict[str, Any] = field(default_factory=lambda: dict(INFO))
    reaches_loopback: bool = True

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    def answer(self, path: str) -> tuple[int, Any]:
        path = re.sub(r"^/v[\d.]+", "", path).partition("?")[0]
        if path == "/version":
            return 200, self.version
        if path == "/info":
            return 200, self.info
        if found := re.fullmatch(r"/distribution/127\.0\.0\.1:(\d+)/.*/json", path):
            return self._ask_registry(int(found[1]))
        return 404, {"message": "page not found"}

    def _ask_registry(self, port: int) -> tuple[int, Any]:
        if not self.reaches_loopback:
            return 500, {"message": f'Get "http://127.0.0.1:{port}/v2/": dial tcp: connect: connection refused'}
        registry = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        registry.request("GET", "/v2/")
        status = registry.getresponse().status
        registry.close()
        return 404, {"message": f"the registry said {status}"}


@contextmanager
def serving(daemon: Daemon) -> Iterator[Daemon]:
    """The daemon, answering until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = daemon.answer(self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(daemon.socket), Handler) as server:
        server.daemon_threads = True
        loop = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        loop.start()
        try:
            yield daemon
        finally:
            server.shutdown()
            loop.join()
