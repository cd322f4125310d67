"""How each kind of resource is recognised and removed in the account: one remover for every kind of ``kinds.py``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from labs.target import kinds
from labs.target.failures import code_of
from labs.target.kinds import Kind
from labs.target.names import Names

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Remover:
    """The three things cleaning needs.

    ``tags(client, id)`` are the tags in the account now; it raises one of the kind's ``absent`` codes when there is no
    such resource; a kind without tags of its own answers with its parent's. ``remove(client, id)`` removes it with
    what it holds. ``named(client, names)`` are the ids in the account whose name is the lab's.
    """

    tags: Callable[[Any, str], Tags]
    remove: Callable[[Any, str], None]
    named: Callable[[Any, Names], Iterator[str]]


def tags_now(kind: Kind, client: Any, id: str) -> Tags | None:
    """The tags of a resource as the account has them now; None when it does not exist. Raises ClientError."""
    try:
        return REMOVERS[kind.name].tags(client, id)
    except ClientError as error:
        if code_of(error) in kind.absent:
            return None
        raise


def remove(kind: Kind, client: Any, id: str) -> None:
    """Remove a resource; one that is already gone is no error. Raises ClientError."""
    try:
        REMOVERS[kind.name].remove(client, id)
    except ClientError as error:
        if code_of(error) not in kind.absent:
            raise


def carrying(kind: Kind, client: Any, names: Names, tags: Tags) -> list[str]:
    """The ids of this kind in the account that carry the lab's name and all of ``tags``. Raises ClientError."""
    found = []
    for id in REMOVERS[kind.name].named(client, names):
        now = tags_now(kind, client, id)
        if now is not None and tags.items() <= now.items():
            found.append(id)
    return found


def _plain(tags: list[dict[str, str]]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _repository_tags(ecr: Any, name: str) -> Tags:
    arn = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
    return _plain(ecr.list_tags_for_resource(resourceArn=arn)["tags"])


def _remove_repository(ecr: Any, name: str) -> None:
    ecr.delete_repository(repositoryName=name, force=True)


def _repositories(ecr: Any, names: Names) -> Iterator[str]:
    for page in ecr.get_paginator("describe_repositories").paginate():
        yield from (r["repositoryName"] for r in page["repositories"] if names.owns(r["repositoryName"]))


def _role_tags(iam: Any, name: str) -> Tags:
    # get_role, not list_role_tags: one call says both that it exists and its tags.
    return _plain(iam.get_role(RoleName=name)["Role"].get("Tags", []))


def _remove_role(iam: Any, name: str) -> None:
    """A role can only go when it holds nothing: policies and attachments go first, whoever added them."""
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for policy in page["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for attached in page["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)


def _roles(iam: Any, names: Names) -> Iterator[str]:
    for page in iam.get_paginator("list_roles").paginate():
        yield from (role["RoleName"] for role in page["Roles"] if names.owns(role["RoleName"]))


def _role_policy_tags(iam: Any, id: str) -> Tags:
    role, _, policy = id.partition("/")
    iam.get_role_policy(RoleName=role, PolicyName=policy)
    return _role_tags(iam, role)


def _remove_role_policy(iam: Any, id: str) -> None:
    role, _, policy = id.partition("/")
    iam.delete_role_policy(RoleName=role, PolicyName=policy)


def _role_attachment_tags(iam: Any, id: str) -> Tags:
    role, _, arn = id.partition("/")
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        if any(attached["PolicyArn"] == arn for attached in page["AttachedPolicies"]):
            return _role_tags(iam, role)
    raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": f"{arn} is not attached"}}, "AttachedPolicies")


def _remove_role_attachment(iam: Any, id: str) -> None:
    role, _, arn = id.partition("/")
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)


def _held_by_parent(_client: Any, _names: Names) -> Iterator[str]:
    """What has no tags of its own is found and removed with its parent."""
    return iter(())


REMOVERS: Mapping[str, Remover] = {
    kinds.REPOSITORY.name: Remover(_repository_tags, _remove_repository, _repositories),
    kinds.ROLE.name: Remover(_role_tags, _remove_role, _roles),
    kinds.ROLE_POLICY.name: Remover(_role_policy_tags, _remove_role_policy, _held_by_parent),
    kinds.ROLE_ATTACHMENT.name: Remover(_role_attachment_tags, _remove_role_attachment, _held_by_parent),
}
