"""ECS's own store: everything in memory as values, every change in SQLite before it is seen."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from labs.cloud.contract import Clock
from labs.cloud.ecs.store.records import KINDS, Cluster, EcsService, Record, Task, TaskDefinition, from_json, to_json
from labs.cloud.state.folder import unreadable
from labs.cloud.state.room import Room, is_full

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_NAMES = {made: kind for kind, made in KINDS.items()}


class EcsStore:
    """Clusters, task definitions, tasks and services of one account and region, in ``folder/ecs``.

    Reads take no lock: values never change and each look is one step on a dictionary. A change holds ``lock`` from
    its first look to its ``save``. What was saved survives SIGKILL. ``version`` counts the changes.
    Raises LabError when the file is damaged.
    """

    def __init__(self, folder: Path, account: str, region: str, clock: Clock, room: Room) -> None:
        self.account = account
        self.region = region
        self.folder = folder / "ecs"
        self._clock = clock
        self._room = room
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self.clusters: dict[str, Cluster] = {}
        self.definitions: dict[str, TaskDefinition] = {}
        self.tasks: dict[str, Task] = {}
        self.services: dict[str, EcsService] = {}
        self._homes: dict[str, dict[str, Any]] = {
            "cluster": self.clusters,
            "definition": self.definitions,
            "task": self.tasks,
            "service": self.services,
        }
        self.folder.mkdir(mode=0o700, exist_ok=True)
        path = self.folder / "ecs.sqlite3"
        try:
            self._file = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)  # SQLite gives its companions the database's mode
            # WAL with synchronous NORMAL: a commit survives the process being killed (SQLite, "Write-Ahead Logging").
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
                self._file.execute(f"PRAGMA {pragma}")
            self._file.executescript(_SCHEMA)
            self._load()
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise unreadable(path, error, folder) from error

    def _load(self) -> None:
        for kind, key, body in self._file.execute("SELECT kind, key, body FROM record"):
            self._homes[kind][key] = from_json(kind, json.loads(body))

    def now(self) -> float:
        """Seconds since 1970."""
        return round(self._clock().timestamp(), 3)

    def arn(self, rest: str) -> str:
        """An ECS ARN of this account and region."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{rest}"

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the store from the first look to the last ``save``, then wake whoever waits for a change."""
        with self.changed:
            yield
            self.changed.notify_all()

    def save(self, *records: Record) -> None:
        """Keep records, all or none; they are durable when this returns."""
        self._write([(_NAMES[type(each)], each.key, each) for each in records], [])

    def forget(self, *records: Record) -> None:
        """Drop records."""
        self._write([], [(_NAMES[type(each)], each.key) for each in records])

    def _write(self, put: list[tuple[str, str, Record]], drop: list[tuple[str, str]]) -> None:
        try:
            self._commit(put, drop)
        except sqlite3.Error as error:
            # What is there goes on to its end on a full disk, too: a task that is stopped has to be written down.
            if not is_full(error) or any(key not in self._homes[kind] for kind, key, _ in put):
                raise
            with self._room.freeing():
                self._commit(put, drop)

    def _commit(self, put: list[tuple[str, str, Record]], drop: list[tuple[str, str]]) -> None:
        with self.lock:
            self._file.execute("BEGIN")
            try:
                for kind, key, record in put:
                    body = json.dumps(to_json(record), separators=(",", ":"))
                    self._file.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, body))
                self._file.executemany("DELETE FROM record WHERE kind = ? AND key = ?", drop)
                self._file.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise
            self.version += 1
            for kind, key, record in put:
                self._homes[kind][key] = record
            for kind, key in drop:
                self._homes[kind].pop(key, None)

    def update_task(self, task_id: str, change: Callable[[Task], Task]) -> Task | None:
        """Apply a change to a task as it is now; None when it is gone."""
        with self.change():
            task = self.tasks.get(task_id)
            if task is None:
                return None
            changed = change(task)
            if changed is not task:
                changed = replace(changed, version=task.version + 1)
                self.save(changed)
            return changed

    def update_service(self, key: str, change: Callable[[EcsService], EcsService]) -> EcsService | None:
        """Apply a change to a service as it is now; None when it is gone."""
        with self.change():
            service = self.services.get(key)
            if service is None:
                return None
            changed = change(service)
            if changed is not service:
                self.save(changed)
            return changed

    def setting(self, name: str, default: str = "") -> str:
        """A setting of the account, or of the kit."""
        with self.lock:
            row = self._file.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row is not None else default

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting."""
        with self.lock:
            self._file.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def definition(self, name: str) -> TaskDefinition | None:
        """By family (its newest active revision), family:revision or ARN."""
        short = name.rsplit("/", 1)[-1] if name.startswith("arn:") else name
        family, colon, revision = short.partition(":")
        if colon:
            return self.definitions.get(f"{family}:{int(revision)}") if revision.isdigit() else None
        active = [each for each in self.revisions(family) if each.status == "ACTIVE"]
        return max(active, key=lambda each: each.revision, default=None)

    def revisions(self, family: str) -> list[TaskDefinition]:
        """Every revision of a family, oldest first."""
        found = [each for each in list(self.definitions.values()) if each.family == family]
        return sorted(found, key=lambda each: each.revision)

    def tasks_of(self, service: EcsService) -> list[Task]:
        """The tasks that a service started, stopped ones too."""
        found = [each for each in list(self.tasks.values()) if each.service == service.name]
        return [each for each in found if each.cluster == service.cluster]

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._file.close()


def new_id() -> str:
    """An id as ECS gives to tasks and attachments' siblings: 32 hex digits."""
    return secrets.token_hex(16)


def roles_of(store: EcsStore, name: str) -> tuple[str, tuple[str, ...]]:
    """ARN and role ARNs of a task definition; ("", ()) when there is none."""
    found = store.definition(name) if name else None
    if found is None:
        return "", ()
    roles = (found.document.get("taskRoleArn"), found.document.get("executionRoleArn"))
    return found.arn, tuple(str(each) for each in roles if each)


def tagged(store: EcsStore) -> Iterator[tuple[str, Mapping[str, str]]]:
    """ARN and tags of everything that is still there, for the tagging API."""
    yield from ((each.arn, each.tags) for each in list(store.clusters.values()) if each.status == "ACTIVE")
    yield from ((each.arn, each.tags) for each in list(store.services.values()) if each.status != "INACTIVE")
    yield from ((each.arn, each.tags) for each in list(store.definitions.values()) if each.status == "ACTIVE")
    yield from ((each.arn, each.tags) for each in list(store.tasks.values()) if not each.is_over)


def tags_of(store: EcsStore, arn: str) -> dict[str, str]:
    """The tags behind an ARN; empty when it has none or is not known."""
    found = record_of(store, arn)
    return dict(found.tags) if found is not None else {}


def record_of(store: EcsStore, arn: str) -> Record | None:
    """What an ARN of this account and region names."""
    prefix = store.arn("")
    if not arn.startswith(prefix):
        return None
    kind, _, name = arn.removeprefix(prefix).partition("/")
    if kind == "cluster":
        return store.clusters.get(name)
    if kind == "task-definition":
        return store.definitions.get(name)
    if kind == "service":
        return store.services.get(name)
    return store.tasks.get(name.rsplit("/", 1)[-1]) if kind == "task" else None
