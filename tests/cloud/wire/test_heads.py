"""What two readers of HTTP could understand differently is refused with 400, and takes no memory."""

import io
import socket

import pytest

from labs.cloud.wire.connections import Chunks

HEADS = {
    "a space before the colon": b"X-Amz-Date : 1\r\n",
    "a tab before the colon": b"Content-Length\t: 5\r\n",
    "a folded line": b"X-A: 1\r\n folded\r\n",
    "a line folded with a tab": b"X-A: 5\r\n\t6\r\n",
    "no name": b": x\r\n",
    "a name with a space": b"X A: x\r\n",
    "a name in brackets": b"(x): x\r\n",
    "a name beyond ASCII": "é: x\r\n".encode(),
    "a control character in a name": b"X\x01: x\r\n",
    "a bare carriage return": b"X: a\rb\r\n",
    "a null": b"X: a\0b\r\n",
    "no colon": b"X\r\n",
}


@pytest.mark.parametrize("path", ["/", "/v2/"])
@pytest.mark.parametrize("case", HEADS)
def test_a_header_that_is_none_is_refused(cloud, case, path):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode() + HEADS[case] + b"Connection: close\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


SIZES = ["-1", "+5", "0x5", "5_0", "", " 5", "5 5", "g", "f" * 16, "9" * 4000]


@pytest.mark.unit
@pytest.mark.parametrize("size", SIZES)
def test_a_chunk_size_that_is_none_is_refused(size):
    with pytest.raises(ValueError, match="size"):
        Chunks(io.BytesIO(f"{size}\r\nhello\r\n0\r\n\r\n".encode())).read(100)


@pytest.mark.unit
def test_a_chunk_is_not_held_as_a_whole():
    asked = []

    class Source(io.BytesIO):
        def read(self, size=-1):
            asked.append(size)
            return super().read(size)

    body = Chunks(Source(b"fffffffffffffff\r\nhello"))
    assert body.read(3) == b"hel"
    with pytest.raises(ValueError, match="broke off"):
        body.read(10)
    assert max(asked) <= 10


@pytest.mark.unit
def test_chunks_are_joined_and_what_stands_behind_them_is_left():
    source = io.BytesIO(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\nGET /")
    body = Chunks(source)
    assert (body.read(4), body.read(4), body.read(4)) == (b"abcd", b"e", b"")
    assert source.read() == b"GET /"


@pytest.mark.unit
def test_a_chunk_that_is_longer_than_it_says_is_refused():
    with pytest.raises(ValueError, match="longer"):
        Chunks(io.BytesIO(b"3\r\nabcdef\r\n")).read(10)


@pytest.mark.parametrize("size", ["f" * 15, "f" * 16, "9" * 5000, "-1"])
@pytest.mark.parametrize("path", ["/bucket/key", "/v2/a/blobs/uploads/"])
def test_a_huge_chunk_is_no_fault_of_the_server(cloud, path, size):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello"
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")
