"""The store with a memory: each mutating call is journaled, then run with its own seed and time."""

import base64
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from labs.cloud.contract import AwsError
from labs.cloud.sessions import Session, Sessions
from labs.cloud.state.journal import Journal, Record
from labs.cloud.store import determinism
from labs.cloud.store.dispatch import Answer, MotoStore, NotServed, StoreRequest
from labs.cloud.store.locks import ReadWriteLock


class DurableStore:
    """Reads run together; a write runs alone, after its record is in the journal."""

    def __init__(self, moto: MotoStore, sessions: Sessions, journal: Journal) -> None:
        self._moto = moto
        self._sessions = sessions
        self._journal = journal
        self._lock = ReadWriteLock()
        self.on_iam_change: Callable[[], None] = lambda: None

    def replay(self) -> int:
        """Carry out every journaled call again, with the same ids and times. Returns how many there were."""
        count = 0
        for record in self._journal.records():
            count += 1
            if record["kind"] == "session":
                self._sessions.add(Session.from_record(record["session"]))
            else:
                self._again(record)
        return count

    def _again(self, record: Record) -> None:
        request = _from_record(record["request"])
        # What was refused, or stumbled, the first time does so again.
        with determinism.fixed(record["seed"], datetime.fromisoformat(record["time"])), suppress(AwsError):
            self._moto.run(request)

    def read(self, request: StoreRequest) -> Answer:
        """Run a call that changes nothing."""
        with self._lock.reading():
            return self._moto.run(request)

    def write(self, request: StoreRequest) -> Answer:
        """Run a call that may change something; it is durable when this returns."""
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
            try:
                with determinism.fixed(seed, now):
                    answer = self._moto.run(request)
            except NotServed:
                self._journal.take_back(start)
                raise
            finally:
                if request.service == "iam":
                    self.on_iam_change()
            if answer.status >= 400:
                self._journal.take_back(start)
            return answer

    def open_session(self, session: Session) -> None:
        """Keep a temporary credential; it is durable when this returns."""
        with self._lock.writing():
            self._journal.append({"kind": "session", "session": session.to_record()})
            self._sessions.add(session)

    def reading(self) -> Any:
        """Hold the store still while several of its objects are looked at (``labs.cloud.snapshot``)."""
        return self._lock.reading()


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
