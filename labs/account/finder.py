"""Finds the case: in one cluster, by a name, or what most needs a look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NoReturn

from labs.account.account_sources import Clients
from labs.account.case import Case, Json, Place, deployed
from labs.account.placement import Standing
from labs.account.query import Name, QueryKind
from labs.account.reads import ask, pages, unread
from labs.errors import LabError
from labs.fargate.conclusion import ALLOW
from labs.fargate.findings import Finding, Told
from labs.fargate.sources import CannotRead
from labs.fargate.steps import ContainerEnd

# Without a name: how many tasks and services are looked at, at most.
_MOST = 500
_NO_CLUSTER = ("ClusterNotFoundException",)
_SERVICE_AGAIN = "Wait for the service's next try, or update it with forceNewDeployment."
# How a service's event quotes why a task did not start.
_QUOTES = ("Reason: ", "ECS was unable to assume")


class Finder:
    """``place`` is where a definition would run, and stands in for what is no longer known of a task."""

    def __init__(self, clients: Clients, cluster: str, place: Place) -> None:
        self._ecs = clients("ecs", "")
        self._cluster = cluster
        self._place = place
        self._standing = Standing(clients, place)
        self._unread: list[Finding] = []

    def find(self, name: Name) -> Case:
        """The task, service or task definition of that name. LabError when there is none, or it may not be read."""
        cluster = name.cluster or self._cluster
        if name.kind is QueryKind.TASK:
            return self._task(self._described(name.id, cluster), cluster)
        if name.kind in (QueryKind.SERVICE, QueryKind.EITHER):
            service = self._service_named(name, cluster)
            if service is not None:
                return self._service(service, cluster)
        if name.kind is QueryKind.SERVICE:
            raise LabError(
                f"There is no service {name.id} in the cluster {cluster}.",
                "check the name and --cluster",
                id="no-such-service",
            )
        definition = self._definition_named(name.id)
        if definition is None:
            what = "task definition" if name.kind is QueryKind.DEFINITION else "service and no task definition"
            where = "" if name.kind is QueryKind.DEFINITION else f" in the cluster {cluster}"
            raise LabError(
                f"There is no {what} '{name.id}'{where}.",
                "give a task's id or ARN, a service's name, or a definition's family; --cluster for another cluster",
                id="no-such-service-or-definition",
            )
        return self._not_run(definition, cluster)

    def newest(self) -> Case | None:
        """What in the cluster most needs a look: an unsteady service, else the newest task; None when there is none."""
        services = self._or_unread("the services", self._services, [])
        for service in services:
            if not _steady(service):
                return self._service(service, self._cluster)
        tasks = [task for task in self._or_unread("the tasks", self._tasks, []) if not _served(task)]
        if tasks:
            return self._task(max(tasks, key=_created), self._cluster)
        return self._service(services[0], self._cluster) if services else None

    @property
    def unread(self) -> tuple[Finding, ...]:
        """What could not be read so far."""
        return tuple(self._unread)

    def _or_unread(self, what: str, call: Callable[[], Any], otherwise: Any) -> Any:
        """What ``call`` returns; ``otherwise`` when the account refuses, which is noted."""
        try:
            return call()
        except CannotRead as error:
            self._unread.append(unread(what, error))
            return otherwise

    # Tasks.

    def _described(self, task_id: str, cluster: str) -> Json:
        found = _needed("reading the task", self._ecs, "describe_tasks", _NO_CLUSTER, cluster=cluster, tasks=[task_id])
        if found is None:
            raise LabError(
                f"There is no cluster {cluster}.",
                "give the task's ARN, or say which with --cluster",
                id="no-such-cluster",
            )
        if not found["tasks"]:
            raise LabError(
                f"ECS does not know the task {task_id} in the cluster {cluster}.",
                "check the id and --cluster; ECS keeps a stopped task for an hour: after that diagnose its definition",
                id="no-such-task",
            )
        task: Json = found["tasks"][0]
        return task

    def _task(self, task: Json, cluster: str) -> Case:
        _on_fargate(task, "task")
        definition = self._definition_of(task)
        task_id = str(task["taskArn"]).rsplit("/", 1)[-1]
        service = None
        if _served(task):
            service = self._service_named(Name(QueryKind.EITHER, _served(task)), cluster)
        place = self._standing.of(task, service)
        told = _told(task)
        return Case(
            title=f"task {task_id} of {_revision(definition)}",
            cluster=cluster,
            definition=definition,
            place=place,
            told=told,
            state=str(task.get("lastStatus", "")),
            task=task,
            task_id=task_id,
            overrides=task.get("overrides"),
            platform_version=str(task.get("platformVersion") or "LATEST"),
            exec_enabled=bool(task.get("enableExecuteCommand")),
            digests=deployed(definition, [task], told.reason) if service is not None else {},
            unread=(*self._unread, *self._standing.unread),
        )

    def _tasks(self, service: str = "") -> Sequence[Json]:
        more = {"serviceName": service} if service else {}
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            wanted = {"cluster": self._cluster, "desiredStatus": status, **more}
            arns += pages("listing the tasks", self._ecs, "list_tasks", "taskArns", _MOST, _NO_CLUSTER, **wanted)
        return self._in_parts("reading the tasks", "describe_tasks", "tasks", arns, 100)

    def _in_parts(self, doing: str, method: str, key: str, arns: Sequence[str], size: int) -> list[Json]:
        found: list[Json] = []
        for start in range(0, len(arns), size):
            some: Any = {"cluster": self._cluster, key: list(arns[start : start + size])}
            found += ask(doing, self._ecs, method, **some)[key]
        return found

    # Services.

    def _services(self) -> list[Json]:
        where = {"cluster": self._cluster}
        arns = pages("listing the services", self._ecs, "list_services", "serviceArns", _MOST, _NO_CLUSTER, **where)
        found = self._in_parts("reading the services", "describe_services", "services", arns, 10)
        return [each for each in found if each["status"] == "ACTIVE"]

    def _service_named(self, name: Name, cluster: str) -> Json | None:
        wanted = {"cluster": cluster, "services": [name.id]}
        absent = (*_NO_CLUSTER, "InvalidParameterException")
        try:
            answer = ask("reading the service", self._ecs, "describe_services", absent, **wanted)
        except CannotRead as error:
            if name.kind is QueryKind.SERVICE:
                _refused(error)
            self._unread.append(unread("the service", error))
            return None
        found = answer["services"] if answer else ()
        return next((each for each in found if each["status"] == "ACTIVE"), None)

    def _service(self, service: Json, cluster: str) -> Case:
        """The service's own configuration, and the reason of its newest task that did not start."""
        self._cluster = cluster
        name = str(service["serviceName"])
        _on_fargate(service, f"service {name}")
        newest = max(service["deployments"], key=lambda each: each["createdAt"])
        definition = self._definition_of({"taskDefinitionArn": newest["taskDefinition"]})
        tasks = self._or_unread("the service's tasks", lambda: self._tasks(name), [])
        events = tuple(str(each["message"]) for each in service.get("events", ()))
        told = _told_by(service, newest, tasks, events)
        number = len(service["deployments"])
        deployments = "" if number == 1 else f", {number} deployments"
        return Case(
            title=f"service {name}, {_revision(definition)}",
            cluster=cluster,
            definition=definition,
            place=Place.of(newest.get("networkConfiguration") or service.get("networkConfiguration")),
            told=told,
            state=f"{service['runningCount']} of {service['desiredCount']} tasks run{deployments}",
            platform_version=str(service.get("platformVersion") or "LATEST"),
            exec_enabled=bool(service.get("enableExecuteCommand")),
            events=events[:3],
            digests=deployed(definition, [each for each in tasks if _by(each) == newest["id"]], told.reason),
            unread=tuple(self._unread),
        )

    # Definitions.

    def _definition_named(self, name: str) -> Json | None:
        absent = ("ClientException", "InvalidParameterException")
        wanted = {"taskDefinition": name}
        answer = _needed("reading the task definition", self._ecs, "describe_task_definition", absent, **wanted)
        found: Json | None = answer["taskDefinition"] if answer else None
        return found

    def _definition_of(self, task: Json) -> Json:
        arn = str(task["taskDefinitionArn"])
        found = self._definition_named(arn)
        if found is None:
            name = arn.rsplit("/", 1)[-1]
            raise LabError(
                f"The task definition {name} has been deleted.",
                "diagnose a revision that is there",
                id="definition-deleted",
            )
        return found

    def _not_run(self, definition: Json, cluster: str) -> Case:
        if not self._place.subnets:
            raise LabError(
                "A task definition does not say where it will run.",
                "say where: --subnet subnet-... --group sg-...",
                id="no-place",
            )
        return Case(
            title=f"task definition {_revision(definition)}, not run",
            cluster=cluster,
            definition=definition,
            # No group named: EC2 takes the VPC's default group.
            place=Place(self._place.subnets, self._place.groups or (), self._place.public),
            unread=tuple(self._unread),
        )


def _needed(doing: str, client: Any, method: str, absent: tuple[str, ...], **parameters: Any) -> Any:
    """A read without which there is nothing to diagnose: LabError when it is refused."""
    try:
        return ask(doing, client, method, absent, **parameters)
    except CannotRead as error:
        _refused(error)


def _refused(error: CannotRead) -> NoReturn:
    raise LabError(f"CANNOT CHECK: {error}", ALLOW[0].lower() + ALLOW[1:], id="read-refused") from error


def _on_fargate(given: Json, what: str) -> None:
    kind = str(given.get("launchType") or "FARGATE")
    if kind != "FARGATE":
        raise LabError(
            f"This {what} runs on {kind}; labs diagnose follows starts on Fargate.",
            "name one on Fargate",
            id="not-on-fargate",
        )


def _told(task: Json) -> Told:
    containers = task.get("containers", ())
    ends = {
        str(each.get("name", "")): ContainerEnd(each.get("exitCode"), str(each.get("reason") or ""))
        for each in containers
    }
    # A failed pull may be said by the container alone.
    said = str(task.get("stoppedReason") or "") or next((end.reason for end in ends.values() if end.reason), "")
    return Told(said, str(task.get("lastStatus", "")), str(task.get("stopCode") or ""), ends)


def _told_by(service: Json, newest: Json, tasks: Sequence[Json], events: Sequence[str]) -> Told:
    """What the service's last failed task said, or else what an event quotes; nothing of a steady service."""
    if _steady(service):
        return Told(status="RUNNING" if service["runningCount"] else "")
    over = [task for task in tasks if task["lastStatus"] == "STOPPED"]
    mine = [task for task in over if task["taskDefinitionArn"] == newest["taskDefinition"]]
    failed = [task for task in mine if task.get("stopCode") in ("TaskFailedToStart", "EssentialContainerExited")]
    failed += [task for task in mine if "health checks" in str(task.get("stoppedReason", ""))]
    if failed:
        told = _told(max(failed, key=_created))
        return Told(told.reason, told.status, told.stop_code, told.containers, again=_SERVICE_AGAIN)
    quoted = next((message[message.index(q) :] for message in events for q in _QUOTES if q in message), "")
    return Told(quoted.removeprefix(_QUOTES[0]), again=_SERVICE_AGAIN)


def _revision(definition: Json) -> str:
    return f"{definition.get('family')}:{definition.get('revision')}"


def _steady(service: Json) -> bool:
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]


def _served(task: Json) -> str:
    """The service a task belongs to, "" for none."""
    group = str(task.get("group") or "")
    return group.removeprefix("service:") if group.startswith("service:") else ""


def _by(task: Json) -> str:
    """The deployment that started a task of a service."""
    return str(task.get("startedBy") or "")


def _created(task: Json) -> datetime:
    made: datetime = task["createdAt"]
    return made
