"""The checkpoint: the store as it stood after so much of the journal, so that a start need not repeat all of it.

The journal stays whole and stays the truth. A checkpoint is used only when its signature is right, it was made under
the same Python, moto and revision of the patches, and the journal begins with exactly what it stands for; otherwise
every call is carried out again.
One file: a line that names the format, a line of JSON, a pickle, 32 bytes of HMAC-SHA256 under the folder's seed.
"""

import functools
import gc
import hashlib
import hmac
import json
import logging
import os
import platform
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from labs.cloud import patches
from labs.cloud.state import unnumbered_code
from labs.cloud.state.journal import Journal

log = logging.getLogger("labs.cloud")

_FORMAT = b"labs cloud checkpoint 1\n"
_SIGNATURE = 32
_CHUNK = 1 << 20


@dataclass(frozen=True)
class JournalMark:
    """How much of the journal a checkpoint stands for: bytes and lines from its start, and the CRC-32 of them."""

    bytes: int
    lines: int
    crc: int


@dataclass(frozen=True)
class Content:
    """What a checkpoint brings back: where it stands, sessions as records, moto's stores by service and account."""

    mark: JournalMark
    sessions: Sequence[Mapping[str, Any]]
    stores: Mapping[str, Mapping[str, Any]]


class Unusable(Exception):
    """Why a checkpoint is left aside; the text continues a sentence."""


class Checkpoint:
    """One file of the state folder. ``seed`` is the folder's secret."""

    def __init__(self, path: Path, seed: str) -> None:
        self.path = path
        self._seed = seed

    def save(self, journal: Journal, sessions: Sequence[Mapping[str, Any]]) -> bool:
        """Write the store as it stands at the journal's end, in one step. False, with a line in the log, if it cannot.

        The caller holds the store still. Nothing depends on it: without a checkpoint a start takes longer.
        """
        from labs.cloud.store import pickling

        temporary = self.path.with_suffix(".new")
        try:
            stores = pickling.collect()
            mark = JournalMark(journal.end, journal.lines, journal.crc(journal.end))
            head = {**asdict(mark), **_code(), "services": sorted(stores)}
            with self._new(temporary) as file, _no_collection():
                signed = _Signed(file, self._seed)
                signed.write(_FORMAT + json.dumps(head).encode() + b"\n")
                pickling.dump({"sessions": list(sessions), "stores": stores}, signed)  # type: ignore[arg-type]
                file.write(signed.signature())
            # No fsync: after a loss of power the signature or the journal's CRC tells, and the journal is read instead.
            temporary.replace(self.path)
        except Exception as error:  # noqa: BLE001  (whatever an object of moto's raises when it is pickled)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            log.warning("no checkpoint was written: %s: %s", type(error).__name__, error)
            return False
        return True

    def load(self, journal: Journal, prepare: Any) -> Content | None:
        """What was saved; None, with a line in the log, when there is none that can be used.

        ``prepare(service)`` imports a service with its patches, before its objects are read.
        """
        try:
            return self._load(journal, prepare)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001  (a pickle of other code may raise anything)
            why = str(error) if isinstance(error, Unusable) else f"{type(error).__name__}: {error}"
            log.warning("the checkpoint is not used (%s): every call of the journal is carried out again", why)
            return None

    def _load(self, journal: Journal, prepare: Any) -> Content:
        from labs.cloud.store import pickling

        with self._open() as file, _no_collection():
            head = self._check(file)
            mark = _mark(head)
            if not _is_of_this_code(head):
                raise Unusable("other code made it")
            if mark.bytes > journal.end or journal.crc(mark.bytes) != mark.crc:
                raise Unusable("the journal does not begin as it did")
            for service in head["services"]:
                prepare(service)
            raw = pickling.load(file)
            return Content(mark, raw["sessions"], raw["stores"])

    def mark(self) -> JournalMark:
        """Where a checkpoint whose signature is right stands. Raises Unusable, FileNotFoundError."""
        with self._open() as file:
            return _mark(self._check(file))

    def stand_at(self, mark: JournalMark) -> None:
        """Sign it anew for a journal that was written anew, and holds the same calls up to the mark."""
        temporary = self.path.with_suffix(".new")
        with self._open() as file, self._new(temporary) as target:
            head = {**self._check(file), **asdict(mark)}
            signed = _Signed(target, self._seed)
            signed.write(_FORMAT + json.dumps(head).encode() + b"\n")
            left = os.fstat(file.fileno()).st_size - _SIGNATURE - file.tell()
            while left > 0 and (part := file.read(min(_CHUNK, left))):
                signed.write(part)
                left -= len(part)
            target.write(signed.signature())
        temporary.replace(self.path)

    def _check(self, file: BinaryIO) -> dict[str, Any]:
        """Verify format and signature; the head, and the file at the start of its pickle. Raises Unusable."""
        size = os.fstat(file.fileno()).st_size - _SIGNATURE
        running = hmac.new(self._seed.encode(), digestmod=hashlib.sha256)
        left = size
        while left > 0 and (part := file.read(min(_CHUNK, left))):
            running.update(part)
            left -= len(part)
        if size <= 0 or not hmac.compare_digest(running.digest(), file.read(_SIGNATURE)):
            raise Unusable("its signature is wrong")
        file.seek(0)
        if file.readline() != _FORMAT:
            raise Unusable("its format is another one")
        head: dict[str, Any] = json.loads(file.readline())
        return head

    def _new(self, path: Path) -> BinaryIO:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, 0o600), "wb")

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """The file, when only its owner, who runs this, can have written it. Raises Unusable."""
        handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            for found in (os.fstat(handle), self.path.parent.stat()):
                if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
                    raise Unusable("another user owns it or may write to it")
            yield file


def _mark(head: Mapping[str, Any]) -> JournalMark:
    return JournalMark(int(head["bytes"]), int(head["lines"]), int(head["crc"]))


class _Signed:
    """Writes through to a file and signs what passes."""

    def __init__(self, file: BinaryIO, seed: str) -> None:
        self._file = file
        self._running = hmac.new(seed.encode(), digestmod=hashlib.sha256)

    def write(self, data: Any) -> int:
        """Pass bytes on."""
        self._running.update(data)
        return self._file.write(data)

    def signature(self) -> bytes:
        """The HMAC of all that was written."""
        return self._running.digest()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Thousands of new objects and no garbage: the collector would look at them all again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@functools.cache
def _code() -> dict[str, Any]:
    """What gives the pickled objects their meaning: Python, moto, and the declared revision of the kit's patches."""
    import moto

    return {"python": platform.python_version(), "moto": moto.__version__, "revision": patches.REVISION}


def _is_of_this_code(head: Mapping[str, Any]) -> bool:
    """Whether objects pickled under such a head mean to this code what they meant to the code that wrote it."""
    code = _code()
    if "made_by" in head:
        return code["revision"] == 1 and unnumbered_code.is_known(str(head["made_by"]), code["moto"])
    return all(head.get(name) == value for name, value in code.items())
