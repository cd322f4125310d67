"""The sample app of the lab: one JSON answer, a health check, JSON log lines. Standard library only.

    python app.py             serve on $PORT (default 8080; 0 picks a free one) until SIGTERM
    python app.py --health    ask a running app whether it is healthy; exit code 0 or 1

``GET /`` says on which kind of machine it runs and whether ``APP_SECRET`` arrived, never its value.
"""

import json
import os
import platform
import signal
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEALTH_TIMEOUT_S = 2.0


def describe() -> dict[str, Any]:
    """The answer of ``GET /``."""
    return {
        "message": "Hello from the Fargate Lab Kit",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "version": os.environ.get("APP_VERSION", "dev"),
        "secret_arrived": bool(os.environ.get("APP_SECRET")),
    }


def log(event: str, **fields: Any) -> None:
    """Write one log line: a JSON object with the time (UTC) and the event."""
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    print(json.dumps(line), flush=True)


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON, errors included."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    server_version = "sample-app"
    sys_version = ""

    def do_GET(self) -> None:
        # Without the query: what a caller puts there does not belong in a log.
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(HTTPStatus.OK, describe())
        elif path == "/healthz":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "not found"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in JSON what the base class refuses: a method it does not know, a malformed request."""
        self.close_connection = True
        self._answer(HTTPStatus(code), {"error": HTTPStatus(code).phrase.lower()})

    def _answer(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        body = (json.dumps(document) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        path = getattr(self, "path", "").partition("?")[0]
        log("request", method=self.command, path=path, status=int(code))

    def log_message(self, format: str, *args: Any) -> None:
        """The base class's own lines (a connection that timed out) carry nothing the app needs."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # An idle keep-alive connection must not delay the stop.
    block_on_close = False


def serve(port: int) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Server(("", port), Handler) as server:
        # shutdown() waits for the loop, so the loop must not run in the thread that receives the signal.
        loop = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        loop.start()
        began = time.monotonic()
        log("listening", port=server.server_port, **describe())
        stop.wait()
        server.shutdown()
        loop.join()
    log("stopped", seconds=round(time.monotonic() - began, 3))
    return 0


def healthy(port: int) -> int:
    """0 when the app on this machine answers its health check, else 1."""
    # A proxy must never stand between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=HEALTH_TIMEOUT_S) as answer:
            return 0 if answer.status == HTTPStatus.OK else 1
    except OSError:
        return 1


def main(arguments: list[str]) -> int:
    text = os.environ.get("PORT") or "8080"
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        log("stopped", error=f"PORT is {text!r}; it must be a number from 0 to 65535")
        return 2
    if arguments == ["--health"]:
        return healthy(int(text))
    try:
        return serve(int(text))
    except OSError as error:
        log("stopped", error=f"port {text}: {error.strerror}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
