"""The kinds of resources that a push needs: the repository, roles with their policies, and an identity provider.

Sources: the request and answer shapes of the API references of ECR and IAM.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from labs.ledger.kind import Blockers, Kind
from labs.ledger.names import Names
from labs.ledger.tagging import TagForm, Tagging, Tags, in_words, plain

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_iam import IAMClient

_NO_ENTITY = ("NoSuchEntity",)


def _repository_tags(ecr: "ECRClient", name: str) -> Tags:
    arn = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
    return plain(ecr.list_tags_for_resource(resourceArn=arn)["tags"])


def _remove_repository(ecr: "ECRClient", name: str) -> None:
    ecr.delete_repository(repositoryName=name, force=True)


def _repositories(ecr: "ECRClient", names: Names) -> Iterator[str]:
    for page in ecr.get_paginator("describe_repositories").paginate():
        yield from (r["repositoryName"] for r in page["repositories"] if names.owns(r["repositoryName"]))


def _template_tags(ecr: "ECRClient", prefix: str) -> Tags | None:
    """It has no tags of its own: resourceTags are those of the repositories, and need a role."""
    found = ecr.describe_repository_creation_templates(prefixes=[prefix])["repositoryCreationTemplates"]
    return in_words(found[0].get("description", "")) if found else None


def _remove_template(ecr: "ECRClient", prefix: str) -> None:
    ecr.delete_repository_creation_template(prefix=prefix)


def _role_tags(iam: "IAMClient", name: str) -> Tags:
    # get_role, not list_role_tags: one call says both that it exists and its tags.
    return plain(iam.get_role(RoleName=name)["Role"].get("Tags", []))


def _remove_role(iam: "IAMClient", name: str) -> None:
    """A role can only go when it holds nothing: policies and attachments go first, whoever added them."""
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
        for policy in page["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attachments in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        for attached in attachments["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)


def _roles(iam: "IAMClient", names: Names) -> Iterator[str]:
    for page in iam.get_paginator("list_roles").paginate():
        yield from (role["RoleName"] for role in page["Roles"] if names.owns(role["RoleName"]))


def _role_policy_tags(iam: "IAMClient", id: str) -> Tags:
    role, _, policy = id.partition("/")
    iam.get_role_policy(RoleName=role, PolicyName=policy)
    return _role_tags(iam, role)


def _remove_role_policy(iam: "IAMClient", id: str) -> None:
    role, _, policy = id.partition("/")
    iam.delete_role_policy(RoleName=role, PolicyName=policy)


def _role_attachment_tags(iam: "IAMClient", id: str) -> Tags | None:
    role, _, arn = id.partition("/")
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        if any(attached["PolicyArn"] == arn for attached in page["AttachedPolicies"]):
            return _role_tags(iam, role)
    return None


def _remove_role_attachment(iam: "IAMClient", id: str) -> None:
    role, _, arn = id.partition("/")
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)


def _provider_tags(iam: "IAMClient", arn: str) -> Tags:
    return plain(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn).get("Tags", []))


def _providers(iam: "IAMClient", _names: Names) -> Iterator[str]:
    yield from (each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])


def _trusting(iam: "IAMClient", provider: str) -> list[str]:
    """The roles whose trust policy names a provider."""
    return [
        role["RoleName"]
        for page in iam.get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if f'"{provider}"' in json.dumps(role.get("AssumeRolePolicyDocument"))
    ]


def _remove_provider(iam: "IAMClient", arn: str) -> None:
    """An account has one provider for an issuer, so others' roles may trust it: then it stays."""
    if _trusting(iam, arn):
        words = "roles trust this identity provider"
        raise ClientError({"Error": {"Code": "DeleteConflict", "Message": words}}, "DeleteOpenIDConnectProvider")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def _provider_blockers(iam: "IAMClient", arn: str) -> Blockers:
    roles = _trusting(iam, arn)
    return Blockers(f"it is trusted by the role {', '.join(roles[:3])}, not this lab's to remove", passing=False)


ROLE_ATTACHMENT = Kind(
    name="iam role attachment",
    service="iam",
    creates=("AttachRolePolicy",),
    deletes=("DetachRolePolicy",),
    named_by=("RoleName", "PolicyArn"),
    prefixed=True,
    tags=_role_attachment_tags,
    remove=_remove_role_attachment,
    absent=_NO_ENTITY,
    uses=("iam role",),
)
ROLE_POLICY = Kind(
    name="iam role policy",
    service="iam",
    creates=("PutRolePolicy",),
    deletes=("DeleteRolePolicy",),
    named_by=("RoleName", "PolicyName"),
    prefixed=True,
    tags=_role_policy_tags,
    remove=_remove_role_policy,
    absent=_NO_ENTITY,
    uses=("iam role",),
)
ROLE = Kind(
    name="iam role",
    service="iam",
    creates=("CreateRole",),
    deletes=("DeleteRole",),
    named_by=("RoleName",),
    prefixed=True,
    tagging=Tagging(TagForm.PAIRS, "Tags"),
    content={"PutRolePermissionsBoundary": "RoleName"},
    tags=_role_tags,
    found=_roles,
    remove=_remove_role,
    absent=_NO_ENTITY,
    uses=("iam oidc provider",),
)
OIDC_PROVIDER = Kind(
    name="iam oidc provider",
    service="iam",
    creates=("CreateOpenIDConnectProvider",),
    deletes=("DeleteOpenIDConnectProvider",),
    answer="OpenIDConnectProviderArn",
    deleted_by=("OpenIDConnectProviderArn",),
    tagging=Tagging(TagForm.PAIRS, "Tags"),
    tags=_provider_tags,
    found=_providers,
    remove=_remove_provider,
    blockers=_provider_blockers,
    absent=_NO_ENTITY,
)
REPOSITORY = Kind(
    name="ecr repository",
    service="ecr",
    creates=("CreateRepository",),
    deletes=("DeleteRepository",),
    named_by=("repositoryName",),
    prefixed=True,
    tagging=Tagging(TagForm.PAIRS, "tags"),
    content=dict.fromkeys(
        ("PutImage", "PutImageTagMutability", "PutImageScanningConfiguration", "PutLifecyclePolicy"), "repositoryName"
    ),
    tags=_repository_tags,
    found=_repositories,
    remove=_remove_repository,
    absent=("RepositoryNotFoundException",),
)

# Known from the ledger alone: the course makes none, and looking for one would ask for a permission more.
CREATION_TEMPLATE = Kind(
    name="ecr creation template",
    service="ecr",
    creates=("CreateRepositoryCreationTemplate",),
    deletes=("DeleteRepositoryCreationTemplate",),
    named_by=("prefix",),
    prefixed=True,
    tagging=Tagging(TagForm.WORDS, "description"),
    tags=_template_tags,
    remove=_remove_template,
    absent=("TemplateNotFoundException",),
)

KINDS = (ROLE_ATTACHMENT, ROLE_POLICY, ROLE, OIDC_PROVIDER, CREATION_TEMPLATE, REPOSITORY)
