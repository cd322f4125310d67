"""A stream that knows the digest of what went through it."""

import hashlib
from typing import Any


class Hashing:
    """Writes through to ``out``; ``size`` in bytes and ``digest`` are of what was written so far."""

    def __init__(self, out: Any) -> None:
        self._out, self._hash, self.size = out, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write, and measure."""
        self._hash.update(data)
        self.size += len(data)
        self._out.write(data)
        return len(data)

    def flush(self) -> None:
        """Flush ``out``."""
        self._out.flush()

    @property
    def digest(self) -> str:
        """sha256:HEX."""
        return f"sha256:{self._hash.hexdigest()}"
