"""What the program of the service writes into CloudWatch Logs: one JSON object a line, the first with what it found."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.lesson.bench import Bench
from labs.stages.fargate import resources
from labs.subjects.tasks import service_names, task_runs
from labs.verdict.stops import TaskRun

Line = Mapping[str, Any]
# An emulated CPU takes some seconds to the first line, on a busy machine many; on AWS a line also travels.
_HEARD_S = 60.0


def running(bench: Bench, ecs: Any) -> list[TaskRun]:
    """The tasks of the service that run now."""
    found = task_runs.described(ecs, task_runs.cluster(bench), serviceName=service_names.service(bench))
    return [run for run in map(task_runs.read_task, found) if run.status == "RUNNING"]


def first_of_stream(logs: Any, group: str, stream: str) -> Line | None:
    """The program's first line in one stream; None while it has not come."""
    try:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=50)["events"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    return next(_first_lines(events), None)


def firsts(logs: Any, group: str) -> list[tuple[str, Line]]:
    """Every program's first line in the group with the name of its stream, the oldest first."""
    events: list[Any] = []
    try:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            events += page["events"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
    ordered = sorted(events, key=lambda each: each["timestamp"])
    return [(event["logStreamName"], line) for event in ordered for line in _first_lines([event])]


def wait_heard(bench: Bench, say: Callable[[str], object] = lambda _line: None) -> None:
    """Wait until each running task has said its first line, or for as long as that may take; ``say`` hears of it.

    A process that is told to stop before it listens for SIGTERM gets SIGKILL half a minute later.
    """
    ecs, logs = bench.client("ecs"), bench.client("logs")
    deadline, told = time.monotonic() + _HEARD_S, False
    while time.monotonic() < deadline:
        # A stream's name ends with the id of its task.
        heard = {stream.rpartition("/")[2] for stream, _ in firsts(logs, resources.log_group(bench))}
        silent = {run.task_id for run in running(bench, ecs)} - heard
        if not silent:
            return
        if not told:
            told = True
            say(f"Waiting until {len(silent)} running tasks have said their first line: at most {_HEARD_S:.0f} s.")
        time.sleep(2.0 if bench.on_aws else 0.2)


def _first_lines(events: Any) -> Iterator[Line]:
    for event in events:
        try:
            line = json.loads(event["message"])
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("event") == "listening":
            yield line
