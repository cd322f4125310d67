"""Tasks as the stages run and read them: a label for each experiment, ECS's own words for its end.

ECS forgets a stopped task after an hour (ECS developer guide, "Viewing stopped tasks"), so what was seen is kept in
``$WORK/tasks``. The label is ``startedBy``, which ``list_tasks`` can filter by.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.verdict.stops import TaskRun

CONTAINER = "app"
# AWS gives up on a silent network after about five minutes (measured: 4 min 49 s); the local AWS does not wait.
WAIT_LOCAL_S = 90.0
WAIT_AWS_S = 900.0
_KEPT_BY_ECS = timedelta(minutes=50)
_TIMES = ("created", "ended")


def cluster(bench: Bench) -> str:
    """The name of the lab's cluster."""
    return bench.target.prefix


def run(bench: Bench, label: str, definition: str, subnets: Sequence[str], groups: Sequence[str]) -> str:
    """Run one task on Fargate and return its ARN. LabError when ECS gives a failure instead of a task."""
    network = {"subnets": list(subnets), "securityGroups": list(groups), "assignPublicIp": "DISABLED"}
    answer = bench.client("ecs").run_task(
        cluster=cluster(bench),
        taskDefinition=definition,
        launchType="FARGATE",
        startedBy=label,
        networkConfiguration={"awsvpcConfiguration": network},
    )
    if not answer["tasks"]:
        reason = answer["failures"][0].get("reason", "no reason given") if answer["failures"] else "no reason given"
        raise LabError(f"ECS did not start a task: {reason}.", "run the cell again", id="ecs-started-no-task")
    return str(answer["tasks"][0]["taskArn"])


def described(ecs: Any, cluster_name: str, **which: str) -> Iterator[Mapping[str, Any]]:
    """The tasks of a cluster, running and stopped, that ``list_tasks`` gives for a filter; none without a cluster."""
    arns: list[str] = []
    for status in ("RUNNING", "STOPPED"):
        try:
            for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster_name, desiredStatus=status, **which):
                arns += page["taskArns"]
        except ClientError as error:
            if code_of(error) != "ClusterNotFoundException":
                raise
            return
    for start in range(0, len(arns), 100):
        yield from ecs.describe_tasks(cluster=cluster_name, tasks=arns[start : start + 100])["tasks"]


def read_task(task: Mapping[str, Any]) -> TaskRun:
    """One task of a ``describe_tasks`` answer as a plain value."""
    detail = {
        each["name"]: each.get("value", "")
        for attachment in task.get("attachments", ())
        for each in attachment.get("details", ())
    }
    attributes = {each["name"]: each.get("value", "") for each in task.get("attributes", ())}
    stopped = task.get("stoppedAt")
    # The app's container first: a task may have others beside it.
    containers = sorted(task.get("containers", ()), key=lambda each: each.get("name") != CONTAINER)
    return TaskRun(
        task_id=str(task["taskArn"]).rsplit("/", 1)[-1],
        created=task["createdAt"].astimezone(UTC),
        status=str(task.get("lastStatus", "")),
        definition=str(task.get("taskDefinitionArn", "")).rsplit("/", 1)[-1],
        subnet=detail.get("subnetId", ""),
        stop_code=str(task.get("stopCode", "")),
        reason=_reason(task),
        started=task.get("startedAt") is not None,
        ended=stopped.astimezone(UTC) if stopped is not None else None,
        interface=detail.get("networkInterfaceId", ""),
        address=detail.get("privateIPv4Address", ""),
        platform=attributes.get("ecs.cpu-architecture", ""),
        digest=next((str(each["imageDigest"]) for each in containers if each.get("imageDigest")), ""),
    )


def _reason(task: Mapping[str, Any]) -> str:
    """The task's reason; a container's own when that says more."""
    reason = str(task.get("stoppedReason", ""))
    inner = [str(each["reason"]) for each in task.get("containers", ()) if each.get("reason")]
    more = [each for each in inner if each not in reason]
    return " ".join([reason, *more]).strip()


def labelled(bench: Bench, ecs: Any, label: str) -> tuple[TaskRun, ...]:
    """The tasks of an experiment, oldest first: those ECS knows, and those kept that it has forgotten by now."""
    live = [read_task(task) for task in described(ecs, cluster(bench), startedBy=label)]
    known = {task.task_id for task in live}
    forgotten = datetime.now(UTC) - _KEPT_BY_ECS
    kept = [
        task
        for task in _kept(bench, label)
        if task.task_id not in known and task.ended is not None and task.ended < forgotten
    ]
    return tuple(sorted((*kept, *live), key=lambda task: task.created))


def settled(
    bench: Bench,
    label: str,
    say: Callable[[str], object] = lambda _line: None,
    seen: Callable[[str], object] = lambda _status: None,
) -> TaskRun:
    """Wait until the newest task of an experiment runs or has stopped, and keep what was seen.

    ``say`` hears what is waited for, if anything is, ``seen`` the task's status at each look. LabError when there
    is no such task, or it does not settle within ``WAIT_LOCAL_S`` or ``WAIT_AWS_S``.
    """
    ecs = bench.client("ecs")
    limit = WAIT_AWS_S if bench.on_aws else WAIT_LOCAL_S
    deadline, pause, told = time.monotonic() + limit, 0.1, False
    while True:
        tasks = [read_task(task) for task in described(ecs, cluster(bench), startedBy=label)]
        if not tasks:
            raise LabError(
                f'There is no task with startedBy "{label}".', "run the cell that starts it", id="no-task-of-that-label"
            )
        last = max(tasks, key=lambda task: task.created)
        seen(last.status)
        if last.status in ("RUNNING", "STOPPED"):
            _keep(bench, label, tasks)
            return last
        if not told:
            told = True
            say(f"Waiting until the task {last.task_id} runs or has stopped: at most {limit:.0f} s.")
        if time.monotonic() > deadline:
            raise LabError(
                f"The task {last.task_id} is still {last.status} after {limit:.0f} s.",
                "run the cell again",
                id="task-not-settled",
            )
        time.sleep(pause)
        pause = min(2 * pause, 5.0 if bench.on_aws else 0.5)


def folder(bench: Bench) -> Path:
    """Where what was seen is kept."""
    return bench.work / "tasks"


def _keep(bench: Bench, label: str, tasks: Sequence[TaskRun]) -> None:
    kept = {task.task_id: task for task in (*_kept(bench, label), *tasks) if task.status in ("RUNNING", "STOPPED")}
    folder(bench).mkdir(mode=0o700, exist_ok=True)
    rows = [asdict(task) for task in kept.values()]
    (folder(bench) / f"{label}.json").write_text(json.dumps(rows, indent=2, default=datetime.isoformat) + "\n")


def _kept(bench: Bench, label: str) -> list[TaskRun]:
    path = folder(bench) / f"{label}.json"
    if not path.exists():
        return []
    names = {each.name for each in fields(TaskRun)}
    try:
        rows = [{key: value for key, value in row.items() if key in names} for row in json.loads(path.read_text())]
        for row in rows:
            row.update({name: datetime.fromisoformat(row[name]) for name in _TIMES if row.get(name)})
        return [TaskRun(**row) for row in rows]
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise LabError(
            f"{path.name} cannot be read: {error}", f"delete $WORK/tasks/{path.name}", id="kept-tasks-unreadable"
        ) from error


# What several notebooks call by ``lab.<name>``.
NAMES: Mapping[str, Callable[[Bench], Any]] = {"cluster": cluster}
