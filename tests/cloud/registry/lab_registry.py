"""A registry served on loopback with policies held in a dictionary; also a program, for the test that kills it."""

import base64
import json
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server

from labs import iam
from labs.cloud.contract import Caller, TrailEvent
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


class LabRegistry:
    """The store, its API and a server in a thread on a free port."""

    def __init__(self, folder: Path, *, rule: bool = True, threads: int = 20) -> None:
        self.clock = Watch()
        self.people = People({"admin": ADMIN_POLICY})
        self.trail = Notebook()
        self.store = EcrStore(folder, ACCOUNT, REGION, self.clock)
        self.host = ""
        self.api = EcrApi(self.store, registry_host=lambda: self.host)
        app = registry_app(
            self.store,
            self.people,
            self.trail,
            account=ACCOUNT,
            region=REGION,
            registry_host=lambda: self.host,
            referenced_layer_needs_download=rule,
        )
        self._server = Server(("127.0.0.1", 0), app, numthreads=threads)
        self._server.prepare()
        self.host = f"127.0.0.1:{self._server.bind_addr[1]}"
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def call(self, operation: str, by: str = "admin", **parameters: Any) -> dict[str, Any]:
        """One call of the ECR API, through JSON as over the wire."""
        answer = self.api.call(user(by), operation, json.loads(json.dumps(parameters)))
        return json.loads(json.dumps(answer))

    def password(self, name: str = "admin") -> str:
        """A registry password of a user."""
        data = self.call("GetAuthorizationToken", by=name)["authorizationData"][0]
        return base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]

    def basic(self, name: str = "admin") -> str:
        """An Authorization header of a user."""
        return "Basic " + base64.b64encode(f"AWS:{self.password(name)}".encode()).decode()

    def close(self) -> None:
        """Stop serving and close the store."""
        self._server.stop()
        self._thread.join(20)
        self.store.close()


def main() -> None:
    """Serve ``argv[1]`` until killed; one JSON line says where and how."""
    registry = LabRegistry(Path(sys.argv[1]))
    if registry.store.repositories.get("app") is None:
        registry.call("CreateRepository", repositoryName="app")
    print(json.dumps({"host": registry.host, "authorization": registry.basic()}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
