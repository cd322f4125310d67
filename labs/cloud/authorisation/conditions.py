"""Condition keys of the request: its tags, and what each service adds.

Source: the "Condition keys" tables of the service authorization reference.
"""

from collections.abc import Callable, Mapping
from typing import Any

from labs.cloud.authorisation.ecs_resources import cluster_arn
from labs.cloud.authorisation.model import Lookups
from labs.cloud.request import ApiCall

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


def of_request(call: ApiCall, lookups: Lookups) -> Keys:
    """Every condition key that comes from the request itself."""
    context: Keys = {"aws:RequestedRegion": call.region}
    tags = request_tags(call.params)
    names = tag_keys(call.params)
    context |= {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    if names:
        context["aws:TagKeys"] = names
    add = _SERVICES.get(call.service)
    if add is not None:
        context |= add(call, lookups)
    return context


def of_resource(service: str, arn: str, lookups: Lookups) -> Keys:
    """Condition keys that come from the resource: its tags, under the global name and the service's own."""
    context: Keys = {}
    for name, value in lookups.tags(arn).items():
        context[f"aws:ResourceTag/{name}"] = value
        if service in ("ec2", "ecr", "ecs", "iam", "secretsmanager", "ssm"):
            context[f"{service}:ResourceTag/{name}"] = value
    return context


def _iam(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {}
    if call.params.get("PolicyArn"):
        context["iam:PolicyARN"] = str(call.params["PolicyArn"])
    if call.params.get("PermissionsBoundary"):
        context["iam:PermissionsBoundary"] = str(call.params["PermissionsBoundary"])
    if call.params.get("AWSServiceName"):
        context["iam:AWSServiceName"] = str(call.params["AWSServiceName"])
    return context


def _ec2(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {"ec2:Region": call.region}
    vpc = call.params.get("VpcId")
    if isinstance(vpc, str) and vpc:
        context["ec2:Vpc"] = f"arn:aws:ec2:{call.region}:{call.account}:vpc/{vpc}"
        context["ec2:VpcID"] = vpc
    if call.params.get("ServiceName"):
        context["ec2:VpceServiceName"] = str(call.params["ServiceName"])
    return context


def _ecs(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {}
    if "cluster" in call.params or call.operation in ("RunTask", "StartTask", "CreateService", "ListTasks"):
        context["ecs:cluster"] = cluster_arn(call)
    definition = call.params.get("taskDefinition")
    if isinstance(definition, str) and definition:
        known, _ = lookups.task_definition(call.account, call.region, definition)
        context["ecs:task-definition"] = known or definition
    if "enableExecuteCommand" in call.params:
        context["ecs:enable-execute-command"] = str(bool(call.params["enableExecuteCommand"])).lower()
    return context


def _ssm(call: ApiCall, lookups: Lookups) -> Keys:
    if "Recursive" in call.params:
        return {"ssm:Recursive": str(bool(call.params["Recursive"])).lower()}
    if "Overwrite" in call.params:
        return {"ssm:Overwrite": str(bool(call.params["Overwrite"])).lower()}
    return {}


def _secrets(call: ApiCall, lookups: Lookups) -> Keys:
    context: Keys = {}
    if call.params.get("SecretId"):
        secret = str(call.params["SecretId"])
        context["secretsmanager:SecretId"] = lookups.secret_arn(call.account, call.region, secret) or secret
    if call.params.get("Name"):
        context["secretsmanager:Name"] = str(call.params["Name"])
    if call.params.get("VersionStage"):
        context["secretsmanager:VersionStage"] = str(call.params["VersionStage"])
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
    return context


_SERVICES: dict[str, Callable[[ApiCall, Lookups], Keys]] = {
    "iam": _iam,
    "ec2": _ec2,
    "ecs": _ecs,
    "ssm": _ssm,
    "secretsmanager": _secrets,
    "kms": _kms,
}
