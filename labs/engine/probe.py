"""Look for Docker: the command, the daemon behind the user's context, buildx, the image store, the way to loopback.

Only reads. Every question has a time limit, so a daemon that hangs cannot hang the lab.
"""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests

from labs.engine.facts import DockerFacts, DockerProblem
from labs.oci import Platform

TIMEOUT_S = 15
# The embedded engine's own docker command sets this variable in its first lines; it is not a Docker client.
KIT_COMMAND = b"LAB_ENGINE_LINE="
DEFAULT_ENDPOINT = "unix:///var/run/docker.sock"


def probe(env: Mapping[str, str]) -> DockerFacts:
    """What Docker this machine has, up to the first problem."""
    client = client_path(env)
    if not client:
        return DockerFacts(DockerProblem.NO_CLIENT)
    facts = _endpoint(client, env)
    try:
        with connect(facts, env) as api:
            version, info = api.version(), api.info()
            facts = _server(facts, version, info)
            if facts.problem:
                return facts
            facts = _buildx(facts, env)
            if facts.problem:
                return facts
            if not _containerd_store(info):
                return replace(facts, problem=DockerProblem.CLASSIC_STORE)
            return _reach(facts, api)
    except (docker.errors.DockerException, requests.RequestException, OSError, ValueError) as error:
        return _unreachable(facts, error)


def client_path(env: Mapping[str, str]) -> str:
    """The first ``docker`` on PATH that is not the kit's own command; empty when there is none."""
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which("docker", path=folder) if folder else None
        if found and not _is_kit_command(Path(found)):
            return found
    return ""


def _is_kit_command(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return KIT_COMMAND in file.read(2048)
    except OSError:
        return False


def ask(
    client: str, words: Sequence[str], env: Mapping[str, str], timeout_s: float = TIMEOUT_S
) -> subprocess.CompletedProcess[str]:
    """Run the docker command and return what it said; exit code 124 when it took too long."""
    command = [client, *words]
    try:
        return subprocess.run(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"docker {words[0]} took longer than {timeout_s:.0f} s")
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _endpoint(client: str, env: Mapping[str, str]) -> DockerFacts:
    """Where the user's docker goes: DOCKER_HOST, else the current context (Docker Desktop, colima, rootless ...)."""
    if env.get("DOCKER_HOST"):
        return DockerFacts(None, client, env["DOCKER_HOST"])
    said = ask(client, ["context", "inspect"], env)
    try:
        found = json.loads(said.stdout)[0]
        endpoint = str(found["Endpoints"]["docker"]["Host"]) or DEFAULT_ENDPOINT
        name = str(found["Name"])
        tls = str(found["Storage"]["TLSPath"]) if found.get("TLSMaterial") else ""
    except (ValueError, LookupError, TypeError):
        return DockerFacts(None, client, DEFAULT_ENDPOINT)
    folder = str(Path(tls) / "docker") if tls and Path(tls, "docker").is_dir() else ""
    return DockerFacts(None, client, endpoint, "" if name == "default" else name, tls_folder=folder)


@contextmanager
def connect(facts: DockerFacts, env: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> Iterator[docker.APIClient]:
    """The SDK's client for the endpoint that was found; closed at the end."""
    folder = facts.tls_folder or (env.get("DOCKER_CERT_PATH", "") if env.get("DOCKER_TLS_VERIFY") else "")
    tls: Any = None
    if folder:
        pair = (str(Path(folder, "cert.pem")), str(Path(folder, "key.pem")))
        tls = docker.TLSConfig(client_cert=pair, ca_cert=str(Path(folder, "ca.pem")), verify=True)
    api = docker.APIClient(
        base_url=facts.endpoint,
        version="auto",
        timeout=timeout_s,  # type: ignore[arg-type]  # requests takes a part of a second too
        tls=tls,
        use_ssh_client=facts.endpoint.startswith("ssh://"),
    )
    try:
        yield api
    finally:
        api.close()


def _server(facts: DockerFacts, version: Mapping[str, Any], info: Mapping[str, Any]) -> DockerFacts:
    components = [str(each.get("Name", "")) for each in version.get("Components") or []]
    if any("podman" in name.lower() for name in components):
        return replace(facts, problem=DockerProblem.NOT_DOCKER, detail=components[0])
    return replace(
        facts,
        server=str(version.get("Version", "")).partition("+")[0],
        system=str(info.get("OperatingSystem", "")),
        rootless=any("rootless" in str(each) for each in info.get("SecurityOptions") or []),
    )


def _buildx(facts: DockerFacts, env: Mapping[str, str]) -> DockerFacts:
    said = ask(facts.client, ["buildx", "version"], env)
    found = re.search(r"\bv?(\d+\.\d+\.\d+)", said.stdout)
    if said.returncode != 0 or not found:
        return replace(facts, problem=DockerProblem.NO_BUILDX, detail=_last_line(said.stderr))
    return replace(facts, buildx=found[1])


def _containerd_store(info: Mapping[str, Any]) -> bool:
    """Whether images are kept by containerd: then an image may have several platforms."""
    return any("containerd.snapshotter" in str(value) for _, value in info.get("DriverStatus") or [])


def _reach(facts: DockerFacts, api: docker.APIClient) -> DockerFacts:
    """Let the daemon ask a registry on this machine's loopback for an image, and see whether the question arrives."""
    asked = threading.Event()

    class LoopbackRegistry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name is the standard library's

        def log_message(self, format: str, *args: Any) -> None:
            pass

    detail = ""
    with ThreadingHTTPServer(("127.0.0.1", 0), LoopbackRegistry) as server:
        server.daemon_threads = True
        loop = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        loop.start()
        try:
            api.inspect_distribution(f"127.0.0.1:{server.server_port}/fargate-lab/probe:none")
        except (docker.errors.DockerException, requests.RequestException) as error:
            detail = _last_line(str(error))
        finally:
            server.shutdown()
    if asked.is_set():
        return facts
    return replace(facts, problem=DockerProblem.LOOPBACK_OUT_OF_REACH, detail=detail)


def _unreachable(facts: DockerFacts, error: Exception) -> DockerFacts:
    text = str(error)
    if "PermissionError" in text or "Permission denied" in text or "permission denied" in text:
        return replace(facts, problem=DockerProblem.PERMISSION_DENIED)
    return replace(facts, problem=DockerProblem.NOT_ANSWERING, detail=_reason(text))


def _reason(text: str) -> str:
    """The operating system's own words out of the SDK's nested ones, or nothing."""
    for pattern in (
        r"Error\(\d+, '([^']+)'\)",
        r"\[Errno \d+\] ([^\"')]+)",
        r"(timed out)",
        r"(Name or service[^\"')]*)",
    ):
        if found := re.search(pattern, text):
            return found[1].lower()
    return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def builder_platforms(facts: DockerFacts, env: Mapping[str, str]) -> tuple[Platform, ...]:
    """The platforms whose programs the engine can run, as ``docker buildx inspect`` lists them."""
    said = ask(facts.client, ["buildx", "inspect"], env)
    found = re.search(r"^Platforms:\s*(.+)$", said.stdout, re.MULTILINE)
    platforms = []
    for word in found[1].split(",") if found else []:
        # A star marks platforms set by hand.
        platforms.append(Platform.parse(word.strip().rstrip("*")))
    return tuple(platforms)
