"""Registry tokens: ``AWS:<password>``, bound to the caller of GetAuthorizationToken, good for 12 hours.

Only the SHA-256 of a password is stored. Source: ECR User Guide, "Private registry authentication".
"""

import base64
import binascii
import hashlib
import json
import secrets
import sqlite3
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from labs import iam
from labs.cloud.contract import Caller, Clock
from labs.cloud.registry.store.database import Database
from labs.cloud.state.room import is_full

TOKEN_LIFE = timedelta(hours=12)
_REMEMBERED = timedelta(days=7)  # how long an expired token is still told apart from a wrong one
# Earlier versions wrote these down with the caller, whose they are not: each request has its own.
_OF_A_REQUEST = {"aws:sourceip", "aws:useragent", "aws:securetransport", "aws:viaawsservice"}


class TokenState(Enum):
    """What a credential turned out to be."""

    VALID = "valid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Token:
    """A fresh token: the Basic credential in base64 and when it ends."""

    authorization: str
    expires: datetime


class Tokens:
    """Issues tokens and finds the caller behind one.

    They survive a restart, except those of a session with session policies: a compiled policy has no
    text to store, so after a restart such a token counts as expired, never as unrestricted.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._restricted: dict[str, Caller] = {}
        self._unwritten: dict[str, tuple[Caller, float]] = {}
        self._guard = threading.Lock()

    def issue(self, caller: Caller) -> Token:
        """A new token for ``caller``."""
        password = secrets.token_urlsafe(96)
        now = self._clock()
        expires = now + TOKEN_LIFE
        key = _hash(password)
        if caller.session_policies:
            with self._guard:
                self._restricted[key] = caller
        try:
            old = self._keep(key, caller, now, expires)
        except sqlite3.Error as error:
            if not is_full(error):
                raise
            # Who has no token can free no room: this one lasts as long as the process.
            with self._guard:
                self._unwritten[key] = caller, expires.timestamp()
            old = []
        with self._guard:
            for item in old:
                self._restricted.pop(item, None)
        return Token(base64.b64encode(f"AWS:{password}".encode()).decode(), expires)

    def _keep(self, key: str, caller: Caller, now: datetime, expires: datetime) -> list[str]:
        """Write a token down; the hashes of those that are forgotten now."""
        with self._database.write() as write:
            old = [
                row["hash"]
                for row in write.execute("SELECT hash FROM token WHERE expires < ?", ((now - _REMEMBERED).timestamp(),))
            ]
            write.executemany("DELETE FROM token WHERE hash = ?", [(item,) for item in old])
            write.execute("INSERT INTO token VALUES (?, ?, ?)", (key, _dump(caller), expires.timestamp()))
        return old

    def find(self, authorization: str) -> tuple[TokenState, Caller | None]:
        """The caller behind an ``Authorization`` header; the caller is None unless the state is VALID."""
        password = _password(authorization)
        if password is None:
            return TokenState.UNKNOWN, None
        key = _hash(password)
        unwritten = self._unwritten.get(key)
        if unwritten is not None:
            over = unwritten[1] <= self._clock().timestamp()
            return (TokenState.EXPIRED, None) if over else (TokenState.VALID, unwritten[0])
        row = self._database.row("SELECT caller, expires FROM token WHERE hash = ?", (key,))
        if row is None:
            return TokenState.UNKNOWN, None
        if row["expires"] <= self._clock().timestamp():
            return TokenState.EXPIRED, None
        caller = _load(row["caller"]) or self._restricted.get(key)
        return (TokenState.VALID, caller) if caller is not None else (TokenState.EXPIRED, None)


def of_this_request(caller: Caller, region: str, source_ip: str, user_agent: str) -> Caller:
    """The token's caller as the sender of the present request.

    Who pulls for a task comes through the endpoint that the task's own path goes through.
    """
    return replace(
        caller, connection=replace(caller.connection, region=region, source_ip=source_ip, user_agent=user_agent)
    )


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _password(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic" or len(value) > 8192:
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if colon and user == "AWS" and password else None


def _dump(caller: Caller) -> str:
    principal = caller.principal
    return json.dumps(
        {
            "arn": principal.arn,
            "account": principal.account,
            "kind": principal.kind.value,
            "role_arn": principal.role_arn,
            "access_key_id": caller.access_key_id,
            "context": {k: v if isinstance(v, str) else list(v) for k, v in caller.identity_keys.items()},
            "endpoint": caller.connection.endpoint,
            "vpc": caller.connection.vpc,
            "restricted": bool(caller.session_policies),
        }
    )


def _load(text: str) -> Caller | None:
    raw = json.loads(text)
    if raw["restricted"]:
        return None
    kind = iam.PrincipalKind(raw["kind"])
    return Caller(
        principal=iam.Principal(raw["arn"], raw["account"], kind, raw["role_arn"]),
        access_key_id=raw["access_key_id"],
        connection=iam.Connection(endpoint=raw.get("endpoint", ""), vpc=raw.get("vpc", "")),
        identity_keys={key: value for key, value in raw["context"].items() if key.lower() not in _OF_A_REQUEST},
    )
