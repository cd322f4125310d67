"""A log where it lies: a file, a zip of GitHub's "Download log archive", or standard input; read with a bound.

Sources: GitHub REST API, "Download workflow run logs" (a zip); cli/cli, pkg/cmd/run/view (``JOB/N_STEP.txt`` for a
step, ``N_JOB.txt`` for a job's whole log). PowerShell writes UTF-16 with a byte order mark.
"""

import codecs
import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from labs.errors import LabError
from labs.workflow.log_reading import Log, join, one_step, read_lines

# A failure stands near the end, the set-up at the beginning: of a longer log both are read, and the middle is said.
_HEAD, _TAIL = 4 << 20, 8 << 20
_MOST_FILES = 2000
_PIECE = 1 << 20
_STEP_FILE = re.compile(r"^(?P<job>[^/]+)/(?P<number>\d+)_(?P<step>.+)\.txt$")
_JOB_FILE = re.compile(r"^(?P<number>-?\d+)_(?P<job>[^/]+)\.txt$")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WHERE = "give a log saved with gh run view RUN --log > run.txt, a job's log or the zip of logs"


def read_file(path: Path) -> Log:
    """The log in a file or a zip. LabError where there is none, or it is no text."""
    try:
        with path.open("rb") as opened:
            return read_stream(opened, str(path))
    except FileNotFoundError:
        raise LabError(f"There is no file {path}.", _WHERE, id="log-missing") from None
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}.", _WHERE, id="log-not-read") from error


def read_stream(stream: BinaryIO, name: str) -> Log:
    """The log that a stream holds; a stream that cannot be wound back is read once, with the same bound."""
    begin = stream.read(4096)
    if not begin.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        raise LabError(f"{name} is empty.", _WHERE, id="log-empty")
    if begin.startswith(b"PK\x03\x04"):
        return _read_zip(begin, stream, name)
    encoding = _UTF16.get(begin[:2], "utf-8")
    if encoding == "utf-8" and b"\0" in begin:
        raise LabError(f"{name} is not text.", _WHERE, id="log-not-text")
    numbered, unread = _bounded(begin, stream, encoding)
    return read_lines(numbered, unread)


def _pieces(begin: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield begin
    while piece := stream.read(_PIECE):
        yield piece


def _bounded(
    begin: bytes, stream: BinaryIO, encoding: str, label: str = ""
) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """The lines of the head and the tail with their numbers, and what lies between in a sentence."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    head: list[str] = []
    tail: deque[str] = deque()
    size = kept = lost_lines = lost = 0
    for piece in _pieces(begin, stream):
        text = decoder.decode(piece)
        if size < _HEAD:
            head.append(text)
            size += len(text)
            continue
        tail.append(text)
        kept += len(text)
        while kept - len(tail[0]) > _TAIL:
            gone = tail.popleft()
            kept, lost, lost_lines = kept - len(gone), lost + len(gone), lost_lines + gone.count("\n")
    first = "".join(head)
    last = "".join(tail) + decoder.decode(b"", final=True)
    if not lost:
        return list(enumerate((first + last).split("\n"), 1)), ()
    # What is cut in two at either side is left out.
    first, _, half = first.rpartition("\n")
    half_after, _, last = last.partition("\n")
    numbered = list(enumerate(first.split("\n"), 1))
    start = len(numbered) + 1 + lost_lines + 1
    said = (
        f"{label}{(lost + len(half) + len(half_after)) / (1 << 20):.0f} MiB of it were not read: "
        f"lines {len(numbered) + 1} to {start - 1}"
    )
    return [*numbered, *enumerate(last.split("\n"), start)], (said,)


def _read_zip(begin: bytes, stream: BinaryIO, name: str) -> Log:
    if stream.seekable():
        stream.seek(0)
        source: BinaryIO = stream
    else:
        data = begin + stream.read((64 << 20) + 1)
        if len(data) > 64 << 20:
            raise LabError(f"{name} is larger than 64 MiB.", "save it to a file and give that", id="log-zip-too-large")
        source = io.BytesIO(data)
    try:
        with zipfile.ZipFile(source) as archive:
            return _read_entries(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise LabError(f"{name} is no zip that can be read.", _WHERE, id="log-zip-broken") from error


def _read_entries(archive: zipfile.ZipFile, name: str) -> Log:
    entries = [each for each in archive.infolist() if not each.is_dir()][:_MOST_FILES]
    jobs = {each.filename: found for each in entries if (found := _JOB_FILE.match(each.filename))}
    steps = {each.filename: found for each in entries if (found := _STEP_FILE.match(each.filename))}
    with_steps = {found["job"] for found in steps.values()}
    order = {found["job"]: int(found["number"]) for found in jobs.values()}
    # The steps name themselves; a job's whole log is read where they are missing, and says how the job ended.
    chosen = sorted(steps, key=lambda f: (order.get(steps[f]["job"], 0), steps[f]["job"], int(steps[f]["number"])))
    chosen += [each for each in jobs if jobs[each]["job"] not in with_steps]
    if not chosen:
        chosen = sorted(each.filename for each in entries if each.filename.endswith((".txt", ".log")))
    if not chosen:
        raise LabError(f"{name} holds no log.", _WHERE, id="log-zip-without-logs")
    logs: list[Log] = []
    unread: list[str] = []
    for file in chosen:
        job = (steps.get(file) or jobs.get(file) or {"job": ""})["job"]
        with archive.open(file) as opened:
            numbered, missing = _bounded(b"", cast(BinaryIO, opened), "utf-8", f"{file}: ")
        title = steps[file]["step"] if file in steps else ""
        logs.append(one_step(numbered, job, title, file) if title else read_lines(numbered, missing, job, file))
        unread += missing
    return join(logs, unread)
