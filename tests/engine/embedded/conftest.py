"""A kit with a home of its own, a registry of the kit, and a registry that answers as it is told."""

import base64
import contextlib
import hashlib
import io
import os
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cheroot.wsgi import Server as WsgiServer

from labs import iam, oci
from labs.cloud.contract import Caller
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry import EcrApi, EcrStore, registry_app
from labs.engine import find
from labs.engine.embedded import docker_command
from labs.engine.embedded.docker_credentials import Login
from labs.engine.embedded.image_store import Store
from labs.engine.embedded.minimal import minimal_base
from labs.engine.embedded.reference import parse
from labs.engine.embedded.registry_client import RegistryClient
from labs.engine.embedded.transfer import Push
from tests.push_actions import SIX

ACCOUNT = "111122223333"
AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
FIRST_LINE = "embedded engine: no Docker Engine found"


@dataclass(frozen=True)
class Result:
    """What a docker command answered."""

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The error without the build's progress and without the first line."""
        return self.err.split("ERROR: failed to solve: ")[-1].removeprefix(FIRST_LINE + "\n").strip()


class Kit:
    """The docker command over a home folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch

    @property
    def store(self) -> Store:
        """The engine's image store."""
        return Store(self.folder / "home" / "embedded")

    def docker(self, *words: str, stdin: str = "") -> Result:
        """Run one docker command, in this process."""
        out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = docker_command.main(words)
        return Result(code, out.buffer.getvalue().decode(), err.getvalue())

    def context(self, dockerfile: str, files: dict[str, str | bytes] | None = None) -> Path:
        """A build context."""
        folder = self.folder / "context"
        for name, content in {"Dockerfile": dockerfile, **(files or {})}.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            file.chmod(0o644)
        return folder

    def build(self, dockerfile: str, files: dict[str, str | bytes] | None = None, *flags: str) -> Result:
        """Build a Dockerfile as app:dev, for linux/amd64 unless the flags name platforms."""
        context = self.context(dockerfile, files)
        platform = () if any("--platform" in flag for flag in flags) else ("--platform", "linux/amd64")
        return self.docker("buildx", "build", *platform, "-t", "app:dev", *flags, str(context))

    def image(self, name: str = "app:dev"):
        """An image of the store."""
        found = self.store.find(name)
        assert found, f"{name} was not built"
        return self.store.image(name, found[1])

    def config(self, platform: oci.Platform = AMD64) -> dict:
        """The ``config`` object of app:dev."""
        return self.image().config(platform)["config"]

    def files(self, platform: oci.Platform = AMD64) -> dict:
        """The files that app:dev's own layers hold: path -> tar header."""
        return {each.path: each.info for each in self.image().files(platform)}

    def text(self, path: str, platform: oci.Platform = AMD64) -> str:
        """The content of one file of app:dev."""
        found = [each.read() for each in self.image().files(platform) if each.path == path]
        assert found, f"{path} is not in the image"
        return found[-1].decode()


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A kit that nobody else uses, with a minimal base called base:1 in its store."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    for name in ("LAB_ENGINE", "LAB_ENGINE_LINE", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("labs.engine.embedded.registry_client.WAIT_S", 0.001)
    kit = Kit(tmp_path, monkeypatch)
    kit.store.tag(parse("base:1"), minimal_base(kit.store, (AMD64, ARM64)))
    return kit


@dataclass
class Scripted:
    """A registry in memory; ``answers`` maps ``METHOD path-pattern`` to (status, body), ``calls`` is what was asked."""

    host: str = ""
    calls: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # added to the answers above
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    authorizations: list[str] = field(default_factory=list)

    def told(self, call: str) -> tuple[int, bytes] | None:
        """The answer that a test prescribed for this call."""
        return next((answer for pattern, answer in self.answers.items() if re.fullmatch(pattern, call)), None)


def _handler(registry: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def handle_call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            registry.calls.append(f"{self.command} {path}")
            registry.authorizations.append(self.headers.get("Authorization", ""))
            told = registry.told(f"{self.command} {path}")
            if told and told[0] == 0:  # hang up
                self.close_connection = True
                self.connection.close()
            elif told:
                self.answer(told[0], told[1], **registry.headers)
            elif "/uploads/" in path:
                self.upload(body)
            elif "/manifests/" in path:
                self.manifest(path.rpartition("/")[2], body)
            else:
                blob = registry.blobs.get(path.rpartition("/")[2])
                self.answer(200 if blob is not None or path == "/v2/" else 404, blob or b"")

        def upload(self, body: bytes) -> None:
            if self.command == "POST":
                self.answer(202, Location=f"{urlsplit(self.path).path}one?state=x")
                return
            digest = parse_qs(urlsplit(self.path).query)["digest"][0]
            assert digest == "sha256:" + hashlib.sha256(body).hexdigest()
            registry.blobs[digest] = body
            self.answer(201, Docker_Content_Digest=digest)

        def manifest(self, target: str, body: bytes) -> None:
            if self.command == "PUT":
                found = (self.headers["Content-Type"], body)
                registry.manifests[target] = registry.manifests[oci.sha256(body)] = found
                self.answer(201, Docker_Content_Digest=oci.sha256(body))
                return
            kind, data = registry.manifests.get(target, ("", b""))
            if not data:
                self.answer(404)
                return
            self.answer(200, data, Content_Type=kind, Docker_Content_Digest=oci.sha256(data))

        def do_GET(self) -> None:
            self.handle_call()

        def do_HEAD(self) -> None:
            self.handle_call()

        def do_POST(self) -> None:
            self.handle_call()

        def do_PUT(self) -> None:
            self.handle_call()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def scripted():
    """A registry that answers as it is told."""
    registry = Scripted()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(registry))
    server.daemon_threads = True
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield registry
    server.shutdown()
    thread.join()
    server.server_close()


class Ecr:
    """The kit's own registry with two users: an administrator, and ``push``, whose policy a test sets.

    It is the Access of its registry: policies by user name, read at every call.
    """

    def __init__(self, folder: Path) -> None:
        self._policies: dict[str, iam.Policy] = {}
        self.allow("*", by="admin")
        self.allow(*SIX)
        self._store = EcrStore(folder, ACCOUNT, "us-east-1", lambda: datetime.now(UTC))
        self._api = EcrApi(
            self._store,
            registry_host=lambda: self.host,
            pages=Pages("seed"),
            access=self,
            exists=lambda _principal: True,
            key_arn=lambda _key: "",
        )
        app = registry_app(
            self._store, self, self, account=ACCOUNT, region="us-east-1", registry_host=lambda: self.host
        )
        self._server = WsgiServer(("127.0.0.1", 0), app, numthreads=4)
        self._server.prepare()
        self.host = f"127.0.0.1:{self._server.bind_addr[1]}"
        self._thread = threading.Thread(target=self._server.serve)
        self._thread.start()
        self.repository = f"{self.host}/lab/app"
        self._api.call(_caller("admin"), "CreateRepository", {"repositoryName": "lab/app"})

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()
        self._thread.join()
        self._store.close()

    # Access and Trail, for the registry

    def decide(self, caller, action, resource, context=None, resource_policy=None):
        """One decision under the caller's policy of now."""
        request = iam.Request(caller.principal, action, resource, context or {}, ACCOUNT)
        policies = [self._policies[caller.principal.arn.rpartition("/")[2]]]
        return iam.evaluate(request, iam.Policies(identity=policies, resource=resource_policy))

    def sentence(self, caller, action, resource, decision):
        """AWS's sentence."""
        return iam.sentence(iam.Request(caller.principal, action, resource), decision)

    def alive(self, caller):
        """Both users are."""
        return True

    def record(self, event):
        """No trail is kept."""

    # what a test sets and asks

    def allow(self, *actions: str, by: str = "push") -> None:
        """Set a user's policy."""
        statement = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", *actions], "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self._policies[by] = iam.parse_policy(document, name="lab")

    def allow_documented(self) -> None:
        """The six actions that AWS documents for a push."""
        self.allow(*SIX)

    def password(self, by: str = "push") -> str:
        """A user's registry password."""
        answer = self._api.call(_caller(by), "GetAuthorizationToken", {})
        token = answer["authorizationData"][0]["authorizationToken"]
        return base64.b64decode(token).decode().partition(":")[2]

    def put_base(self, folder: Path) -> str:
        """Push the minimal base as the public one; its name."""
        reference = parse(f"{self.host}/public.ecr.aws/docker/library/python:3.13-slim")
        store = Store(folder)
        registry = RegistryClient(self.host, Login("AWS", self.password("admin")))
        Push(registry, store.blobs, reference).run(minimal_base(store, (AMD64, ARM64)))
        registry.close()
        return str(reference)


def _caller(name: str) -> Caller:
    principal = iam.Principal(f"arn:aws:iam::{ACCOUNT}:user/{name}", ACCOUNT, iam.PrincipalKind.USER)
    return Caller(principal, f"AKIA{name.upper():0<16}")


@pytest.fixture
def ecr(tmp_path):
    """The kit's own ECR on loopback, under the six documented actions."""
    found = Ecr(tmp_path / "ecr")
    yield found
    found.close()


@pytest.fixture
def docker(kit):
    """The environment of a real Docker Engine and its plugins; skipped, with the reason, where there is none."""
    engine = find({**os.environ, "LAB_ENGINE": ""})
    if engine.name != "docker":
        pytest.skip(engine.line)
    return {**os.environ, **engine.environment(kit.folder / "real")}
