"""Images: manifests and indexes by digest, the tags on them, and what they refer to."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from labs.cloud.contract import Clock
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.manifests import ManifestDocument, read_document
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused, repository_missing, said
from labs.cloud.registry.store.blobs import BlobStore, new_hash
from labs.cloud.registry.store.database import Database, Row
from labs.cloud.registry.store.repositories import Repository, take_orphans


@dataclass(frozen=True)
class StoredImage:
    """An image as stored. ``size`` is what ECR reports: config and layers, for an index the largest child.

    ``pulled`` is the last recorded pull; ``listed``: an index of the repository refers to the image.
    """

    id: int
    digest: str
    media_type: str
    artifact_type: str
    config_type: str
    subject: str
    annotations: Mapping[str, str]
    length: int
    size: int
    pushed: datetime
    pulled: datetime | None = None
    listed: bool = False
    tags: tuple[str, ...] = ()
    body: bytes = field(default=b"", repr=False)


# "Amazon ECR refreshes the last image pull timestamp at least once every 24 hours" (API reference, ImageDetail).
PULL_NOTED = timedelta(hours=1)
# An image and all that an index refers to, at any depth, by their numbers.
_WHOLE = "whole(id) AS (SELECT ? UNION SELECT child FROM image_child JOIN whole ON parent = whole.id)"
_COLUMNS = (
    "image.id, image.digest, media_type, artifact_type, config_type, subject, annotations, "
    "length(body) AS length, size, pushed, (SELECT time FROM pull WHERE pull.image = image.id) AS pulled, "
    "EXISTS (SELECT 1 FROM image_child WHERE child = image.id) AS listed"
)


class Images:
    """The images of one registry."""

    def __init__(self, database: Database, blobs: BlobStore, account: str, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._account = account
        self._clock = clock

    def get(self, repository: Repository, reference: str) -> StoredImage | None:
        """The image of a tag or a digest, with its bytes, or None."""
        if spelling.is_digest(reference):
            where, arguments = "image.repository = ? AND image.digest = ?", (repository.id, reference)
        else:
            where = "image.id = (SELECT image FROM tag WHERE repository = ? AND name = ?)"
            arguments = (repository.id, reference)
        row = self._database.row(f"SELECT {_COLUMNS}, body FROM image WHERE {where}", arguments)
        return _image(row, self._tags(row["id"]), row["body"]) if row is not None else None

    def lost(self, image: StoredImage) -> str:
        """What of an image cannot be read back, an index's images included: its digest, or "" when all can.

        ``image`` comes with its bytes.
        """
        return self._lost(image.id)

    def _lost(self, image: int) -> str:
        whole = f"WITH RECURSIVE {_WHOLE} "
        for row in self._database.rows(f"{whole} SELECT digest, body FROM image JOIN whole USING (id)", (image,)):
            if _digest(row["body"], row["digest"]) != row["digest"]:
                return str(row["digest"])
        for row in self._database.rows(
            f"{whole} SELECT DISTINCT digest, size FROM whole JOIN image_layer ON image = id "
            "LEFT JOIN blob USING (digest)",
            (image,),
        ):
            if row["size"] is None or not self._blobs.has(row["digest"], row["size"]):
                return str(row["digest"])
        return ""

    def all(self, repository: Repository) -> list[StoredImage]:
        """All images without their bytes, in the order of their pushing."""
        tags: dict[int, list[str]] = {}
        for row in self._database.rows(
            "SELECT image, name FROM tag WHERE repository = ? ORDER BY name", (repository.id,)
        ):
            tags.setdefault(row["image"], []).append(row["name"])
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM image WHERE repository = ? ORDER BY id", (repository.id,))
        return [_image(row, tuple(tags.get(row["id"], ()))) for row in rows]

    def tags(self, repository: Repository, after: str = "", limit: int = -1) -> list[str]:
        """Tags in lexical order, from the first greater than ``after``."""
        rows = self._database.rows(
            "SELECT name FROM tag WHERE repository = ? AND name > ? ORDER BY name LIMIT ?",
            (repository.id, after, limit),
        )
        return [row["name"] for row in rows]

    def referrers(self, repository: Repository, digest: str, artifact_types: Sequence[str] = ()) -> list[StoredImage]:
        """The images whose subject is ``digest``."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM image WHERE repository = ? AND subject = ? ORDER BY id", (repository.id, digest)
        )
        found = [_image(row, self._tags(row["id"])) for row in rows]
        return [image for image in found if not artifact_types or image.artifact_type in artifact_types]

    def bereft(self, repository: Repository) -> list[StoredImage]:
        """The artifacts whose subject was there and has been deleted."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM image WHERE repository = ? AND id IN (SELECT image FROM bereft) ORDER BY id",
            (repository.id,),
        )
        return [_image(row, self._tags(row["id"])) for row in rows]

    def note_pull(self, image: StoredImage) -> None:
        """Record a pull, at most once in ``PULL_NOTED``. A full disk does not refuse the pull for it."""
        now = self._clock()
        if image.pulled is not None and now - image.pulled < PULL_NOTED:
            return
        with suppress(sqlite3.Error), self._database.write() as write:
            write.execute("INSERT OR REPLACE INTO pull VALUES (?, ?)", (image.id, now.timestamp()))

    def put(
        self, repository: Repository, body: bytes, media_type: str = "", tag: str = "", digest: str = ""
    ) -> tuple[StoredImage, bool]:
        """Store a manifest and point ``tag`` at it; the image, and whether anything changed.

        ``digest`` is what the client says the bytes hash to (empty: it does not say). EcrError
        MANIFEST_INVALID, IMAGE_DIGEST_DIFFERS, LAYERS_MISSING, CHILD_MISSING, TAG_EXISTS.
        """
        document = read_document(body, media_type)
        found = _digest(body, digest)
        if digest and found != digest:
            raise refused(Fault.IMAGE_DIGEST_DIFFERS, "image.digest_differs")
        with self._database.write() as write:
            if write.execute("SELECT 1 FROM repository WHERE id = ?", (repository.id,)).fetchone() is None:
                raise repository_missing(repository.name, self._account)
            self._require_layers(write, repository, document)
            children = self._children(write, repository, document)
            row = write.execute(
                "SELECT id FROM image WHERE repository = ? AND digest = ?", (repository.id, found)
            ).fetchone()
            fresh = row is None
            number = row["id"] if row is not None else self._insert(write, repository, document, children, found, body)
            # Equal bytes, unless those that were kept have been damaged.
            write.execute("UPDATE image SET body = ?2 WHERE id = ?1 AND body <> ?2", (number, body))
            write.execute(
                "DELETE FROM bereft WHERE image IN (SELECT id FROM image WHERE repository = ? AND subject = ?)",
                (repository.id, found),
            )
            note_push(write, repository.id, self._clock().timestamp())
            moved = bool(tag) and self._point(write, repository, tag, number)
        stored = self.get(repository, found)
        if stored is None:  # deleted by somebody else in between
            raise image_missing(found, repository.name, self._account)
        return stored, fresh or moved

    def _insert(
        self,
        write: sqlite3.Connection,
        repository: Repository,
        document: ManifestDocument,
        children: Sequence[Row],
        digest: str,
        body: bytes,
    ) -> int:
        size = max((row["size"] for row in children), default=0)
        size = size or self._stored_size(write, document)
        cursor = write.execute(
            "INSERT INTO image (repository, digest, media_type, config_type, artifact_type, subject, annotations, "
            "body, size, pushed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                repository.id,
                digest,
                document.media_type,
                document.config_type,
                document.artifact_type,
                document.subject,
                json.dumps(document.annotations),
                body,
                size,
                self._clock().timestamp(),
            ),
        )
        number = cursor.lastrowid
        if number is None:
            raise sqlite3.DatabaseError("the image got no row")
        write.executemany(
            "INSERT OR IGNORE INTO image_layer VALUES (?, ?, ?, ?)",
            [(number, repository.id, blob.digest, blob.media_type) for blob in document.required],
        )
        write.executemany("INSERT OR IGNORE INTO image_child VALUES (?, ?)", [(number, row["id"]) for row in children])
        return number

    def _stored_size(self, write: sqlite3.Connection, document: ManifestDocument) -> int:
        """What config and layers take in the store: the sizes in a manifest are only what its client says."""
        sizes = (
            write.execute("SELECT size FROM blob WHERE digest = ?", (blob.digest,)).fetchone()["size"]
            for blob in document.required
        )
        return sum(sizes)

    def _require_layers(self, write: sqlite3.Connection, repository: Repository, document: ManifestDocument) -> None:
        missing = []
        for digest in dict.fromkeys(blob.digest for blob in document.required):
            row = write.execute(
                "SELECT size FROM layer JOIN blob USING (digest) WHERE repository = ? AND digest = ?",
                (repository.id, digest),
            ).fetchone()
            if row is None or not self._blobs.has(digest, row["size"]):
                missing.append(digest)
        if missing:
            digests = ", ".join(missing)
            where = {"name": repository.name, "registry": self._account}
            raise refused(Fault.LAYERS_MISSING, "image.no_layers", digests=digests, **where)

    def _children(self, write: sqlite3.Connection, repository: Repository, document: ManifestDocument) -> list[Row]:
        rows = [
            (
                digest,
                write.execute(
                    "SELECT id, size FROM image WHERE repository = ? AND digest = ?", (repository.id, digest)
                ).fetchone(),
            )
            for digest in dict.fromkeys(document.children)
        ]
        missing = [digest for digest, row in rows if row is None or self._lost(row["id"])]
        if missing:
            where = {"name": repository.name, "registry": self._account}
            raise refused(Fault.CHILD_MISSING, "image.no_children", digests=", ".join(missing), **where)
        return [row for _, row in rows]

    def _point(self, write: sqlite3.Connection, repository: Repository, tag: str, number: int) -> bool:
        row = write.execute("SELECT image FROM tag WHERE repository = ? AND name = ?", (repository.id, tag)).fetchone()
        # Also for the image that has the tag already (aws/containers-roadmap#2179).
        if row is not None and repository.immutable(tag):
            raise refused(Fault.TAG_EXISTS, "image.tag_immutable", tag=tag, name=repository.name)
        if row is not None and row["image"] == number:
            return False
        write.execute("INSERT OR REPLACE INTO tag VALUES (?, ?, ?)", (repository.id, tag, number))
        return True

    def delete(self, repository: Repository, *, digest: str = "", tag: str = "") -> StoredImage:
        """BatchDeleteImage for one identifier: by digest the image with all its tags, by tag the tag.

        The last tag takes the image with it (API reference, BatchDeleteImage). Layers that no image
        refers to any more go too. EcrError IMAGE_MISSING, IMAGE_REFERENCED.
        """
        image = self.get(repository, digest or tag)
        if image is None:
            raise image_missing(digest or tag, repository.name, self._account)
        with self._database.alone():
            with self._database.write() as write:
                if not digest and len(image.tags) > 1:
                    write.execute("DELETE FROM tag WHERE repository = ? AND name = ?", (repository.id, tag))
                    return image
                parents = write.execute(
                    "SELECT digest FROM image JOIN image_child ON image.id = parent WHERE child = ? ORDER BY image.id",
                    (image.id,),
                ).fetchall()
                if parents:
                    listed = ", ".join(row["digest"] for row in parents)
                    raise refused(Fault.IMAGE_REFERENCED, "image.referenced", digests=listed)
                layers = write.execute("SELECT digest FROM image_layer WHERE image = ?", (image.id,)).fetchall()
                write.execute(
                    "INSERT OR IGNORE INTO bereft SELECT id FROM image WHERE repository = ? AND subject = ?",
                    (repository.id, image.digest),
                )
                write.execute("DELETE FROM image WHERE id = ?", (image.id,))
                write.executemany(
                    "DELETE FROM layer WHERE repository = ?1 AND digest = ?2 "
                    "AND NOT EXISTS (SELECT 1 FROM image_layer WHERE repository = ?1 AND digest = ?2)",
                    [(repository.id, row["digest"]) for row in layers],
                )
                orphans = take_orphans(write)
            for orphan in orphans:
                self._blobs.remove(orphan)
        return image

    def _tags(self, image: int) -> tuple[str, ...]:
        return tuple(
            row["name"] for row in self._database.rows("SELECT name FROM tag WHERE image = ? ORDER BY name", (image,))
        )


def note_push(write: sqlite3.Connection, repository: int, now: float) -> None:
    """Something was pushed to a repository: its lifecycle policy, if it has one, is evaluated a while later."""
    write.execute(
        "INSERT INTO lifecycle_run (repository, changed) "
        "SELECT id, ?2 FROM repository WHERE id = ?1 AND lifecycle IS NOT NULL "
        "ON CONFLICT (repository) DO UPDATE SET changed = excluded.changed",
        (repository, now),
    )


def image_missing(reference: str, repository: str, account: str) -> EcrError:
    """The image is not there, as DescribeImages says it."""
    tag, digest = ("null", reference) if spelling.is_digest(reference) else (reference, "null")
    image = f"{{imageDigest:'{digest}', imageTag:'{tag}'}}"
    return refused(Fault.IMAGE_MISSING, "image.not_there", image=image, name=repository, registry=account)


def image_lost(lost: str) -> EcrError:
    """An image that is listed and cannot be pulled, since something of it cannot be read back."""
    words = f"{lost} cannot be read back from the state folder: push the image again; simulated wording"
    return EcrError(Fault.IMAGE_MISSING, f"{said('image.missing')} ({words})")


def _digest(body: bytes, wanted: str) -> str:
    algorithm = wanted.partition(":")[0] or "sha256"
    running = new_hash(algorithm)
    running.update(memoryview(body))
    return f"{algorithm}:{running.hexdigest()}"


def _image(row: Any, tags: tuple[str, ...], body: bytes = b"") -> StoredImage:
    return StoredImage(
        id=row["id"],
        digest=row["digest"],
        media_type=row["media_type"],
        artifact_type=row["artifact_type"],
        config_type=row["config_type"],
        subject=row["subject"],
        annotations=json.loads(row["annotations"]),
        length=row["length"],
        size=row["size"],
        pushed=datetime.fromtimestamp(row["pushed"], UTC),
        pulled=datetime.fromtimestamp(row["pulled"], UTC) if row["pulled"] is not None else None,
        listed=bool(row["listed"]),
        tags=tags,
        body=body,
    )
