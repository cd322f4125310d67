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

    def caller(self, access_key_id: str, source_ip: str = "", user_agent: str = "") -> Caller | None:
        """Who calls with this key, with the condition keys of the principal and of the connection."""
        session = self._sessions.find(access_key_id)
        if session is not None:
            owner = self.owner(session)
            return None if owner is None else self._session_caller(session, owner, source_ip, user_agent)
        key = self._identities.key(access_key_id)
        user = self._identities.user(key.account, key.user) if key is not None else None
        if user is None:
            return None
        context: dict[str, str | list[str]] = {
            **_connection(source_ip, user_agent),
            **_principal_keys(user.arn, user.account, "User", user.id),
            "aws:username": user.name,
            **{f"aws:PrincipalTag/{name}": value for name, value in user.tags.items()},
        }
        principal = iam.Principal(user.arn, user.account, iam.PrincipalKind.USER)
        return Caller(
            principal=principal,
            access_key_id=access_key_id,
            session_policies=(),
            source_ip=source_ip,
            user_agent=user_agent,
            context=context,
        )

    def _session_caller(self, session: StsSession, owner: Entity, source_ip: str, user_agent: str) -> Caller:
        context: dict[str, str | list[str]] = {
            **_connection(source_ip, user_agent),
            "aws:TokenIssueTime": session.issued.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:MultiFactorAuthPresent": "true" if session.mfa else "false",
            **{f"aws:PrincipalTag/{name}": value for name, value in {**owner.tags, **session.tags}.items()},
            **session.context,
        }
        if session.source_identity:
            context["aws:SourceIdentity"] = session.source_identity
        if session.kind == "user":
            context |= _principal_keys(owner.arn, owner.account, "User", owner.id)
            context["aws:username"] = owner.name
            principal = iam.Principal(owner.arn, owner.account, iam.PrincipalKind.USER)
        elif session.kind == "federated":
            context |= _principal_keys(session.arn, owner.account, "FederatedUser", f"{owner.account}:{session.name}")
            principal = iam.Principal(session.arn, owner.account, iam.PrincipalKind.FEDERATED, owner.arn)
        else:
            context |= _principal_keys(owner.arn, owner.account, "AssumedRole", f"{owner.id}:{session.name}")
            principal = iam.Principal(session.arn, owner.account, iam.PrincipalKind.ROLE_SESSION, owner.arn)
        policies = tuple(
            parsed(text, iam.PolicyKind.SESSION, f"session policy {number}")
            for number, text in enumerate(session.policies, 1)
        )
        return Caller(
            principal=principal,
            access_key_id=session.access_key_id,
            session_policies=policies,
            source_ip=source_ip,
            user_agent=user_agent,
            context=context,
        )

    def alive(self, caller: Caller) -> bool:
        """Whether the user or role still exists and the key was not taken away."""
        session = self._sessions.find(caller.access_key_id)
        if session is not None:
            # Not its end: what the session was given (a registry token) has a lifetime of its own.
            return self.owner(session) is not None
        key = self._identities.key(caller.access_key_id)
        return key is not None and key.active


def _connection(source_ip: str, user_agent: str) -> dict[str, str]:
    return {
        "aws:SourceIp": source_ip,
        "aws:UserAgent": user_agent,
        "aws:SecureTransport": "false",
        "aws:ViaAWSService": "false",
    }


def _principal_keys(arn: str, account: str, kind: str, user_id: str) -> dict[str, str]:
    return {
        "aws:PrincipalArn": arn,
        "aws:PrincipalAccount": account,
        "aws:PrincipalType": kind,
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": user_id,
    }
