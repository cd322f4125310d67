"""The lab's service and its task definition, as ECS has them."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.subjects.tasks import service_names, task_runs


def definition_of(ecs: Any, family: str) -> Mapping[str, Any] | None:
    """The newest active revision of a family; None when there is none."""
    try:
        found: Mapping[str, Any] = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    except ClientError as error:
        if code_of(error) == "ClientException":
            return None
        raise
    return found if found["status"] == "ACTIVE" else None


def service_of(bench: Bench, ecs: Any) -> Mapping[str, Any] | None:
    """The lab's service; None when there is none or it was deleted."""
    try:
        answer = ecs.describe_services(cluster=task_runs.cluster(bench), services=[service_names.service(bench)])
    except ClientError as error:
        if code_of(error) == "ClusterNotFoundException":
            return None
        raise
    return next((each for each in answer["services"] if each["status"] == "ACTIVE"), None)
