"""What the notebook of stage 05 shows: the roles as they were put, the service as ECS sees it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from labs.errors import LabError
from labs.stages import push, tasks
from labs.stages.bench import Bench
from labs.stages.fargate import names
from labs.stages.fargate.solve import make_roles, wait_steady
from labs.stages.fargate.subject import service_of
from labs.target.failures import code_of
from labs.ui import text

_EVENTS = 5


def roles(bench: Bench) -> str:
    """Make both roles from their files; what the execution role may do from now on, line by line."""
    role = names.execution_role(bench)
    before = _own(bench, role)
    make_roles(bench)
    changed = text.difference(before, _own(bench, role) or {})
    lines = [f"Role {role}: {'its policy is now this' if changed else 'nothing has changed'}."]
    lines += [changed] if changed else []
    return "\n".join([*lines, f"Role {names.task_role(bench)}: no policy."])


def _own(bench: Bench, role: str) -> Any:
    documents = push.live_policies(bench.client("iam"), role) or ()
    return next((each.body for each in documents if each.name == names.POLICY_NAME), None)


def service(bench: Bench) -> str:
    """The service, when it is steady or will not become so: counts, deployments, the newest events."""
    ecs = bench.client("ecs")
    if service_of(bench, ecs) is None:
        raise LabError("There is no service yet.", "run the cell that calls create_service")
    steady = wait_steady(bench)
    found = service_of(bench, ecs) or {}
    facts = {
        "Service": f"{found['serviceName']}: {'steady' if steady else 'not steady'}",
        "Tasks": f"{found['runningCount']} run, {found['desiredCount']} wanted",
        "Revision": found["taskDefinition"].rsplit("/", 1)[-1],
    }
    runs = [
        tasks.read_task(each) for each in tasks.described(ecs, tasks.cluster(bench), serviceName=found["serviceName"])
    ]
    rows = sorted((run.subnet, run.platform, run.definition) for run in runs if run.status == "RUNNING")
    shown = [text.facts(facts), "", text.table(("subnet", "CPU", "revision"), rows)]
    events = [_plain(each["message"]) for each in found.get("events", ())[:_EVENTS]]
    return "\n".join([*shown, "", "Newest events:", *(text.wrapped(f"  {each}") for each in events)])


def _plain(message: str) -> str:
    """An event without the ids that change from run to run."""
    return re.sub(r"\s+", " ", message).strip()


def log_lines(bench: Bench) -> str:
    """The program's first lines in the log group, oldest first: version, and whether the secret arrived."""
    logs, group = bench.client("logs"), names.log_group(bench)
    events: list[Any] = []
    try:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            events += page["events"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
    rows = [row for event in sorted(events, key=lambda each: each["timestamp"]) if (row := _row(event["message"]))]
    return (
        text.table(("event", "version", "secret arrived"), rows) if rows else f"{group} has no line of the program yet."
    )


def _row(message: str) -> tuple[str, str, str] | None:
    try:
        line = json.loads(message)
    except ValueError:
        return None
    if not isinstance(line, dict) or line.get("event") != "listening":
        return None
    return "listening", str(line.get("version", "")), "yes" if line.get("secret_arrived") is True else "no"


def service_state(bench: Bench) -> str:
    """ECS's word for the service, or ``none``."""
    found = service_of(bench, bench.client("ecs"))
    return str(found["status"]) if found else "none"


# lab.<name> of this stage.
ATTRIBUTES: Mapping[str, Callable[[Bench], Any]] = {
    "parameter": names.parameter,
    "log_group": names.log_group,
    "service_name": names.service,
    "service_state": service_state,
    "execution_role_arn": lambda bench: bench.target.role_arn(names.execution_role(bench)),
    "task_role_arn": lambda bench: bench.target.role_arn(names.task_role(bench)),
}
