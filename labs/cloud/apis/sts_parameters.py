"""Members of the STS operations, read and refused as STS does, and the shape of its credentials."""

import re
from collections.abc import Mapping
from typing import Any

from labs import iam
from labs.cloud.apis.documents import explained
from labs.cloud.apis.sts_errors import refused
from labs.cloud.contract import AwsError
from labs.cloud.identity.sessions import StsSession

SESSION_NAME = r"[\w+=,.@-]*"
_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/[\x21-\x7e]+\Z")
# "The plaintext that you use for both inline and managed session policies can't exceed 2,048 characters."
SESSION_POLICY_SIZE = 2048


def credentials(session: StsSession) -> dict[str, Any]:
    """The ``Credentials`` member of an answer."""
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires.replace(tzinfo=None),
    }


def required(params: Mapping[str, Any], name: str) -> str:
    """A member that must be there."""
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"Value null at '{_member(name)}' failed to satisfy constraint: Member must not be null")
    return value


def role_arn(params: Mapping[str, Any]) -> str:
    """``RoleArn``."""
    arn = required(params, "RoleArn")
    if not _ROLE_ARN.match(arn):
        raise refused("session.role_arn", arn=arn[:200])
    return arn


def session_name(params: Mapping[str, Any], name: str = "RoleSessionName", longest: int = 64) -> str:
    """The caller's name for a session: 2 letters or more of STS's alphabet."""
    value = required(params, name)
    if re.fullmatch(SESSION_NAME, value, re.ASCII) is None or not 2 <= len(value) <= longest:
        raise invalid(
            f"Value '{value[:80]}' at '{_member(name)}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {SESSION_NAME}"
        )
    return value


def duration(params: Mapping[str, Any], default: int, most: int) -> int:
    """``DurationSeconds``, 900 or more."""
    value = params.get("DurationSeconds", default)
    if not isinstance(value, int) or not 900 <= value <= most:
        bound = ("greater", 900) if isinstance(value, int) and value < 900 else ("less", most)
        raise invalid(
            f"Value '{value}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must have value {bound[0]} than or equal to {bound[1]}"
        )
    return value


def tags(params: Mapping[str, Any]) -> dict[str, str]:
    """Session tags; their names differ in more than case."""
    found: dict[str, str] = {}
    for item in params.get("Tags") or []:
        key, value = str(item.get("Key", "")), str(item.get("Value", ""))
        if not key or key.lower() in (known.lower() for known in found):
            raise refused("session.same_tags")
        found[key] = value
    return found


def session_policy(params: Mapping[str, Any]) -> str:
    """The inline session policy, "" when none is passed. Raises AwsError for one that is malformed or too long."""
    text = str(params.get("Policy") or "")
    if len(text) > SESSION_POLICY_SIZE:
        raise invalid(
            f"Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to "
            f"{SESSION_POLICY_SIZE}"
        )
    if text:
        try:
            iam.parse_policy(text, iam.PolicyKind.SESSION)
        except iam.MalformedPolicy as error:
            raise AwsError("MalformedPolicyDocument", explained(error), 400) from error
    return text


def packed_size(policies: tuple[str, ...]) -> int:
    """AWS's packing is not published; this is the share of the 2048 characters that plain text takes, in percent."""
    return min(100, sum(map(len, policies)) * 100 // SESSION_POLICY_SIZE + 1)


def invalid(what: str) -> AwsError:
    """A member that breaks a constraint of the API's model."""
    return refused("session.constraint", what=what)


def _member(name: str) -> str:
    return name[0].lower() + name[1:]
