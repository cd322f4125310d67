"""The store with a memory: each mutating call is journaled, then run with its own seed and time."""

import base64
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.identity.sessions import Sessions, StsSession
from labs.cloud.protocols.services import BY_NAME, is_removal
from labs.cloud.state.checkpoint import Checkpoint
from labs.cloud.state.journal import Journal, JournalPosition, Record
from labs.cloud.state.room import Room
from labs.cloud.store import determinism
from labs.cloud.store.dispatch import MotoStore, NotServed, StoreRequest, Stumbled
from labs.cloud.store.pickling import let_go, put_back
from labs.cloud.store.read_write_lock import WHOLE, ReadWriteLock
from labs.cloud.wire.answer import HttpAnswer

# A checkpoint is due after so many lines at least: what a start repeats in about a quarter of a second.
EVERY = 500


class DurableStore:
    """Reads run together; a write runs alone, after its record is in the journal."""

    def __init__(
        self,
        *,
        moto: MotoStore,
        sessions: Sessions,
        journal: Journal,
        checkpoint: Checkpoint,
        on_iam_change: Callable[[], None],
        room: Room,
    ) -> None:
        """``on_iam_change`` is called after each call that may have changed something in IAM."""
        self._moto = moto
        self._sessions = sessions
        self._journal = journal
        self._checkpoint = checkpoint
        self._saved = 0
        self._lock = ReadWriteLock()
        self._on_iam_change = on_iam_change
        self._room = room

    def replay(self) -> int:
        """Bring back what the checkpoint holds and carry out every call after it again, with the same ids and times.

        Returns how many calls that were. Raises LabError when the journal is damaged.
        """
        content = self._checkpoint.load(self._journal, self._prepare)
        start = JournalPosition(0, 0)
        if content is not None:
            put_back(content.stores)
            for raw in content.sessions:
                self._sessions.add(StsSession.from_record(raw))
            start, self._saved = JournalPosition(content.mark.bytes, content.mark.lines), content.mark.lines
        count = 0
        for record, kept in _with_material(self._journal.records(start)):
            count += 1
            if record["kind"] == "session":
                self._sessions.add(StsSession.from_record(record["session"]))
            else:
                made = self._again(record, kept)
        if count and record["kind"] == "call" and made:
            # The process was killed between the last call and its material: nobody has seen it, so this one is kept.
            self._journal.append({"kind": "material", "made": made})
        self._save_when_due()
        return count

    def _begin_again(self) -> None:
        """Back to what the journal holds: a call that stumbled midway may have changed anything."""
        WHOLE.clear()
        try:
            let_go()
            self.replay()
            self._on_iam_change()
        finally:
            WHOLE.set()

    def _prepare(self, service: str) -> None:
        if service in BY_NAME and BY_NAME[service].module:
            self._moto.load(service)

    def _again(self, record: Record, kept: Sequence[str]) -> list[str]:
        request = _from_record(record["request"])
        material = determinism.Material(kept)
        # What was refused, or stumbled, the first time does so again.
        with suppress(AwsError), determinism.fixed(record["seed"], datetime.fromisoformat(record["time"]), material):
            self._moto.run(request)
        return material.made

    def _save_when_due(self) -> None:
        """A checkpoint whenever the journal has grown by a twentieth; the caller holds the store still."""
        grown = self._journal.lines - self._saved
        if grown >= max(EVERY, self._journal.lines // 20):
            self._saved = self._journal.lines
            self._checkpoint.save(self._journal, self._sessions.to_records())

    def read(self, request: StoreRequest) -> HttpAnswer:
        """Run a call that changes nothing."""
        with self._lock.reading():
            return self._moto.run(request)

    def write(self, request: StoreRequest) -> HttpAnswer:
        """Run a call that may change something; it is durable when this returns."""
        with self._room.freeing() if is_removal(request.operation) else nullcontext():
            return self._write(request)

    def _write(self, request: StoreRequest) -> HttpAnswer:
        self._moto.load(request.service)
        with self._lock.writing():
            now, seed = datetime.now(UTC), secrets.token_hex(16)
            record = {
                "kind": "call",
                "time": now.isoformat(timespec="microseconds"),
                "seed": seed,
                "request": _to_record(request),
            }
            start = self._journal.append(record)
            material = determinism.Material()
            try:
                with determinism.fixed(seed, now, material):
                    answer = self._moto.run(request)
            except NotServed:
                self._journal.take_back(start)
                raise
            except Stumbled:
                self._journal.take_back(start)
                self._begin_again()
                raise
            finally:
                if request.service == "iam":
                    self._on_iam_change()
            if answer.status >= 400:
                self._journal.take_back(start)
            elif material.made:
                self._journal.append({"kind": "material", "made": material.made})
            self._save_when_due()
            return answer

    def open_session(self, session: StsSession) -> None:
        """Keep a temporary credential; it is durable when this returns."""
        with self._lock.writing():
            self._journal.append({"kind": "session", "session": session.to_record()})
            self._sessions.add(session)
            self._save_when_due()

    def reading(self) -> Any:
        """Hold the store still while several of its objects are looked at (``labs.cloud.store.ec2_reader``)."""
        return self._lock.reading()


def _with_material(records: Iterator[Record]) -> Iterator[tuple[Record, Sequence[str]]]:
    """Each record with the material that the next line keeps for it."""
    held: Record | None = None
    for record in records:
        if record["kind"] == "material":
            if held is not None:
                yield held, record["made"]
            held = None
            continue
        if held is not None:
            yield held, ()
        held = record
    if held is not None:
        yield held, ()


def _to_record(request: StoreRequest) -> dict[str, Any]:
    raw = asdict(request)
    body = raw.pop("body")
    try:
        raw["text"] = body.decode()
    except UnicodeDecodeError:
        raw["base64"] = base64.b64encode(body).decode()
    return raw


def _from_record(raw: Record) -> StoreRequest:
    fields = dict(raw)
    text, encoded = fields.pop("text", None), fields.pop("base64", None)
    body = base64.b64decode(encoded) if encoded is not None else str(text or "").encode()
    return StoreRequest(body=body, **fields)
