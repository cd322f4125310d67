"""Files that go out through a small buffer: every byte, no byte more, and a client that is told when some lack."""

import http.client
import os
import socket
import threading
from pathlib import Path

import pytest

from labs.cloud.wire import server
from labs.cloud.wire.file_body import FileBody

FILES = Path("/proc/self/fd")
DATA = os.urandom(1 << 20) * 24
STRETCHES = {
    "all": (0, len(DATA)),
    "one byte": (5, 1),
    "the middle": (1 << 20, 9_000_001),
    "to the end": (len(DATA) - 3, 3),
    "nothing": (7, 0),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(port, file): a server that answers /FIRST/LENGTH with that stretch of the file; "short" promises more."""
    path = tmp_path_factory.mktemp("file") / "data"
    path.write_bytes(DATA)

    def app(environ, start_response):
        _, first, length, *more = environ["PATH_INFO"].split("/")
        promised = int(length) + (1000 if more else 0)
        start_response("200 OK", [("Content-Length", str(promised))])
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return FileBody(os.open(path, os.O_RDONLY), int(first), promised)

    listening = server.listen("127.0.0.1", 0, app)
    thread = threading.Thread(target=listening.serve, daemon=True)
    thread.start()
    yield server.port_of(listening)
    listening.stop()
    thread.join(20)


@pytest.mark.parametrize("name", STRETCHES)
def test_a_stretch_of_a_file_arrives_whole(served, name):
    first, length = STRETCHES[name]
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=60)
    # Twice: the connection is good for the next request.
    for _ in range(2):
        connection.request("GET", f"/{first}/{length}")
        assert connection.getresponse().read() == DATA[first : first + length]
    connection.close()


def test_a_file_that_became_shorter_ends_the_connection(served):
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=60)
    connection.request("GET", f"/{len(DATA) - 10}/10/more")
    with pytest.raises(http.client.IncompleteRead) as short:
        connection.getresponse().read()
    assert short.value.partial == DATA[-10:]


def test_a_client_that_reads_slowly_gets_every_byte(served):
    with socket.create_connection(("127.0.0.1", served), timeout=60) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 10)
        client.sendall(f"GET /0/{len(DATA)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        found = bytearray()
        while part := client.recv(64 << 10):
            found += part
    assert bytes(found).partition(b"\r\n\r\n")[2] == DATA


@pytest.mark.skipif(not FILES.is_dir(), reason="this system does not tell which files are open")
def test_the_files_are_closed_again(served):
    before = len(list(FILES.iterdir()))
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", served, timeout=60)
        connection.request("GET", "/0/10")
        connection.getresponse().read()
        connection.close()
    assert len(list(FILES.iterdir())) < before + 20
