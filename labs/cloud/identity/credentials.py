"""From an access key id to a secret, and from a verified signature to a Caller."""

from labs import iam
from labs.cloud.contract import Caller
from labs.cloud.identity.identities import Entity, Identities, parsed
from labs.cloud.identity.sessions import Sessions, StsSession
from labs.cloud.identity.signatures import SecretOnFile


class CredentialStore:
    """Users' keys from the IAM store, temporary ones from the sessions."""

    def __init__(self, identities: Identities, sessions: Sessions) -> None:
        self._identities = identities
        self._sessions = sessions

    def secret(self, access_key_id: str) -> SecretOnFile | None:
        """What signatures are checked against; None for a key that is unknown, inactive, or whose owner is gone."""
        session = self._sessions.find(access_key_id)
        if session is not None:
            return SecretOnFile(session.secret, session.token, session.expires) if self.owner(session) else None
        key = self._identities.key(access_key_id)
        return SecretOnFile(key.secret) if key is not None and key.active else None

    def owner(self, session: StsSession) -> Entity | None:
        """The role or user behind a session, unless it was deleted (or made again) since."""
        entity = self._identities.by_arn(session.principal_arn)
        return entity if entity is not None and entity.id == session.principal_id else None

    def session(self, access_key_id: str) -> StsSession | None:
        """The temporary credential of a key, None for a user's own key."""
        return self._sessions.find(access_key_id)

    def account_of(self, access_key_id: str) -> str | None:
        """The account that a key belongs to (GetAccessKeyInfo)."""
        session = self._sessions.find(access_key_id)
        if session is not None:
            return session.account
        key = self._identities.key(access_key_id)
        return key.account if key is not None else None

    def caller(self, access_key_id: str, connection: iam.Connection) -> Caller | None:
        """Who calls with this key, and how; None when nobody does any more."""
        session = self._sessions.find(access_key_id)
        if session is not None:
            owner = self.owner(session)
            return None if owner is None else _session_caller(session, owner, connection)
        key = self._identities.key(access_key_id)
        user = self._identities.user(key.account, key.user) if key is not None else None
        if user is None:
            return None
        principal = iam.Principal(user.arn, user.account, iam.PrincipalKind.USER)
        keys = iam.principal_keys(principal, user_id=user.id, tags=user.tags)
        return Caller(principal, access_key_id, connection=connection, identity_keys=keys)

    def alive(self, caller: Caller) -> bool:
        """Whether the user or role still exists and the key was not taken away."""
        session = self._sessions.find(caller.access_key_id)
        if session is not None:
            # Not its end: what the session was given (a registry token) has a lifetime of its own.
            return self.owner(session) is not None
        key = self._identities.key(caller.access_key_id)
        return key is not None and key.active


def _session_caller(session: StsSession, owner: Entity, connection: iam.Connection) -> Caller:
    if session.kind == "user":
        principal = iam.Principal(owner.arn, owner.account, iam.PrincipalKind.USER)
        user_id = owner.id
    elif session.kind == "federated":
        principal = iam.Principal(session.arn, owner.account, iam.PrincipalKind.FEDERATED, owner.arn)
        user_id = f"{owner.account}:{session.name}"
    else:
        principal = iam.Principal(session.arn, owner.account, iam.PrincipalKind.ROLE_SESSION, owner.arn)
        user_id = f"{owner.id}:{session.name}"
    federated = session.kind == "federated" or "aws:FederatedProvider" in session.context
    mfa = None if federated else session.mfa
    stands_in = iam.Session(session.issued, mfa, session.source_identity, session.context)
    tags = {**owner.tags, **session.tags}
    return Caller(
        principal=principal,
        access_key_id=session.access_key_id,
        session_policies=tuple(
            parsed(text, iam.PolicyKind.SESSION, f"session policy {number}")
            for number, text in enumerate(session.policies, 1)
        ),
        connection=connection,
        identity_keys=iam.principal_keys(principal, user_id=user_id, tags=tags, session=stands_in),
    )
