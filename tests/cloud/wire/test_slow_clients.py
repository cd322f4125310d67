"""Clients that send little, slowly or nothing at all: bounded, and everybody else is served."""

import contextlib
import socket
import subprocess
import sys
import threading
import time

import pytest

from labs.cloud.wire import connections, server
from tests.cloud import lab_cloud

MANY = 3 * server.THREADS


@pytest.fixture
def held():
    """Connections that stay open until the test ends."""
    with contextlib.ExitStack() as stack:

        def hold(port, data=b""):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            connection.sendall(data)
            return connection

        yield hold


def is_closed(connection):
    """Read until the server ends the connection; what it said."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            got += piece
    return got


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nAction=",
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbeginning",
    ],
    ids=["nothing", "a letter", "half a head", "a long half head", "half a body", "a little of a large body"],
)
def test_clients_that_wait_in_the_middle_keep_nobody_waiting(cloud, held, beginning):
    """None of them costs a thread: there are three times as many as threads."""
    for _ in range(MANY):
        held(cloud.port, beginning)
    cloud.client("sts").get_caller_identity()
    assert cloud.raw("GET", "/v2/")[0] == 401


@pytest.mark.parametrize(
    "beginning",
    [
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
        b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * connections.BODY_FIRST,
    ],
    ids=["continue", "chunked", "well begun"],
)
def test_slow_bodies_that_hold_every_thread_give_way_to_those_who_wait(cloud, held, beginning):
    for _ in range(server.THREADS + 5):
        held(cloud.port, beginning)
    cloud.client("sts").get_caller_identity()


@pytest.mark.parametrize("many", [100, 300])
def test_a_signed_call_is_answered_while_unsigned_bodies_are_on_their_way(cloud, held, many):
    """Each of them has its refusal, though not one has sent its body: none holds a thread."""
    kinds = [
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\nExpect: 100-continue\r\n\r\n",
        b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * connections.BODY_FIRST,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        (
            b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nAuthorization: AWS4-HMAC-SHA256 "
            b"Credential=AKIAFORGEDFORGED0000/20260101/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=0\r\n\r\n"
        )
        + b"x" * connections.BODY_FIRST,
    ]
    slow = [held(cloud.port, kinds[number % len(kinds)]) for number in range(many)]
    cloud.client("sts").get_caller_identity()
    for connection in slow:
        # The server has said its last word and waits for the client's end; a client that ends is let go.
        said = is_closed(connection)
        assert b" 40" in said, said[:200]
        connection.sendall(b"still sending")


def test_a_refused_client_that_sends_all_of_its_body_reads_the_answer(cloud):
    """The connection closes behind the answer, not upon the client's own bytes."""
    head = b"PUT /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(head + bytes(8_000_000))
        said = is_closed(connection)
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nConnection: close\r\n" in said


def test_a_slow_reader_gives_way_too(cloud, held, name):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=f"slow-{name}")
    s3.put_object(Bucket=f"slow-{name}", Key="large", Body=bytes(8 << 20))
    url = s3.generate_presigned_url("get_object", Params={"Bucket": f"slow-{name}", "Key": "large"})
    ask = f"GET {url.removeprefix(cloud.endpoint)} HTTP/1.1\r\nHost: 127.0.0.1:{cloud.port}\r\n\r\n".encode()
    for _ in range(server.THREADS + 5):
        held(cloud.port, ask)
    cloud.client("sts").get_caller_identity()


def test_a_head_that_never_ends_is_given_up(monkeypatch, held):
    """In this process, with a shorter deadline."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1)
    listening = server.listen("127.0.0.1", 0, lambda environ, start: [])
    worker = threading.Thread(target=listening.serve, daemon=True)
    worker.start()
    try:
        connection = held(server.port_of(listening), b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        started = time.monotonic()
        with contextlib.suppress(OSError):  # it drips, and is given up all the same
            while time.monotonic() - started < 60:
                connection.sendall(b"a")
                connection.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(1):
                        break
        assert time.monotonic() - started < 60
    finally:
        listening.stop()
        worker.join(10)


def test_a_request_in_pieces_is_one_request(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        for piece in (b"GE", b"T /v2/ HTTP/1.1\r\nHo", b"st: x\r\nConnection: clo", b"se\r\n\r", b"\n"):
            connection.sendall(piece)
            time.sleep(0.02)
        assert is_closed(connection).startswith(b"HTTP/1.1 401 ")


def test_a_body_in_pieces_is_one_body(cloud):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        for piece in (head.encode(), body[:10], body[10:]):
            connection.sendall(piece)
            time.sleep(0.02)
        assert b"MissingAuthenticationToken" in is_closed(connection)


def test_more_clients_than_file_descriptors_are_turned_away_oldest_first(tmp_path, held):
    limited = ["sh", "-c", 'ulimit -n 400; exec "$@"', "sh", sys.executable, "-m", "labs.cli", "cloud"]
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [*limited, "--state", str(tmp_path / "state")], stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        line = lab_cloud.read_line(process)
        keys = lab_cloud.Keys(line["access_key_id"], line["secret_access_key"])
        port = int(line["endpoint"].rpartition(":")[2])
        for _ in range(500):
            held(port, b"GET / HTTP/1.1\r\n")
        made = lab_cloud.client("ssm", line["endpoint"], keys).put_parameter(Name="n", Value="v", Type="String")
        assert made["Version"] == 1
        log.seek(0)
        assert "Traceback" not in log.read()
    finally:
        lab_cloud.stop(process)
        log.close()
