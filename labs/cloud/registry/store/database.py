"""The registry's SQLite file: one connection a thread, one writer at a time."""

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from labs.cloud.state.folder import unreadable

Row = sqlite3.Row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS repository (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, public INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL,
  mutability TEXT NOT NULL DEFAULT 'MUTABLE', exclusions TEXT NOT NULL DEFAULT '[]',
  scan_on_push INTEGER NOT NULL DEFAULT 0, encryption TEXT NOT NULL DEFAULT '{"encryptionType": "AES256"}',
  tags TEXT NOT NULL DEFAULT '{}', policy TEXT, lifecycle TEXT);
CREATE TABLE IF NOT EXISTS blob (digest TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layer (
  repository INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
  digest TEXT NOT NULL REFERENCES blob(digest), PRIMARY KEY (repository, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS layer_digest ON layer(digest);
CREATE TABLE IF NOT EXISTS image (
  id INTEGER PRIMARY KEY, repository INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
  digest TEXT NOT NULL, media_type TEXT NOT NULL, config_type TEXT NOT NULL, artifact_type TEXT NOT NULL,
  subject TEXT NOT NULL, annotations TEXT NOT NULL, body BLOB NOT NULL, size INTEGER NOT NULL, pushed REAL NOT NULL,
  UNIQUE (repository, digest));
CREATE INDEX IF NOT EXISTS image_subject ON image(repository, subject);
CREATE TABLE IF NOT EXISTS tag (
  repository INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE, name TEXT NOT NULL,
  image INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE, PRIMARY KEY (repository, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_image ON tag(image);
CREATE TABLE IF NOT EXISTS image_layer (
  image INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE, repository INTEGER NOT NULL, digest TEXT NOT NULL,
  media_type TEXT NOT NULL, PRIMARY KEY (image, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS image_layer_digest ON image_layer(repository, digest);
CREATE TABLE IF NOT EXISTS image_child (
  parent INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE, child INTEGER NOT NULL REFERENCES image(id),
  PRIMARY KEY (parent, child)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS image_child_child ON image_child(child);
CREATE TABLE IF NOT EXISTS upload (
  id TEXT PRIMARY KEY, repository INTEGER NOT NULL REFERENCES repository(id) ON DELETE CASCADE,
  started REAL NOT NULL, short_parts INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pull (
  image INTEGER PRIMARY KEY REFERENCES image(id) ON DELETE CASCADE, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS bereft (image INTEGER PRIMARY KEY REFERENCES image(id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS lifecycle_run (
  repository INTEGER PRIMARY KEY REFERENCES repository(id) ON DELETE CASCADE,
  changed REAL NOT NULL, evaluated REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS lifecycle_preview (
  repository INTEGER PRIMARY KEY REFERENCES repository(id) ON DELETE CASCADE,
  text TEXT NOT NULL, results TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS creation_template (
  prefix TEXT PRIMARY KEY, created REAL NOT NULL, updated REAL NOT NULL, settings TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (hash TEXT PRIMARY KEY, caller TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class _Connection(sqlite3.Connection):
    """Unlike its base, it can be held weakly: a thread that ends takes its connection along."""


class Database:
    """Reads see the last committed state; ``write`` is one transaction, and one at a time.

    WAL with synchronous NORMAL: a commit survives the process being killed (SQLite, "Write-Ahead Logging").
    Raises LabError when the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._writing = threading.RLock()
        try:
            with self._writing:
                self._connection().executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise unreadable(path, error, path.parent.parent) from error

    def _connection(self) -> sqlite3.Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=30, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            self._path.chmod(0o600)  # SQLite gives its companions the database's mode
            connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            self._all.add(connection)
        return connection

    def rows(self, sql: str, arguments: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._connection().execute(sql, arguments).fetchall()

    def row(self, sql: str, arguments: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self._connection().execute(sql, arguments).fetchone()
        return found

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        with self._writing:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already, or let it stand when the commit failed.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other writers away from the files as well, around one or several transactions."""
        with self._writing:
            yield

    def shrink(self) -> None:
        """Bring what is in SQLite's log into the file and give the log's room back, as far as the disk allows."""
        with self._writing, suppress(sqlite3.Error):
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in list(self._all):
            connection.close()
        self._local = threading.local()
