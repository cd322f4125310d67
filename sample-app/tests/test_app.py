"""The app as its users meet it: real HTTP over loopback, real signals, its real log."""

import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

APP = Path(__file__).parents[1] / "app.py"
SECRET = "correct-horse-battery"
DEADLINE_S = 20


class App:
    """The app as a process on a free port."""

    def __init__(self, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(APP)],
            env={**os.environ, "PORT": "0", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        self.first = json.loads(self.process.stdout.readline())
        self.port = self.first.get("port", 0)

    def ask(self, path: str, method: str = "GET") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.headers["Content-Type"] == "application/json"
            return answer.status, json.loads(body) if body else None
        finally:
            connection.close()

    def stop(self) -> tuple[int, float, str]:
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, time.monotonic() - began, rest


@pytest.fixture
def app() -> Iterator[App]:
    running = App(APP_SECRET=SECRET, APP_VERSION="9.9.9")
    yield running
    running.process.kill()
    running.process.communicate()


def test_the_root_says_what_runs_where_and_that_the_secret_arrived(app: App) -> None:
    status, answer = app.ask("/")
    assert status == 200
    assert answer == {
        "message": "Hello from the Fargate Lab Kit",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "version": "9.9.9",
        "secret_arrived": True,
    }


def test_without_a_secret_it_says_that_none_arrived() -> None:
    running = App(APP_SECRET="")
    try:
        assert running.ask("/")[1]["secret_arrived"] is False
    finally:
        running.process.kill()
        running.process.communicate()


def test_the_health_path_answers_ok(app: App) -> None:
    assert app.ask("/healthz") == (200, {"status": "ok"})


def test_an_unknown_path_is_404_in_json(app: App) -> None:
    assert app.ask("/nope") == (404, {"error": "not found"})


def test_an_unknown_method_is_refused_in_json_and_the_app_goes_on(app: App) -> None:
    assert app.ask("/", "POST") == (501, {"error": "not implemented"})
    assert app.ask("/healthz")[0] == 200


def test_head_answers_like_get_without_a_body(app: App) -> None:
    assert app.ask("/", "HEAD") == (200, None)


def test_sigterm_stops_it_within_a_second_with_exit_code_0_even_while_a_connection_is_open(app: App) -> None:
    with socket.create_connection(("127.0.0.1", app.port), timeout=DEADLINE_S) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: app\r\n\r\n")
        assert idle.recv(20).startswith(b"HTTP/1.1 200")
        code, seconds, _ = app.stop()
    assert code == 0
    assert seconds < 1


def test_every_log_line_is_json_and_none_holds_the_secret(app: App) -> None:
    app.ask(f"/?token={SECRET}")
    _, _, rest = app.stop()
    lines = [app.first, *map(json.loads, rest.splitlines())]
    assert [line["event"] for line in lines] == ["listening", "request", "stopped"]
    assert lines[1]["path"] == "/"
    assert lines[1]["status"] == 200
    assert SECRET not in json.dumps(lines)


def test_the_health_command_tells_a_well_app_from_one_that_is_gone(app: App) -> None:
    ask = [sys.executable, str(APP), "--health"]
    # A proxy variable must not come between the app and itself.
    env = {**os.environ, "PORT": str(app.port), "http_proxy": "http://127.0.0.1:9"}
    assert subprocess.run(ask, env=env, timeout=DEADLINE_S, check=False).returncode == 0
    app.stop()
    assert subprocess.run(ask, env=env, timeout=DEADLINE_S, check=False).returncode == 1


@pytest.mark.parametrize("port", ["eighty", "70000", "-1"])
def test_a_port_that_is_none_is_one_clear_line_and_exit_code_2(port: str) -> None:
    run = subprocess.run(
        [sys.executable, str(APP)],
        env={**os.environ, "PORT": port},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert run.returncode == 2
    assert "must be a number from 0 to 65535" in json.loads(run.stdout)["error"]


def test_a_port_in_use_is_one_clear_line_and_exit_code_1() -> None:
    with socket.create_server(("", 0)) as taken:
        run = subprocess.run(
            [sys.executable, str(APP)],
            env={**os.environ, "PORT": str(taken.getsockname()[1])},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert run.returncode == 1
    assert "in use" in json.loads(run.stdout)["error"]
