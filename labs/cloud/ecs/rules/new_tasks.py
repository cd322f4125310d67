"""A task before its life: the record that RunTask or a service writes down, and the order to stop one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from labs.cloud.ecs.rules.task_network import TaskSubnet
from labs.cloud.ecs.store.ecs_store import EcsStore, new_id
from labs.cloud.ecs.store.records import Attachment, Container, Task, TaskDefinition


def new_task(
    store: EcsStore,
    cluster: str,
    definition: TaskDefinition,
    network: Mapping[str, Any],
    subnet: str,
    known: Mapping[str, TaskSubnet],
) -> Task:
    """A task that is about to start in ``subnet``, one of its networkConfiguration; ``known`` are those there are."""
    task_id = new_id()
    platform = definition.document.get("runtimePlatform") or {}
    given = network["awsvpcConfiguration"]
    uuid = new_id()
    attachment = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    return Task(
        id=task_id,
        arn=store.arn(f"task/{cluster}/{task_id}"),
        cluster=cluster,
        definition=definition.arn,
        group="",
        created=store.now(),
        containers=tuple(_containers(store, cluster, task_id, definition.containers)),
        cpu=str(definition.document.get("cpu") or ""),
        memory=str(definition.document.get("memory") or ""),
        platform="Linux",
        subnets=tuple(given["subnets"]),
        groups=tuple(given.get("securityGroups") or ()),
        attachment=Attachment(attachment, subnet),
        public_address=given.get("assignPublicIp") == "ENABLED",
        architecture="arm64" if platform.get("cpuArchitecture") == "ARM64" else "x86_64",
        storage=int((definition.document.get("ephemeralStorage") or {}).get("sizeInGiB", 20)),
        launch={"zone": known[subnet].zone} if subnet in known else {},
        checked=any("healthCheck" in each for each in definition.containers),
    )


def _containers(store: EcsStore, cluster: str, task: str, given: Iterable[Mapping[str, Any]]) -> Iterable[Container]:
    for each in given:
        yield Container(
            name=each["name"],
            arn=store.arn(f"container/{cluster}/{task}/{new_id()}"),
            image=each["image"],
            cpu=str(each.get("cpu", 0)),
            memory=str(each.get("memory") or ""),
            memory_reservation=str(each.get("memoryReservation") or ""),
        )


def to_stop(task: Task, code: str, reason: str, store: EcsStore) -> Task:
    """The task with the order to stop; the first order's words stay."""
    if task.is_over or task.desired == "STOPPED":
        return task
    return replace(task, desired="STOPPED", stop_code=code, stopped_reason=reason, stopping=store.now())
