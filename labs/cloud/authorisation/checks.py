"""All that a call must be allowed: its own action on each resource, tagging on creation, iam:PassRole."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from labs.cloud.authorisation import (
    ec2_resources,
    ecs_resources,
    iam_resources,
    request_conditions,
    s3_actions,
    store_resources,
)
from labs.cloud.authorisation.question import Lookups, RequiredAction, Resolver, values_of
from labs.cloud.protocols.services import BY_NAME
from labs.cloud.wire.request import ApiCall

_RESOLVERS: dict[str, Mapping[str, Resolver]] = {
    "ec2": ec2_resources.RESOLVERS,
    "iam": iam_resources.RESOLVERS,
    "ecs": ecs_resources.RESOLVERS,
    "ecr": store_resources.ECR,
    "logs": store_resources.LOGS,
    "ssm": store_resources.SSM,
    "secretsmanager": store_resources.SECRETS,
    "kms": store_resources.KMS,
}
# Operations whose IAM action has another name (service authorization reference, "Actions").
_RENAMED = {
    ("ecr", "DescribeRepositoryCreationTemplate"): "DescribeRepositoryCreationTemplates",
    ("kms", "ReEncrypt"): "ReEncryptFrom",
}
# The tagging action that a creation with tags needs as well, on what it creates.
_TAGGING = {
    "iam": {
        "CreateInstanceProfile": "TagInstanceProfile",
        "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
        "CreatePolicy": "TagPolicy",
        "CreateRole": "TagRole",
        "CreateUser": "TagUser",
    },
    "ecs": dict.fromkeys(
        ("CreateCluster", "CreateService", "RegisterTaskDefinition", "RunTask", "StartTask"), "TagResource"
    ),
    "ecr": {"CreateRepository": "TagResource"},
    "logs": {"CreateLogGroup": "TagResource"},
    "ssm": {"PutParameter": "AddTagsToResource"},
    "secretsmanager": {"CreateSecret": "TagResource"},
    "kms": {"CreateKey": "TagResource"},
}
# Actions that are newer than the reference at hand.
_UNLISTED = {("ecr", "ListImageReferrers"): ("repository*",)}
_PLACE = re.compile(r"\$\{(\w+)\}")
_TASK_ROLES = ("taskRoleArn", "executionRoleArn")
_RUNS_TASKS = ("RunTask", "StartTask")


@cache
def _reference() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Any] = json.loads(resources.files(__package__).joinpath("resource_types.json").read_text())
    return table


def _types(prefix: str, action: str) -> Sequence[str]:
    types: Sequence[str] = _reference()[prefix]["actions"].get(action, ())
    return types or _UNLISTED.get((prefix, action), ())


def resource_templates(action: str) -> Sequence[str]:
    """The forms of the ARNs that an action ("ecr:PutImage") is about, as the reference writes them; none for "*"."""
    prefix, _, name = action.partition(":")
    prefix = prefix.lower()
    if prefix not in _reference():
        return ()
    listed = next((n for n in _reference()[prefix]["actions"] if n.lower() == name.lower()), "")
    arns: Mapping[str, str] = _reference()[prefix]["arns"]
    return [arns[kind.rstrip("*")] for kind in _types(prefix, listed) if kind.rstrip("*") in arns]


def checks_for(call: ApiCall, lookups: Lookups) -> Sequence[RequiredAction]:
    """Every check of a call, its own action first. All must be allowed."""
    if call.service == "s3":
        return s3_actions.checks(call)
    prefix = BY_NAME[call.service].prefix
    action = _RENAMED.get((call.service, call.operation), call.operation)
    context = request_conditions.of_request(call)
    own = request_conditions.of_service(call, lookups)
    arns = resources_of(call, prefix, action, lookups)
    keys = {**context, **request_conditions.known(prefix, action, own)}
    found = [
        RequiredAction(f"{prefix}:{action}", arn, _with_resource(prefix, action, arn, keys, lookups)) for arn in arns
    ]
    return [*found, *_tagging(call, arns, {**context, **own}), *_passed_roles(call, context, lookups)]


def resources_of(call: ApiCall, prefix: str, action: str, lookups: Lookups) -> list[str]:
    """The ARNs a call's action is checked on; ["*"] where the reference names no resource type."""
    if (call.service, action) in (("ec2", "CreateTags"), ("ec2", "DeleteTags")):
        return ec2_resources.tagged(call) or ["*"]
    if (call.service, action) == ("ssm", "DescribeParameters"):
        # AWS's denials write it so, although the reference lists no resource.
        return [f"arn:aws:ssm:{call.region}:{call.account}:*"]
    if (call.service, action) == ("logs", "DescribeLogGroups"):
        name = next(iter(values_of(call, "logGroupNamePrefix")), "")
        return [f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}:log-stream:"]
    found: list[str] = []
    for name in _types(prefix, action):
        kind = name.rstrip("*")
        resolver = _RESOLVERS.get(call.service, {}).get(kind)
        arns = list(resolver(call, lookups)) if resolver else []
        if not arns and name.endswith("*"):
            arns = [_any_of(call, prefix, kind)]
        found += [arn for arn in arns if arn not in found]
    return found or ["*"]


def _any_of(call: ApiCall, prefix: str, kind: str) -> str:
    """Where the call names no resource of a type it needs: what it is about to make, or any of them."""
    form: str = _reference()[prefix]["arns"].get(kind, "*")
    known = {"Partition": "aws", "Region": call.region, "Account": call.account}
    return _PLACE.sub(lambda place: known.get(place.group(1), "*"), form)


def _with_resource(
    prefix: str, action: str, arn: str, context: request_conditions.Keys, lookups: Lookups
) -> request_conditions.Keys:
    if arn == "*" or arn.endswith("/*"):
        return context
    found = request_conditions.known(prefix, action, request_conditions.of_resource(prefix, arn, lookups))
    return {**context, **found} if found else context


def _tagging(call: ApiCall, arns: Sequence[str], context: request_conditions.Keys) -> list[RequiredAction]:
    if not request_conditions.request_tags(call.params):
        return []
    given: request_conditions.Keys = {**context, f"{call.service}:CreateAction": call.operation}
    if call.service == "ec2" and call.operation not in ("CreateTags", "DeleteTags"):
        kinds = [
            str(item.get("ResourceType"))
            for item in call.params.get("TagSpecifications") or call.params.get("TagSpecification") or ()
            if isinstance(item, Mapping) and item.get("ResourceType")
        ]
        keys = request_conditions.known("ec2", "CreateTags", given)
        return [
            RequiredAction("ec2:CreateTags", f"arn:aws:ec2:{call.region}:{call.account}:{kind}/*", keys)
            for kind in kinds
        ]
    action = _TAGGING.get(call.service, {}).get(call.operation)
    if action is None:
        return []
    if call.operation in _RUNS_TASKS:
        cluster = ecs_resources.cluster_name(call)
        arns = [f"arn:aws:ecs:{call.region}:{call.account}:task/{cluster}/*"]
    keys = request_conditions.known(call.service, action, given)
    return [RequiredAction(f"{call.service}:{action}", arn, keys) for arn in arns]


def _passed_roles(call: ApiCall, context: request_conditions.Keys, lookups: Lookups) -> list[RequiredAction]:
    roles: list[tuple[str, str]] = []
    if call.service == "ecs":
        roles = [(role, "ecs-tasks.amazonaws.com") for role in _task_roles(call, lookups)]
    elif (call.service, call.operation) == ("ec2", "CreateFlowLogs"):
        roles = [(role, "vpc-flow-logs.amazonaws.com") for role in values_of(call, "DeliverLogsPermissionArn")]
    elif call.service == "ec2":
        # An instance gets its role by way of a profile.
        profiles = [
            profile for place in (call.params, call.params.get("LaunchSpecification")) for profile in _profile(place)
        ]
        found = [lookups.profile_role(call.account, profile) for profile in profiles]
        roles = [(role, "ec2.amazonaws.com") for role in found if role]
    elif (call.service, call.operation) == ("iam", "AddRoleToInstanceProfile"):
        named = values_of(call, "RoleName")
        roles = [(iam_resources.identity_arn(call, lookups, "role", n), "ec2.amazonaws.com") for n in named]
    elif (call.service, call.operation) in (("logs", "PutSubscriptionFilter"), ("logs", "PutDestination")):
        roles = [(role, "logs.amazonaws.com") for role in values_of(call, "roleArn")]
    elif call.service == "ecr":
        # The role with which ECR makes the repositories of a creation template.
        roles = [(role, "ecr.amazonaws.com") for role in values_of(call, "customRoleArn")]
    return [
        RequiredAction("iam:PassRole", role, {**context, "iam:PassedToService": service})
        for role, service in dict(roles).items()
    ]


def _profile(place: Any) -> list[str]:
    """The instance profile that a structure names, by ARN or name."""
    given = place.get("IamInstanceProfile") if isinstance(place, Mapping) else None
    named = given.get("Arn") or given.get("Name") if isinstance(given, Mapping) else None
    return [named] if isinstance(named, str) else []


def _task_roles(call: ApiCall, lookups: Lookups) -> list[str]:
    if call.operation == "RegisterTaskDefinition":
        return [_role_arn(call, role, lookups) for role in values_of(call, *_TASK_ROLES)]
    if call.operation in ("CreateService", "UpdateService"):
        return [_role_arn(call, role, lookups) for role in values_of(call, "role")]
    if call.operation not in _RUNS_TASKS:
        return []
    overrides: Any = call.params.get("overrides")
    overridden = overrides if isinstance(overrides, Mapping) else {}
    definition = next(iter(values_of(call, "taskDefinition")), "")
    _, own = lookups.task_definition(call.account, call.region, definition)
    given = [str(overridden[name]) for name in _TASK_ROLES if overridden.get(name)]
    return [_role_arn(call, role, lookups) for role in dict.fromkeys([*given, *own])]


def _role_arn(call: ApiCall, role: str, lookups: Lookups) -> str:
    """ECS takes a role's name as well as its ARN."""
    return role if role.startswith("arn:") else iam_resources.identity_arn(call, lookups, "role", role)
