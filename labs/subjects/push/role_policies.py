"""The policies on a role as IAM has them, and a policy's text as a trainee wrote it."""

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import code_of
from labs.iam import MalformedPolicy, PolicyKind, parse_policy
from labs.subjects.policies import as_written
from labs.subjects.push.policy_review import PolicyDocument


def text_of(path: Path) -> str:
    """A policy file's text as its author sees it.

    One in UTF-16, as Windows' tools write it, keeps its byte order mark: the reader of JSON names that.
    """
    data = path.read_bytes()
    if data.startswith(codecs.BOM_UTF16_LE):
        return data.decode("utf-16-le", "replace")
    if data.startswith(codecs.BOM_UTF16_BE):
        return data.decode("utf-16-be", "replace")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def read_policy(text: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Mapping[str, Any]:
    """The policy's JSON object; LabError with line and column when it is malformed."""
    try:
        parse_policy(text, kind)
    except MalformedPolicy as error:
        raise LabError(malformed(error), "fix it there and run the cell again", id="policy-malformed") from error
    body: Mapping[str, Any] = json.loads(text)
    return body


def malformed(error: MalformedPolicy) -> str:
    """What is wrong with the policy, and where, in one sentence."""
    place = f" at line {error.line}, column {error.column}" if error.line else ""
    what = (error.detail or error.message).strip().rstrip(".")
    return f"The policy is malformed{place}: {what}{'' if what.endswith('?') else '.'}"


def written(path: Path, kind: PolicyKind = PolicyKind.IDENTITY) -> str:
    """The text of a policy file that a role is made from. LabError when it is missing, empty or not a policy."""
    if not path.exists():
        raise LabError(f"There is no file {path.name}.", "run the cell above, which writes it", id="role-file-missing")
    text = text_of(path)
    if as_written.is_empty(text):
        raise LabError(
            f"{path.name} has no statement yet, so no role was made.",
            "write it, then run this again",
            id="role-policy-empty",
        )
    read_policy(text, kind)
    return text


def strip(iam: Any, role: str, kept: str = "") -> None:
    """Take off a role every policy but the inline one called ``kept``, and its boundary."""
    if iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary"):
        iam.delete_role_permissions_boundary(RoleName=role)
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name != kept:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=each["PolicyArn"])


@dataclass(frozen=True)
class RolePolicies:
    """What decides for a role: every policy on it, inline and attached, its boundary, and who may assume it."""

    documents: tuple[PolicyDocument, ...]
    boundary: PolicyDocument | None
    trust: PolicyDocument

    def named(self, name: str) -> Mapping[str, Any]:
        """The policy of that name; {} without one."""
        return next((each.body for each in self.documents if each.name == name), {})


def read_role(iam: Any, role: str) -> RolePolicies | None:
    """A role's policies as IAM has them; None when there is no such role."""
    documents = live_policies(iam, role)
    if documents is None:
        return None
    found = iam.get_role(RoleName=role)["Role"]
    arn = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    boundary = PolicyDocument(arn.rsplit("/", 1)[-1], _managed(iam, arn)) if arn else None
    return RolePolicies(documents, boundary, PolicyDocument("trust", _body(found["AssumeRolePolicyDocument"])))


def live_policies(iam: Any, role: str) -> tuple[PolicyDocument, ...] | None:
    """Every policy on a role, inline and attached; None when there is no such role."""
    try:
        names = [
            name
            for page in iam.get_paginator("list_role_policies").paginate(RoleName=role)
            for name in page["PolicyNames"]
        ]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    inline = [PolicyDocument(name, _inline(iam, role, name)) for name in names]
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    attached = [each for page in pages for each in page["AttachedPolicies"]]
    return (*inline, *(PolicyDocument(each["PolicyName"], _managed(iam, each["PolicyArn"])) for each in attached))


def _inline(iam: Any, role: str, name: str) -> Mapping[str, Any]:
    return _body(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def _managed(iam: Any, arn: str) -> Mapping[str, Any]:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _body(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _body(document: object) -> Mapping[str, Any]:
    """boto3 decodes the document; an endpoint that sends it otherwise gets it read here."""
    found = json.loads(document) if isinstance(document, str) else document
    return found if isinstance(found, dict) else {}
