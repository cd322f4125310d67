"""What ECS Exec needs of a task: it never stops a start, but a shell in the task fails without it.

Source: ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec" (prerequisites, the four ssmmessages actions
of the task role, platform version 1.4.0, one session a PID namespace, what audit logging adds to the task role). Paths
and policies are asked in full, not only that the endpoint exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labs import partitions
from labs.fargate.plan import Sources
from labs.fargate.questions import Asking, AwsCall
from labs.fargate.route import HostRoute, Router
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import TaskSpec

_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
_STREAMS = ("CreateLogStream", "DescribeLogStreams", "PutLogEvents")
_AGENT = "ExecuteCommandAgent"


@dataclass(frozen=True)
class ExecSettings:
    """What is known besides the task definition.

    ``key_arn``: the KMS key of the cluster's sessions; ``log_group`` and ``bucket``: where they are recorded when the
    cluster's logging is OVERRIDE; each "" for none. ``unread``: why these are not known. ``started``: whether a task
    that ran had ``enableExecuteCommand``, None for one that did not run. ``agents``: by container, the status of its
    agent and why, as DescribeTasks has them in ``managedAgents``.
    """

    key_arn: str = ""
    log_group: str = ""
    bucket: str = ""
    unread: str = ""
    started: bool | None = None
    agents: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, cluster: Mapping[str, Any] | None, task: Mapping[str, Any] | None = None) -> ExecSettings:
        """Read one cluster of DescribeClusters (with CONFIGURATIONS) and one task of DescribeTasks."""
        given = ((cluster or {}).get("configuration") or {}).get("executeCommandConfiguration") or {}
        log = (given.get("logConfiguration") or {}) if given.get("logging") == "OVERRIDE" else {}
        agents = {
            str(container.get("name", "")): (str(agent.get("lastStatus", "")), str(agent.get("reason", "")))
            for container in (task or {}).get("containers", ())
            for agent in container.get("managedAgents", ())
            if agent.get("name") == _AGENT
        }
        return cls(
            key_arn=str(given.get("kmsKeyId") or ""),
            log_group=str(log.get("cloudWatchLogGroupName") or ""),
            bucket=str(log.get("s3BucketName") or ""),
            started=None if task is None else bool(task.get("enableExecuteCommand")),
            agents=agents,
        )


def exec_checks(task: TaskSpec, sources: Sources, settings: ExecSettings | None = None) -> tuple[Check, ...]:
    """The checks, in order; none for a task that was not started with enableExecuteCommand.

    With ``settings`` they are asked of any task: also of one that was started without it, or is yet to be.
    """
    if settings is None and not task.exec_enabled:
        return ()
    asking = Asking(task, Router.of(task, sources.snapshot), sources.permissions)
    return tuple(_checks(asking, settings or ExecSettings()))


def _checks(asking: Asking, settings: ExecSettings) -> Iterator[Check]:
    task = asking.task
    if settings.started is not None:
        said = "it was" if settings.started else "it was not"
        about = "the task was started with enableExecuteCommand"
        yield _content(about, settings.started, said, "Start a new task with enableExecuteCommand.")
    new_enough = task.platform_version != "1.3.0"
    yield _content(
        "the platform version is 1.4.0 or later", new_enough, f"it is {task.platform_version}", "Use LATEST."
    )
    check, route = asking.goes_to(partitions.host("ssmmessages", task.region))
    yield check
    yield _content(
        "the task has a task role", bool(task.task_role), task.task_role or "it has none", "Set taskRoleArn."
    )
    if settings.unread:
        about = "the task role may do what the cluster's ECS Exec configuration needs"
        yield Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, settings.unread)
    if task.task_role:
        for channel in _CHANNELS:
            yield asking.permitted(AwsCall(f"ssmmessages:{channel}", "*", "", task.task_session, route))
        yield from _cluster(asking, settings)
    yield from _containers(task, settings)


def _cluster(asking: Asking, settings: ExecSettings) -> Iterator[Check]:
    """What the cluster's configuration adds to the task role: its key, and the places where sessions are recorded."""
    task = asking.task
    wanted: list[tuple[str, str, str]] = []
    if settings.key_arn:
        wanted.append(("kms:Decrypt", settings.key_arn, ""))
    if settings.log_group:
        group = partitions.arn("logs", task.region, task.account, f"log-group:{settings.log_group}")
        wanted.append(("logs:DescribeLogGroups", "*", "logs"))
        wanted += [(f"logs:{action}", f"{group}:*", "logs") for action in _STREAMS]
    if settings.bucket:
        bucket = f"arn:{partitions.partition_of(task.region).name}:s3:::{settings.bucket}"
        wanted.append(("s3:PutObject", f"{bucket}/*", "s3"))
        wanted.append(("s3:GetEncryptionConfiguration", bucket, "s3"))
    routes: dict[str, HostRoute] = {}
    for action, resource, service in wanted:
        if service and service not in routes:
            host = f"{settings.bucket}.s3" if service == "s3" else service
            check, routes[service] = asking.goes_to(partitions.host(host, task.region))
            yield replace(check, about=f"{check.about}, to record sessions")
        yield asking.permitted(AwsCall(action, resource, "", task.task_session, routes.get(service)))


def _containers(task: TaskSpec, settings: ExecSettings) -> Iterator[Check]:
    shared = task.pid_mode == "task" and len(task.containers) > 1
    fix = "Leave pidMode out, or open sessions into one container only."
    yield _content(
        "each container has a PID namespace of its own", not shared, f"pidMode: {task.pid_mode or 'none'}", fix
    )
    for container in task.containers:
        own = [name for name in _KEYS if name in container.environment]
        found = f"it sets {', '.join(own)}" if own else "it sets none"
        about = f"{container.name} takes its credentials from the task role"
        yield _content(about, not own, found, "Remove the keys from the environment: the agent would use them.")
        writable = "it is read-only" if container.read_only_root else "it is writable"
        about = f"the root file system of {container.name} can be written"
        yield _content(about, not container.read_only_root, writable, "Set readonlyRootFilesystem to false.")
        # Only advice: without it a session can leave processes behind.
        found = "initProcessEnabled is on" if container.init_process else "not by itself: initProcessEnabled is off"
        yield _content(f"{container.name} ends the processes that a session leaves", True, found, "")
        if container.name in settings.agents:
            status, reason = settings.agents[container.name]
            found = f"it is {status}: {reason}" if reason else f"it is {status}"
            about = f"the agent of ECS Exec runs in {container.name}"
            yield _content(about, status == "RUNNING", found, "Fix what it names above, and start a new task.")


def _content(about: str, good: bool, found: str, fix: str) -> Check:
    verdict = StepVerdict.DONE if good else StepVerdict.FAILED
    return Check(CheckKind.CONTENT, verdict, about, found, "" if good else fix)
