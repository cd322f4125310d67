"""Condition keys of the request: its tags, and what each service adds.

Source: the "Condition keys" tables of the service authorization reference.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from labs import iam
from labs.cloud.authorisation.condition_members import members
from labs.cloud.authorisation.ecs_resources import cluster_arn
from labs.cloud.authorisation.question import Lookups
from labs.cloud.wire.request import ApiCall

Keys = dict[str, str | list[str]]


def request_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags a call sets, in any of AWS's spellings."""
    tags: dict[str, str] = {}
    for name in ("Tags", "tags", "TagSpecifications", "TagSpecification", "Tag"):
        _collect(params.get(name), tags)
    return tags


def _collect(value: Any, tags: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        tags.update({str(key): str(item) for key, item in value.items() if isinstance(item, str)})
        return
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, Mapping):
            continue
        if isinstance(item.get("Tags"), list):
            _collect(item["Tags"], tags)
            continue
        key = next((item[name] for name in ("Key", "key", "TagKey") if name in item), None)
        found = next((item[name] for name in ("Value", "value", "TagValue") if name in item), "")
        if isinstance(key, str):
            tags[key] = str(found)


def tag_keys(params: Mapping[str, Any]) -> list[str]:
    """The names of the tags a call sets or removes."""
    names = list(request_tags(params))
    for member in ("TagKeys", "tagKeys", "TagKeyList"):
        value = params.get(member)
        if isinstance(value, list):
            names += [str(item) for item in value if isinstance(item, str) and item not in names]
    return names


def of_request(call: ApiCall) -> Keys:
    """The global condition keys that come from the request itself."""
    context: Keys = {"aws:RequestedRegion": iam.requested_region(call.service, call.region)}
    tags = request_tags(call.params)
    names = tag_keys(call.params)
    context |= {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    if names:
        context["aws:TagKeys"] = names
    return context


def of_service(call: ApiCall, lookups: Lookups) -> Keys:
    """The service's own condition keys of the request; which of them the action has is ``known``'s to say."""
    add = _SERVICES.get(call.service)
    return {**members(call.service, call.params), **(add(call, lookups) if add is not None else {})}


def of_resource(service: str, arn: str, lookups: Lookups) -> Keys:
    """Condition keys that come from the resource: its tags, under the global name and the service's own, and traits."""
    context: Keys = {}
    own = _OWN_TAG_KEYS.get(service)
    for name, value in lookups.tags(arn).items():
        context[f"aws:ResourceTag/{name}"] = value
        if own is not None:
            context[f"{own}/{name}"] = value
    return {**context, **lookups.traits(arn)}


@cache
def _reference() -> Mapping[str, Mapping[str, Sequence[str]]]:
    table: Mapping[str, Any] = json.loads(resources.files(__package__).joinpath("condition_keys.json").read_text())
    return table


def known(prefix: str, action: str, keys: Mapping[str, Any]) -> Keys:
    """Those of the service's own keys that the reference has for the action, and every global one."""
    listed = _reference().get(prefix, {}).get(action, ())
    return {key: value for key, value in keys.items() if key.startswith("aws:") or _form(key) in listed}


def _form(key: str) -> str:
    """A key as the table has it: what follows a slash, or KMS's second colon, is the caller's own name."""
    if key.startswith("kms:EncryptionContext:"):
        return "kms:EncryptionContext"
    return key.split("/", 1)[0] if "/" in key and not key.startswith("secretsmanager:resource/") else key


# The service's own name for a tag of the resource.
_OWN_TAG_KEYS = {
    "ec2": "ec2:ResourceTag",
    "ecr": "ecr:ResourceTag",
    "ecs": "ecs:ResourceTag",
    "iam": "iam:ResourceTag",
    "secretsmanager": "secretsmanager:ResourceTag",
    "ssm": "ssm:resourceTag",
}


def _iam(call: ApiCall, lookups: Lookups) -> Keys:
    given = call.params.get("PermissionsBoundary")
    if given:
        return {"iam:PermissionsBoundary": str(given)}
    # On a call about an identity that exists, the boundary that it has.
    for kind, member in (("role", "RoleName"), ("user", "UserName")):
        name = call.params.get(member)
        if isinstance(name, str) and name:
            boundary = lookups.boundary(call.account, kind, name)
            return {"iam:PermissionsBoundary": boundary} if boundary else {}
    return {}


def _ec2(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {"ec2:Region": call.region}
    peers = (("ec2:RequesterVpc", "VpcId"), ("ec2:AccepterVpc", "PeerVpcId"), ("ec2:Vpc", "VpcId"))
    for key, member in peers:
        vpc = call.params.get(member)
        if isinstance(vpc, str) and vpc:
            context[key] = f"arn:aws:ec2:{call.region}:{call.account}:vpc/{vpc}"
    if call.operation.startswith("Create") and call.params.get("TagSpecifications"):
        context["ec2:CreateAction"] = call.operation
    return context


def _ecs(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {"ecs:cluster": cluster_arn(call)}
    definition = call.params.get("taskDefinition")
    if isinstance(definition, str) and definition:
        known_arn, _ = lookups.task_definition(call.account, call.region, definition)
        context["ecs:task-definition"] = known_arn or definition
    if "volumeConfigurations" in call.params:
        context["ecs:enable-ebs-volumes"] = "true"
    return context


def _secrets(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {}
    if call.params.get("SecretId"):
        secret = str(call.params["SecretId"])
        context["secretsmanager:SecretId"] = lookups.secret_arn(call.account, call.region, secret) or secret
    if call.params.get("KmsKeyId"):
        key = str(call.params["KmsKeyId"])
        context["secretsmanager:KmsKeyArn"] = lookups.key_arn(call.account, call.region, key) or key
    if "RotationRules" in call.params:
        context["secretsmanager:ModifyRotationRules"] = "true"
    return context


def _kms(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {"kms:CallerAccount": call.account}
    encryption = call.params.get("EncryptionContext")
    if isinstance(encryption, Mapping):
        context |= {f"kms:EncryptionContext:{name}": str(value) for name, value in encryption.items()}
        context["kms:EncryptionContextKeys"] = [str(name) for name in encryption]
    key = str(call.params.get("KeyId", ""))
    if "alias/" in key:
        context["kms:RequestAlias"] = "alias/" + key.split("alias/", 1)[1]
    constraints = call.params.get("Constraints")
    if isinstance(constraints, Mapping) and constraints:
        context["kms:GrantConstraintType"] = next(iter(constraints))
    return context


_SERVICES: dict[str, Callable[[ApiCall, Lookups], Keys]] = {
    "iam": _iam,
    "ec2": _ec2,
    "ecs": _ecs,
    "secretsmanager": _secrets,
    "kms": _kms,
}
