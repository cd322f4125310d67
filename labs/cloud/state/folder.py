"""The state folder: private, owned by one process at a time, and what it says of itself."""

import json
import logging
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from labs import locks
from labs.cloud.state.room import Room
from labs.errors import LabError
from labs.ownership import check_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger("labs.cloud")

FORMAT = 1
DEFAULT_ACCOUNT = "111122223333"
DEFAULT_REGION = "us-east-1"
# SQLite's result codes for a disk that is full, read-only or failing.
_NO_WRITING = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")


@dataclass(frozen=True)
class Identity:
    """What a state folder was made for. ``seed`` is secret: ids and keys are drawn from it."""

    account: str
    region: str
    seed: str
    created: str
    port: int = 0
    format: int = FORMAT

    @property
    def born(self) -> datetime:
        """When the folder was made: aware, UTC."""
        return datetime.fromisoformat(self.created)


class StateFolder:
    """Holds the folder for this process until ``close``."""

    def __init__(self, path: Path, lock: "BaseFileLock") -> None:
        self.path = path
        self.room = Room(path / "reserve")
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> "StateFolder":
        """Make the folder if need be and take it. Raises LabError when another process has it, or it cannot be used."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_folder(path)
            path.chmod(0o700)
            file = path / "lock"
            lock = locks.take(file, 0)
        except OSError as error:
            raise LabError(
                f"The state folder {path} cannot be used: {error.strerror or error}.",
                "choose another with --state, or fix its permissions",
                id="state-folder-unusable",
            ) from error
        if lock is None:
            raise LabError(
                f"The state folder {path} is in use by {locks.lock_holder(file)}.",
                "stop that process, or choose another folder with --state",
                id="state-folder-in-use",
            )
        folder = cls(path, lock)
        if not folder.room.take():
            # What is half written goes first; the registry finds such an upload gone.
            for part in (path / "registry" / "uploads").glob("*"):
                with suppress(OSError):
                    part.unlink()
        # The start may need the reserve: who has opened the folder takes it again.
        folder.room.give()
        try:
            if file.stat().st_size:
                holder = locks.lock_holder(file)
                log.warning("the lock of %s was stale: %s ended without letting go of it", path, holder)
            locks.sign(file)
        except OSError as error:
            folder.close()
            raise cannot_write(path, error) from error
        return folder

    def identity(self, account: str | None, region: str | None) -> Identity:
        """The saved identity, or a new one. Raises LabError when it is damaged or was made for another account."""
        file = self.path / "state.json"
        if not file.exists():
            if (self.path / "journal").exists():
                raise _identity_lost(file, "it is missing although there is a journal")
            made = Identity(
                account or DEFAULT_ACCOUNT,
                region or DEFAULT_REGION,
                secrets.token_hex(32),
                datetime.now(UTC).isoformat(timespec="microseconds"),
            )
            self.save(made)
            return made
        try:
            raw = json.loads(file.read_text())
            found = Identity(**raw)
            if not isinstance(found.port, int) or not found.born.tzinfo or not found.seed:
                raise ValueError("a field has the wrong form")
        except (OSError, ValueError, TypeError) as error:
            raise _identity_lost(file, str(error)) from error
        if found.format != FORMAT:
            raise LabError(
                f"The state folder {self.path} was written in format {found.format}; this kit reads {FORMAT}.",
                "use the kit that made it, or choose another folder with --state",
                id="state-format-unknown",
            )
        for name, asked, saved in (("account", account, found.account), ("region", region, found.region)):
            if asked and asked != saved:
                raise LabError(
                    f"The state folder {self.path} belongs to {name} {saved}, not {asked}.",
                    f"leave out --{name}, or choose another folder with --state",
                    id="state-of-another-account",
                )
        return found

    def save(self, identity: Identity) -> None:
        """Write the identity in one step: the old file or the new one, never half."""
        self._replace("state.json", asdict(identity))

    def announce(self, ready: dict[str, str]) -> None:
        """Say in ``ready.json`` where this process answers; ``labs env --state`` reads it. ``close`` removes it."""
        self._replace("ready.json", {**ready, "pid": os.getpid()})

    def _replace(self, name: str, value: dict[str, Any]) -> None:
        file = self.path / name
        temporary = file.with_suffix(".new")
        try:
            with _open_private(temporary, truncate=True) as out:
                json.dump(value, out)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def close(self) -> None:
        """Let the folder go. The lock file stays, empty."""
        # A disk that has become read-only keeps both; the next start says that the lock was stale.
        with suppress(OSError):
            (self.path / "ready.json").unlink(missing_ok=True)
            locks.clear(self.path / "lock")
        self.room.take_again()
        with suppress(OSError):
            self._lock.release()


def _open_private(path: Path, truncate: bool = False) -> IO[str]:
    """Open for reading and writing, mode 600, never through a symlink."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_TRUNC if truncate else 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+")


def _identity_lost(file: Path, why: str) -> LabError:
    """``state.json`` holds the seed of every id: nothing can be set aside and made again without it."""
    return LabError(
        f"The state of the local AWS is damaged: {file} cannot be read ({why}). Nothing was changed.",
        f"put back a copy of that file, or move {file.parent} away and start again with an empty state",
        id="state-identity-lost",
    )


def cannot_write(path: Path, error: Exception) -> LabError:
    """The one sentence for a folder that takes nothing: a full disk, a read-only one, no permission."""
    return LabError(
        f"The state folder {path} cannot be written: {getattr(error, 'strerror', None) or error}.",
        "free some space or choose another folder with --state",
        id="state-not-writable",
    )


def unreadable(file: Path, error: Exception, folder: Path) -> LabError:
    """The one sentence for a database that does not open: a disk that takes nothing is not damage."""
    return cannot_write(folder, error) if no_writing(error) else damaged(file, str(error), folder)


def no_writing(error: Exception) -> bool:
    """Whether an error speaks of the disk, not of what stands in a file."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(_NO_WRITING) or isinstance(error, OSError)


def damaged(file: Path, why: str, folder: Path | None = None) -> LabError:
    """The one sentence for a file that cannot be read back. Nothing is deleted. ``folder`` is the state folder."""
    state = folder or file.parent
    return LabError(
        f"The state of the local AWS is damaged: {file} cannot be read ({why}). Nothing was changed.",
        f"run 'labs cloud --check-state --state {state}', which sets aside what is broken, or put back a copy of "
        "that file",
        id="state-damaged",
    )
