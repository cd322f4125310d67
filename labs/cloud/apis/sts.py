"""STS: who am I, and temporary credentials.

Sources: AWS STS API reference (AssumeRole, GetSessionToken, GetCallerIdentity, GetAccessKeyInfo); IAM user guide,
"Pass session tags in AWS STS", "Roles terms and concepts" (role chaining).
"""

import base64
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from labs import iam
from labs.cloud.access import LocalAccess, tag_context
from labs.cloud.apis.authorization_messages import AuthorizationMessages
from labs.cloud.contract import AwsError, Caller, Clock
from labs.cloud.credentials import Credentials
from labs.cloud.identities import Entity, Identities, parsed
from labs.cloud.sessions import Session
from labs.cloud.store.dispatch import NotServed

_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/[\x21-\x7e]+\Z")


class StsApi:
    """``call`` answers one operation with its output members. Authorisation is done here: trust is part of it."""

    def __init__(
        self,
        access: LocalAccess,
        identities: Identities,
        credentials: Credentials,
        messages: AuthorizationMessages,
        keep: Callable[[Session], None],
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
            "GetSessionToken": self._get_session_token,
            "GetAccessKeyInfo": self._get_access_key_info,
            "DecodeAuthorizationMessage": self._decode_authorization_message,
        }

    def call(self, caller: Caller, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Raises AwsError; NotServed for the operations that need an identity provider."""
        if operation not in self._operations:
            raise NotServed("sts", operation)
        return self._operations[operation](caller, params)

    def _get_caller_identity(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        """No permission is needed, and no policy can refuse it."""
        return {
            "UserId": caller.context.get("aws:userid", ""),
            "Account": caller.account,
            "Arn": caller.principal.arn,
        }

    def _get_access_key_info(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        self._allow(caller, "sts:GetAccessKeyInfo", "*", {})
        key = _required(params, "AccessKeyId")
        account = self._credentials.account_of(key)
        if account is None:
            raise AwsError("ValidationError", "Invalid access key id. (simulated wording)")
        return {"Account": account}

    def _decode_authorization_message(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        self._allow(caller, "sts:DecodeAuthorizationMessage", "*", {})
        return {"DecodedMessage": self._messages.decode(caller.account, _required(params, "EncodedMessage"))}

    def _get_session_token(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        if self._credentials.session(caller.access_key_id) is not None:
            raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        if params.get("SerialNumber") or params.get("TokenCode"):
            raise AwsError(
                "AccessDenied", "The local AWS has no MFA devices to check a code with. (simulated wording)", 403
            )
        duration = _duration(params, 43200, 129600)
        user = self._identities.by_arn(caller.principal.arn)
        if user is None:
            raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
        session = self._open("user", user, user.name, duration)
        self._keep(session)
        return {"Credentials": _credentials(session)}

    def _assume_role(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        arn, name = _required(params, "RoleArn"), _required(params, "RoleSessionName")
        if not _ROLE_ARN.match(arn):
            raise AwsError("ValidationError", f"{arn[:200]} is invalid")
        if not _SESSION_NAME.match(name):
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Value '{name[:80]}' at 'roleSessionName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
            )
        tags = _tags(params.get("Tags") or [])
        before = self._credentials.session(caller.access_key_id)
        inherited = {key: before.tags[key] for key in before.transitive if key in before.tags} if before else {}
        role = self._identities.by_arn(arn)
        self._check_trust(caller, arn, role, params, tags)
        assert role is not None  # _check_trust refuses a role that does not exist
        duration = self._role_duration(params, role, chained=before is not None and before.kind == "role")
        policies = self._session_policies(role.account, params)
        session = self._open(
            "role",
            role,
            name,
            duration,
            policies=policies,
            tags={**tags, **inherited},
            transitive=tuple(sorted({*map(str, params.get("TransitiveTagKeys") or ()), *inherited})),
            source_identity=str(params.get("SourceIdentity") or (before.source_identity if before else "")),
        )
        self._keep(session)
        answer: dict[str, Any] = {
            "Credentials": _credentials(session),
            "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{name}", "Arn": session.arn},
        }
        if policies or tags:
            # AWS's packing is not published; this is the share of the 2048 characters that plain text takes.
            answer["PackedPolicySize"] = min(100, sum(map(len, policies)) * 100 // 2048 + 1)
        if session.source_identity:
            answer["SourceIdentity"] = session.source_identity
        return answer

    def _check_trust(
        self, caller: Caller, arn: str, role: Entity | None, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> None:
        context: dict[str, str | list[str]] = {"sts:RoleSessionName": str(params["RoleSessionName"])}
        if params.get("ExternalId"):
            context["sts:ExternalId"] = str(params["ExternalId"])
        if params.get("SourceIdentity"):
            context["sts:SourceIdentity"] = str(params["SourceIdentity"])
        if tags:
            context |= tag_context("aws:RequestTag", tags)
            context["aws:TagKeys"] = sorted(tags)
        if params.get("TransitiveTagKeys"):
            context["sts:TransitiveTagKeys"] = [str(key) for key in params["TransitiveTagKeys"]]
        if role is None:
            # AWS says the same for a role that does not exist as for one that may not be assumed.
            raise AwsError(
                "AccessDenied",
                f"User: {caller.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                403,
            )
        context |= tag_context("aws:ResourceTag", role.tags) | tag_context("iam:ResourceTag", role.tags)
        trust = parsed(role.trust, iam.PolicyKind.TRUST, role.name)
        actions = ["sts:AssumeRole"]
        if tags:
            actions.append("sts:TagSession")
        if params.get("SourceIdentity"):
            actions.append("sts:SetSourceIdentity")
        for action in actions:
            decision = self._access.decide_trust(caller, action, arn, trust, context)
            if not decision.allowed:
                raise self._denied(caller, action, arn, decision)

    def _role_duration(self, params: Mapping[str, Any], role: Entity, chained: bool) -> int:
        duration = _duration(params, 3600, 43200)
        if chained and duration > 3600:
            raise AwsError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
            )
        if duration > role.max_session:
            raise AwsError(
                "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        return duration

    def _session_policies(self, account: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        texts = []
        inline = params.get("Policy")
        if inline:
            _check_policy(str(inline))
            texts.append(str(inline))
        for item in params.get("PolicyArns") or ():
            arn = str(item.get("arn", "")) if isinstance(item, Mapping) else ""
            document = self._identities.policy_document(account, arn)
            if document is None:
                raise AwsError("ValidationError", f"The policy {arn[:200]} does not exist. (simulated wording)")
            texts.append(document)
        return tuple(texts)

    def _open(self, kind: str, owner: Entity, name: str, duration: int, **more: Any) -> Session:
        now = self._clock()
        return Session(
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

    def _allow(self, caller: Caller, action: str, resource: str, context: Mapping[str, str | list[str]]) -> None:
        """Raises AwsError when the caller's own policies do not allow the action."""
        decision = self._access.decide(caller, action, resource, context)
        if not decision.allowed:
            raise self._denied(caller, action, resource, decision)

    def _denied(self, caller: Caller, action: str, resource: str, decision: iam.Decision) -> AwsError:
        # STS leaves the resource out where there is none.
        sentence = self._access.sentence(caller, action, resource, decision).replace(" on resource: * ", " ", 1)
        return AwsError("AccessDenied", sentence, 403)


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires.replace(tzinfo=None),
    }


def _required(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        member = name[0].lower() + name[1:]
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
            "Member must not be null",
        )
    return value


def _duration(params: Mapping[str, Any], default: int, most: int) -> int:
    value = params.get("DurationSeconds", default)
    if not isinstance(value, int) or not 900 <= value <= most:
        bound = ("greater", 900) if isinstance(value, int) and value < 900 else ("less", most)
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{value}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must have value {bound[0]} than or equal to {bound[1]}",
        )
    return value


def _tags(raw: Any) -> dict[str, str]:
    tags: dict[str, str] = {}
    for item in raw:
        key, value = str(item.get("Key", "")), str(item.get("Value", ""))
        if not key or key.lower() in (known.lower() for known in tags):
            raise AwsError(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        tags[key] = value
    return tags


def _check_policy(text: str) -> None:
    try:
        iam.parse_policy(text, iam.PolicyKind.SESSION)
    except iam.MalformedPolicy as error:
        raise AwsError("MalformedPolicyDocument", str(error), 400) from error
