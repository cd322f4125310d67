"""Lifecycle policies over the images that are there: previews, and the expiry itself.

AWS expires "within 24 hours". Here a policy is evaluated once nothing has been pushed to its repository for
``QUIET_S`` seconds, so that no half-pushed index loses its images, and again every ``AGAIN_S`` seconds.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from labs.cloud.contract import Clock
from labs.cloud.registry.rules.lifecycle import LifecycleImage, LifecycleRule, expiring, read_lifecycle
from labs.cloud.registry.rules.registry_errors import EcrError
from labs.cloud.registry.store.database import Database
from labs.cloud.registry.store.images import Images, StoredImage
from labs.cloud.registry.store.repositories import Repositories, Repository
from labs.cloud.registry.store.uploads import Uploads

QUIET_S = 60.0
AGAIN_S = 3600.0


@dataclass(frozen=True)
class Expiry:
    """What one evaluation took away: each image, and the priority of the rule that did (None: with its subject)."""

    repository: Repository
    rules: tuple[LifecycleRule, ...]
    before: float
    gone: tuple[tuple[LifecycleImage, int | None], ...]


@dataclass(frozen=True)
class Preview:
    """The last preview of a repository: the policy's text, and what would go, oldest first, as ``_result`` has it."""

    text: str
    results: tuple[Mapping[str, Any], ...]


class Lifecycles:
    """The policies of one registry. Times are seconds since 1970."""

    def __init__(
        self, database: Database, repositories: Repositories, images: Images, uploads: Uploads, clock: Clock
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._images = images
        self._uploads = uploads
        self._clock = clock

    def put(self, name: str, text: str | None) -> None:
        """Keep a policy's text, or with None forget it and when it was evaluated."""
        repository = self._repositories.update(name, lifecycle=text)
        with self._database.write() as write:
            write.execute("DELETE FROM lifecycle_run WHERE repository = ?", (repository.id,))
            if text is not None:
                now = self._clock().timestamp()
                write.execute("INSERT INTO lifecycle_run (repository, changed) VALUES (?, ?)", (repository.id, now))

    def evaluated(self, repository: Repository) -> float:
        """When the policy was last evaluated; 0 for never."""
        row = self._database.row("SELECT evaluated FROM lifecycle_run WHERE repository = ?", (repository.id,))
        return float(row["evaluated"]) if row is not None else 0.0

    def make_preview(self, repository: Repository, text: str) -> None:
        """Evaluate a policy without doing anything, and keep the result. EcrError for a text that ECR refuses."""
        rules = read_lifecycle(text)
        images = {each.digest: each for each in self._seen(repository)}
        found = expiring(rules, images.values(), self._clock())
        results = [_result(images[digest], priority) for digest, priority in found.items()]
        with self._database.write() as write:
            write.execute(
                "INSERT OR REPLACE INTO lifecycle_preview VALUES (?, ?, ?)", (repository.id, text, json.dumps(results))
            )

    def preview(self, repository: Repository) -> Preview | None:
        """The last preview, or None."""
        row = self._database.row("SELECT text, results FROM lifecycle_preview WHERE repository = ?", (repository.id,))
        return Preview(row["text"], tuple(json.loads(row["results"]))) if row is not None else None

    def due(self) -> list[str]:
        """The names of the repositories whose policy wants evaluating now."""
        now = self._clock().timestamp()
        rows = self._database.rows(
            "SELECT name, id, coalesce(changed, created) AS changed, coalesce(evaluated, 0) AS evaluated "
            "FROM repository LEFT JOIN lifecycle_run ON repository = id WHERE lifecycle IS NOT NULL"
        )
        return [
            row["name"]
            for row in rows
            if (row["changed"] > row["evaluated"] or now - row["evaluated"] >= AGAIN_S)
            and now - max(row["changed"], self._uploads.last_push(row["id"])) >= QUIET_S
        ]

    def expire(self, name: str) -> Expiry | None:
        """Evaluate a repository's policy and take away what it expires; None when there is no policy (any more)."""
        with self._database.alone():
            repository = self._repositories.get(name)
            if repository is None or repository.lifecycle is None:
                return None
            before = self.evaluated(repository)
            try:
                rules = read_lifecycle(repository.lifecycle)
            except EcrError:  # kept by a version that checked less
                rules = ()
            images = {each.digest: each for each in self._seen(repository)}
            found = expiring(rules, images.values(), self._clock())
            gone: list[tuple[LifecycleImage, int | None]] = []
            for digest, priority in found.items():
                if self._take(repository, digest):
                    gone.append((images[digest], priority))
            gone += self._take_artifacts(repository)
            with self._database.write() as write:
                write.execute(
                    "INSERT INTO lifecycle_run (repository, changed, evaluated) VALUES (?1, ?2, ?2) "
                    "ON CONFLICT (repository) DO UPDATE SET evaluated = excluded.evaluated",
                    (repository.id, self._clock().timestamp()),
                )
        return Expiry(repository, rules, before, tuple(gone))

    def _take(self, repository: Repository, digest: str) -> bool:
        with suppress(EcrError):
            self._images.delete(repository, digest=digest)
            return True
        return False

    def _take_artifacts(self, repository: Repository) -> list[tuple[LifecycleImage, int | None]]:
        """Artifacts whose subject was deleted, those that refer to such an artifact included."""
        taken: list[tuple[LifecycleImage, int | None]] = []
        while left := self._images.bereft(repository):
            some = [(_seen(image), None) for image in left if self._take(repository, image.digest)]
            if not some:
                break
            taken += some
        return taken

    def _seen(self, repository: Repository) -> list[LifecycleImage]:
        return [_seen(image) for image in self._images.all(repository)]


def _seen(image: StoredImage) -> LifecycleImage:
    return LifecycleImage(
        digest=image.digest,
        pushed=image.pushed,
        tags=image.tags,
        pulled=image.pulled,
        listed=image.listed,
        subject=image.subject,
    )


def _result(image: LifecycleImage, priority: int) -> dict[str, Any]:
    """An entry of ``previewResults`` in the service model's shape."""
    return {
        **({"imageTags": list(image.tags)} if image.tags else {}),
        "imageDigest": image.digest,
        "imagePushedAt": image.pushed.timestamp(),
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": priority,
        "storageClass": "STANDARD",
    }
