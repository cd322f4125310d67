"""EC2's encoded authorization failure messages: made with a refusal, read by sts:DecodeAuthorizationMessage.

"The message is encoded because the details of the authorization status can contain privileged information that the
user who requested the operation should not see" (STS API reference, DecodeAuthorizationMessage). The members of the
decoded text are those of messages decoded on real AWS. AWS does not publish its encoding; here it is AES-GCM under a
key of the state folder, bound to the account, so nobody can read, change or make one without it.
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from labs import iam
from labs.cloud.authorisation import RequiredAction
from labs.cloud.contract import AwsError, Caller

_NONCE = 12
# The longest that DecodeAuthorizationMessage takes.
_LONGEST = 10_240
_LETTERS = re.compile(r"[A-Za-z0-9_-]{1,10240}")
# Keys that tell of the request and its resource; those of the connection stay out, as on AWS.
_SHOWN = ("ec2:", "iam:", "aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")


class AuthorizationMessages:
    """Encodes and decodes for one state folder."""

    def __init__(self, seed: str) -> None:
        self._key = hashlib.sha256(b"authorization messages\0" + seed.encode()).digest()

    def encode(self, caller: Caller, service: str, region: str, check: RequiredAction, decision: iam.Decision) -> str:
        """The message of a refusal, in URL-safe letters; "" for one that would be longer than AWS reads."""
        text = json.dumps(_details(caller, service, region, check, decision), separators=(",", ":"))
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher().encrypt(nonce, zlib.compress(text.encode(), 9), caller.account.encode())
        encoded = base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()
        return encoded if len(encoded) <= _LONGEST else ""

    def decode(self, account: str, message: str) -> str:
        """The JSON text behind a message. Raises AwsError for one that was not made here, or for another account."""
        from cryptography.exceptions import InvalidTag

        if _LETTERS.fullmatch(message) is None:
            raise _invalid()
        try:
            raw = base64.urlsafe_b64decode(message + "=" * (-len(message) % 4))
            text = zlib.decompress(self._cipher().decrypt(raw[:_NONCE], raw[_NONCE:], account.encode()))
        except (binascii.Error, ValueError, InvalidTag, zlib.error) as error:
            raise _invalid() from error
        return text.decode()

    def _cipher(self) -> Any:
        # Imported with the first refusal: it costs more than the rest of the start.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)


def _invalid() -> AwsError:
    return AwsError("InvalidAuthorizationMessageException", "The message is not valid. (simulated wording)", 400)


def _details(
    caller: Caller, service: str, region: str, check: RequiredAction, decision: iam.Decision
) -> dict[str, Any]:
    who: dict[str, Any] = {"id": caller.context.get("aws:userid", "")}
    if caller.principal.kind is iam.PrincipalKind.USER:
        who["name"] = caller.principal.arn.rsplit("/", 1)[-1]
    who["arn"] = caller.principal.arn
    matched = decision.statement
    return {
        "allowed": False,
        "explicitDeny": decision.kind is iam.DecisionKind.EXPLICIT_DENY,
        "matchedStatements": _items([_statement(matched, who["id"])] if matched is not None else []),
        "failures": _items([]),
        "context": {
            "principal": who,
            "action": check.action,
            "resource": check.resource,
            "conditions": _conditions(_keys(caller, service, region, check)),
        },
    }


def _keys(caller: Caller, service: str, region: str, check: RequiredAction) -> dict[str, Iterable[str]]:
    name = check.resource.split(":", 5)[-1]
    shown = {
        key: [value] if isinstance(value, str) else value
        for key, value in check.context.items()
        if key.lower().startswith(_SHOWN)
    }
    return {
        **shown,
        "aws:Region": [region],
        "aws:Service": [service],
        "aws:Resource": [name],
        "aws:Type": [name.split("/", 1)[0]],
        "aws:Account": [caller.account],
        "aws:ARN": [check.resource],
    }


def _statement(matched: iam.MatchedStatement, caller_id: str) -> dict[str, Any]:
    found = matched.statement
    conditions = {condition.key: condition.values for condition in found.conditions} if found is not None else {}
    return {
        "statementId": matched.sid,
        "effect": "DENY",
        "principals": _items([{"value": caller_id}]),
        "principalGroups": _items([]),
        "actions": _values(found.actions.written if found is not None else ()),
        "resources": _values(found.resources.written if found is not None and found.resources is not None else ()),
        "conditions": _conditions(conditions),
    }


def _items(items: list[Any]) -> dict[str, list[Any]]:
    return {"items": items}


def _values(values: Iterable[str]) -> dict[str, list[Any]]:
    return _items([{"value": value} for value in values])


def _conditions(keys: Mapping[str, Iterable[str]]) -> dict[str, list[Any]]:
    return _items([{"key": key, "values": _values(values)} for key, values in keys.items()])
