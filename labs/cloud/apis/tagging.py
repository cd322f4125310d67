"""Tagging: moto's GetResources knows nothing of ECR's repositories and of ECS; they are added here.

Source: Resource Groups Tagging API reference, GetResources.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from labs.cloud.wire.answer import HttpAnswer

# ARN and tags of every repository and of what ECS has.
Repositories = Callable[[], Iterable[tuple[str, Mapping[str, str]]]]


def with_repositories(answer: HttpAnswer, params: Mapping[str, Any], repositories: Repositories) -> HttpAnswer:
    """moto's last page of GetResources with what else is tagged and matches the request's filters."""
    if answer.status != 200:
        return answer
    page = json.loads(answer.body)
    if page.get("PaginationToken"):
        return answer
    for arn, tags in repositories():
        if tags and _wanted(arn, tags, params):
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            page["ResourceTagMappingList"].append({"ResourceARN": arn, "Tags": pairs})
    return replace(answer, body=json.dumps(page).encode())


def _wanted(arn: str, tags: Mapping[str, str], params: Mapping[str, Any]) -> bool:
    arns = params.get("ResourceARNList")
    if arns and arn not in arns:
        return False
    types = params.get("ResourceTypeFilters")
    service, kind = arn.split(":")[2], arn.split(":", 5)[5].partition("/")[0]
    if types and not {service, f"{service}:{kind}"} & set(map(str, types)):
        return False
    for wanted in params.get("TagFilters") or ():
        key, values = str(wanted.get("Key", "")), wanted.get("Values") or ()
        if key not in tags or (values and tags[key] not in values):
            return False
    return True
