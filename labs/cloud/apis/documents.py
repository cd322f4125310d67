"""Policy documents are read before they are stored; a malformed one is refused and nothing changes."""

from collections.abc import Mapping
from typing import Any

from labs import iam
from labs.cloud.contract import AwsError
from labs.iam.parse import (
    GROUP_INLINE_SIZE,
    MANAGED_POLICY_SIZE,
    ROLE_INLINE_SIZE,
    TRUST_POLICY_SIZE,
    USER_INLINE_SIZE,
)

# (service, operation): (member, kind, size limit, the code of the refusal)
_DOCUMENTS: Mapping[tuple[str, str], tuple[str, iam.PolicyKind, int | None, str]] = {
    ("iam", "PutUserPolicy"): ("PolicyDocument", iam.PolicyKind.IDENTITY, USER_INLINE_SIZE, ""),
    ("iam", "PutGroupPolicy"): ("PolicyDocument", iam.PolicyKind.IDENTITY, GROUP_INLINE_SIZE, ""),
    ("iam", "PutRolePolicy"): ("PolicyDocument", iam.PolicyKind.IDENTITY, ROLE_INLINE_SIZE, ""),
    ("iam", "CreatePolicy"): ("PolicyDocument", iam.PolicyKind.IDENTITY, MANAGED_POLICY_SIZE, ""),
    ("iam", "CreatePolicyVersion"): ("PolicyDocument", iam.PolicyKind.IDENTITY, MANAGED_POLICY_SIZE, ""),
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", iam.PolicyKind.TRUST, TRUST_POLICY_SIZE, ""),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", iam.PolicyKind.TRUST, TRUST_POLICY_SIZE, ""),
    ("kms", "CreateKey"): ("Policy", iam.PolicyKind.RESOURCE, None, "MalformedPolicyDocumentException"),
    ("kms", "PutKeyPolicy"): ("Policy", iam.PolicyKind.RESOURCE, None, "MalformedPolicyDocumentException"),
    ("secretsmanager", "PutResourcePolicy"): (
        "ResourcePolicy",
        iam.PolicyKind.RESOURCE,
        None,
        "MalformedPolicyDocumentException",
    ),
}
_NEWEST_ONLY = {("iam", "CreatePolicy"), ("iam", "CreatePolicyVersion")}


def check_documents(service: str, operation: str, params: Mapping[str, Any], body: bytes) -> None:
    """Raises AwsError(MalformedPolicyDocument, ...) with AWS's text, then what is wrong and where."""
    if (service, operation) == ("s3", "PutBucketPolicy"):
        _check(body.decode("utf-8", "replace"), iam.PolicyKind.RESOURCE, None, "MalformedPolicy", False)
        return
    row = _DOCUMENTS.get((service, operation))
    if row is None:
        return
    member, kind, size, code = row
    document = params.get(member)
    if isinstance(document, str) and document:
        _check(document, kind, size, code, (service, operation) in _NEWEST_ONLY)


def _check(document: str, kind: iam.PolicyKind, size: int | None, code: str, newest_only: bool) -> None:
    try:
        iam.parse_policy(document, kind, max_size=size, oldest_version="2012-10-17" if newest_only else "2008-10-17")
    except iam.MalformedPolicy as error:
        status = 409 if isinstance(error, iam.PolicyTooLong) else 400
        raise AwsError(code or error.code, str(error), status) from error
