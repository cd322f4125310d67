"""Repositories: their settings, policies and tags."""

import fnmatch
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from labs.cloud.contract import Clock
from labs.cloud.registry.rules import spelling
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, invalid_parameter, refused, repository_missing
from labs.cloud.registry.store.blobs import BlobStore
from labs.cloud.registry.store.database import Database, Row

MAX_TAGS = 50  # ECR User Guide, "Tagging a private repository"


@dataclass(frozen=True)
class Repository:
    """One repository as stored. ``exclusions`` are the wildcard filters of the two mutability modes with exclusions."""

    id: int
    name: str
    created: datetime
    mutability: str = "MUTABLE"
    exclusions: tuple[str, ...] = ()
    scan_on_push: bool = False
    encryption: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    policy: str | None = None
    lifecycle: str | None = None
    public: bool = False

    @property
    def tag_context(self) -> dict[str, str]:
        """The condition keys that the repository's tags give."""
        keys = ("aws:ResourceTag/", "ecr:ResourceTag/")
        return {prefix + key: value for key, value in self.tags.items() for prefix in keys}

    def immutable(self, tag: str) -> bool:
        """Whether an existing tag of this name may not move (ECR User Guide, "Image tag mutability")."""
        excluded = any(fnmatch.fnmatchcase(tag, pattern) for pattern in self.exclusions)
        return (self.mutability.startswith("IMMUTABLE")) != excluded


class Repositories:
    """The table of repositories of one registry (one account in one region)."""

    def __init__(self, database: Database, blobs: BlobStore, account: str, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._account = account
        self._clock = clock

    def find(self, name: str) -> Repository:
        """The repository; EcrError REPOSITORY_MISSING in AWS's words."""
        row = self._database.row("SELECT * FROM repository WHERE name = ?", (name,))
        if row is None:
            raise repository_missing(name, self._account)
        return _repository(row)

    def get(self, name: str) -> Repository | None:
        """The repository or None."""
        row = self._database.row("SELECT * FROM repository WHERE name = ?", (name,))
        return _repository(row) if row is not None else None

    def page(self, after: str = "", limit: int = 1000) -> list[Repository]:
        """Private repositories by name, from the first name greater than ``after``."""
        rows = self._database.rows(
            "SELECT * FROM repository WHERE public = 0 AND name > ? ORDER BY name LIMIT ?", (after, limit)
        )
        return [_repository(row) for row in rows]

    def create(
        self,
        name: str,
        *,
        mutability: str = "MUTABLE",
        exclusions: Sequence[str] = (),
        scan_on_push: bool = False,
        encryption: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        policy: str | None = None,
    ) -> Repository:
        """Make a private repository; EcrError REPOSITORY_EXISTS, TOO_MANY_TAGS."""
        self._check_name(name)
        if spelling.is_public(name):
            raise invalid_parameter("repositoryName", "public.ecr.aws/ is the mirror of ECR Public (simulated wording)")
        if tags:
            check_tags(tags)
        values = (
            name,
            self._clock().timestamp(),
            mutability,
            json.dumps(list(exclusions)),
            int(scan_on_push),
            json.dumps(dict(encryption or {"encryptionType": "AES256"})),
            json.dumps(dict(tags or {})),
            policy,
        )
        try:
            with self._database.write() as write:
                write.execute(
                    "INSERT INTO repository (name, created, mutability, exclusions, scan_on_push, encryption, tags, "
                    "policy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
        except sqlite3.IntegrityError as error:
            where = {"name": name, "registry": self._account}
            raise refused(Fault.REPOSITORY_EXISTS, "repository.exists", **where) from error
        return self.find(name)

    def public(self, name: str) -> Repository:
        """A repository of the mirror of ECR Public: the first push makes it."""
        self._check_name(name)
        found = self.get(name)
        if found is not None:
            return found
        with self._database.write() as write:
            write.execute(
                "INSERT OR IGNORE INTO repository (name, public, created) VALUES (?, 1, ?)",
                (name, self._clock().timestamp()),
            )
        return self.find(name)

    def delete(self, name: str, force: bool = False) -> Repository:
        """Remove a repository and, with ``force``, its images; EcrError REPOSITORY_NOT_EMPTY."""
        repository = self.find(name)
        with self._database.alone():
            with self._database.write() as write:
                images = write.execute("SELECT 1 FROM image WHERE repository = ? LIMIT 1", (repository.id,)).fetchone()
                if images and not force:
                    where = {"name": name, "registry": self._account}
                    raise refused(Fault.REPOSITORY_NOT_EMPTY, "repository.not_empty", **where)
                uploads = write.execute("SELECT id FROM upload WHERE repository = ?", (repository.id,)).fetchall()
                write.execute(
                    "DELETE FROM image_child WHERE parent IN (SELECT id FROM image WHERE repository = ?)",
                    (repository.id,),
                )
                write.execute("DELETE FROM repository WHERE id = ?", (repository.id,))
                orphans = take_orphans(write)
            for digest in orphans:
                self._blobs.remove(digest)
            for upload in uploads:
                self._blobs.drop(upload["id"])
        return repository

    def update(self, name: str, **columns: Any) -> Repository:
        """Change columns of one repository; lists and maps are stored as JSON."""
        repository = self.find(name)
        stored = {
            key: json.dumps(value) if isinstance(value, dict | list | tuple) else value
            for key, value in columns.items()
        }
        assignments = ", ".join(f"{key} = ?" for key in stored)
        with self._database.write() as write:
            write.execute(f"UPDATE repository SET {assignments} WHERE id = ?", (*stored.values(), repository.id))
        return self.find(name)

    def retag(self, name: str, add: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        """Add and remove resource tags in one transaction."""
        repository = self.find(name)
        with self._database.write() as write:
            row = write.execute("SELECT tags FROM repository WHERE id = ?", (repository.id,)).fetchone()
            kept = {key: value for key, value in json.loads(row["tags"]).items() if key not in remove}
            tags = {**kept, **add}
            check_tags(tags)
            write.execute("UPDATE repository SET tags = ? WHERE id = ?", (json.dumps(tags), repository.id))

    @staticmethod
    def _check_name(name: str) -> None:
        if not spelling.is_repository(name):
            raise invalid_parameter(
                "repositoryName",
                f"must satisfy regular expression '{spelling.REPOSITORY_PATTERN}'",
                Fault.NAME_INVALID,
            )


def check_tags(tags: Mapping[str, str]) -> None:
    """EcrError TOO_MANY_TAGS or TAG_KEYS_INVALID (the limits are ECR's, the words are simulated)."""
    if len(tags) > MAX_TAGS:
        raise EcrError(Fault.TOO_MANY_TAGS, f"A repository can have at most {MAX_TAGS} tags (simulated wording)")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            words = f"The tag key '{key[:128]}' or its value is not valid (simulated wording)"
            raise EcrError(Fault.TAG_KEYS_INVALID, words)


def take_orphans(write: sqlite3.Connection) -> list[str]:
    """Forget the blobs that no repository holds any more; their digests.

    Their files are removed after the commit and under the same lock: not before, or a kill in between would
    lose content that is still acknowledged; not without the lock, or an upload could adopt a file that goes.
    """
    orphans = [
        row["digest"]
        for row in write.execute(
            "SELECT digest FROM blob WHERE NOT EXISTS (SELECT 1 FROM layer WHERE layer.digest = blob.digest)"
        )
    ]
    write.executemany("DELETE FROM blob WHERE digest = ?", [(digest,) for digest in orphans])
    return orphans


def _repository(row: Row) -> Repository:
    return Repository(
        id=row["id"],
        name=row["name"],
        created=datetime.fromtimestamp(row["created"], UTC),
        mutability=row["mutability"],
        exclusions=tuple(json.loads(row["exclusions"])),
        scan_on_push=bool(row["scan_on_push"]),
        encryption=json.loads(row["encryption"]),
        tags=json.loads(row["tags"]),
        policy=row["policy"],
        lifecycle=row["lifecycle"],
        public=bool(row["public"]),
    )
