"""What came back is an answer of AWS, a refusal that boto3 knows, or NotAnAnswer: never a traceback of botocore's."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from labs.failures import IncompleteAnswer, NotAnAnswer, explain, fault
from labs.session import local

# One call of every protocol that the kit speaks, by client and method.
CALLS = {
    "query": ("sts", "get_caller_identity", {}),
    "query without an answer's members": ("iam", "delete_role", {"RoleName": "x"}),
    "ec2": ("ec2", "describe_vpcs", {}),
    "ec2 without an answer's members": ("ec2", "delete_vpc", {"VpcId": "vpc-1"}),
    "json": ("ecr", "describe_repositories", {}),
    "json of ECS": ("ecs", "list_clusters", {}),
    "json without an answer's members": ("logs", "delete_log_group", {"logGroupName": "x"}),
    "rest-xml": ("s3", "list_buckets", {}),
}
PAGES = {
    "a page": b"<html><head><title>Sign in</title></head></html>",
    "a page with a doctype": b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>",
    "a page in capitals": b"<HTML><BODY>nginx</BODY></HTML>",
    "half a page": b"<html><body>Sorry",
    "words": b"upstream connect error or disconnect/reset before headers",
    "half a JSON document": b'{"repositories": [{"repositoryName": "x',
    "half an XML document": b"<DescribeVpcsResponse><vpcSet><item>",
    "a JSON list": b"[]",
    "bytes": bytes(range(128, 256)),
}


@dataclass
class Canned:
    status: int = 200
    body: bytes = b""
    kind: str = "text/html"
    seen: int = 0
    url: str = ""

    def client(self, call: str) -> tuple[Any, Any]:
        service, method, parameters = CALLS[call]
        session = local.isolated_session("AKIAEXAMPLE", "secret", "", "us-east-1")
        make: Any = session.client
        client = make(service, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1}))
        return client, lambda: getattr(client, method)(**parameters)


@pytest.fixture(scope="module")
def canned() -> Iterator[Canned]:
    """A server that answers every request alike."""
    state = Canned()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.seen += 1
            self.send_response(state.status)
            self.send_header("Content-Type", state.kind)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_of_any_body_is_a_client_error_that_is_asked_again(canned: Canned, call: str) -> None:
    _, ask = canned.client(call)
    for name, page in {**PAGES, "nothing": b"", "braces": b"{}"}.items():
        for status in (500, 502, 503, 504):
            canned.status, canned.body = status, page
            with pytest.raises(ClientError) as told:
                ask()
            assert fault(told.value), (name, status)
            assert str(status) in str(explain(told.value, "asking")), (name, status)


@pytest.mark.parametrize("call", [each for each in CALLS if each != "rest-xml"])
@pytest.mark.parametrize("status", [200, 403, 407])
def test_no_page_is_taken_for_an_answer(canned: Canned, call: str, status: int) -> None:
    _, ask = canned.client(call)
    for name, page in PAGES.items():
        canned.status, canned.body = status, page
        with pytest.raises((NotAnAnswer, ClientError)) as told:
            ask()
        said = explain(told.value, "asking")
        assert isinstance(told.value, NotAnAnswer) or status != 200, name
        assert page.decode("latin-1") not in str(said), name
        assert said.next_step, name


@pytest.mark.parametrize(
    ("call", "empty"),
    [
        ("query", b"<GetCallerIdentityResponse/>"),
        ("ec2", b"<DescribeVpcsResponse/>"),
        ("json", b"{}"),
        ("json", b""),
        ("json of ECS", b'{"message": "hello"}'),
    ],
)
def test_an_answer_without_what_was_asked_for_is_none(canned: Canned, call: str, empty: bytes) -> None:
    _, ask = canned.client(call)
    canned.status, canned.body = 200, empty
    with pytest.raises(NotAnAnswer):
        ask()


def test_what_an_answer_lacks_is_named(canned: Canned) -> None:
    client, ask = canned.client("json")
    canned.status, canned.body = 200, b'{"repositories": [{"repositoryName": "x"}]}'
    found = ask()["repositories"][0]
    assert found["repositoryName"] == "x"
    assert "repositoryArn" not in found
    with pytest.raises(IncompleteAnswer, match="DescribeRepositories was answered with no 'repositoryArn' in it"):
        found["repositoryArn"]
    assert [page["repositories"] for page in client.get_paginator("describe_repositories").paginate()] == [[found]]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("query without an answer's members", b"<DeleteRoleResponse><ResponseMetadata/></DeleteRoleResponse>"),
        ("ec2 without an answer's members", b"<?xml version='1.0'?>\n<DeleteVpcResponse/>"),
        ("json without an answer's members", b""),
        ("ec2", b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>"),
        ("json of ECS", b'{"clusterArns": []}'),
    ],
)
def test_what_aws_answers_is_left_as_it_is(canned: Canned, call: str, body: bytes) -> None:
    _, ask = canned.client(call)
    canned.status, canned.body = 200, body
    assert ask()["ResponseMetadata"]["HTTPStatusCode"] == 200
