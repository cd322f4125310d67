"""Temporary credentials: what AssumeRole and GetSessionToken gave out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class StsSession:
    """One temporary credential.

    ``kind`` is "role" (AssumeRole and AssumeRoleWithWebIdentity), "user" (GetSessionToken) or "federated"
    (GetFederationToken). ``context`` holds the condition keys that the session keeps, those of its identity provider.
    ``principal_id`` is the role's or user's unique id:
    a role made again under the same name is another one. Times are aware, UTC. ``policies`` are the texts of the
    session policy and of the policies named by ARN; ``tags`` the session tags, ``transitive`` the keys handed on.
    """

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    account: str
    kind: str
    name: str
    principal_id: str
    principal_arn: str
    issued: datetime
    expires: datetime
    policies: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    mfa: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The ARN that calls with this credential carry."""
        if self.kind == "user":
            return self.principal_arn
        if self.kind == "federated":
            return f"arn:aws:sts::{self.account}:federated-user/{self.name}"
        role = self.principal_arn.rsplit("/", 1)[-1]
        return f"arn:aws:sts::{self.account}:assumed-role/{role}/{self.name}"

    def to_record(self) -> dict[str, Any]:
        """Plain JSON for the journal."""
        raw = asdict(self)
        raw["issued"], raw["expires"] = self.issued.isoformat(), self.expires.isoformat()
        return raw

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> "StsSession":
        """Read ``to_record`` back."""
        fields = dict(raw)
        for name in ("issued", "expires"):
            fields[name] = datetime.fromisoformat(fields[name])
        for name in ("policies", "transitive"):
            fields[name] = tuple(fields[name])
        return cls(**fields)


class Sessions:
    """The temporary credentials by access key id. Those expired for a day are forgotten."""

    def __init__(self) -> None:
        self._by_key: dict[str, StsSession] = {}

    def add(self, session: StsSession) -> None:
        """Keep a session."""
        self._by_key[session.access_key_id] = session

    def find(self, access_key_id: str) -> StsSession | None:
        """The session of an access key id; an expired one is still found, so that the error can say so."""
        return self._by_key.get(access_key_id)

    def to_records(self) -> list[dict[str, Any]]:
        """All of them as ``Session.to_record`` gives them."""
        return [session.to_record() for session in list(self._by_key.values())]

    def forget_old(self) -> None:
        """Drop what expired more than a day ago."""
        now = datetime.now(UTC)
        for key, session in list(self._by_key.items()):
            if (now - session.expires).days >= 1:
                self._by_key.pop(key, None)
