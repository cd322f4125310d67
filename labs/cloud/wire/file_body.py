"""A response's body that is a stretch of a file: it goes to the socket through one small buffer."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cheroot import wsgi

_PIECE = 256 << 10


@dataclass
class FileBody:
    """``length`` bytes of an open file from ``offset`` on; closed when sent.

    A server that does not know it iterates. A file that has become shorter gives a short body, never wrong bytes.
    """

    fd: int
    offset: int
    length: int

    def __iter__(self) -> Iterator[bytes]:
        position, end = self.offset, self.offset + self.length
        while position < end and (data := os.pread(self.fd, min(_PIECE, end - position), position)):
            position += len(data)
            yield data

    def close(self) -> None:
        """WSGI calls it when the response is over."""
        os.close(self.fd)


class Gateway(wsgi.Gateway_10):
    """cheroot's own, that sends a ``FileBody`` without an object for each piece."""

    def respond(self) -> None:
        """Process the request."""
        response = self.req.server.wsgi_app(self.env, self.start_response)
        try:
            if isinstance(response, FileBody):
                self._send(response)
            else:
                for chunk in filter(None, response):
                    self.write(chunk)
        finally:
            self.req.ensure_headers_sent()
            if hasattr(response, "close"):
                response.close()

    def _send(self, body: FileBody) -> None:
        self.req.ensure_headers_sent()
        writer: Any = self.req.conn.wfile
        sent = writer.send_file(body.fd, body.offset, body.length)
        if sent < body.length:
            self.req.close_connection = True  # or the client would wait for the rest
