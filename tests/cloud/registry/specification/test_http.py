"""HTTP/1.1 (RFC 9112, RFC 9110) under the distribution API, on the wire of a running ``labs cloud``."""

import base64
import http.client
import socket

import pytest

from tests.cloud.registry.lab_registry import digest_of

DATA = bytes(range(256)) * 1024  # 256 KiB
DIGEST = digest_of(DATA)


@pytest.fixture
def wire(cloud, name):
    """Raw bytes to and from a repository of the test's own."""
    cloud.client("ecr").create_repository(repositoryName=name)
    token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    wire = Wire(cloud.port, name, token)
    yield wire
    wire.close()


class Wire:
    """One connection; requests go out as text and bytes, answers come in one by one."""

    def __init__(self, port, repository, token):
        assert base64.b64decode(token).startswith(b"AWS:")
        self._port, self.repository, self._token = port, repository, token
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._file = self.socket.makefile("rb")

    def close(self):
        self._file.close()
        self.socket.close()

    def head(self, method, path, *headers, version="1.1"):
        full = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        lines = [f"{method} {full} HTTP/{version}", "Host: x", f"Authorization: Basic {self._token}", *headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def send(self, *pieces):
        self.socket.sendall(b"".join(pieces))

    def answer(self, method="GET"):
        """Status, headers and body of the next answer. Reads not a byte more: what follows is the next one's."""
        status = int(self._file.readline().split()[1])
        headers = http.client.parse_headers(self._file)
        length = 0 if method == "HEAD" or status in (204, 304) else int(headers.get("Content-Length", 0))
        return status, headers, self._file.read(length)

    def ask(self, method, path, body=b"", *headers):
        self.send(self.head(method, path, f"Content-Length: {len(body)}", *headers), body)
        return self.answer(method)

    def start(self):
        return self.ask("POST", "blobs/uploads/")[1]["Location"]

    @property
    def ended(self):
        """Whether the server has closed the connection."""
        return self.socket.recv(1) == b""


def test_one_connection_carries_a_whole_push_and_what_goes_wrong_in_between(wire):
    """RFC 9112, "Persistence": a connection stays open after any answer whose length is known."""
    assert wire.ask("HEAD", f"blobs/{DIGEST}")[0] == 404
    location = wire.start()
    assert wire.ask("PATCH", location, DATA[:1000], "Content-Range: 0-999")[0] == 202
    assert wire.ask("PATCH", location, DATA[:1000], "Content-Range: 7-1006")[0] == 416
    assert wire.ask("GET", location)[0] == 204
    assert wire.ask("PUT", f"{location}?digest=nonsense", DATA[1000:])[0] == 400
    assert wire.ask("PUT", f"{location}?digest={DIGEST}", DATA[1000:])[0] == 201
    assert wire.ask("GET", "/v2/nowhere/tags/list")[0] == 404
    assert wire.ask("GET", f"blobs/{DIGEST}", b"", "Range: bytes=5-9")[::2] == (206, DATA[5:10])
    assert wire.ask("GET", f"blobs/{DIGEST}")[2] == DATA


def test_chunks_that_are_sent_without_waiting_are_answered_in_order(wire):
    """RFC 9112, "Pipelining": responses are sent in the same order that the requests were received."""
    location = wire.start()
    requests = []
    for first in range(0, len(DATA), 65536):
        piece = DATA[first : first + 65536]
        said = (f"Content-Range: {first}-{first + len(piece) - 1}", f"Content-Length: {len(piece)}")
        requests += [wire.head("PATCH", location, *said), piece]
    requests += [wire.head("PUT", f"{location}?digest={DIGEST}", "Content-Length: 0")]
    requests += [wire.head("HEAD", f"blobs/{DIGEST}"), wire.head("GET", f"blobs/{DIGEST}")]
    wire.send(*requests)
    ranges = [wire.answer()[1]["Range"] for _ in range(4)]
    assert ranges == ["0-65535", "0-131071", "0-196607", "0-262143"]
    assert wire.answer()[0] == 201
    status, headers, _ = wire.answer("HEAD")
    assert (status, headers["Content-Length"]) == (200, str(len(DATA)))
    assert wire.answer()[2] == DATA


def test_the_server_says_continue_before_the_body_is_sent(wire):
    """RFC 9110, "Expect": the server sends 100 Continue, and the final answer after the body."""
    location = wire.start()
    wire.send(wire.head("PUT", f"{location}?digest={DIGEST}", f"Content-Length: {len(DATA)}", "Expect: 100-continue"))
    assert wire.answer()[0] == 100
    wire.send(DATA)
    assert wire.answer()[0] == 201
    assert wire.ask("GET", f"blobs/{DIGEST}")[2] == DATA


def test_a_stream_of_chunks_needs_no_length(wire):
    """RFC 9112, "Chunked Transfer Coding": the body ends with the last chunk; extensions and trailers are skipped."""
    location = wire.start()
    body = b"".join(
        b"%x;name=value\r\n%s\r\n" % (len(DATA[at : at + 9999]), DATA[at : at + 9999])
        for at in range(0, len(DATA), 9999)
    )
    wire.send(wire.head("PATCH", location, "Transfer-Encoding: chunked"), body, b"0\r\n\r\n")
    status, headers, _ = wire.answer()
    assert (status, headers["Range"]) == (202, f"0-{len(DATA) - 1}")
    assert wire.ask("PUT", f"{location}?digest={DIGEST}")[0] == 201


def test_an_upload_whose_connection_broke_is_resumed_where_it_stands(wire, eventually):
    """Resumable Push (use case): the client asks for the status and sends the remaining data."""
    location = wire.start()
    wire.send(wire.head("PATCH", location, f"Content-Length: {len(DATA)}"), DATA[:100_000])
    wire.socket.shutdown(socket.SHUT_WR)
    wire.close()
    wire.connect()

    def there():
        status, headers, _ = wire.ask("GET", location)
        assert status == 204
        return headers["Range"] == "0-99999"

    eventually(there)
    assert wire.ask("PATCH", location, DATA[100_000:], f"Content-Range: 100000-{len(DATA) - 1}")[0] == 202
    assert wire.ask("PUT", f"{location}?digest={DIGEST}")[0] == 201
    assert wire.ask("GET", f"blobs/{DIGEST}")[2] == DATA


def test_a_client_that_closes_is_answered_and_let_go(wire):
    """RFC 9112, "Tear-down": after the answer to a request with Connection: close, the server closes."""
    wire.send(wire.head("GET", "/v2/", "Connection: close"))
    assert wire.answer()[0] == 200
    assert wire.ended


def test_an_http_1_0_client_is_served(wire):
    """RFC 9112, "Persistence": without keep-alive an HTTP/1.0 connection ends with the answer."""
    wire.send(wire.head("GET", "/v2/", version="1.0"))
    assert wire.answer()[0] == 200
    assert wire.ended
