"""The body of an API call: read when its signer is known, never more than its service takes."""

import socket
import time
from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.wire.connections import BODY_FIRST

_PIECE = 1 << 20
_SMALL = 4 << 10
# What takes longer to read has not arrived.
_HERE_SECONDS = 0.005


class ApiBody:
    """``length`` is None for a chunked body; ``arrived``: all of it was here before a thread took the request.

    Reading raises AwsError(IncompleteBody, EntityTooLarge ...).
    """

    def __init__(self, environ: Mapping[str, Any], most: int) -> None:
        """Raises AwsError for a length that is not a number, or more bytes than ``most``."""
        self._input = environ.get("wsgi.input")
        self._most = most
        self.arrived = has_arrived(environ)
        self.length = _length(environ)
        self._ended = not self.length and self.length is not None
        if self.length is not None and self.length > most:
            self.abandon()
            raise _too_large()

    def read(self, most: int) -> bytes:
        """All of it. Raises AwsError(RequestEntityTooLarge) for more than ``most`` bytes, which are not kept."""
        if self.length is not None and self.length > most:
            raise _larger_than(most)
        pieces: list[bytes] = []
        left = most + 1
        while not self._ended and left:
            piece = self._next(left)
            pieces.append(piece)
            left -= len(piece)
        if not left:
            raise _larger_than(most)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if self.length is not None and pieces and len(body) < self.length:
            raise _incomplete()
        return body

    def leave(self) -> bool:
        """Be done with the body of a request that nobody known has signed; True when its connection must close.

        What is here is read and forgotten; for the rest no thread waits, whoever sends it.
        """
        if self._ended or self.arrived:
            self.drain()
            return False
        sock = getattr(getattr(getattr(self._input, "rfile", None), "raw", None), "_sock", None)
        here = sock is not None and self._is_here(sock)
        self.abandon()
        return not here

    def _is_here(self, sock: socket.socket) -> bool:
        """Read what is here; whether that was all of it."""
        before, until = sock.gettimeout(), time.monotonic() + _HERE_SECONDS
        sock.settimeout(_HERE_SECONDS)
        try:
            while not self._ended and time.monotonic() < until:
                self._next(_SMALL)
            return self._ended
        except AwsError:
            return False
        finally:
            sock.settimeout(before)

    def drain(self) -> None:
        """Read what is left and forget it: the connection's next request begins behind it."""
        left = self._most
        try:
            while not self._ended and left > 0:
                left -= len(self._next(_PIECE))
        except AwsError:
            pass
        self.abandon()

    def abandon(self) -> None:
        """Leave the rest unread; without this cheroot would read all that was promised into memory."""
        self._ended = True
        if getattr(self._input, "remaining", 0):
            self._input.remaining = 0  # type: ignore[union-attr]

    def _next(self, most: int) -> bytes:
        try:
            piece: bytes = self._input.read(min(most, _PIECE))  # type: ignore[union-attr]
        except (ValueError, OSError) as error:  # a bad chunk, or a client that is gone
            self._ended = True
            raise _incomplete() from error
        self._ended = not piece or (self.length is not None and not getattr(self._input, "remaining", 1))
        return piece


def has_arrived(environ: Mapping[str, Any]) -> bool:
    """Whether the whole body was here before a thread took the request; see ``connections``."""
    if environ.get("HTTP_EXPECT") or environ.get("HTTP_TRANSFER_ENCODING"):
        return False
    text = environ.get("CONTENT_LENGTH") or "0"
    return text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= BODY_FIRST


def _length(environ: Mapping[str, Any]) -> int | None:
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    if not text.isascii() or not text.isdigit():
        raise AwsError("IncompleteBody", "The Content-Length header is not a number.", 400)
    return int(text) if len(text) < 20 else 1 << 63


def _too_large() -> AwsError:
    """S3's code and words (S3 API reference, "Error responses"); 413 where S3 says 400, so that the server hangs up."""
    return AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 413)


def _larger_than(most: int) -> AwsError:
    return AwsError(
        "RequestEntityTooLarge", f"The request body is larger than {most >> 20} MiB. (simulated wording)", 413
    )


def _incomplete() -> AwsError:
    return AwsError(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header", 400
    )
