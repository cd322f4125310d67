"""Content-addressed files: written aside, hashed while they stream, flushed, renamed into place.

Nothing under ``blobs/`` was ever written to in place, so a kill leaves at most a file under ``uploads/``, which is
swept or resumed at the next start. What happens to the files otherwise (a failing disk, another program) is seen when
they are asked for: a blob that cannot be read back whole is not there.
"""

import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from labs.cloud.registry.rules.registry_errors import EcrError, Fault

CHUNK = 1 << 20  # one read: large enough that Python's share of the work disappears
_FLUSH = 64 << 20  # start writing to disk while the rest still arrives
# What opening or reading a file says when its content is lost, and not the process short of something.
_LOST = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.EIO)


class BodySource(Protocol):
    """Where a body comes from: fills the buffer, returns how much (0 at the end)."""

    def readinto(self, buffer: memoryview) -> int: ...


class Hash(Protocol):
    """The part of hashlib's objects that is used here."""

    @property
    def name(self) -> str: ...

    def update(self, data: memoryview) -> None: ...
    def hexdigest(self) -> str: ...


def new_hash(algorithm: str) -> Hash:
    """A running sha256 or sha512."""
    return hashlib.new(algorithm, usedforsecurity=True)


class BlobStore:
    """Blobs by digest, shared by all repositories of one registry; who may see what is the database's business.

    ``folder`` is made when missing, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._uploads = folder / "uploads"
        # The files whose bytes have their digest, as they were when that was seen: digest -> ``_mark``.
        self._sound: dict[str, tuple[int, ...]] = {}
        for part in (folder, self._blobs, self._uploads):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sweep(self, uploads: Collection[str], digests: Collection[str]) -> None:
        """Remove what a killed process left: uploads nobody can resume, blobs that were never acknowledged."""
        for path in self._uploads.iterdir():
            if path.name not in uploads:
                path.unlink(missing_ok=True)
        for path in self._blobs.glob("*/*/*"):
            if f"{path.parent.parent.name}:{path.name}" not in digests:
                _clear(path)

    def path(self, digest: str) -> Path:
        """Where the content of a valid digest lives."""
        algorithm, _, hexadecimal = digest.partition(":")
        return self._blobs / algorithm / hexadecimal[:2] / hexadecimal

    def has(self, digest: str, size: int) -> bool:
        """Whether the content can be read back: an ordinary file of ``size`` bytes that have the digest.

        The bytes are hashed once a process, and again when the file is not as it was then.
        """
        path = self.path(digest)
        try:
            found = path.lstat()
            if found.st_size != size or not stat.S_ISREG(found.st_mode):
                return False
            if self._sound.get(digest) == _mark(found):
                return True
            with path.open("rb") as file:
                algorithm, _, wanted = digest.partition(":")
                if hashlib.file_digest(file, algorithm).hexdigest() != wanted:
                    return False
        except OSError as error:
            if error.errno not in _LOST:
                raise
            return False
        self._sound[digest] = _mark(found)
        return True

    def open(self, digest: str) -> int:
        """A file descriptor for reading; EcrError BLOB_MISSING when the file is gone. Links are not followed."""
        try:
            return os.open(self.path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno not in _LOST:
                raise
            raise EcrError(
                Fault.BLOB_MISSING, f"The content of {digest} is missing from the state folder (simulated wording)"
            ) from error

    def start(self, upload: str) -> None:
        """Make the empty file of an upload."""
        os.close(os.open(self._uploads / upload, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))

    def received(self, upload: str) -> int:
        """How many bytes of an upload are on disk."""
        return (self._uploads / upload).stat().st_size

    def touched(self, upload: str) -> float:
        """When something last came for an upload: seconds since 1970."""
        return (self._uploads / upload).stat().st_mtime

    def append(self, upload: str, offset: int, source: BodySource, hashes: Collection[Hash]) -> int:
        """Write everything the source gives from ``offset`` on; return the new size."""
        fd = os.open(self._uploads / upload, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, offset)
            os.lseek(fd, offset, os.SEEK_SET)
            return _copy(source, fd, offset, hashes)
        finally:
            os.close(fd)

    def cut(self, upload: str, size: int) -> None:
        """Forget everything after ``size``."""
        fd = os.open(self._uploads / upload, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)
        finally:
            os.close(fd)

    def digest_of(self, upload: str, algorithm: str) -> str:
        """Read an upload once more and hash it."""
        fd = os.open(self._uploads / upload, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"

    def flush(self, upload: str) -> None:
        """Return when the upload's bytes are on the disk."""
        fd = os.open(self._uploads / upload, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def keep(self, upload: str, digest: str) -> None:
        """Rename a flushed upload to its digest, over a blob that cannot be read; a sound one stays as it is."""
        target = self.path(digest)
        source = self._uploads / upload
        if self.has(digest, source.stat().st_size):
            source.unlink()
            return
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(target)
        source.replace(target)
        self._sound[digest] = _mark(target.lstat())
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def drop(self, upload: str) -> None:
        """Remove an upload's file."""
        (self._uploads / upload).unlink(missing_ok=True)

    def remove(self, digest: str) -> None:
        """Remove a blob's file."""
        self._sound.pop(digest, None)
        _clear(self.path(digest))


def _clear(path: Path) -> None:
    """Take away what stands in a blob's place, whatever it is."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        # Unlinking a folder is EISDIR on Linux, EPERM on macOS.
        if error.errno not in (errno.EISDIR, errno.EPERM) or not path.is_dir():
            raise
        shutil.rmtree(path)


def _mark(found: os.stat_result) -> tuple[int, ...]:
    """What changes with any change of a file: nobody can set the last one back."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _Flusher:
    """Writes a growing file to disk in the background, so that the last flush is short."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def _run(self) -> None:
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            self._error = error

    def kick(self) -> bool:
        """Start unless one is running; whether it started."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return True

    def join(self) -> None:
        """Wait, and raise what went wrong."""
        if self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error


class _Hashing:
    """Feeds the running hashes while the next bytes arrive: hashing is half of an upload's work, and needs no GIL."""

    _threads = ThreadPoolExecutor(os.cpu_count(), "hashing")

    def __init__(self, hashes: Collection[Hash]) -> None:
        self._hashes = hashes
        self._pending: Future[None] | None = None

    def _update(self, part: memoryview) -> None:
        for running in self._hashes:
            running.update(part)

    def add(self, part: memoryview) -> None:
        """Return when the part before this one is hashed: ``part`` must stay as it is until the next call."""
        self.join()
        if len(part) < CHUNK:  # not worth a thread
            self._update(part)
        elif self._hashes:
            self._pending = self._threads.submit(self._update, part)

    def join(self) -> None:
        """Wait for the last part."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()


def _copy(source: BodySource, fd: int, offset: int, hashes: Collection[Hash]) -> int:
    # One buffer is hashed while the other fills.
    buffer, other = memoryview(bytearray(CHUNK)), memoryview(b"")
    hashing = _Hashing(hashes)
    flusher = _Flusher(fd)
    flushed = offset
    try:
        while count := source.readinto(buffer):
            part = buffer[:count]
            hashing.add(part)
            while part:
                part = part[os.write(fd, part) :]
            offset += count
            if offset - flushed >= _FLUSH and flusher.kick():
                flushed = offset
            buffer, other = other or memoryview(bytearray(CHUNK)), buffer
    finally:
        hashing.join()
        flusher.join()
    return offset
