"""A registry served on loopback with policies held in a dictionary; also a program, for the test that kills it."""

import base64
import hashlib
import http.client
import json
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from moto.core.utils import get_service_model

from labs import iam
from labs.cloud.contract import AwsError, Caller, TrailEvent
from labs.cloud.protocols.paging import Pages
from labs.cloud.registry import EcrApi, EcrStore, registry_app

ACCOUNT, REGION = "111122223333", "us-east-1"
ADMIN_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass
class People:
    """Access over a dictionary: user name -> policy document. Who is not in it, is dead."""

    policies: dict[str, Any] = field(default_factory=dict)

    def decide(self, caller, action, resource, context=None, resource_policy=None):
        """Evaluate as the local AWS does."""
        identity = [iam.parse_policy(self.policies[_name(caller)], name="lab")]
        request = iam.Request(caller.principal, action, resource, {**caller.context, **(context or {})}, ACCOUNT)
        return iam.evaluate(request, iam.Policies(identity=identity, resource=resource_policy))

    def sentence(self, caller, action, resource, decision):
        """AWS's sentence."""
        return iam.sentence(iam.Request(caller.principal, action, resource), decision)

    def alive(self, caller):
        """Whether the user is still in the dictionary."""
        return _name(caller) in self.policies


class Notebook:
    """A trail in memory."""

    def __init__(self) -> None:
        self.events: list[TrailEvent] = []

    def record(self, event: TrailEvent) -> None:
        """Keep it."""
        self.events.append(event)


class Watch:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def user(name: str, account: str = ACCOUNT) -> Caller:
    """An IAM user as a caller."""
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Caller(iam.Principal(arn, account, iam.PrincipalKind.USER), f"AKIA{name.upper():0<16}"[:20])


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    """A policy with one Allow."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _name(caller: Caller) -> str:
    return caller.principal.arn.rsplit("/", 1)[-1]


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of some bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def conform(shape: Any, value: Any, path: str = "answer") -> None:
    """Fail unless a JSON answer has the form of a botocore shape: known members, right types, known words."""
    if shape is None:
        assert value == {}, f"{path}: {value}"
    elif shape.type_name == "structure":
        assert isinstance(value, dict), path
        assert set(value) <= set(shape.members), f"{path}: {set(value) - set(shape.members)} unknown"
        assert set(shape.required_members) <= set(value), f"{path}: {shape.required_members} required"
        for name, item in value.items():
            conform(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), path
        for item in value:
            conform(shape.member, item, f"{path}[]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), path
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert not shape.enum or value in shape.enum, f"{path}: {value} is none of {shape.enum}"
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), path
    elif shape.type_name == "timestamp":
        assert isinstance(value, float), path
    else:
        assert isinstance(value, int), path


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        found = self.json["errors"][0]
        return self.status, found["code"], found["message"]


class Client:
    """One user of one repository over one kept connection."""

    def __init__(self, host: str, authorization: str, repository: str = "lab/app") -> None:
        self.repository = repository
        self.authorization = authorization
        self._connection = http.client.HTTPConnection(host, timeout=60)

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request; a path without a leading slash is one of the repository."""
        full = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        said = {"Authorization": self.authorization} if self.authorization else {}
        chunked = "Transfer-Encoding" in (headers or {})
        self._connection.request(method, full, body, {**said, **(headers or {})}, encode_chunked=chunked)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        """GET; headers as keywords, with underscores for dashes."""
        return self.send("GET", path, None, _headers(headers))

    def head(self, path: str, **headers: str) -> Answer:
        """HEAD."""
        return self.send("HEAD", path, None, _headers(headers))

    def delete(self, path: str) -> Answer:
        """DELETE."""
        return self.send("DELETE", path)

    def post(self, path: str = "blobs/uploads/", body: bytes = b"") -> Answer:
        """POST."""
        return self.send("POST", path, body)

    def patch(self, path: str, body: bytes, **headers: str) -> Answer:
        """PATCH."""
        return self.send("PATCH", path, body, _headers(headers))

    def put(self, path: str, body: bytes = b"", **headers: str) -> Answer:
        """PUT."""
        return self.send("PUT", path, body, _headers(headers))

    def start(self) -> str:
        """Begin an upload; its location."""
        answer = self.post()
        assert answer.status == 202, answer
        return answer.headers["Location"]

    def push_blob(self, data: bytes) -> str:
        """Upload as containerd does: POST, then one PUT."""
        digest = digest_of(data)
        answer = self.put(f"{self.start()}?digest={digest}", data)
        assert answer.status == 201, answer
        return digest

    def push_image(self, tag: str = "v1", layer: bytes = b"layer", **more: Any) -> str:
        """Upload a one-layer image and its manifest; its digest."""
        manifest = image_manifest(layer, **more)
        for blob in (b"{}", layer):
            self.push_blob(blob)
        answer = self.put(f"manifests/{tag or digest_of(manifest)}", manifest, Content_Type=OCI_MANIFEST)
        assert answer.status == 201, answer
        return answer.headers["Docker-Content-Digest"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def image_manifest(layer: bytes = b"layer", config: bytes = b"{}", **more: Any) -> bytes:
    """The manifest of a one-layer image."""
    kind = "application/vnd.oci.image"
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": f"{kind}.config.v1+json", "digest": digest_of(config), "size": len(config)},
        "layers": [{"mediaType": f"{kind}.layer.v1.tar+gzip", "digest": digest_of(layer), "size": len(layer)}],
    }
    return json.dumps({**document, **more}).encode()


def index_manifest(*digests: str, **more: Any) -> bytes:
    """An index over images."""
    children = [
        {
            "mediaType": OCI_MANIFEST,
            "digest": digest,
            "size": 7,
            "platform": {"os": "linux", "architecture": architecture},
        }
        for digest, architecture in zip(digests, ("amd64", "arm64", "s390x"), strict=False)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children, **more}).encode()


def _headers(named: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in named.items()}


class LabServer:
    """A server in a thread on a free port, for one application at a time: starting and stopping takes its time."""

    def __init__(self, threads: int = 20) -> None:
        self.app: Any = None
        self._server = Server(("127.0.0.1", 0), self._serve, numthreads=threads)
        self._server.prepare()
        self.host = f"127.0.0.1:{self._server.bind_addr[1]}"
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def _serve(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()
        self._thread.join(20)


class LabRegistry:
    """The store, its API and its application on a server."""

    def __init__(self, folder: Path, server: LabServer, *, rule: bool = True) -> None:
        self.clock = Watch()
        self.host = server.host
        self._clients: list[Client] = []
        self.keys = {"alias/aws/ecr": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own", "mine": "arn:mine"}
        self.people = People({"admin": ADMIN_POLICY})
        self.trail = Notebook()
        self.store = EcrStore(folder, ACCOUNT, REGION, self.clock)
        self.api = EcrApi(
            self.store,
            registry_host=lambda: self.host,
            pages=Pages("seed"),
            access=self.people,
            exists=lambda principal: not principal.endswith("/nobody"),
            key_arn=lambda key: self.keys.get(key, ""),
        )
        server.app = registry_app(
            self.store,
            self.people,
            self.trail,
            account=ACCOUNT,
            region=REGION,
            registry_host=lambda: self.host,
            referenced_layer_needs_download=rule,
        )

    def call(self, operation: str, by: str = "admin", **parameters: Any) -> dict[str, Any]:
        """One call of the ECR API, through JSON as over the wire."""
        answer = json.loads(json.dumps(self.api.call(user(by), operation, json.loads(json.dumps(parameters)))))
        conform(get_service_model("ecr").operation_model(operation).output_shape, answer)
        return answer

    def refused(self, operation: str, **parameters: Any) -> tuple[str, str]:
        """Code and message of a call that must fail."""
        try:
            answer = self.call(operation, **parameters)
        except AwsError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused: {answer}")

    def client(self, name: str = "admin", repository: str = "lab/app") -> Client:
        """A client of a user; "" for one without a credential."""
        client = Client(self.host, self.basic(name) if name else "", repository)
        self._clients.append(client)
        return client

    def allow(self, name: str, *actions: str, resource: str = "*") -> Client:
        """Make a user with exactly these actions, and its client."""
        self.people.policies[name] = allow(*actions, resource=resource)
        return self.client(name)

    def events(self, *, errors: bool = False) -> list[tuple[str, str]]:
        """(name, error code) of what the trail holds; with ``errors`` only what failed."""
        return [(e.event_name, e.error_code) for e in self.trail.events if e.error_code or not errors]

    def password(self, name: str = "admin") -> str:
        """A registry password of a user."""
        data = self.call("GetAuthorizationToken", by=name)["authorizationData"][0]
        return base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]

    def basic(self, name: str = "admin") -> str:
        """An Authorization header of a user."""
        return "Basic " + base64.b64encode(f"AWS:{self.password(name)}".encode()).decode()

    def close(self) -> None:
        """Close the clients and the store."""
        for client in self._clients:
            client.close()
        self.store.close()


def main() -> None:
    """Serve ``argv[1]`` until killed; one JSON line says where and how."""
    registry = LabRegistry(Path(sys.argv[1]), LabServer())
    if registry.store.repositories.get("app") is None:
        registry.call("CreateRepository", repositoryName="app")
    print(json.dumps({"host": registry.host, "authorization": registry.basic()}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
