"""Bodies that are too long, too short or endless: refused, and never in memory before their signer is known."""

import datetime
import http.client
import socket
from pathlib import Path

import pytest

JSON = {"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1"}
MIB = 1 << 20


def peak_memory(cloud):
    """The server's highest resident memory so far, in bytes."""
    status = Path(f"/proc/{cloud.process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


def forged(service):
    now = datetime.datetime.now(datetime.UTC)
    return {
        "Authorization": "AWS4-HMAC-SHA256 "
        f"Credential=AKIAIOSFODNN7EXAMPLE/{now:%Y%m%d}/us-east-1/{service}/aws4_request,"
        f"SignedHeaders=host,Signature={'0' * 64}",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
        **JSON,
    }


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/bucket/key", forged("s3"), 403),
        ("/", forged("ssm"), 400),
        ("/", {}, 403),
        ("/", JSON, 400),
        ("/v2/lab/blobs/uploads/", {}, 401),
    ],
    ids=["forged for S3", "forged for SSM", "unsigned", "unsigned JSON", "registry"],
)
def test_a_large_body_of_nobody_is_never_kept(cloud, path, headers, status):
    cloud.client("s3").list_buckets()
    cloud.client("ssm").describe_parameters()
    before = peak_memory(cloud)
    assert cloud.raw("PUT", path, bytes(200 * MIB), headers)[0] == status
    assert peak_memory(cloud) - before < 20 * MIB


@pytest.mark.parametrize(("service", "most"), [("ssm", 8), ("iam", 8), ("ec2", 8), ("ecr", 32)])
def test_a_call_larger_than_any_of_its_service_is_refused_and_the_connection_goes_on(cloud, service, most):
    status, _, body = cloud.signed(service, "POST", "/", bytes(most * MIB + 1), JSON)
    assert (status, b"RequestEntityTooLarge" in body, f"{most} MiB".encode() in body) == (413, True, True)


def test_a_layer_part_of_twenty_mebibytes_is_not_too_large(cloud, name):
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName=name)
    upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
    part = bytes(20 * MIB)
    done = ecr.upload_layer_part(
        repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=len(part) - 1, layerPartBlob=part
    )
    assert done["lastByteReceived"] == len(part) - 1


@pytest.mark.parametrize("length", [str(512 * MIB + 1), "9" * 18, "9" * 4000, "1e9", "-1", "+5", "0x10", "5 5", "٣"])
@pytest.mark.parametrize("path", ["/", "/v2/lab/blobs/uploads/"])
def test_an_absurd_length_is_refused_at_once(cloud, path, length):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status in (400, 401, 413)
    cloud.client("sts").get_caller_identity()


def test_two_lengths_or_a_length_and_chunks_are_one_request_or_none(cloud):
    """Nothing of a first request's body is taken for a second request."""
    inner = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"
    for extra in (b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(inner) + extra + b"\r\n"
        with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
            connection.sendall(head + inner)
            connection.shutdown(socket.SHUT_WR)
            got = b""
            while piece := connection.recv(65536):
                got += piece
        assert b"Docker-Distribution" not in got, extra


def test_a_streamed_body_that_is_refused_is_read_to_its_end(cloud):
    """The next request on the connection is not found inside it."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"x" * 3000, b"GET /v2/ HTTP/1.1\r\n\r\n"))
    first = b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    second = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(first + second)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    assert got.count(b"HTTP/1.1 403 ") == 2
    assert b"Docker-Distribution" not in got


def test_a_body_shorter_than_its_length_changes_nothing(cloud, name):
    body = f"Action=CreateUser&Version=2010-05-08&UserName={name}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    request = cloud.sign("iam", "POST", "/", body, form)
    head = "POST / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in request.items() if k.lower() != "content-length")
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(
            f"{head}Host: 127.0.0.1:{cloud.port}\r\nContent-Length: {len(body) + 9}\r\n\r\n".encode() + body
        )
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, b"IncompleteBody" in answer.read()) == (400, True)
    assert name not in [user["UserName"] for user in cloud.client("iam").list_users()["Users"]]
