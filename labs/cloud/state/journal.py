"""The journal: one line for each mutating call, written before the call is carried out.

A line is the CRC-32 of its text in eight hex digits, a space, the text (JSON), a newline. A last line without
its newline was being written when the process was killed: nobody was told of it, so it is dropped. Any other
line that does not read back is damage.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from labs.cloud.contract import AwsError
from labs.cloud.state.folder import damaged

Record = Mapping[str, Any]
_CHUNK = 1 << 20


@dataclass(frozen=True)
class JournalPosition:
    """The journal's end before a record was appended."""

    end: int
    lines: int


class Journal:
    """Append records; read them all back in order. One writer at a time: the caller holds the store's lock."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises LabError when it cannot be opened."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise damaged(path, str(error.strerror or error)) from error
        self.end = os.fstat(self._file).st_size
        self.lines = 0

    def records(self, after: JournalPosition = JournalPosition(0, 0)) -> Iterator[Record]:
        """Every whole record after a place. Drops a torn last line from the file.

        Raises LabError for any other damage. At its end ``lines`` counts the lines of the whole file.
        """
        good, self.lines = after.end, after.lines
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(good)
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                record = read_line(line)
                if isinstance(record, str):
                    raise damaged(self.path, f"line {self.lines + 1}: {record}")
                good += len(line)
                self.lines += 1
                yield record
        if good < self.end:
            os.ftruncate(self._file, good)
            self.end = good

    def crc(self, end: int) -> int:
        """The CRC-32 of the file's first bytes."""
        return _crc(self._file, end)

    def append(self, record: Record) -> JournalPosition:
        """Write one record; when this returns it survives the process. Returns the place to ``take_back`` to.

        Raises AwsError(ServiceUnavailable) when the disk does not take it; the journal is then as before.
        """
        line = line_of(record)
        before = JournalPosition(self.end, self.lines)
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self.end + written)
        except OSError as error:
            self.take_back(before)
            raise AwsError(
                "ServiceUnavailable",
                f"The state folder cannot be written ({error.strerror}); nothing was changed. (simulated wording)",
                503,
            ) from error
        self.end += len(line)
        self.lines += 1
        return before

    def take_back(self, place: JournalPosition) -> None:
        """Forget what was appended from ``place`` on: the call was refused and changed nothing."""
        try:
            os.ftruncate(self._file, place.end)
            self.end, self.lines = place.end, place.lines
        except OSError:
            # The record stays; replayed, the call is refused again.
            self.end = os.fstat(self._file).st_size

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def line_of(record: Record) -> bytes:
    """A record as a line, with its newline."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_line(line: bytes) -> Record | str:
    """The record of a whole line, or what is wrong with it."""
    try:
        crc, text = line[:8], line[9:-1]
        if line[8:9] != b" " or int(crc, 16) != zlib.crc32(text):
            return "the checksum does not match"
        record = json.loads(text)
    except ValueError as error:
        return str(error)
    return record if isinstance(record, dict) else "not a record"


def lines_of(stream: BinaryIO) -> Iterator[tuple[bytes, str, int]]:
    """Every line that was ended: the line, what is wrong with it ("" for nothing), and where it ends in the file."""
    end = 0
    for line in stream:
        end += len(line)
        if line.endswith(b"\n"):
            found = read_line(line)
            yield line, found if isinstance(found, str) else "", end


def beside(journal: Path, new: Callable[[bytes, str], bytes]) -> Path:
    """A file beside the journal with what ``new`` makes of each line and of what is wrong with it ("" for nothing).

    OSError leaves none behind.
    """
    kept = journal.with_suffix(".new")
    try:
        with journal.open("rb") as source, kept.open("wb") as target:
            kept.chmod(0o600)
            target.writelines(new(line, wrong) for line, wrong, _ in lines_of(source))
            target.flush()
            os.fsync(target.fileno())
    except OSError:
        kept.unlink(missing_ok=True)
        raise
    return kept


def crc_of(path: Path, end: int) -> int:
    """The CRC-32 of a file's first bytes."""
    with path.open("rb") as file:
        return _crc(file.fileno(), end)


def _crc(handle: int, end: int) -> int:
    found, at = 0, 0
    while at < end and (part := os.pread(handle, min(_CHUNK, end - at), at)):
        found = zlib.crc32(part, found)
        at += len(part)
    return found
