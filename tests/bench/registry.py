"""The registry by bare HTTP: one large layer, many small ones, pushes side by side, and what they cost in memory.

The client is a socket: the file goes out by sendfile and comes in by recv_into, so that the server's time counts.
"""

import hashlib
import http.client
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.measure import LAYER_BYTES, ROUNDS, timed
from tests.bench.servers import Server

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SMALL_LAYERS, SMALL_BYTES = 200, 2_000
PARALLEL, LAYERS_EACH = 16, 4


@dataclass(frozen=True)
class Repository:
    """One repository of a server, and the token for it ("" where none is asked)."""

    server: Server
    name: str
    token: str

    @property
    def host(self) -> str:
        return self.server.endpoint.removeprefix("http://")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Basic {self.token}"} if self.token else {}


@contextmanager
def repository(server: Server, name: str) -> Iterator[Repository]:
    """Make it where repositories are made, and remove it with all its layers afterwards."""
    if server.name != "kit":
        yield Repository(server, name, "")
        return
    ecr = server.client("ecr")
    ecr.create_repository(repositoryName=name)
    yield Repository(server, name, ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"])
    ecr.delete_repository(repositoryName=name, force=True)


class Push:
    """Uploads over one connection, as containerd does: POST, then one PUT."""

    def __init__(self, where: Repository) -> None:
        self._where = where
        self._connection = http.client.HTTPConnection(where.host, timeout=120)

    def ask(self, method: str, path: str, body: bytes = b"", **more: str) -> http.client.HTTPResponse:
        headers = {**self._where.headers, **{name.replace("_", "-"): value for name, value in more.items()}}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:200]!r}")
        return answer

    def _location(self, digest: str) -> str:
        found = self.ask("POST", f"/v2/{self._where.name}/blobs/uploads/").headers["Location"]
        parts = urlsplit(found)
        query = f"{parts.query}&" if parts.query else ""
        return f"{parts.path}?{query}digest={digest}"

    def blob(self, data: bytes) -> dict[str, object]:
        """Upload bytes; their descriptor."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.ask("PUT", self._location(digest), data, Content_Type="application/octet-stream")
        return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(data)}

    def file(self, path: Path, digest: str) -> None:
        """Upload a file by sendfile."""
        lines = [
            f"PUT {self._location(digest)} HTTP/1.1",
            f"Host: {self._where.host}",
            *[f"{name}: {value}" for name, value in self._where.headers.items()],
            "Content-Type: application/octet-stream",
            f"Content-Length: {path.stat().st_size}",
        ]
        connection = self._connection.sock
        if connection is None:
            raise RuntimeError("the connection was closed")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        with path.open("rb") as source:
            connection.sendfile(source)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"the layer was answered with {answer.status}")

    def image(self, layers: list[dict[str, object]], tag: str = "1") -> None:
        """Upload a manifest over these layers."""
        config = {**self.blob(b"{}"), "mediaType": "application/vnd.oci.image.config.v1+json"}
        body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()
        self.ask("PUT", f"/v2/{self._where.name}/manifests/{tag}", body, Content_Type=MANIFEST)

    def close(self) -> None:
        self._connection.close()


def pull(where: Repository, digest: str) -> None:
    """Read a blob and throw it away."""
    connection = http.client.HTTPConnection(where.host, timeout=120)
    connection.request("GET", f"/v2/{where.name}/blobs/{digest}", headers=where.headers)
    answer = connection.getresponse()
    buffer = bytearray(1 << 20)
    left = int(answer.headers["Content-Length"])
    while left:
        count = answer.readinto(buffer)
        if not count:
            raise RuntimeError(f"the blob ended {left} bytes early")
        left -= count
    connection.close()


@contextmanager
def big_file() -> Iterator[tuple[Path, str]]:
    """500 MB of incompressible bytes in the page cache, and their digest."""
    with tempfile.TemporaryDirectory(prefix="bench-raw-") as folder:
        path = Path(folder) / "layer"
        path.write_bytes(os.urandom(1 << 20) * (LAYER_BYTES >> 20))
        with path.open("rb") as file:
            yield path, f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def sha256_seconds(path: Path) -> float:
    """How long this machine takes to hash the file: no registry that verifies can be faster."""

    def hashed() -> None:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")

    return timed(hashed)


def disk_seconds(path: Path) -> float:
    """How long this machine takes to copy the file beside itself and flush it: what a durable upload waits for."""
    copy = path.with_name("copy")

    def copied() -> None:
        with path.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            os.fsync(target.fileno())

    seconds = timed(copied)
    copy.unlink()
    return seconds


@dataclass(frozen=True)
class Large:
    """Medians for the big layer, by server: seconds of push and pull, and the server's own processor seconds."""

    push: dict[str, float]
    pull: dict[str, float]
    push_cpu: dict[str, float]
    pull_cpu: dict[str, float]
    hashing: float
    disk: float


def large(servers: list[Server]) -> Large:
    """Push and pull of the big layer, in turn on each server, beside SHA-256 alone and a flushed copy."""
    taken: list[dict[str, list[float]]] = [{server.name: [] for server in servers} for _ in range(4)]
    hashes, disks = [], []
    for turn in range(ROUNDS):
        with big_file() as (path, digest):
            hashes.append(sha256_seconds(path))
            disks.append(disk_seconds(path))
            for server in servers:
                with repository(server, f"bench/raw-{turn}") as where:
                    push = Push(where)
                    push.ask("GET", "/v2/")
                    for place, call in enumerate((partial(push.file, path, digest), partial(pull, where, digest))):
                        before = server.cpu_seconds
                        taken[place][server.name].append(timed(call))
                        taken[place + 2][server.name].append(server.cpu_seconds - before)
                    push.close()
    medians = [{name: statistics.median(values) for name, values in each.items()} for each in taken]
    return Large(*medians, statistics.median(hashes), statistics.median(disks))


def small(servers: list[Server]) -> dict[str, float]:
    """One connection pushes an image of 200 small layers, in turn on each server: {server: seconds}."""
    times: dict[str, list[float]] = {server.name: [] for server in servers}

    def whole(where: Repository, layers: list[bytes]) -> None:
        push = Push(where)
        push.image([push.blob(layer) for layer in layers])
        push.close()

    for turn in range(ROUNDS):
        layers = [os.urandom(SMALL_BYTES) for _ in range(SMALL_LAYERS)]
        for server in servers:
            with repository(server, f"bench/small-{turn}") as where:
                times[server.name].append(timed(partial(whole, where, layers)))
    return {name: statistics.median(values) for name, values in times.items()}


def parallel(server: Server) -> tuple[float, list[str]]:
    """16 images of four layers of 5 MB pushed at once: seconds, median, and what went wrong in all rounds."""

    def one(where: Repository, number: int) -> str:
        push = Push(where)
        try:
            layers = [push.blob(os.urandom(1 << 20) * 5) for _ in range(LAYERS_EACH)]
            push.image(layers, f"v{number}")
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            return repr(error)
        finally:
            push.close()
        return ""

    found: list[str] = []
    times = []
    for turn in range(ROUNDS):
        with repository(server, f"bench/parallel-{turn}") as where, ThreadPoolExecutor(PARALLEL) as pool:
            pushes = partial(pool.map, partial(one, where), range(PARALLEL))
            times.append(timed(lambda pushes=pushes: found.extend(pushes())))
    return statistics.median(times), [each for each in found if each]


def peak_mib(server: Server) -> float:
    """How far the process grows above what it had before, while the big layer is pushed (Linux; nan elsewhere)."""
    status = Path(f"/proc/{server.pid}/status")
    try:
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # forget the peak so far
    except OSError:
        return float("nan")
    before = server.rss_mib
    with big_file() as (path, digest), repository(server, "bench/peak") as where:
        push = Push(where)
        push.ask("GET", "/v2/")
        push.file(path, digest)
        push.close()
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")) - before
