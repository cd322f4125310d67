"""Log groups, parameters and secrets."""

from collections.abc import Iterator
from typing import Any

from labs.ledger import kinds
from labs.ledger.names import Names
from labs.ledger.removal.remover import Remover, Tags, plain


def _log_groups(logs: Any, names: Names) -> Iterator[str]:
    for start in _beginnings(names):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=start):
            yield from (group["logGroupName"] for group in page["logGroups"] if names.owns(group["logGroupName"]))


def _log_group_tags(logs: Any, name: str) -> Tags | None:
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                # The tagging calls want the ARN without the ":*" that stands for the streams.
                tags: Tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
                return tags
    return None


def _remove_log_group(logs: Any, name: str) -> None:
    logs.delete_log_group(logGroupName=name)


def _parameters(ssm: Any, names: Names) -> Iterator[str]:
    wanted = [{"Key": "Name", "Option": "BeginsWith", "Values": list(_beginnings(names))}]
    for page in ssm.get_paginator("describe_parameters").paginate(ParameterFilters=wanted):
        yield from (each["Name"] for each in page["Parameters"] if names.owns(each["Name"]))


def _parameter_tags(ssm: Any, name: str) -> Tags | None:
    return plain(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])


def _remove_parameter(ssm: Any, name: str) -> None:
    ssm.delete_parameter(Name=name)


def _secrets(client: Any, names: Names) -> Iterator[str]:
    # One that waits for its deletion still holds its name.
    for page in client.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
        yield from (each["Name"] for each in page["SecretList"] if names.owns(each["Name"]))


def _secret_tags(client: Any, name: str) -> Tags | None:
    return plain(client.describe_secret(SecretId=name).get("Tags") or [])


def _remove_secret(client: Any, name: str) -> None:
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _beginnings(names: Names) -> tuple[str, str]:
    return names.prefix, f"/{names.prefix}"


REMOVERS: dict[str, Remover] = {
    kinds.LOG_GROUP.name: Remover(_log_group_tags, _remove_log_group, _log_groups),
    kinds.PARAMETER.name: Remover(_parameter_tags, _remove_parameter, _parameters),
    kinds.SECRET.name: Remover(_secret_tags, _remove_secret, _secrets),
}
