"""The step that opens the log streams: awslogs' options, the path to CloudWatch Logs, the stream, the group.

The driver asks for the stream; only when the group is not there, and ``awslogs-create-group`` is set, for the group
(Docker's awslogs driver). The real error names ``log-group:NAME:log-stream:`` as CreateLogGroup's resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from labs import partitions
from labs.fargate.questions import Asking, AwsCall
from labs.fargate.sources import CannotRead, Logs
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import ContainerSpec, LogConfiguration


def checks(asking: Asking, logs: Logs) -> Iterator[Check]:
    """For each container with awslogs, in order."""
    for container in asking.task.containers:
        if container.log is not None and container.log.is_awslogs:
            yield from _container(asking, logs, container, container.log)


def _container(asking: Asking, logs: Logs, container: ContainerSpec, log: LogConfiguration) -> Iterator[Check]:
    for option, text_id in (("awslogs-region", "logs.no_region"), ("awslogs-stream-prefix", "logs.no_stream_prefix")):
        if not log.options.get(option):
            about, fix = f"{container.name} sets {option}", f"Set {option} in the log options of {container.name}."
            stop = asking.stop(text_id, {})
            yield Check(CheckKind.CONTENT, StepVerdict.FAILED, about, "it is not set", fix, stop=stop)
    if not log.region:
        return
    host = partitions.host("logs", log.region)
    check, route = asking.reaches(host, "logs.unreachable", {})
    yield check
    group = partitions.arn("logs", log.region, asking.task.account, f"log-group:{log.group}")
    stream = f"{group}:log-stream:{log.stream(container.name, asking.task.task_id)}"
    yield asking.allowed(AwsCall("logs:CreateLogStream", stream, "logs.denied", asking.task.session, route), {})
    about = f"the log group {log.group} is there"
    try:
        there = logs.has_group(log.group, log.region)
    except CannotRead as error:
        yield Check(CheckKind.EXISTENCE, StepVerdict.CANNOT_CHECK, about, str(error))
        return
    if there:
        yield Check(CheckKind.EXISTENCE, StepVerdict.DONE, about, "it is there")
    elif log.creates_group:
        call = AwsCall("logs:CreateLogGroup", f"{group}:log-stream:", "logs.group_denied", asking.task.session, route)
        yield asking.allowed(call, {})
    else:
        stop = asking.stop("logs.no_group", {})
        fix = f"Create the log group {log.group} in {log.region}."
        found = f"there is no such group in {log.region}"
        yield Check(CheckKind.EXISTENCE, StepVerdict.FAILED, about, found, fix, stop=stop)
