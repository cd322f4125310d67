"""What IAM and KMS refuse and the store under them does not: quotas, what is attached, what is AWS's own.

Source: IAM User Guide, reference_iam-quotas ("IAM doesn't count white space"; inline policies count together),
id_roles ("service-linked role"), access_policies_managed-vs-inline; IAM API reference, DeletePolicy; KMS API reference,
CreateAlias ("the alias/aws/ prefix is reserved").
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from labs.aws_texts import texts
from labs.cloud.contract import AwsError
from labs.cloud.store.principals import roles, store_of, users
from labs.iam.parse import GROUP_INLINE_SIZE, ROLE_INLINE_SIZE, USER_INLINE_SIZE

_MANAGED = "arn:aws:iam::aws:policy/"
# In every account, unless AWS raises them.
_ATTACHED = 10
_INLINE = {"user": USER_INLINE_SIZE, "role": ROLE_INLINE_SIZE, "group": GROUP_INLINE_SIZE}
_OWNERS = {"UserName": "user", "RoleName": "role", "GroupName": "group"}
_ON_MANAGED = frozenset(
    {
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "SetDefaultPolicyVersion",
        "TagPolicy",
        "UntagPolicy",
    }
)
# "You can edit the description" of a service-linked role, and no more.
_ON_SERVICE_LINKED = frozenset(
    {
        "AttachRolePolicy",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "UpdateAssumeRolePolicy",
    }
)
_RESERVED = ("/aws-service-role/", "/aws-reserved/")
_ALIASES = "alias/aws/"

Params = Mapping[str, Any]


def check_rules(service: str, operation: str, account: str, params: Params) -> None:
    """Raises AwsError for a call that AWS would refuse; an entity that does not exist is left to the store."""
    if service == "kms":
        _check_alias(operation, params)
    elif service == "iam":
        arn = str(params.get("PolicyArn") or "")
        if operation in _ON_MANAGED and arn.startswith(_MANAGED):
            raise _refused("managed.not_yours", arn=arn)
        _check_role(operation, account, params)
        check = _CHECKS.get(operation)
        if check is not None:
            check(account, params)


def _check_alias(operation: str, params: Params) -> None:
    alias = str(params.get("AliasName") or "")
    if operation in ("CreateAlias", "DeleteAlias", "UpdateAlias") and alias.startswith(_ALIASES):
        raise _refused("alias.reserved", alias=alias)


def _check_role(operation: str, account: str, params: Params) -> None:
    path, name = str(params.get("Path") or ""), str(params.get("RoleName") or "")
    if operation == "CreateRole" and path.startswith(_RESERVED):
        raise _refused("role.reserved_path", path=path)
    if operation in _ON_SERVICE_LINKED or (operation == "UpdateRole" and params.get("MaxSessionDuration")):
        role = next((each for each in roles(account) if each.name == name), None)
        if role is not None and role.path.startswith(_RESERVED):
            raise _refused("role.protected", role=name)


def _check_inline(account: str, params: Params) -> None:
    """All inline policies of one owner count together; the new one takes the place of that of its name."""
    kind, owner = _owner(account, params)
    if owner is None:
        return
    name, document = str(params.get("PolicyName") or ""), str(params.get("PolicyDocument") or "")
    others = (str(text) for held, text in list(owner.policies.items()) if held != name)
    if sum(map(_size, (*others, document))) > _INLINE[kind]:
        raise _refused("limit.inline", size=_INLINE[kind], kind=kind, name=owner.name)


def _check_attached(account: str, params: Params) -> None:
    kind, owner = _owner(account, params)
    if owner is None or params.get("PolicyArn") in owner.managed_policies:
        return
    if len(owner.managed_policies) >= _ATTACHED:
        raise _refused("limit.attached", kind=kind.capitalize(), quota=_ATTACHED)


def _check_delete_policy(account: str, params: Params) -> None:
    store, arn = store_of(account), str(params.get("PolicyArn") or "")
    policy = store.managed_policies.get(arn) if store is not None else None
    if policy is None:
        return
    if any(arn in owner.managed_policies for owner in _owners(account)):
        raise _refused("delete.attached")
    if any(getattr(owner, "permissions_boundary_arn", None) == arn for owner in _owners(account)):
        raise _refused("delete.boundary", arn=arn)
    if len(policy.versions) > 1:
        raise _refused("delete.versions")


_CHECKS: Mapping[str, Callable[[str, Params], None]] = {
    "AttachGroupPolicy": _check_attached,
    "AttachRolePolicy": _check_attached,
    "AttachUserPolicy": _check_attached,
    "DeletePolicy": _check_delete_policy,
    "PutGroupPolicy": _check_inline,
    "PutRolePolicy": _check_inline,
    "PutUserPolicy": _check_inline,
}


def _owner(account: str, params: Params) -> tuple[str, Any]:
    """The kind of the user, role or group that a call is about, and itself; None when there is none."""
    for member, kind in _OWNERS.items():
        name = params.get(member)
        if isinstance(name, str) and name:
            return kind, next((each for each in _owners(account, kind) if each.name == name), None)
    return "", None


def _owners(account: str, kind: str = "") -> Iterator[Any]:
    if kind in ("", "user"):
        yield from users(account)
    if kind in ("", "role"):
        yield from roles(account)
    store = store_of(account) if kind in ("", "group") else None
    yield from list(store.groups.values()) if store is not None else ()


def _size(document: str) -> int:
    return sum(not character.isspace() for character in document)


def _refused(id: str, /, **values: object) -> AwsError:
    text = texts("iam_rules")[id]
    return AwsError(text.code, text.say(**values), text.status)
