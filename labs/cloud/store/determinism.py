"""The same ids and times on every replay: seeded randomness and a frozen clock, per thread.

moto draws every id from one shared generator and every time from ``utcnow``. A mutating call runs inside
``fixed(seed, now)``; a read takes the machine's own randomness and time. Per thread, because a read that
runs at the same moment must not draw from a write's generator.
"""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime


class Material:
    """What a call draws that no seed can give again, OpenSSL's private keys: kept the first time, handed back later."""

    def __init__(self, kept: Sequence[str] = ()) -> None:
        """``kept`` is what the call made the first time; empty for a call that is new."""
        self._kept = list(kept)
        self.made: list[str] = []

    def take(self, make: Callable[[], str]) -> str:
        """The next of what was kept; when there is none, make it."""
        if self._kept:
            return self._kept.pop(0)
        self.made.append(make())
        return self.made[-1]


class _Current(threading.local):
    generator: random.Random
    material: Material | None = None
    now: datetime | None = None
    request_id: str = ""

    def __init__(self) -> None:
        self.generator = random.Random()


_current = _Current()


_origin: tuple[str, datetime | None] = ("", None)


def set_origin(seed: str, born: datetime | None) -> None:
    """The state folder's own seed and birth, for the whole process: what AWS makes before anybody asks (a region's
    default VPC, a default key) comes from these.
    """
    global _origin
    _origin = seed, born


def origin_seed() -> str:
    """The state folder's secret seed; "" when there is no state folder."""
    return _origin[0]


def birth() -> datetime:
    """When the state folder was made; now when there is none."""
    return _origin[1] or present()


@contextmanager
def fixed(seed: str, now: datetime, material: Material | None = None) -> Iterator[None]:
    """Within the block this thread draws from ``seed`` and its time stands still at ``now`` (aware, UTC)."""
    before = _current.generator, _current.now, _current.material
    _current.generator, _current.now, _current.material = random.Random(seed), now, material
    try:
        yield
    finally:
        _current.generator, _current.now, _current.material = before


def material(make: Callable[[], str]) -> str:
    """What ``make`` returns, the same again when the call is replayed."""
    return _current.material.take(make) if _current.material is not None else make()


def present() -> datetime:
    """The time this thread lives in: aware, UTC."""
    return _current.now or datetime.now(UTC)


def naive_present() -> datetime:
    """The same without a zone, as moto keeps its times."""
    return present().replace(tzinfo=None)


def generator() -> random.Random:
    """The generator this thread draws from now."""
    return _current.generator


def token_bytes(count: int) -> bytes:
    """Bytes from this thread's generator, where moto would ask the machine."""
    return _current.generator.randbytes(count)


def set_request_id(request_id: str) -> None:
    """The id that moto's answers carry for the request this thread works on."""
    _current.request_id = request_id


def request_id() -> str:
    """See ``set_request_id``."""
    return _current.request_id
