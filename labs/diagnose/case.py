"""What is to be diagnosed: a task that ended, a service that will not settle, or a task definition not yet run.

A stopped task no longer says in which security groups it stood. They are looked for where AWS still has them: at its
network interface, in its service, in the RunTask call that CloudTrail has kept; else the caller must name them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from labs.diagnose.account import Clients
from labs.errors import LabError
from labs.target.failures import code_of, denied, explain

_TASK = re.compile(r"(?:arn:[^:]+:ecs:.*:task/(?P<cluster>[^/]+)/)?(?P<id>[0-9a-f]{32})")
_AROUND = timedelta(minutes=2)
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where tasks go that have not run: subnets and groups. Empty subnets: not known."""

    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def network(self) -> dict[str, Any]:
        """As run_task takes it."""
        place = {"subnets": list(self.subnets), "securityGroups": list(self.groups)}
        return {"awsvpcConfiguration": place}


@dataclass(frozen=True)
class Case:
    """One start to look into.

    ``title`` names it; ``definition`` is describe_task_definition's answer, ``network`` the configuration it starts
    with; ``reason`` and ``stop_code`` what it said when it stopped, "" when it did not; ``state`` in words.
    """

    title: str
    definition: Json
    network: Json
    task_id: str = "TASK_ID"
    reason: str = ""
    stop_code: str = ""
    state: str = ""
    overrides: Json | None = None
    platform_version: str = "LATEST"
    exec_enabled: bool = False
    events: tuple[str, ...] = ()

    @property
    def subnets(self) -> tuple[str, ...]:
        return tuple(self.network["awsvpcConfiguration"]["subnets"])


class Finder:
    """Finds cases in one cluster. ``place`` is where a definition would run, and what stands in for lost groups."""

    def __init__(self, clients: Clients, cluster: str, place: Place) -> None:
        self._ecs = clients("ecs", "")
        self._clients = clients
        self._cluster = cluster
        self._place = place

    def find(self, name: str) -> Case:
        """The task, service or task definition of that name. LabError when there is none."""
        match = _TASK.fullmatch(name)
        if match:
            return self._task(self._described(match["id"], match["cluster"] or self._cluster))
        service = self._service_named(name)
        if service is not None:
            return self._service(service)
        definition = self._definition_named(name)
        if definition is None:
            raise LabError(
                f"There is no service and no task definition '{name}' in the cluster {self._cluster}.",
                "give a task's id or ARN, a service's name, or a task definition's family",
            )
        return self._not_run(definition)

    def newest(self) -> Case | None:
        """What in the cluster most needs a look: an unsteady service, else the newest task; None when there is none."""
        for service in self._services():
            if not _steady(service):
                return self._service(service)
        tasks = [task for task in self._tasks() if not _served(task)]
        if tasks:
            return self._task(max(tasks, key=_created))
        services = self._services()
        return self._service(services[0]) if services else None

    def _described(self, task_id: str, cluster: str) -> Json:
        found = _ask("reading the task", lambda: self._ecs.describe_tasks(cluster=cluster, tasks=[task_id]))["tasks"]
        if not found:
            raise LabError(
                f"ECS no longer knows the task {task_id} in the cluster {cluster}.",
                "a stopped task is kept for an hour: run it again, or diagnose its definition",
            )
        task: Json = found[0]
        return task

    def _task(self, task: Json) -> Case:
        definition = self._definition_named(str(task["taskDefinitionArn"])) or {}
        where = f"{definition.get('family')}:{definition.get('revision')}"
        task_id = str(task["taskArn"]).rsplit("/", 1)[-1]
        reasons = [str(task.get("stoppedReason") or "")]
        reasons += [str(each.get("reason") or "") for each in task.get("containers", ())]
        said = reasons[0] or next((each for each in reasons if each), "")
        return Case(
            title=f"task {task_id} of {where}",
            definition=definition,
            network=self._network_of(task),
            task_id=task_id,
            reason=said,
            stop_code=str(task.get("stopCode") or ""),
            state=str(task.get("lastStatus", "")),
            overrides=task.get("overrides"),
            platform_version=str(task.get("platformVersion") or "LATEST"),
            exec_enabled=bool(task.get("enableExecuteCommand")),
        )

    def _network_of(self, task: Json) -> Json:
        """The subnet is in the task; the groups are where they still can be found."""
        detail = {
            each["name"]: str(each.get("value", ""))
            for attachment in task.get("attachments", ())
            for each in attachment.get("details", ())
        }
        groups = self._groups_of_interface(detail.get("networkInterfaceId", ""))
        service = self._service_named(_served(task)) if _served(task) and not groups else None
        if service is not None:
            groups = tuple(service["networkConfiguration"]["awsvpcConfiguration"].get("securityGroups", ()))
        called = self._called(task) if not groups else {}
        groups = groups or tuple(called.get("securityGroups", ())) or self._place.groups
        subnet = detail.get("subnetId", "")
        subnets = (subnet,) if subnet else tuple(called.get("subnets", ())) or self._place.subnets
        if not subnets:
            raise LabError(
                "The subnet of this task is no longer known.", "say where it ran: --subnet subnet-... --group sg-..."
            )
        if not groups:
            raise LabError(
                "The security groups of this task are no longer known: it has stopped, and CloudTrail does not say.",
                "say which: --group sg-...",
            )
        return Place(subnets, groups).network

    def _groups_of_interface(self, interface: str) -> tuple[str, ...]:
        if not interface:
            return ()
        ec2 = self._clients("ec2", "")
        try:
            found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        except ClientError as error:
            if denied(error) or code_of(error) == "InvalidNetworkInterfaceID.NotFound":
                return ()
            raise explain(error, "reading the task's network interface") from error
        return tuple(str(each["GroupId"]) for item in found for each in item.get("Groups", ()))

    def _called(self, task: Json) -> Json:
        """The network configuration of the RunTask call that made the task, as CloudTrail kept it; else nothing."""
        created = _created(task)
        if created is None:
            return {}
        request = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RunTask"}],
            "StartTime": created - _AROUND,
            "EndTime": created + _AROUND,
        }
        try:
            events = self._clients("cloudtrail", "").lookup_events(**request)["Events"]
        except ClientError as error:
            if denied(error):
                return {}
            raise explain(error, "asking CloudTrail how the task was started") from error
        for event in events:
            detail = json.loads(event.get("CloudTrailEvent") or "{}")
            if str(task["taskArn"]) in json.dumps(detail.get("responseElements") or {}):
                network = (detail.get("requestParameters") or {}).get("networkConfiguration") or {}
                found: Json = network.get("awsvpcConfiguration") or {}
                return found
        return {}

    def _services(self) -> list[Json]:
        try:
            arns = self._ecs.list_services(cluster=self._cluster)["serviceArns"]
        except ClientError as error:
            if code_of(error) == "ClusterNotFoundException":
                return []
            raise explain(error, "listing the services") from error
        if not arns:
            return []
        answer = _ask(
            "reading the services", lambda: self._ecs.describe_services(cluster=self._cluster, services=arns[:10])
        )
        return [each for each in answer["services"] if each["status"] == "ACTIVE"]

    def _service_named(self, name: str) -> Json | None:
        try:
            found = self._ecs.describe_services(cluster=self._cluster, services=[name])["services"]
        except ClientError as error:
            if code_of(error) in ("ClusterNotFoundException", "InvalidParameterException"):
                return None
            raise explain(error, "reading the service") from error
        return next((each for each in found if each["status"] == "ACTIVE"), None)

    def _service(self, service: Json) -> Case:
        """The service's own configuration, and the reason of its newest task that did not start."""
        name = str(service["serviceName"])
        newest = max(service["deployments"], key=lambda each: each["createdAt"])
        definition = self._definition_named(str(newest["taskDefinition"])) or {}
        stopped = [task for task in self._tasks(service=name) if task["lastStatus"] == "STOPPED"]
        failed = [task for task in stopped if task["taskDefinitionArn"] == newest["taskDefinition"]]
        failed = [task for task in failed if task.get("stopCode") not in ("ServiceSchedulerInitiated", "UserInitiated")]
        last = max(failed, key=_created) if failed and not _steady(service) else {}
        counts = f"{service['runningCount']} of {service['desiredCount']} tasks run"
        return Case(
            title=f"service {name}, {definition.get('family')}:{definition.get('revision')}",
            definition=definition,
            network=service["networkConfiguration"],
            reason=str(last.get("stoppedReason") or ""),
            stop_code=str(last.get("stopCode") or ""),
            state=f"{counts}, in {len(service['deployments'])} deployments",
            platform_version=str(service.get("platformVersion") or "LATEST"),
            exec_enabled=bool(service.get("enableExecuteCommand")),
            events=tuple(str(each["message"]) for each in service.get("events", ())[:3]),
        )

    def _tasks(self, service: str = "") -> Sequence[Json]:
        more = {"serviceName": service} if service else {}
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            try:
                arns += self._ecs.list_tasks(cluster=self._cluster, desiredStatus=status, **more)["taskArns"]
            except ClientError as error:
                if code_of(error) == "ClusterNotFoundException":
                    return []
                raise explain(error, "listing the tasks") from error
        if not arns:
            return []
        found: Sequence[Json] = _ask(
            "reading the tasks", lambda: self._ecs.describe_tasks(cluster=self._cluster, tasks=arns[:100])
        )["tasks"]
        return found

    def _definition_named(self, name: str) -> Json | None:
        try:
            found: Json = self._ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
        except ClientError as error:
            if code_of(error) in ("ClientException", "InvalidParameterException"):
                return None
            raise explain(error, "reading the task definition") from error
        return found

    def _not_run(self, definition: Json) -> Case:
        if not self._place.subnets:
            raise LabError(
                "A task definition does not say where it will run.", "say where: --subnet subnet-... --group sg-..."
            )
        title = f"task definition {definition['family']}:{definition['revision']}, not run"
        return Case(title=title, definition=definition, network=self._place.network)


def _steady(service: Json) -> bool:
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]


def _served(task: Json) -> str:
    """The service a task belongs to, "" for none."""
    group = str(task.get("group") or "")
    return group.removeprefix("service:") if group.startswith("service:") else ""


def _created(task: Json) -> datetime:
    made: datetime = task["createdAt"]
    return made


def _ask(doing: str, call: Any) -> Any:
    try:
        return call()
    except ClientError as error:
        raise explain(error, doing) from error
