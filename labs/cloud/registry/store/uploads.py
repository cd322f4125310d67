"""Layers on their way in, and the layers of a repository.

An upload belongs to one repository. Its bytes are a file; how many there are is the file's size. The
running hash is kept in memory and made again from the file after a restart.
"""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from labs.cloud.contract import Clock
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused, repository_missing, upload_missing
from labs.cloud.registry.store.blobs import BlobStore, BodySource, Hash, new_hash
from labs.cloud.registry.store.database import Database
from labs.cloud.registry.store.repositories import Repository
from labs.cloud.state.room import Room, is_full

MIN_PART = 5 << 20  # UploadLayerPart: every part but the last has at least 5 MiB
MAX_PART = 20_971_520  # and at most this (service model)
MAX_LAYER = 52_000 << 20  # ECR quotas: size of a layer
IDLE_S = 60.0  # an upload that nothing came for so long is the first to go when the disk is full
UPLOAD_LIFE_S = 24 * 3600.0  # an upload nobody finished is swept at the first start after this


@dataclass(frozen=True)
class RepositoryLayer:
    """A blob as one repository sees it: digest, size in bytes, and whether an image of the repository refers to it."""

    digest: str
    size: int
    referenced: bool


@dataclass
class _Writing:
    """What is remembered of an upload between two requests."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    hash: Hash | None = None
    hashed: int = 0


class Uploads:
    """Starts, continues and finishes uploads, and answers for the layers they become."""

    def __init__(self, database: Database, blobs: BlobStore, account: str, clock: Clock, room: Room) -> None:
        self._database = database
        self._blobs = blobs
        self._account = account
        self._clock = clock
        self._room = room
        self._writing: dict[str, _Writing] = {}
        self._guard = threading.Lock()
        self._sweep()

    def _sweep(self) -> None:
        oldest = self._clock().timestamp() - UPLOAD_LIFE_S
        with self._database.write() as write:
            write.execute("DELETE FROM upload WHERE started < ?", (oldest,))
        uploads = {row["id"] for row in self._database.rows("SELECT id FROM upload")}
        digests = {row["digest"] for row in self._database.rows("SELECT digest FROM blob")}
        self._blobs.sweep(uploads, digests)

    def layer(self, repository: Repository, digest: str) -> RepositoryLayer | None:
        """The layer, or None when this repository does not have it (another one may) or it cannot be read back."""
        row = self._database.row(
            "SELECT size, EXISTS (SELECT 1 FROM image_layer WHERE repository = layer.repository "
            "AND digest = layer.digest) AS referenced FROM layer JOIN blob USING (digest) "
            "WHERE repository = ? AND digest = ?",
            (repository.id, digest),
        )
        if row is None or not self._blobs.has(digest, row["size"]):
            return None
        return RepositoryLayer(digest, row["size"], bool(row["referenced"]))

    def open(self, layer: RepositoryLayer) -> int:
        """A file descriptor of the content."""
        return self._blobs.open(layer.digest)

    def start(self, repository: Repository) -> str:
        """Begin an upload; its id."""
        upload = str(uuid.uuid4())
        self._blobs.start(upload)
        try:
            with self._database.write() as write:
                write.execute(
                    "INSERT INTO upload (id, repository, started) VALUES (?, ?, ?)",
                    (upload, repository.id, self._clock().timestamp()),
                )
        except sqlite3.Error:
            self._blobs.drop(upload)
            raise
        return upload

    def received(self, repository: Repository, upload: str) -> int:
        """Bytes received; EcrError UPLOAD_MISSING, also for an upload of another repository."""
        self._check(repository, upload)
        try:
            return self._blobs.received(upload)
        except FileNotFoundError:
            raise upload_missing(upload, repository.name, self._account) from None

    def append(
        self,
        repository: Repository,
        upload: str,
        source: BodySource,
        first: int | None = None,
        length: int | None = None,
    ) -> int:
        """Add bytes at the end; the new size.

        ``first`` is the position the client believes in (None: wherever the end is), ``length`` what it
        promised (None: until the source ends). What arrived of a broken body stays, and counts.
        """
        with self._hold(repository, upload) as (writing, size):
            if first is not None and first != size:
                raise refused(Fault.PART_OUT_OF_ORDER, "upload.out_of_order")
            return self._receive(upload, writing, size, source, length)

    def append_part(self, repository: Repository, upload: str, first: int, source: BodySource, length: int) -> int:
        """UploadLayerPart: as ``append``, all or nothing, with the rule for short parts."""
        with self._hold(repository, upload) as (writing, size):
            if first != size or length > MAX_PART:
                raise refused(Fault.PART_OUT_OF_ORDER, "upload.out_of_order")
            total = self._receive(upload, writing, size, source, length)
            with self._database.write() as write:
                # 1: the last part was short; 2: a short part was followed by another one.
                write.execute(
                    "UPDATE upload SET short_parts = CASE WHEN short_parts > 0 THEN 2 ELSE ? END WHERE id = ?",
                    (int(length < MIN_PART), upload),
                )
            return total

    def finish(
        self,
        repository: Repository,
        upload: str,
        digest: str,
        source: BodySource | None = None,
        first: int | None = None,
        length: int | None = None,
    ) -> RepositoryLayer:
        """Append the last bytes, verify the digest, make the upload a layer of the repository.

        When this returns, the content is on disk under its digest. EcrError DIGEST_MALFORMED,
        DIGEST_DIFFERS (the upload is gone then), PART_OUT_OF_ORDER, BODY_TRUNCATED.
        """
        if not spelling.is_digest(digest):
            raise EcrError(Fault.DIGEST_MALFORMED, f"invalid digest '{digest[:200]}' (simulated wording)")
        algorithm = digest.partition(":")[0]
        with self._hold(repository, upload) as (writing, size):
            if first is not None and first != size:
                raise refused(Fault.PART_OUT_OF_ORDER, "upload.out_of_order")
            if size == 0:
                writing.hash, writing.hashed = new_hash(algorithm), 0
            if source is not None:
                before = size
                try:
                    size = self._receive(upload, writing, size, source, length)
                except (EcrError, OSError):
                    self._blobs.cut(upload, before)
                    writing.hash = None
                    raise
            running = writing.hash
            if running is not None and writing.hashed == size and running.name == algorithm:
                found = f"{algorithm}:{running.hexdigest()}"
            else:
                found = self._blobs.digest_of(upload, algorithm)
            if found != digest:
                self._forget(upload)
                raise refused(Fault.DIGEST_DIFFERS, "layer.digest_differs")
            return self._keep(repository, upload, digest, size)

    def complete(self, repository: Repository, upload: str, digest: str) -> RepositoryLayer:
        """CompleteLayerUpload: as ``finish`` with nothing more to come, and ECR's own three refusals."""
        short_parts = self._check(repository, upload)
        if self.received(repository, upload) == 0:
            raise refused(Fault.UPLOAD_EMPTY, "upload.empty")
        if short_parts > 1:
            raise refused(Fault.PART_TOO_SMALL, "layer.part_too_small")
        if self.layer(repository, digest) is not None:
            raise refused(Fault.LAYER_EXISTS, "layer.exists")
        return self.finish(repository, upload, digest)

    def cancel(self, repository: Repository, upload: str) -> None:
        """Give an upload up."""
        with self._hold(repository, upload):
            self._forget(upload)

    def last_push(self, repository: int) -> float:
        """When something last came for an upload to a repository, by its number; 0 when none is under way."""
        last = 0.0
        for row in self._database.rows("SELECT id, started FROM upload WHERE repository = ?", (repository,)):
            with suppress(FileNotFoundError):
                last = max(last, row["started"], self._blobs.touched(row["id"]))
        return last

    def let_go(self, idle_s: float) -> None:
        """Give up the half-written layers for which nothing has come in ``idle_s`` seconds."""
        before = self._clock().timestamp() - idle_s
        for row in self._database.rows("SELECT id FROM upload"):
            upload = row["id"]
            with self._guard:
                writing = self._writing.setdefault(upload, _Writing())
            if not writing.lock.acquire(blocking=False):
                continue
            try:
                if self._blobs.received(upload) and self._blobs.touched(upload) <= before:
                    self._give_up(upload)
            except FileNotFoundError:
                continue
            finally:
                writing.lock.release()

    def _give_up(self, upload: str) -> None:
        """Its bytes first, which needs no room; without them the upload is not there, whatever the database keeps."""
        self._blobs.drop(upload)
        with suppress(sqlite3.Error):
            self._forget(upload)

    def mount(self, source: Repository, target: Repository, digest: str) -> RepositoryLayer | None:
        """Share a layer that an image of ``source`` refers to; None when there is none."""
        layer = self.layer(source, digest)
        if layer is None or not layer.referenced:
            return None
        with self._database.write() as write:
            # The layer may have gone with its last image since it was looked up.
            held = write.execute(
                "SELECT 1 FROM layer WHERE repository = ? AND digest = ?", (source.id, digest)
            ).fetchone()
            if held is None:
                return None
            write.execute("INSERT OR IGNORE INTO layer VALUES (?, ?)", (target.id, digest))
        return self.layer(target, digest)

    def _keep(self, repository: Repository, upload: str, digest: str, size: int) -> RepositoryLayer:
        # The slow flush happens outside the transaction, the rename inside: deleting orphans takes the same lock.
        self._blobs.flush(upload)
        try:
            self._acknowledge(repository, upload, digest, size)
        except sqlite3.Error:
            self._disown(digest)
            raise
        with self._guard:
            self._writing.pop(upload, None)
        layer = self.layer(repository, digest)
        return layer or RepositoryLayer(digest, size, False)

    def _disown(self, digest: str) -> None:
        """Remove a file that a full disk kept from being noted: without its row it is nobody's."""
        with self._database.alone():
            if self._database.row("SELECT 1 FROM blob WHERE digest = ?", (digest,)) is None:
                self._blobs.remove(digest)

    def _acknowledge(self, repository: Repository, upload: str, digest: str, size: int) -> None:
        with self._database.write() as write:
            if write.execute("SELECT 1 FROM repository WHERE id = ?", (repository.id,)).fetchone() is None:
                raise repository_missing(repository.name, self._account)
            self._blobs.keep(upload, digest)
            write.execute(
                "INSERT INTO blob VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET size = excluded.size", (digest, size)
            )
            write.execute("INSERT OR IGNORE INTO layer VALUES (?, ?)", (repository.id, digest))
            write.execute("DELETE FROM upload WHERE id = ?", (upload,))

    def _receive(self, upload: str, writing: _Writing, size: int, source: BodySource, length: int | None) -> int:
        if length is not None and size + length > MAX_LAYER:
            raise _too_large()
        running = writing.hash if writing.hashed == size else None
        if running is None and size == 0:
            running = new_hash("sha256")
        writing.hash = None  # until all is written: after a broken body the file is hashed again
        limited = _Limited(source, MAX_LAYER - size)
        total = self._blobs.append(upload, size, limited, [running] if running else [])
        writing.hash, writing.hashed = running, total
        if length is not None and total - size != length:
            words = f"The body ended after {total - size} of {length} bytes (simulated wording)"
            raise EcrError(Fault.BODY_TRUNCATED, words)
        return total

    def _forget(self, upload: str) -> None:
        with self._database.write() as write:
            write.execute("DELETE FROM upload WHERE id = ?", (upload,))
        self._blobs.drop(upload)
        with self._guard:
            self._writing.pop(upload, None)

    def _check(self, repository: Repository, upload: str) -> int:
        row = None
        if spelling.is_upload(upload):
            row = self._database.row(
                "SELECT short_parts FROM upload WHERE id = ? AND repository = ?", (upload, repository.id)
            )
        if row is None:
            raise upload_missing(upload[:64], repository.name, self._account)
        return int(row["short_parts"])

    @contextmanager
    def _hold(self, repository: Repository, upload: str) -> Iterator[tuple[_Writing, int]]:
        """Keep others off one upload; yields what is known of it and its size."""
        self._check(repository, upload)
        with self._guard:
            writing = self._writing.setdefault(upload, _Writing())
        if not writing.lock.acquire(blocking=False):
            words = f"Another request is writing to upload '{upload}' (simulated wording)"
            raise EcrError(Fault.UPLOAD_BUSY, words)
        try:
            yield writing, self.received(repository, upload)
        except FileNotFoundError:  # the repository was deleted meanwhile
            raise upload_missing(upload, repository.name, self._account) from None
        except (OSError, sqlite3.Error) as error:
            if is_full(error):  # what is half written goes first
                with self._room.freeing():
                    self._give_up(upload)
            raise
        finally:
            writing.lock.release()


class _Limited:
    """A source that ends with LAYER_TOO_LARGE: a streamed body does not say its length."""

    def __init__(self, source: BodySource, room: int) -> None:
        self._source = source
        self._room = room

    def readinto(self, buffer: memoryview) -> int:
        count = self._source.readinto(buffer)
        self._room -= count
        if self._room < 0:
            raise _too_large()
        return count


def _too_large() -> EcrError:
    words = "The layer is larger than ECR's limit of 52,000 MiB (simulated wording)"
    return EcrError(Fault.LAYER_TOO_LARGE, words)
