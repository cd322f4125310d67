"""``labs cloud --check-state``: what in a state folder is broken, set aside so that the rest can be used.

Nothing is deleted: what is broken goes to ``quarantine/TIME/`` in the folder, under the path it had.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labs.cloud.state import unreadable
from labs.cloud.state.checkpoint import Checkpoint, JournalMark, Unusable
from labs.cloud.state.folder import StateFolder, cannot_write, no_writing
from labs.cloud.state.journal import JournalPosition, beside, crc_of, lines_of
from labs.errors import LabError

_DATABASES = {
    "trail.sqlite3": ("trail.sqlite3", "the calls that CloudTrail had are gone, all other state stays"),
    "registry/ecr.sqlite3": ("registry", "the registry starts empty: create its repositories and push again"),
    "ecs/ecs.sqlite3": ("ecs/ecs.sqlite3", "ECS starts empty: clusters, definitions, services and tasks are gone"),
}


@dataclass(frozen=True)
class Damage:
    """One thing that is broken, and what was done about it; a sentence without its full stop each."""

    what: str
    done: str


@dataclass(frozen=True)
class Inspection:
    """``whole`` says what was read without fault."""

    whole: str
    findings: tuple[Damage, ...]


def inspect(path: Path) -> Inspection:
    """Read everything in a state folder and set aside what is broken. Nobody else may have the folder.

    Raises LabError when there is no state, when another process has it, when ``state.json`` (without which nothing
    can be brought back) is damaged, or when nothing can be set aside.
    """
    if not (path / "state.json").exists() and not (path / "journal").exists():
        raise LabError(
            f"There is no state in {path}.", "give the folder that labs cloud was started with", id="no-state-to-check"
        )
    folder = StateFolder.open(path)
    try:
        identity = folder.identity(None, None)
        return _Inspection(path, Checkpoint(path / "checkpoint", identity.seed)).run()
    except (OSError, sqlite3.Error) as error:
        raise cannot_write(path, error) from error
    finally:
        folder.close()


class _Inspection:
    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        self._path = path
        self._checkpoint = checkpoint
        self._aside = path / "quarantine" / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self._findings: list[Damage] = []

    def run(self) -> Inspection:
        mark = self._check_checkpoint()
        calls = self._check_journal(mark)
        self._check_characters()
        for name, (unit, loss) in _DATABASES.items():
            self._check_database(name, unit, loss)
        layers = self._check_layers()
        whole = f"{calls} lines of the journal, {layers} layers"
        return Inspection(whole, tuple(self._findings))

    def _check_checkpoint(self) -> JournalMark | None:
        if not os.path.lexists(self._checkpoint.path):
            return None
        try:
            return self._checkpoint.mark()
        except (Unusable, OSError, ValueError, KeyError, TypeError) as error:
            where = self._set_aside("checkpoint")
            loss = "nothing is lost, the next start takes longer"
            self._found(f"checkpoint: {error}", f"moved to {where}; {loss}")
            return None

    def _check_journal(self, mark: JournalMark | None) -> int:
        """The number of good lines; a journal with bad ones is written anew without them."""
        journal = self._path / "journal"
        if not journal.exists():
            return self._without_journal(journal, mark)
        bad: list[int] = []
        covered, good = JournalPosition(0, 0), JournalPosition(0, 0)
        at_mark = mark is not None and mark.bytes == 0
        with journal.open("rb") as source:
            for number, (line, wrong, end) in enumerate(lines_of(source), 1):
                if wrong:
                    bad.append(number)
                else:
                    good = JournalPosition(good.end + len(line), good.lines + 1)
                if mark is not None and end == mark.bytes:
                    at_mark, covered, last_covered = True, good, number
        if not bad:
            return good.lines
        kept = beside(journal, lambda line, wrong: b"" if wrong else line)
        where = self._set_aside("journal")
        kept.replace(journal)
        lines = _numbers(bad)
        if mark is not None and at_mark and bad[-1] <= last_covered:
            self._checkpoint.stand_at(JournalMark(covered.end, covered.lines, crc_of(journal, covered.end)))
            loss = "nothing is lost, the checkpoint holds what they did"
        else:
            loss = "the calls they held are lost, all others stay"
        self._found(f"journal: {lines} cannot be read back", f"the whole file is kept as {where}; {loss}")
        return good.lines

    def _check_characters(self) -> None:
        """Calls whose strings no answer can show are written anew, and so is, at the next start, the checkpoint."""
        journal = self._path / "journal"
        changed = unreadable.lines_in(journal)
        # A checkpoint may hold what damaged lines did, and would have to go: their loss is worse than these characters.
        if not changed or any(each.what.startswith("journal") for each in self._findings):
            return
        kept = unreadable.rewritten(journal)
        where = self._set_aside("journal")
        kept.replace(journal)
        if os.path.lexists(self._checkpoint.path):
            self._set_aside("checkpoint")
        told = "each is U+FFFD now, the whole file is kept as"
        self._found(f"journal: {_numbers(changed)} with characters that XML cannot hold", f"{told} {where}")

    def _without_journal(self, journal: Path, mark: JournalMark | None) -> int:
        journal.touch(mode=0o600)
        loss = "all calls that it held are lost"
        if mark is not None:
            self._checkpoint.stand_at(JournalMark(0, 0, 0))
            loss = f"the checkpoint holds what its first {mark.lines} lines did, later ones are lost"
        self._found("journal: it is missing", f"an empty one was made; {loss}")
        return 0

    def _check_database(self, name: str, unit: str, loss: str) -> None:
        file = self._path / name
        if not os.path.lexists(file):
            return
        wrong = _wrong_with(file, self._path)
        if wrong:
            where = self._set_aside(unit)
            for extra in ("-wal", "-shm"):
                if os.path.lexists(self._path / f"{unit}{extra}"):
                    self._set_aside(f"{unit}{extra}")
            self._found(f"{name}: {wrong}", f"moved to {where}; {loss}")

    def _check_layers(self) -> int:
        """The number of good ones. A layer whose bytes are not what its name says is set aside.

        What is said to be missing here is not there for the registry either, so that a push sends it again.
        """
        root = self._path / "registry"
        good: dict[str, int] = {}
        for file in sorted((root / "blobs").glob("*/*/*")):
            digest = f"{file.parent.parent.name}:{file.name}"
            if _is_content(file, digest):
                good[digest] = file.stat().st_size
                continue
            where = self._set_aside(str(file.relative_to(self._path)))
            self._found(f"layer {digest}: its bytes are not those of its digest", f"moved to {where}")
        again = "push the image again: that fixes it"
        for digest, size, users in _rows(root / "ecr.sqlite3", _LAYERS):
            if digest not in good:
                self._found(f"layer {digest} of {users} is missing", again)
            elif good[digest] != size:
                self._found(f"layer {digest} of {users} has {good[digest]} bytes where {size} are noted", again)
        for digest, body, repository in _rows(root / "ecr.sqlite3", _MANIFESTS):
            algorithm, _, wanted = str(digest).partition(":")
            if hashlib.new(algorithm, body).hexdigest() != wanted:
                self._found(f"manifest {digest} of {repository}: its bytes are not those of its digest", again)
        return len(good)

    def _set_aside(self, name: str) -> Path:
        target = self._aside / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._path / name).rename(target)
        return target

    def _found(self, what: str, done: str) -> None:
        self._findings.append(Damage(what, done))


def _numbers(bad: list[int]) -> str:
    shown = ", ".join(str(number) for number in bad[:10])
    more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    return f"line{'s' if len(bad) > 1 else ''} {shown}{more}"


def _opened(file: Path) -> sqlite3.Connection:
    """A database, for this process alone: only shared, SQLite wants a file for its index of the log."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA locking_mode=EXCLUSIVE")
    return database


def _wrong_with(file: Path, folder: Path) -> str:
    """What SQLite finds wrong; "" for nothing. Raises LabError when a full or failing disk keeps it from looking."""
    if file.is_symlink() or not file.is_file():
        return "not an ordinary file"
    try:
        with closing(_opened(file)) as database:
            said = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        if no_writing(error):
            raise cannot_write(folder, error) from error
        return str(error)
    return "" if said == "ok" else said.splitlines()[-1]


def _is_content(file: Path, digest: str) -> bool:
    algorithm, _, wanted = digest.partition(":")
    if file.is_symlink() or not file.is_file() or algorithm not in ("sha256", "sha512"):
        return False
    with file.open("rb") as source:
        return hashlib.file_digest(source, algorithm).hexdigest() == wanted


# Every layer that the registry promises, with the repositories that have it, and every manifest.
_LAYERS = (
    "SELECT digest, size, group_concat(name, ', ') FROM layer JOIN blob USING (digest) "
    "JOIN repository ON repository.id = layer.repository GROUP BY digest ORDER BY digest"
)
_MANIFESTS = (
    "SELECT digest, CAST(body AS BLOB), name FROM image "
    "JOIN repository ON repository.id = image.repository ORDER BY image.id"
)


def _rows(file: Path, query: str) -> Iterator[tuple[Any, ...]]:
    """What a query finds in the registry's database; nothing when there is none."""
    if file.exists():
        with closing(_opened(file)) as database:
            yield from database.execute(query)
