"""The journal: one line for each mutating call, written before the call is carried out.

A line is the CRC-32 of its text in eight hex digits, a space, the text (JSON), a newline. A last line without
its newline was being written when the process was killed: nobody was told of it, so it is dropped. Any other
line that does not read back is damage.
"""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.state.folder import damaged

Record = Mapping[str, Any]


class Journal:
    """Append records; read them all back in order. One writer at a time: the caller holds the store's lock."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises LabError when it cannot be opened."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise damaged(path, str(error.strerror or error)) from error
        self._end = os.fstat(self._file).st_size

    def records(self) -> Iterator[Record]:
        """Every whole record. Drops a torn last line from the file; raises LabError for any other damage."""
        good = 0
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(0)
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    break
                yield _read_line(self.path, number, line)
                good += len(line)
        if good < self._end:
            os.ftruncate(self._file, good)
            self._end = good

    def append(self, record: Record) -> int:
        """Write one record; when this returns it survives the process. Returns the place to ``take_back`` to.

        Raises AwsError(ServiceUnavailable) when the disk does not take it; the journal is then as before.
        """
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        start = self._end
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._file, line[written:], start + written)
        except OSError as error:
            self.take_back(start)
            raise AwsError(
                "ServiceUnavailable",
                f"The state folder cannot be written ({error.strerror}); nothing was changed. (simulated wording)",
                503,
            ) from error
        self._end = start + len(line)
        return start

    def take_back(self, start: int) -> None:
        """Forget what was appended from ``start`` on: the call was refused and changed nothing."""
        try:
            os.ftruncate(self._file, start)
            self._end = start
        except OSError:
            # The record stays; replayed, the call is refused again.
            self._end = os.fstat(self._file).st_size

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _read_line(path: Path, number: int, line: bytes) -> Record:
    try:
        crc, text = line[:8], line[9:-1]
        if line[8:9] != b" " or int(crc, 16) != zlib.crc32(text):
            raise ValueError("the checksum does not match")
        record = json.loads(text)
        if not isinstance(record, dict):
            raise ValueError("not a record")
    except ValueError as error:
        raise damaged(path, f"line {number}: {error}") from error
    return record
