"""STS: who am I, and temporary credentials.

Sources: AWS STS API reference (one page an operation); IAM user guide, "Compare AWS STS credentials" (what a session
may ask of STS), "Pass session tags in AWS STS", "Roles terms and concepts" (role chaining).
"""

import base64
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from labs import iam
from labs.cloud.apis import sts_parameters as members
from labs.cloud.apis.sts_errors import refused
from labs.cloud.authorisation.access import LocalAccess, tag_context
from labs.cloud.authorisation.authorization_messages import AuthorizationMessages
from labs.cloud.contract import AwsError, Caller, Clock
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.identities import Entity, Identities, parsed
from labs.cloud.identity.sessions import StsSession
from labs.cloud.store.dispatch import NotServed

_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# What a session may ask of STS, by its kind; of a role's session, all but the other two.
_STS_OF_SESSIONS = {"user": {"AssumeRole", "GetCallerIdentity"}, "federated": {"GetCallerIdentity"}}
_LONG_TERM_ONLY = {"GetSessionToken", "GetFederationToken"}

Keys = dict[str, str | list[str]]


class StsApi:
    """``call`` answers one operation with its output members. Authorisation is done here: trust is part of it."""

    def __init__(
        self,
        *,
        access: LocalAccess,
        identities: Identities,
        credentials: CredentialStore,
        messages: AuthorizationMessages,
        keep: Callable[[StsSession], None],
        clock: Clock,
    ) -> None:
        self._access = access
        self._identities = identities
        self._credentials = credentials
        self._messages = messages
        self._keep = keep
        self._clock = clock
        self._operations: dict[str, Callable[[Caller, Mapping[str, Any]], dict[str, Any]]] = {
            "GetCallerIdentity": self._get_caller_identity,
            "AssumeRole": self._assume_role,
            "AssumeRoleWithWebIdentity": self._assume_role_with_web_identity,
            "GetFederationToken": self._get_federation_token,
            "GetSessionToken": self._get_session_token,
            "GetAccessKeyInfo": self._get_access_key_info,
            "DecodeAuthorizationMessage": self._decode_authorization_message,
        }

    def call(self, caller: Caller, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AwsError; NotServed for AssumeRoleWithSAML and what is newer.

        The caller of AssumeRoleWithWebIdentity is one that ``WebIdentities`` made.
        """
        if operation not in self._operations:
            raise NotServed("sts", operation)
        self._check_session(caller, operation)
        return self._operations[operation](caller, params)

    def _check_session(self, caller: Caller, operation: str) -> None:
        session = self._credentials.session(caller.access_key_id) if caller.access_key_id else None
        if session is None:
            return
        if operation in _LONG_TERM_ONLY:
            raise refused("session.long_term_only", operation=operation)
        if session.kind in _STS_OF_SESSIONS and not session.mfa and operation not in _STS_OF_SESSIONS[session.kind]:
            raise refused("session.not_with_this", operation=operation)

    def _get_caller_identity(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        """No permission is needed, and no policy can refuse it."""
        return {
            "UserId": caller.context.get("aws:userid", ""),
            "Account": caller.account,
            "Arn": caller.principal.arn,
        }

    def _get_access_key_info(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        self._allow(caller, "sts:GetAccessKeyInfo", "*", {})
        account = self._credentials.account_of(members.required(params, "AccessKeyId"))
        if account is None:
            raise AwsError("ValidationError", "Invalid access key id. (simulated wording)")
        return {"Account": account}

    def _decode_authorization_message(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        self._allow(caller, "sts:DecodeAuthorizationMessage", "*", {})
        return {"DecodedMessage": self._messages.decode(caller.account, members.required(params, "EncodedMessage"))}

    def _get_session_token(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        if params.get("SerialNumber") or params.get("TokenCode"):
            raise AwsError(
                "AccessDenied", "The local AWS has no MFA devices to check a code with. (simulated wording)", 403
            )
        duration = members.duration(params, 43200, 129600)
        user = self._user(caller)
        session = self._open("user", user, user.name, duration)
        return {"Credentials": members.credentials(session)}

    def _get_federation_token(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        name = members.session_name(params, "Name", 32)
        duration, tags = members.duration(params, 43200, 129600), members.tags(params)
        user = self._user(caller)
        resource = f"arn:aws:sts::{caller.account}:federated-user/{name}"
        keys = _tag_keys(tags)
        self._allow(caller, "sts:GetFederationToken", resource, keys)
        if tags:
            self._allow(caller, "sts:TagSession", resource, keys)
        policies = self._session_policies(user.account, params)
        session = self._open("federated", user, name, duration, policies=policies, tags=tags)
        answer: dict[str, Any] = {
            "Credentials": members.credentials(session),
            "FederatedUser": {"FederatedUserId": f"{user.account}:{name}", "Arn": session.arn},
        }
        if policies or tags:
            answer["PackedPolicySize"] = members.packed_size(policies)
        return answer

    def _user(self, caller: Caller) -> Entity:
        user = self._identities.by_arn(caller.principal.arn)
        if user is None:
            raise refused("session.no_user")
        return user

    def _assume_role(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        arn, name = members.role_arn(params), members.session_name(params)
        tags = members.tags(params)
        before = self._credentials.session(caller.access_key_id)
        inherited = {key: before.tags[key] for key in before.transitive if key in before.tags} if before else {}
        transitive = [str(key) for key in params.get("TransitiveTagKeys") or ()]
        source = str(params.get("SourceIdentity") or "")
        keys: Keys = {"sts:RoleSessionName": name, **_tag_keys(tags)}
        if params.get("ExternalId"):
            keys["sts:ExternalId"] = str(params["ExternalId"])
        if source:
            keys["sts:SourceIdentity"] = source
        if transitive:
            keys["sts:TransitiveTagKeys"] = transitive
        role = self._identities.by_arn(arn)
        if role is None:
            # AWS says the same for a role that does not exist as for one that may not be assumed.
            raise refused("session.no_role", user=caller.principal.arn, role=arn)
        for action in _actions("sts:AssumeRole", tags, source):
            decision = self._trust(caller, action, role, keys)
            if not decision.allowed:
                raise self._denied(caller, action, arn, decision)
        duration = self._role_duration(params, role, chained=before is not None and before.kind == "role")
        policies = self._session_policies(role.account, params)
        session = self._open(
            "role",
            role,
            name,
            duration,
            policies=policies,
            tags={**tags, **inherited},
            transitive=tuple(sorted({*transitive, *inherited})),
            source_identity=source or (before.source_identity if before else ""),
        )
        return _assumed(session, role, tags)

    def _assume_role_with_web_identity(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        arn, name = members.role_arn(params), members.session_name(params)
        claims = caller.context
        tags = {key.split("/", 1)[1]: str(value) for key, value in claims.items() if key.startswith("aws:RequestTag/")}
        source = str(claims.get("sts:SourceIdentity", ""))
        role = self._identities.by_arn(arn)
        for action in _actions("sts:AssumeRoleWithWebIdentity", tags, source):
            keys: Keys = {"sts:RoleSessionName": name}
            if role is None or not self._trust(caller, action, role, keys).allowed:
                # AWS names neither the subject nor the role here.
                raise refused("session.not_trusted", action=action)
        assert role is not None  # refused above
        duration = self._role_duration(params, role, chained=False)
        provider = caller.principal.arn
        url = provider.split(":oidc-provider/", 1)[1]
        session = self._open(
            "role",
            role,
            name,
            duration,
            policies=self._session_policies(role.account, params),
            tags=tags,
            transitive=tuple(claims.get("sts:TransitiveTagKeys", ())),
            source_identity=source,
            # Of the provider's claims these stay with the session, "available in session" in AWS's table.
            context={
                key: value
                for key, value in claims.items()
                if key in ("aws:FederatedProvider", *(f"{url}:{claim}" for claim in ("amr", "aud", "oaud", "sub")))
            },
        )
        return {
            **_assumed(session, role, tags),
            "SubjectFromWebIdentityToken": claims[f"{url}:sub"],
            "Provider": provider,
            "Audience": claims[f"{url}:aud"],
        }

    def _trust(self, caller: Caller, action: str, role: Entity, keys: Keys) -> iam.Decision:
        """Whether the role's trust policy, with the caller's own policies, allows the action."""
        tags = tag_context("aws:ResourceTag", role.tags) | tag_context("iam:ResourceTag", role.tags)
        trust = parsed(role.trust, iam.PolicyKind.TRUST, role.name)
        return self._access.decide_trust(caller, action, role.arn, trust, {**keys, **tags})

    def _role_duration(self, params: Mapping[str, Any], role: Entity, chained: bool) -> int:
        duration = members.duration(params, 3600, 43200)
        if chained and duration > 3600:
            raise refused("session.chained")
        if duration > role.max_session:
            raise refused("session.too_long")
        return duration

    def _session_policies(self, account: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        inline = members.session_policy(params)
        texts = [inline] if inline else []
        for item in params.get("PolicyArns") or ():
            arn = str(item.get("arn", "")) if isinstance(item, Mapping) else ""
            document = self._identities.policy_document(account, arn)
            if document is None:
                raise AwsError("ValidationError", f"The policy {arn[:200]} does not exist. (simulated wording)")
            texts.append(document)
        return tuple(texts)

    def _open(self, kind: str, owner: Entity, name: str, duration: int, **more: Any) -> StsSession:
        """A new session, kept."""
        now = self._clock()
        session = StsSession(
            access_key_id="ASIA" + "".join(secrets.choice(_KEY_LETTERS) for _ in range(16)),
            secret=base64.b64encode(secrets.token_bytes(30)).decode(),
            token=base64.b64encode(secrets.token_bytes(216)).decode(),
            account=owner.account,
            kind=kind,
            name=name,
            principal_id=owner.id,
            principal_arn=owner.arn,
            issued=now,
            expires=now.replace(microsecond=0) + timedelta(seconds=duration),
            **more,
        )
        self._keep(session)
        return session

    def _allow(self, caller: Caller, action: str, resource: str, context: Mapping[str, str | list[str]]) -> None:
        """Raises AwsError when the caller's own policies do not allow the action."""
        decision = self._access.decide(caller, action, resource, context)
        if not decision.allowed:
            raise self._denied(caller, action, resource, decision)

    def _denied(self, caller: Caller, action: str, resource: str, decision: iam.Decision) -> AwsError:
        # STS leaves the resource out where there is none.
        sentence = self._access.sentence(caller, action, resource, decision).replace(" on resource: * ", " ", 1)
        return AwsError("AccessDenied", sentence, 403)


def _actions(action: str, tags: Mapping[str, str], source_identity: str) -> list[str]:
    """What a trust policy must allow: the operation, and what its session is to carry."""
    return [action, *(["sts:TagSession"] if tags else []), *(["sts:SetSourceIdentity"] if source_identity else [])]


def _tag_keys(tags: Mapping[str, str]) -> Keys:
    return {**tag_context("aws:RequestTag", tags), "aws:TagKeys": sorted(tags)} if tags else {}


def _assumed(session: StsSession, role: Entity, tags: Mapping[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Credentials": members.credentials(session),
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{session.name}", "Arn": session.arn},
    }
    if session.policies or tags:
        answer["PackedPolicySize"] = members.packed_size(session.policies)
    if session.source_identity:
        answer["SourceIdentity"] = session.source_identity
    return answer
