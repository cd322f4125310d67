"""Policy documents are read before they are stored; a malformed one is refused and nothing changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labs import iam
from labs.aws_texts import SIMULATED, texts
from labs.cloud.apis import principal_names
from labs.cloud.apis.s3_rules import check_bucket_policy
from labs.cloud.contract import AwsError
from labs.iam.parse import MANAGED_POLICY_SIZE, TRUST_POLICY_SIZE

# The pattern of a document in IAM's API reference: [\u0009\u000A\u000D\u0020-\u00FF]+
_LEFT_OUT = re.compile("[^\t\n\r\u0020-\u00ff]")


@dataclass(frozen=True)
class _Document:
    """Where an operation takes a policy. ``code``: of a refusal, "" for IAM's own; ``principals``: the text for one
    who does not exist, "" where nobody is named. The size of inline policies is a matter of their sum."""

    member: str
    kind: iam.PolicyKind
    size: int | None = None
    code: str = ""
    principals: str = ""
    newest_only: bool = False


_INLINE = _Document("PolicyDocument", iam.PolicyKind.IDENTITY)
_MANAGED = _Document("PolicyDocument", iam.PolicyKind.IDENTITY, MANAGED_POLICY_SIZE, newest_only=True)
_KEY = _Document("Policy", iam.PolicyKind.RESOURCE, None, "MalformedPolicyDocumentException", "key.invalid_principal")
_TRUSTED = "trust.invalid_principal"
_DOCUMENTS: Mapping[tuple[str, str], _Document] = {
    ("iam", "PutUserPolicy"): _INLINE,
    ("iam", "PutGroupPolicy"): _INLINE,
    ("iam", "PutRolePolicy"): _INLINE,
    ("iam", "CreatePolicy"): _MANAGED,
    ("iam", "CreatePolicyVersion"): _MANAGED,
    ("iam", "CreateRole"): _Document(
        "AssumeRolePolicyDocument", iam.PolicyKind.TRUST, TRUST_POLICY_SIZE, principals=_TRUSTED
    ),
    ("iam", "UpdateAssumeRolePolicy"): _Document(
        "PolicyDocument", iam.PolicyKind.TRUST, TRUST_POLICY_SIZE, principals=_TRUSTED
    ),
    ("kms", "CreateKey"): _KEY,
    ("kms", "PutKeyPolicy"): _KEY,
    ("secretsmanager", "PutResourcePolicy"): _Document(
        "ResourcePolicy",
        iam.PolicyKind.RESOURCE,
        None,
        "MalformedPolicyDocumentException",
        "secret.invalid_principal",
    ),
}
_BUCKET = _Document("", iam.PolicyKind.RESOURCE, None, "MalformedPolicy", "bucket.invalid_principal")


def check_documents(service: str, operation: str, params: Mapping[str, Any], body: bytes) -> None:
    """Raises AwsError(MalformedPolicyDocument, ...) with AWS's text, then what is wrong and where."""
    if (service, operation) == ("s3", "PutBucketPolicy"):
        check_bucket_policy(_check(body.decode("utf-8", "replace"), _BUCKET), str(params.get("bucketName", "")))
        return
    row = _DOCUMENTS.get((service, operation))
    document = params.get(row.member) if row is not None else None
    if row is None or not isinstance(document, str) or not document:
        return
    if service == "iam" and _LEFT_OUT.search(document):
        raise _said("policy.characters", member=row.member[0].lower() + row.member[1:])
    _check(document, row)


def _check(document: str, row: _Document) -> iam.Policy:
    try:
        oldest = "2012-10-17" if row.newest_only else "2008-10-17"
        policy = iam.parse_policy(document, row.kind, max_size=row.size, oldest_version=oldest)
    except iam.MalformedPolicy as error:
        status = 409 if isinstance(error, iam.PolicyTooLong) else 400
        raise AwsError(row.code or error.code, explained(error), status) from error
    unknown = principal_names.invalid(policy) if row.principals else None
    if unknown is not None:
        raise _said(row.principals, kind=unknown[0], name=unknown[1])
    open_to_all = iam.unevaluated(policy) if row.kind is iam.PolicyKind.TRUST else None
    if open_to_all is not None:
        raise _said("trust.shared_provider", principal=open_to_all[0], keys=" or ".join(open_to_all[1]))
    return policy


def explained(error: iam.MalformedPolicy) -> str:
    """AWS's text, and after it what is wrong and where, which AWS does not say: marked as the kit's own words."""
    return str(error) if str(error) == error.message else f"{error} {SIMULATED}"


def _said(id: str, /, **values: str) -> AwsError:
    text = texts("iam_policies")[id]
    return AwsError(text.code, text.say(**values), text.status)
