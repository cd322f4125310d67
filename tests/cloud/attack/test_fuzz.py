"""Bytes at random over the HTTP surface of the gateway and of the registry: no 500, no hang, no traceback.

Derandomised: the same 700 requests each time.
"""

import base64
import contextlib
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

bounded = settings(
    max_examples=350,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def exchange(port, data):
    """Send bytes and no more; all that comes back until the server hangs up."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        with contextlib.suppress(OSError):  # refused in the middle: what was answered counts
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):  # but silence for 15 seconds is a failure
            while piece := connection.recv(65536):
                got += piece
    return got


@pytest.fixture(scope="module")
def token(cloud):
    """A repository lab/fuzz, and the header that opens the registry."""
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="lab/fuzz")
    return ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]


@pytest.fixture(scope="module")
def unharmed(cloud):
    """After all of them: good calls are answered, and the log tells of no failure."""
    yield
    assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account
    assert cloud.client("ecr").describe_repositories()["repositories"]
    assert cloud.raw("GET", "/v2/")[0] == 401
    log = cloud.log.read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log


METHODS = some.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", ""])
WILD = some.text(some.characters(min_codepoint=0, max_codepoint=255), max_size=30)
SAFE = some.text(some.characters(min_codepoint=33, max_codepoint=126), max_size=30)
PIECES = some.sampled_from(
    ["..", ".", "", "%2e%2e", "%2F", "%00", "%", "%zz", "a" * 300, "lab", "fuzz", "blobs", "uploads", "manifests",
     "v1", "tags", "list", "referrers", "_catalog", "_layers", "sha256:" + "0" * 64, "sha256:..", "é", "\\", ":", "@"]
) | SAFE  # fmt: skip
QUERIES = some.sampled_from(
    ["", "?", "?digest=x", "?digest=sha256:" + "0" * 64, "?n=-1", "?n=1e9&last=%00", "?Action=ListUsers",
     "?list-type=2", "?X-Amz-Algorithm=AWS4-HMAC-SHA256", "?X-Amz-Signature=0&X-Amz-Expires=9",
     "?mount=sha256:x&from=../x", "?&&=&"]
) | SAFE.map("?{}".format)  # fmt: skip
VALUES = WILD | some.sampled_from(
    ["0", "-1", "5", "9" * 30, "bytes=0-", "bytes=9-1", "0-4", "chunked", "gzip, chunked", "close", "keep-alive",
     "100-continue", "Basic", "Basic !!!", "Bearer x", "AmazonSSM.GetParameter", "application/json", "a/b; charset=x"]
)  # fmt: skip
HEADERS = some.lists(
    some.tuples(
        some.sampled_from(
            ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Range", "Content-Range", "Accept",
             "Content-Type", "X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "If-Match",
             "Authorization", "X-Moto-Account-Id", "X-Amz-Copy-Source", "User-Agent", "Docker-Upload-UUID", "A_B", "Ü"]
        ),
        VALUES,
    ),
    max_size=6,
)  # fmt: skip


def request(method, target, headers, body, end="\r\n"):
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return f"{end.join(lines)}{end}{end}".encode("latin-1", "replace") + body


def answered(got):
    """Every answer on the connection is one; none is a 500 or shows the inside."""
    assert not got or got.startswith(b"HTTP/1."), got[:200]
    # RFC 9112, section 6.1: 501 for a transfer coding that is unknown; RFC 9110, section 15.6.6: 505 for a version.
    wrong = got.replace(b"HTTP/1.1 501 ", b"").replace(b"HTTP/1.1 505 ", b"")
    assert b"HTTP/1.1 5" not in wrong, got[:500]
    assert b"Traceback" not in got
    assert b'.py", line' not in got


@bounded
@given(METHODS, some.lists(PIECES, max_size=4), QUERIES, HEADERS, some.binary(max_size=100), some.booleans())
def test_any_request_to_the_gateway(cloud, unharmed, method, pieces, query, headers, body, forged):
    if forged:
        scope = "AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request"
        value = f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders=host,Signature={'0' * 64}"
        headers = [*headers, ("Authorization", value)]
    answered(exchange(cloud.port, request(method, "/" + "/".join(pieces) + query, headers, body)))


@bounded
@given(METHODS, some.lists(PIECES, max_size=5), QUERIES, HEADERS, some.binary(max_size=100), some.booleans())
def test_any_request_to_the_registry(cloud, token, unharmed, method, pieces, query, headers, body, whole):
    headers = [("Authorization", f"Basic {token}"), *[h for h in headers if h[0] != "Authorization"]]
    if whole:  # well framed, so that the call itself is reached
        headers = [h for h in headers if h[0] not in ("Content-Length", "Transfer-Encoding", "Host")]
        headers += [("Host", "x"), ("Content-Length", str(len(body)))]
    answered(exchange(cloud.port, request(method, "/v2/lab/fuzz/" + "/".join(pieces) + query, headers, body)))


@settings(bounded, max_examples=150)
@given(some.binary(max_size=300), some.sampled_from([b"", b"GET / HTTP/1.1\r\n", b"POST /v2/ HTTP/1.1\r\nHost: x\r\n"]))
def test_any_bytes(cloud, unharmed, data, beginning):
    answered(exchange(cloud.port, beginning + data))


FLOODS = {
    "many headers": b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
    "one name, many times": b"X: y\r\n" * 9000,
    "a long name": b"X" * 70_000 + b": y\r\n",
    "a long value": b"X: " + b"y" * 70_000 + b"\r\n",
    "folded": b"X: y\r\n" + b" z\r\n" * 9000,
    "no colons": b"XXXX\r\n" * 9000,
    "a little under the limit": b"X: " + b"y" * 60_000 + b"\r\n",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("path", [b"/", b"/v2/"])
def test_floods_of_headers(cloud, unharmed, path, flood):
    answered(exchange(cloud.port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + flood + b"\r\n"))
    assert cloud.raw("GET", "/v2/")[0] == 401


@pytest.mark.parametrize("target", ["/" + "a" * 70_000, "/?" + "a=b&" * 20_000, "/v2/" + "a/" * 30_000, "*", "//", "x"])
def test_absurd_targets(cloud, unharmed, target):
    got = exchange(cloud.port, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answered(got)
    assert got.startswith(b"HTTP/1.1 4")


def test_a_token_is_no_password_for_anything_else(cloud, token):
    """The registry's token opens no API, and an access key opens no registry."""
    status, _, body = cloud.raw("POST", "/", b"Action=ListUsers", {"Authorization": f"Basic {token}"})
    assert (status, b"<User" in body) == (400, False)
    pair = base64.b64encode(f"{cloud.admin.access_key_id}:{cloud.admin.secret}".encode()).decode()
    assert cloud.raw("GET", "/v2/", headers={"Authorization": f"Basic {pair}"})[0] == 401
