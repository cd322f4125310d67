"""The edge of WSGI: a request read once, a response written once."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from labs.cloud.registry.rules.registry_errors import EcrError, Fault
from labs.cloud.registry.store.blobs import CHUNK
from labs.cloud.wire.file_body import FileBody
from labs.cloud.wire.last_resort import status_line

Environ = dict[str, Any]
Headers = list[tuple[str, str]]


class Body:
    """A request's body as a Source. ``length`` is None for a chunked one."""

    def __init__(self, environ: Environ) -> None:
        self._input = environ["wsgi.input"]
        self.length = _length(environ)
        self._ended = self.length == 0
        self._straight = _straight(self._input)

    @property
    def empty(self) -> bool:
        """Whether it is known that nothing comes."""
        return self.length == 0

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as the body goes; EcrError BODY_TRUNCATED when a chunked one breaks off."""
        filled = 0
        while filled < len(buffer) and not self._ended:
            count = self._read_some(buffer[filled:])
            filled += count
            self._ended = count == 0
        return filled

    def _read_some(self, buffer: memoryview) -> int:
        try:
            if self._straight is not None:
                return self._straight(buffer)
        except OSError as error:  # a broken connection, or silence for too long
            raise self._broken(error) from error
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        try:
            data: bytes = self._input.read(size)
        except (ValueError, OSError) as error:  # ValueError: cheroot found a bad chunk
            raise self._broken(error) from error
        return data

    def _broken(self, error: Exception) -> EcrError:
        self._ended = True
        return EcrError(Fault.BODY_TRUNCATED, f"The body broke off: {error} (simulated wording)")

    def whole(self, limit: int) -> bytes:
        """All of it, but at most one byte over ``limit``. EcrError BODY_TRUNCATED."""
        pieces: list[bytes] = []
        room = limit + 1
        while room and not self._ended:
            data = self._read(min(room, CHUNK))
            self._ended = not data
            pieces.append(data)
            room -= len(data)
        found = b"".join(pieces)
        if self.length is not None and len(found) < min(self.length, limit + 1):
            raise EcrError(Fault.BODY_TRUNCATED, "The body is shorter than its Content-Length (simulated wording)")
        return found

    def drain(self) -> None:
        """Read what is left, so that the next request on this connection begins where it begins."""
        buffer = memoryview(bytearray(64 << 10)) if not self._ended else memoryview(b"")
        try:
            while not self._ended:
                self.readinto(buffer)
        except EcrError:
            pass
        self.abandon()

    def abandon(self) -> None:
        """Keep cheroot from reading a rest that never comes: it would reserve memory for all that was promised."""
        if getattr(self._input, "remaining", 0):
            self._input.remaining = 0


def _straight(source: Any) -> Callable[[memoryview], int] | None:
    """Read cheroot's socket into a buffer directly; None for any other server or a chunked body.

    cheroot's own reader is Python's slow one and copies each byte three times: 500 MB take 2 s more.
    """
    reader: Any = getattr(source, "rfile", None)
    raw = getattr(reader, "raw", None)
    if raw is None or not hasattr(source, "remaining") or not hasattr(reader, "has_data"):
        return None

    def readinto(buffer: memoryview) -> int:
        wanted = buffer[: source.remaining]
        if not wanted:
            return 0
        if reader.has_data():  # what came together with the headers
            data = reader.read1(len(wanted))
            wanted[: len(data)] = data
            count = len(data)
        else:
            count = raw.readinto(wanted) or 0
            reader.bytes_read += count
        source.remaining -= count
        return count

    return readinto


def _length(environ: Environ) -> int | None:
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    if not text.isascii() or not text.isdigit():
        raise EcrError(Fault.SIZE_INVALID, "The Content-Length is not a number (simulated wording)")
    return int(text)


@dataclass(frozen=True)
class RegistryRequest:
    """What the calls read of a request. ``path`` is decoded, except that an encoded slash stays ``%2F``."""

    method: str
    path: str
    raw_query: str
    body: Body
    environ: Environ = field(repr=False)

    @classmethod
    def of(cls, environ: Environ) -> "RegistryRequest":
        """Read a WSGI environ. EcrError SIZE_INVALID."""
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        return cls(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), Body(environ), environ)

    def header(self, name: str) -> str:
        """A header's value, "" without it."""
        key = name.upper().replace("-", "_")
        value: str = self.environ.get(key if key == "CONTENT_TYPE" else f"HTTP_{key}", "")
        return value

    @property
    def query(self) -> dict[str, list[str]]:
        """The decoded query."""
        return parse_qs(self.raw_query, keep_blank_values=True, max_num_fields=100)

    def argument(self, name: str) -> str | None:
        """The first value of a query argument, None without it."""
        try:
            values = self.query.get(name)
        except ValueError:  # more fields than anybody needs
            return None
        return values[0] if values else None


@dataclass(frozen=True)
class Response:
    """A status, headers, and bytes or a blob. Content-Length is added."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | FileBody = b""

    @property
    def line(self) -> str:
        """WSGI's status line."""
        return status_line(self.status)


def content(response: Response) -> Iterable[bytes]:
    """The response's body as WSGI wants it."""
    if isinstance(response.body, FileBody):
        return response.body
    return [response.body] if response.body else []


def as_json(status: int, value: object, headers: Headers | None = None) -> Response:
    """A JSON answer."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, [("Content-Type", "application/json; charset=utf-8"), *(headers or [])], body)


def refusal(status: int, code: str, message: str, headers: Headers | None = None) -> Response:
    """The error body of the distribution specification."""
    return as_json(status, {"errors": [{"code": code, "message": message}]}, headers)


_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def byte_range(text: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a Range header (RFC 9110, section 14); None for no range or one to be ignored.

    ValueError when it cannot be satisfied. Several ranges are ignored, as the RFC allows.
    """
    match = _RANGE.fullmatch(text.replace(" ", ""))
    if not match or match.group(1) == match.group(2) == "":
        return None
    if match.group(1) == "":
        length = min(int(match.group(2)), size)
        if length == 0:
            raise ValueError("an empty range")
        return size - length, size - 1
    first = int(match.group(1))
    last = min(int(match.group(2)), size - 1) if match.group(2) else size - 1
    if match.group(2) and int(match.group(2)) < first:
        return None
    if first >= size:
        raise ValueError("the range begins after the end")
    return first, last
