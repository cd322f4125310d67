"""The servers that are compared: the kit's local AWS, moto_server, and Debian's docker-registry.

Each is a real process on loopback, started here and stopped here by its own process id.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

WAIT = 30.0
STARTS = 5


@dataclass(frozen=True)
class Server:
    """A running server: how to reach it, how long it took to answer a first call, its process id."""

    name: str
    endpoint: str
    key: str
    secret: str
    ready_seconds: float
    pid: int

    def client(self, service: str, connections: int = 1) -> Any:
        """A boto3 client with so many connections and no retries, so that a call is one call."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=connections),
        )

    @property
    def rss_mib(self) -> float:
        """Resident memory of the process in MiB (Linux; nan elsewhere)."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return float("nan")
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the process so far (Linux; nan elsewhere): it does not depend on what else runs."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _process(command: list[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=WAIT)


def _first_call(server: Server) -> None:
    """Wait until the server answers one STS call."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            server.client("sts").get_caller_identity()
            return
        except Exception:  # any failure means not yet; the deadline decides
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def kit(folder: Path | None = None, engine: str = "") -> Iterator[Server]:
    """`labs cloud` on a state folder, by default a new one; ``engine`` forces what runs its tasks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as new:
        began = time.monotonic()
        command = [sys.executable, "-m", "labs", "cloud", "--port", "0", "--state", str(folder or new)]
        environment = {**os.environ, "LAB_ENGINE": engine} if engine else None
        with _process(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            server = Server("kit", said["endpoint"], said["access_key_id"], said["secret_access_key"], 0.0, process.pid)
            _first_call(server)
            yield Server(*_with_ready(server, time.monotonic() - began))


def starts(python: Path | None) -> dict[str, tuple[float, float]]:
    """{server: (seconds from its command to its first answered call, MiB then)}, medians, in turn.

    ``python``: moto's environment. The first round is left out: it compiles the modules.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for turn in range(STARTS + 1):
        for make in (kit, partial(moto_server, python)) if python else (kit,):
            with make() as server:
                if turn:
                    found.setdefault(server.name, []).append((server.ready_seconds, server.rss_mib))
    return {
        name: (statistics.median(each[0] for each in values), statistics.median(each[1] for each in values))
        for name, values in found.items()
    }


def _with_ready(server: Server, seconds: float) -> tuple[Any, ...]:
    return (server.name, server.endpoint, server.key, server.secret, seconds, server.pid)


@contextmanager
def moto_server(python: Path) -> Iterator[Server]:
    """moto's own server, from an environment that has moto[server]; it checks neither signature nor policy."""
    port = free_port()
    began = time.monotonic()
    command = [str(python.with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    with _process(command, stdout=subprocess.DEVNULL) as process:
        server = Server("moto_server", f"http://127.0.0.1:{port}", "test", "test", 0.0, process.pid)
        _first_call(server)
        yield Server(*_with_ready(server, time.monotonic() - began))


@contextmanager
def ministack(python: Path) -> Iterator[Server]:
    """ministack with AUTH on, from an environment of its own: signatures and policies are checked."""
    port = free_port()
    environment = {**os.environ, "GATEWAY_PORT": str(port), "AUTH": "true", "LOG_LEVEL": "ERROR"}
    began = time.monotonic()
    with _process([str(python.with_name("ministack"))], stdout=subprocess.DEVNULL, env=environment) as process:
        server = Server("ministack", f"http://127.0.0.1:{port}", "test", "test", 0.0, process.pid)
        _first_call(server)
        yield Server(*_with_ready(server, time.monotonic() - began))


@contextmanager
def environment(name: str, *packages: str) -> Iterator[Path | None]:
    """A throw-away environment with these packages: its Python; None where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        # Not this project's settings: they leave out what ministack's server needs.
        uv = [sys.executable, "-m", "uv", "--quiet", "--no-config"]
        python = Path(folder) / "v" / "bin" / "python"
        steps = [
            [*uv, "venv", str(python.parent.parent)],
            [*uv, "pip", "install", "--python", str(python), *packages],
        ]
        done = all(subprocess.run(step, check=False).returncode == 0 for step in steps)
        yield python if done else None


def moto_environment() -> "AbstractContextManager[Path | None]":
    """The kit's own moto with its server's extras."""
    return environment("moto", "moto==5.2.5", "flask", "flask-cors")


def ministack_environment() -> "AbstractContextManager[Path | None]":
    """ministack with its server's dependencies, in the version that is locked for the tests."""
    return environment("ministack", f"ministack=={version('ministack')}")


def _newest_registry(folder: Path) -> str | None:
    """The newest docker-registry that this machine's package sources have, unpacked into ``folder``, not installed;
    else the installed one; else None.
    """
    installed = shutil.which("docker-registry")
    if not all(shutil.which(tool) for tool in ("apt-cache", "apt-get", "dpkg-deb")):
        return installed
    known = subprocess.run(["apt-cache", "madison", "docker-registry"], capture_output=True, text=True, check=False)
    versions = [line.split("|")[1].strip() for line in known.stdout.splitlines() if line.count("|") == 2]
    if not versions:
        return installed
    # madison lists the newest first.
    get = ["apt-get", "download", "-q", f"docker-registry={versions[0]}"]
    subprocess.run(get, cwd=folder, capture_output=True, check=False)
    for package in folder.glob("docker-registry_*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], capture_output=True, check=False)
    unpacked = folder / "usr" / "bin" / "docker-registry"
    runs = unpacked.exists() and subprocess.run([unpacked, "--version"], capture_output=True, check=False)
    return str(unpacked) if runs and runs.returncode == 0 else installed


@contextmanager
def docker_registry() -> Iterator[Server | None]:
    """Debian's docker-registry, the newest that can be had, on a new folder; None where there is none."""
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as folder:
        binary = _newest_registry(Path(folder))
        if binary is None:
            yield None
            return
        port = free_port()
        config = Path(folder) / "config.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {folder}/data}}\n"
            f"http: {{addr: 127.0.0.1:{port}}}\n"
        )
        command = [binary, "serve", str(config)]
        with _process(
            command, stdout=subprocess.DEVNULL, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"}
        ) as process:
            _listening(port)
            yield Server("docker-registry", f"http://127.0.0.1:{port}", "", "", 0.0, process.pid)


def _listening(port: int) -> None:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
