"""Tasks: run, stop, describe, list. A task is only written down here; the loop brings it to life."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api import views
from labs.cloud.ecs.api.clusters import ClusterOperations, short_name
from labs.cloud.ecs.api.definitions import DefinitionOperations
from labs.cloud.ecs.api.ecs_parameters import PAGE_FORM
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.rules.fargate_rules import FargateRules
from labs.cloud.ecs.rules.new_tasks import new_task, to_stop
from labs.cloud.ecs.rules.task_network import TaskNetwork
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import Task, TaskDefinition
from labs.cloud.protocols.paging import Pages

_CAPACITY = ("FARGATE", "FARGATE_SPOT")
PLATFORM_VERSION = "1.4.0"


class TaskOperations:
    """The operations on tasks."""

    def __init__(
        self,
        *,
        store: EcsStore,
        network: TaskNetwork,
        rules: FargateRules,
        clusters: ClusterOperations,
        definitions: DefinitionOperations,
        pages: Pages,
    ) -> None:
        self._store = store
        self._pages = pages
        self._rules = rules
        self._network = network
        self._clusters = clusters
        self._definitions = definitions

    def run_task(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """RunTask: up to ten tasks, PROVISIONING."""
        store = self._store
        cluster = self._clusters.active(params)
        definition = self._definitions.usable(params.get("taskDefinition", ""))
        count = params.get("count", 1)
        if not 1 <= count <= 10:
            raise ecs_errors.refused("task.count")
        launch = launch_of(params)
        overrides = params.get("overrides") or {}
        check_overrides(definition, overrides)
        version = platform_version(params)
        self._rules.run(definition, params, with_roles=True)
        subnets = self._network.subnets()
        network = params["networkConfiguration"]
        places = network["awsvpcConfiguration"]["subnets"]
        tags = self._tags(definition, params)
        token = params.get("clientToken") or ""
        with store.change():
            again = [each for each in store.tasks.values() if token and each.client_token == token]
            if again:
                return {"tasks": [views.task(each, store, True) for each in again], "failures": []}
            made = [
                replace(
                    each,
                    group=params.get("group") or f"family:{definition.family}",
                    started_by=params.get("startedBy") or "",
                    overrides=overrides,
                    launch={**launch, **each.launch},
                    platform_version=version,
                    exec_enabled=bool(params.get("enableExecuteCommand")),
                    tags=tags,
                    client_token=token,
                    **_sizes(definition, overrides),
                )
                for each in (
                    new_task(
                        store=store,
                        cluster=cluster.name,
                        definition=definition,
                        network=network,
                        subnet=places[number % len(places)],
                        known=subnets,
                    )
                    for number in range(count)
                )
            ]
            store.save(*made)
        return {"tasks": [views.task(each, store, True) for each in made], "failures": []}

    def _tags(self, definition: TaskDefinition, params: dict[str, Any]) -> dict[str, str]:
        given = views.tag_map(params.get("tags"))
        return {**definition.tags, **given} if params.get("propagateTags") == "TASK_DEFINITION" else given

    def stop_task(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """StopTask: the containers get SIGTERM, and SIGKILL after their stopTimeout."""
        cluster = self._clusters.active(params)
        found = self._find(cluster.name, params.get("task", ""))
        if found is None:
            raise ecs_errors.refused("task.not_found")
        reason = params.get("reason") or "Task stopped by user"
        stopped = self._store.update_task(found.id, lambda task: to_stop(task, "UserInitiated", reason, self._store))
        return {"task": views.task(stopped or found, self._store)}

    def _find(self, cluster: str, given: str) -> Task | None:
        if given.startswith("arn:"):
            parts = given.split("/")
            if len(parts) == 3 and parts[1] != cluster:
                return None
        found = self._store.tasks.get(given.rsplit("/", 1)[-1])
        return found if found is not None and found.cluster == cluster else None

    def describe_tasks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """DescribeTasks: up to a hundred, by id or ARN."""
        cluster = self._clusters.active(params)
        wanted = params.get("tasks") or []
        if not wanted:
            raise ecs_errors.refused("task.none_asked")
        if len(wanted) > 100:
            raise ecs_errors.refused("task.too_many_asked")
        found, failures = [], []
        for given in wanted:
            task = self._find(cluster.name, given)
            if task is None:
                arn = given if given.startswith("arn:") else self._store.arn(f"task/{cluster.name}/{given}")
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(views.task(task, self._store, "TAGS" in (params.get("include") or ())))
        return {"tasks": found, "failures": failures}

    def list_tasks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListTasks: those that are to run, or with desiredStatus STOPPED those that are not."""
        cluster = self._clusters.active(params)
        desired = params.get("desiredStatus") or "RUNNING"
        service = params.get("serviceName")
        if service and f"{cluster.name}/{short_name(service)}" not in self._store.services:
            raise ecs_errors.refused("scheduler.not_found")
        found = [
            each
            for each in list(self._store.tasks.values())
            if each.cluster == cluster.name
            and each.desired == desired
            and (not service or each.service == short_name(service))
            and (not params.get("startedBy") or each.started_by == params["startedBy"])
            and (not params.get("family") or _family(each) == params["family"])
            and params.get("launchType", "FARGATE") == "FARGATE"
            and not params.get("containerInstance")
        ]
        found.sort(key=_place)
        shown, following = self._pages.page(PAGE_FORM, "ListTasks", params, found, _place)
        return {"taskArns": [each.arn for each in shown], **following}


def _place(task: Task) -> tuple[float, str]:
    return task.created, task.id


def _family(task: Task) -> str:
    return task.definition.rsplit("/", 1)[-1].partition(":")[0]


def launch_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """What launch type or capacity provider was asked for; only Fargate is served."""
    strategy = params.get("capacityProviderStrategy") or []
    kind = params.get("launchType")
    if strategy and kind:
        raise ecs_errors.refused("task.launch_and_strategy")
    if kind not in (None, "FARGATE"):
        raise ecs_errors.refused("task.not_fargate", kind=kind)
    names = [str(each.get("capacityProvider")) for each in strategy]
    for name in names:
        if name not in _CAPACITY:
            raise ecs_errors.refused("task.capacity_provider", name=name)
    if not names and kind is None:
        # AWS would take EC2, and there is none in this cluster.
        raise ecs_errors.refused("task.no_instances")
    return {"capacityProviderName": names[0]} if names else {"launchType": "FARGATE"}


def platform_version(params: Mapping[str, Any]) -> str:
    """LATEST and nothing are 1.4.0; an unknown one is for Fargate's rules to refuse."""
    given = params.get("platformVersion") or "LATEST"
    return PLATFORM_VERSION if given == "LATEST" else str(given)


def check_overrides(definition: TaskDefinition, overrides: Mapping[str, Any]) -> None:
    """AwsError for an override of a container that is not there."""
    names = {each["name"] for each in definition.containers}
    for each in overrides.get("containerOverrides") or ():
        if each.get("name") not in names:
            raise ecs_errors.refused("task.override", name=each.get("name"))


def _sizes(definition: TaskDefinition, overrides: Mapping[str, Any]) -> dict[str, Any]:
    document = definition.document
    return {
        "cpu": str(overrides.get("cpu") or document.get("cpu") or ""),
        "memory": str(overrides.get("memory") or document.get("memory") or ""),
    }
