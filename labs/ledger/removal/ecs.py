"""The resources of ECS. A stopped task, an inactive service or cluster and a revision being deleted count as gone."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from labs.ledger import kinds
from labs.ledger.names import Names
from labs.ledger.removal.remover import Blockers, Remover, Tags, plain

_GONE = ("INACTIVE", "DELETE_IN_PROGRESS", "STOPPED", "DELETED")


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _clusters(ecs: Any, names: Names) -> Iterator[str]:
    for page in ecs.get_paginator("list_clusters").paginate():
        yield from (_last(arn) for arn in page["clusterArns"] if names.owns(_last(arn)))


def _cluster(ecs: Any, name: str) -> Tags | None:
    found = ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    return _tags(found[0], "status") if found else None


def _tags(item: dict[str, Any], state: str) -> Tags | None:
    return None if item.get(state) in _GONE else plain(item.get("tags") or [])


def _remove_cluster(ecs: Any, name: str) -> None:
    ecs.delete_cluster(cluster=name)


def _cluster_blockers(ecs: Any, cluster: str) -> Blockers:
    """What runs in a cluster: a service that drains and a task that stops go by themselves."""
    staying = []
    for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
        services = (
            page["serviceArns"] and ecs.describe_services(cluster=cluster, services=page["serviceArns"])["services"]
        )
        staying += [f"the service {each['serviceName']}" for each in services or [] if each["status"] == "ACTIVE"]
    for task in _run_by_hand(ecs, cluster):
        if task.get("desiredStatus") != "STOPPED":
            staying.append(f"the task {_last(task['taskArn'])}")
    if staying:
        return Blockers(f"it holds {', '.join(staying[:3])}, not this lab's to remove", False)
    return Blockers("its tasks are still stopping", True)


def _services(ecs: Any, names: Names) -> Iterator[str]:
    for cluster in _clusters(ecs, names):
        for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
            yield from (f"{cluster}/{_last(arn)}" for arn in page["serviceArns"])


def _service(ecs: Any, id: str) -> dict[str, Any] | None:
    cluster, _, name = id.partition("/")
    found = ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
    return found[0] if found else None


def _service_tags(ecs: Any, id: str) -> Tags | None:
    service = _service(ecs, id)
    return _tags(service, "status") if service else None


def _remove_service(ecs: Any, id: str) -> None:
    service = _service(ecs, id)
    if service and service["status"] == "ACTIVE":
        cluster, _, name = id.partition("/")
        # With force it drains whatever its desired count is.
        ecs.delete_service(cluster=cluster, service=name, force=True)


def _tasks(ecs: Any, names: Names) -> Iterator[str]:
    """The tasks that were run by hand; a service's go with it."""
    for cluster in _clusters(ecs, names):
        yield from (f"{cluster}/{_last(task['taskArn'])}" for task in _run_by_hand(ecs, cluster))


def _run_by_hand(ecs: Any, cluster: str) -> Iterator[dict[str, Any]]:
    for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster):
        found = page["taskArns"] and ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"]
        yield from (task for task in found or [] if not task.get("group", "").startswith("service:"))


def _task(ecs: Any, id: str) -> dict[str, Any] | None:
    cluster, _, task = id.partition("/")
    found = ecs.describe_tasks(cluster=cluster, tasks=[task], include=["TAGS"])["tasks"]
    return found[0] if found else None


def _task_tags(ecs: Any, id: str) -> Tags | None:
    task = _task(ecs, id)
    return _tags(task, "lastStatus") if task else None


def _remove_task(ecs: Any, id: str) -> None:
    task = _task(ecs, id)
    if task and task.get("desiredStatus") != "STOPPED":
        cluster, _, name = id.partition("/")
        ecs.stop_task(cluster=cluster, task=name, reason="labs clean")


def stopped_at(ecs: Any, id: str) -> Any:
    """When a task stopped (a datetime); None while it runs, or when ECS has forgotten it. Raises ClientError."""
    task = _task(ecs, id)
    return task.get("stoppedAt") if task else None


def _definitions(ecs: Any, names: Names) -> Iterator[str]:
    families = ecs.get_paginator("list_task_definition_families")
    revisions = ecs.get_paginator("list_task_definitions")
    for page in families.paginate(familyPrefix=names.prefix, status="ALL"):
        for family in filter(names.owns, page["families"]):
            for status in ("ACTIVE", "INACTIVE"):
                for found in revisions.paginate(familyPrefix=family, status=status):
                    yield from (_last(arn) for arn in found["taskDefinitionArns"])


def _definition(ecs: Any, id: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = ecs.describe_task_definition(taskDefinition=id, include=["TAGS"])
    except ClientError as error:
        # A revision that is not there has no code of its own.
        if "Unable to describe task definition" in str(error):
            return None
        raise
    return answer


def _definition_tags(ecs: Any, id: str) -> Tags | None:
    answer = _definition(ecs, id)
    if answer is None or answer["taskDefinition"].get("status") == "DELETE_IN_PROGRESS":
        return None
    return plain(answer.get("tags") or [])


def _remove_definition(ecs: Any, id: str) -> None:
    answer = _definition(ecs, id)
    if answer is None:
        return
    if answer["taskDefinition"].get("status") == "ACTIVE":
        ecs.deregister_task_definition(taskDefinition=id)
    for refused in ecs.delete_task_definitions(taskDefinitions=[id]).get("failures") or []:
        words = str(refused.get("reason") or refused.get("detail") or "not deleted")
        raise ClientError({"Error": {"Code": "ClientException", "Message": words}}, "DeleteTaskDefinitions")


REMOVERS: dict[str, Remover] = {
    kinds.SERVICE.name: Remover(_service_tags, _remove_service, _services),
    kinds.TASK.name: Remover(_task_tags, _remove_task, _tasks),
    kinds.TASK_DEFINITION.name: Remover(_definition_tags, _remove_definition, _definitions),
    kinds.CLUSTER.name: Remover(_cluster, _remove_cluster, _clusters, _cluster_blockers),
}
