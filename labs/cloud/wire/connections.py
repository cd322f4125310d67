"""Connections that wait for their client cost no thread, and slow clients give way when others wait.

A request goes to a thread once its head and the first ``BODY_FIRST`` bytes of its body are there (RFC 9112,
section 9.5, leaves the deadlines to the server). What a client sends more slowly than ``SLOWEST`` bytes a second
is cut off, but only while requests wait for a thread: a laptop that sleeps in a push loses nothing.
"""

import errno
import io
import os
import re
import resource
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cheroot.server
from cheroot.connections import ConnectionManager
from cheroot.makefile import BufferedWriter, StreamReader, StreamWriter
from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest

# Seconds for a request's head and the beginning of its body to arrive.
HEAD_SECONDS = 20
# As cheroot's limit for a head: what is longer is refused by it.
HEAD_MOST = 64 << 10
BODY_FIRST = 64 << 10
# Seconds and bytes a second from which a client counts as slow.
SLOW_SECONDS = 3
SLOWEST = 16 << 10
# Bytes of a file that are read and sent at a time; they fit into a processor's own cache.
_PIECE = 256 << 10
# Most requests are smaller than this.
_PEEK = 8 << 10
# File descriptors that the store and the running tasks need.
_SPARE_FILES = 200
_MOST_CONNECTIONS = 4000

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_STREAMED = re.compile(rb"\r\n(expect|transfer-encoding):", re.IGNORECASE)


class Traffic:
    """How long a request has waited for its client, and how much came of it. ``since`` is None while it does not."""

    __slots__ = ("moved", "since", "waited")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """A new request begins."""
        self.since: float | None = None
        self.waited = 0.0
        self.moved = 0

    def slow(self, now: float) -> float | None:
        """Bytes a second of a client that is waited for and slow; None of any other."""
        since = self.since
        if since is None:
            return None
        waited = self.waited + now - since
        if waited < SLOW_SECONDS or self.moved / waited >= SLOWEST:
            return None
        return self.moved / waited


class _Socket(socket.SocketIO):
    """A socket as a raw file that measures the waiting."""

    def __init__(self, sock: socket.socket, mode: Any, traffic: Traffic) -> None:
        super().__init__(sock, mode)
        self._traffic = traffic

    def readinto(self, buffer: Any) -> int | None:
        return self._measured(super().readinto, buffer)

    def write(self, data: Any) -> int | None:
        return self._measured(super().write, data)

    def _measured(self, move: Callable[[Any], int | None], data: Any) -> int | None:
        traffic = self._traffic
        traffic.since = start = time.monotonic()
        try:
            count = move(data)
        finally:
            traffic.since = None
            traffic.waited += time.monotonic() - start
        traffic.moved += count or 0
        return count

    def send_file(self, file: int, offset: int, length: int) -> int:
        """Send ``length`` bytes of a file from ``offset`` on; how many there were.

        Through a small buffer, which is still in the processor's cache when the client copies it out of the socket.
        By sendfile the client's copy would wait for memory: the server gains what the client, who also hashes, loses.
        Raises TimeoutError when the client takes nothing for as long as any write may last.
        """
        sent, buffer = 0, memoryview(bytearray(min(_PIECE, length)))
        while sent < length and (got := os.preadv(file, [buffer[: length - sent]], offset + sent)):
            left = buffer[:got]
            while left:
                left = left[self.write(left) or 0 :]
            sent += got
        return sent


class _Reader(StreamReader):
    def __init__(self, raw: _Socket, size: int) -> None:
        super(StreamReader, self).__init__(raw, size)
        self.bytes_read = 0


class _Writer(StreamWriter):
    def __init__(self, raw: _Socket, size: int) -> None:
        super(BufferedWriter, self).__init__(raw, size)
        self.bytes_written = 0

    def send_file(self, file: int, offset: int, length: int) -> int:
        """See ``_Socket.send_file``; what was written before goes first."""
        self.flush()
        raw: Any = self.raw
        sent: int = raw.send_file(file, offset, length)
        self.bytes_written += sent
        return sent


class _Headers(dict[bytes, bytes]):
    """Refuses a second, different value of a header that has one (RFC 9112, sections 3.2 and 6.3)."""

    def __setitem__(self, name: bytes, value: bytes) -> None:
        if name in (b"Content-Length", b"Host", b"Authorization") and self.get(name, value) != value:
            raise ValueError(f"The header {name.decode()} stands twice, with different values.")
        super().__setitem__(name, value)


# RFC 9110, section 5.6.2.
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class _HeaderLines:
    """The lines of a head; ValueError for a folded one, or with what ends a line in other readers' eyes."""

    def __init__(self, rfile: Any) -> None:
        self._rfile = rfile

    def readline(self) -> bytes:
        line: bytes = self._rfile.readline()
        if line[:1] in (b" ", b"\t"):
            raise ValueError("A header line is folded.")
        if b"\0" in line or b"\r" in line[:-2]:
            raise ValueError("A header holds a character that it cannot.")
        return line


class _StrictHeaders(HeaderReader):
    """Takes no name but a token: two readers must not differ in what a header is (RFC 9112, sections 5.1 and 5.2)."""

    def __call__(self, rfile: Any, hdict: Any = None) -> Any:
        return super().__call__(_HeaderLines(rfile), hdict)

    def _transform_key(self, key_name: bytes) -> bytes:
        if not _TOKEN.fullmatch(key_name):
            raise ValueError("The name of a header is not a token.")
        return key_name.title()


class Chunks:
    """A chunked body (RFC 9112, section 7.1), read as it is asked for: no chunk is held as a whole.

    ValueError for what is not chunked, or breaks off.
    """

    def __init__(self, rfile: Any, _most: int = 0) -> None:
        self.rfile = rfile
        self._left = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, fewer at the end only."""
        pieces: list[bytes] = []
        while size and not self._ended:
            if not self._left:
                self._begin()
                continue
            piece = self.rfile.read(min(self._left, size))
            if not piece:
                raise ValueError("The body broke off.")
            pieces.append(piece)
            size -= len(piece)
            self._left -= len(piece)
            if not self._left and self.rfile.read(2) != b"\r\n":
                raise ValueError("A chunk is longer than it says.")
        return b"".join(pieces)

    def _begin(self) -> None:
        line = self.rfile.readline(HEAD_MOST)
        size = _CHUNK_SIZE.match(line)
        if size is None:
            raise ValueError("A chunk's size is not one.")
        self._left = int(size[1], 16)
        if not self._left:
            self._ended = True
            read = 0
            while (line := self.rfile.readline(HEAD_MOST)) not in (b"\r\n", b""):
                read += len(line)
                if read > HEAD_MOST:
                    raise ValueError("The trailers do not end.")


_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
# Its own takes a chunk into memory as a whole, and a size such as "-1", "+5" or one of a thousand digits.
setattr(cheroot.server, "ChunkedRFile", Chunks)  # noqa: B010  (mypy: a class is no variable)


class _Request(HTTPRequest):
    header_reader: HeaderReader = _StrictHeaders()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.inheaders = _Headers()

    def send_headers(self) -> None:
        """An application that answers ``Connection: close`` has left a body unread: the client may still send it."""
        if any(name.lower() == b"connection" and value == b"close" for name, value in self.outheaders):
            self.close_connection = True
            self.conn.lingers = True
        super().send_headers()


class Connection(HTTPConnection):
    """One client. ``last_used`` is None until it is in the selector."""

    RequestHandlerClass = _Request

    def __init__(self, server: Any, sock: socket.socket, makefile: Any = None) -> None:
        self.traffic = Traffic()
        self.began: float | None = None
        self.lingers = self.leaves = False
        self._seen = 0
        self._mark = 1

        def measured(sock: socket.socket, mode: str, size: int = io.DEFAULT_BUFFER_SIZE) -> Any:
            raw = _Socket(sock, mode, self.traffic)
            return _Reader(raw, size) if "r" in mode else _Writer(raw, size)

        super().__init__(server, sock, measured)

    def communicate(self) -> bool:
        """One request, measured from its beginning."""
        self.traffic.clear()
        return bool(super().communicate())  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close at once, or, where a client may still be sending, once it has stopped; no thread waits for that.

        A client that sends would get a reset in place of the answer (RFC 9112, section 9.6, "Tear-down").
        """
        if not self.lingers:
            super().close()
            return
        self.lingers = False
        self.leaves = True
        self.began = time.time()
        try:
            self.wfile.flush()
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            self.server._connections.wait(self)
        except (OSError, ValueError, KeyError):  # the client, or the server, is gone
            super().close()

    def forget(self) -> bool:
        """Throw away what the client of a closed connection still sends; False when it has stopped."""
        try:
            return bool(self.socket.recv(BODY_FIRST, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def is_ready(self) -> bool:
        """Whether a thread would have something to do; call it only when the socket can be read.

        While it is not, the selector is told to wake up when more has come than is here now.
        """
        try:
            here = self.socket.recv(_PEEK, socket.MSG_PEEK)
            if len(here) == _PEEK:
                here = self.socket.recv(HEAD_MOST + BODY_FIRST, socket.MSG_PEEK)
        except OSError:
            return True  # gone: the thread closes it
        wanted = _wanted(here)
        if wanted <= len(here) or len(here) == self._seen:  # all there, or the client sends no more
            self._wake_at(1)
            self.began, self._seen = None, 0
            return True
        self.began = self.began or time.time()
        self._seen = len(here)
        self._wake_at(wanted)
        return False

    def _wake_at(self, count: int) -> None:
        if count != self._mark:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
            self._mark = count


def _wanted(here: bytes) -> int:
    """How many bytes must be here before a thread takes the request: 0 when it can do so now."""
    if len(here) >= HEAD_MOST or not (here[:1].isalpha() or here[:1] == b"\r"):
        return 0  # too long a head, no HTTP, or the end
    end = here.find(b"\r\n\r\n", 2 if here.startswith(b"\r\n") else 0)
    if end < 0:
        return len(here) + 1
    head = here[: end + 2]
    if _STREAMED.search(head):
        return 0
    length = _LENGTH.search(head)
    return end + 4 + min(int(length[1]), BODY_FIRST) if length else 0


class Connections(ConnectionManager):
    """cheroot's selector of waiting connections, with deadlines and a bound."""

    _selector: Any
    _num_connections: int

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._most = _descriptors()

    def wait(self, connection: Connection) -> None:
        """Wait for more of a request."""
        connection.last_used = time.time()
        self._selector.register(connection.socket.fileno(), 1, data=connection)

    def _from_server_socket(self, server_socket: socket.socket) -> Any:
        if self._num_connections >= self._most:
            self._drop_oldest()
        try:
            return super()._from_server_socket(server_socket)  # type: ignore[misc]
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self._drop_oldest()
                return None
            raise

    def _drop_oldest(self) -> None:
        """Room for a new client: away with the one that has left its request half sent, or else idle, longest."""
        waiting = [(fd, c) for fd, c in self._selector.connections if c is not self.server]
        if waiting:
            fd, connection = min(waiting, key=lambda each: (each[1].began is None, each[1].began or each[1].last_used))
            self._drop(fd, connection)

    def _drop(self, fd: int, connection: Connection) -> None:
        self._selector.unregister(fd)
        with suppress(OSError):
            connection.close()

    def _expire(self, threshold: float) -> None:
        super()._expire(threshold)  # type: ignore[misc]
        oldest = time.time() - HEAD_SECONDS
        late = [
            (fd, c) for fd, c in self._selector.connections if c is not self.server and c.began and c.began < oldest
        ]
        for fd, connection in late:
            self._drop(fd, connection)
        self._make_room()

    def _make_room(self) -> None:
        """While requests wait for a thread, cut off as many slow clients as wait, the slowest first."""
        pool = self.server.requests
        short = pool.qsize - pool.idle
        if short <= 0:
            return
        now = time.monotonic()
        busy = [thread.conn for thread in list(pool._threads)]
        slow = [(rate, n, c) for n, c in enumerate(busy) if c is not None and (rate := c.traffic.slow(now)) is not None]
        for _, _, connection in sorted(slow, key=lambda each: each[:2])[:short]:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)


def _descriptors() -> int:
    """How many connections may be open: as many files as this process may open, less those it needs itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return _MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(64, min(soft - _SPARE_FILES, _MOST_CONNECTIONS))
