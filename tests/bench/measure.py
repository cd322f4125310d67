"""How the figures are taken: calls, layers, whole commands. Seconds throughout; medians are quoted."""

import base64
import gzip
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.servers import Server

CALLS = 200
LAYER_BYTES = 500_000_000
ROUNDS = 5


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def calls(servers: list[Server]) -> dict[str, dict[str, tuple[float, float]]]:
    """p50 and p99 of 200 describe calls, in turn on each server, medians: {call: {server: (p50, p99)}}."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for service, operation in (
        ("sts", "get_caller_identity"),
        ("ecr", "describe_repositories"),
        ("ec2", "describe_vpcs"),
    ):
        clients = {server.name: getattr(server.client(service), operation) for server in servers}
        rounds = [_round(clients) for _ in range(ROUNDS)]
        found[f"{service} {operation}"] = {
            name: (
                statistics.median(statistics.median(each[name]) for each in rounds),
                statistics.median(statistics.quantiles(each[name], n=100)[98] for each in rounds),
            )
            for name in clients
        }
    return found


def _round(clients: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """In turn, call by call, so that a busy moment of the machine falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for call in clients.values():
        call()
    for _ in range(CALLS):
        for name, call in clients.items():
            times[name].append(timed(call))
    return times


def big_image(folder: Path) -> Path:
    """An OCI layout with one 500 MB layer of incompressible bytes."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(data: bytes) -> tuple[str, int]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return f"sha256:{digest}", len(data)

    payload, plain, layer = folder / "payload", folder / "layer.tar", folder / "layer.tar.gz"
    payload.write_bytes(os.urandom(1 << 20) * (LAYER_BYTES >> 20))
    with tarfile.open(plain, "w") as tar:
        tar.add(payload, "payload")
    # Stored, not compressed: skopeo sends a gzip layer as it is, and would spend its time compressing a plain one.
    with plain.open("rb") as source, gzip.open(layer, "wb", compresslevel=0) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    diff_id, digest = (hashlib.file_digest(path.open("rb"), "sha256").hexdigest() for path in (plain, layer))
    size = layer.stat().st_size
    layer.rename(blobs / digest)
    payload.unlink()
    plain.unlink()
    config = {"architecture": "amd64", "os": "linux", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]}
    config_digest, config_size = keep(json.dumps(config).encode())
    kind = "application/vnd.oci.image"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": {"mediaType": f"{kind}.config.v1+json", "digest": config_digest, "size": config_size},
        "layers": [{"mediaType": f"{kind}.layer.v1.tar+gzip", "digest": f"sha256:{digest}", "size": size}],
    }
    manifest_digest, manifest_size = keep(json.dumps(manifest).encode())
    entry = {"mediaType": f"{kind}.manifest.v1+json", "digest": manifest_digest, "size": manifest_size}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def layers(servers: list[Server]) -> dict[str, tuple[float, float]]:
    """Push and pull of the big image by skopeo, in turn on each server: {server: (push, pull)} in seconds."""
    pushes: dict[str, list[float]] = {server.name: [] for server in servers}
    pulls: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(ROUNDS):
        # New bytes each round: skopeo remembers where a layer is and would mount it where that is allowed.
        with tempfile.TemporaryDirectory(prefix="bench-layer-") as folder:
            image = big_image(Path(folder))
            for server in servers:
                repository = f"bench/round-{turn}"
                credentials = _credentials(server, repository)
                remote = f"docker://{server.endpoint.removeprefix('http://')}/{repository}:1"
                push = ["skopeo", "copy", "-q", "--dest-tls-verify=false", *[f"--dest-{c}" for c in credentials]]
                pull = ["skopeo", "copy", "-q", "--src-tls-verify=false", *[f"--src-{c}" for c in credentials]]
                pushes[server.name].append(timed(partial(_run, [*push, f"oci:{image}", remote])))
                with tempfile.TemporaryDirectory(prefix="bench-pull-") as copy:
                    pulls[server.name].append(timed(partial(_run, [*pull, remote, f"oci:{copy}"])))
                _forget(server, repository)
    return {s.name: (statistics.median(pushes[s.name]), statistics.median(pulls[s.name])) for s in servers}


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _credentials(server: Server, repository: str) -> list[str]:
    """skopeo's option for the server: the kit wants a repository and a token, the other neither."""
    if server.name != "kit":
        return ["no-creds"]
    ecr = server.client("ecr")
    ecr.create_repository(repositoryName=repository)
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return [f"creds={base64.b64decode(token).decode()}"]


def _forget(server: Server, repository: str) -> None:
    """Keep rounds alike: the kit would know the layer from the round before."""
    if server.name == "kit":
        server.client("ecr").delete_repository(repositoryName=repository, force=True)
