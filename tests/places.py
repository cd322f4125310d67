"""A private home, no AWS settings of the machine, and three places to talk to: moto, a canned server, labs cloud."""

import http.server
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from botocore.loaders import create_loader
from moto import mock_aws

from labs.ledger import recorder
from labs.ledger.names import Names
from labs.session import TargetName, local
from labs.session import target as targets
from labs.session.local import Cloud
from labs.session.target import Target

# The models of seven services, read once for all tests.
_MODELS = create_loader()
ACCOUNT = "123456789012"
IDENTITY = f"arn:aws:iam::{ACCOUNT}:user/anna"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LAB_HOME in a fresh folder; nothing of the machine's AWS or lab settings is seen."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "LAB_")):
            monkeypatch.delenv(name)
    user = tmp_path_factory.mktemp("home")
    place = user / "lab"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("LAB_HOME", str(place))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # What an earlier test of this process pointed at its local AWS is not this test's.
    monkeypatch.setattr(targets, "_replaced", {})
    return place


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Target]:
    """A confirmed target in an empty account of moto, in this process."""
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        session._session.register_component("data_loader", _MODELS)
        names = Names()
        target = Target(
            name=TargetName.AWS,
            account=ACCOUNT,
            region="us-east-1",
            identity=IDENTITY,
            names=names,
            tags=names.tags("anna"),
            home=home,
            session=session,
        )
        target.confirm(ACCOUNT)
        # moto knows at once what it has made.
        monkeypatch.setattr(recorder, "SEEN_S", 0.0)
        yield target


@dataclass
class CannedAws:
    """A server that gives every request the same answer and counts them."""

    url: str = ""
    status: int = 200
    body: str = ""
    seen: list[str] = field(default_factory=list)

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer as STS refuses: an XML error."""
        self.status = status
        self.body = (
            "<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Error><Type>Sender</Type>"
            f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )

    def identify(self, account: str, arn: str) -> None:
        """Answer as sts:GetCallerIdentity."""
        self.status = 200
        self.body = (
            "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
            f"<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>{account}</Account></GetCallerIdentityResult>"
            "</GetCallerIdentityResponse>"
        )


@pytest.fixture
def canned_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[CannedAws]:
    """LAB_TARGET=aws with keys and AWS_ENDPOINT_URL leading to a CannedAws."""
    canned = CannedAws()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            canned.seen.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            body = canned.body.encode()
            self.send_response(canned.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    canned.url = f"http://127.0.0.1:{server.server_port}"
    for name, value in {
        "LAB_TARGET": "aws",
        "AWS_ENDPOINT_URL": canned.url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    yield canned
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab home of the one local AWS that the tests of this folder share."""
    return tmp_path_factory.mktemp("shared") / "lab"


@pytest.fixture(scope="session")
def shared_cloud(shared_home: Path) -> Iterator[Cloud]:
    """A real ``labs cloud``, started as a notebook starts it."""
    shared_home.mkdir(mode=0o700)
    cloud, _ = local.ensure_cloud(shared_home, {**os.environ, "LAB_PACE": "quick"})
    yield cloud
    assert local.stop_cloud(shared_home), "the local AWS of the tests did not stop"


@pytest.fixture
def on_local_aws(monkeypatch: pytest.MonkeyPatch, shared_home: Path, shared_cloud: Cloud) -> Cloud:
    """This process is in the lab home of the shared local AWS, and nothing points at it yet."""
    monkeypatch.setenv("LAB_HOME", str(shared_home))
    monkeypatch.setattr(targets, "_replaced", {})
    for file in shared_home.glob("ledger-*"):
        file.unlink()
    # connect() writes these into os.environ; monkeypatch takes them back afterwards.
    for name in (*shared_cloud.variables(), "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return shared_cloud
