"""Waiting for the service, and no longer than it takes to know: steady, or the reason of the first task that failed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.lesson.bench import Bench
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.service_reading import service_of

STEADY_LOCAL_S, STEADY_AWS_S = 120.0, 900.0
# Stop codes of a task that ended by itself (ECS API reference, Task); the others are somebody's orders.
_BY_ITSELF = ("TaskFailedToStart", "EssentialContainerExited")


@dataclass(frozen=True)
class Waited:
    """How it ended: steady, or not with ECS's ``reason`` for the first task that failed; else the time was over."""

    steady: bool
    reason: str = ""


def limit(bench: Bench) -> float:
    """How long a service may take, in seconds."""
    return STEADY_AWS_S if bench.on_aws else STEADY_LOCAL_S


def wait_steady(bench: Bench) -> bool:
    """Wait until the newest deployment is the only one and complete; False when it does not come to that in time."""
    return _wait(bench, lambda _service: "").steady


def watch(
    bench: Bench,
    say: Callable[[str], object],
    seen: Callable[[str, int, int], object] = lambda _words, _done, _of: None,
) -> Waited:
    """The same, but it says what it waits for, and ends with the first task of the newest deployment that failed.

    ``seen`` hears at each look how the service stands: in words, and how many of how many tasks run.
    """
    ecs = bench.client("ecs")
    service = service_of(bench, ecs)
    if service is not None and not _steady(service):
        minutes = limit(bench) / 60
        say(
            f"Waiting until {service['desiredCount']} of {service['desiredCount']} tasks run, in one deployment: "
            f"at most {minutes:.0f} minutes, or until a task fails."
        )

    def failure(found: Mapping[str, Any]) -> str:
        running, desired = int(found["runningCount"]), int(found["desiredCount"])
        pending = f", {found['pendingCount']} starting" if found.get("pendingCount") else ""
        deployments = len(found["deployments"])
        rolled = f", {deployments} deployments" if deployments > 1 else ""
        seen(f"{running} of {desired} tasks run{pending}{rolled}", running, desired)
        return _failure(bench, ecs, found)

    return _wait(bench, failure)


def _wait(bench: Bench, failure: Callable[[Mapping[str, Any]], str]) -> Waited:
    ecs = bench.client("ecs")
    deadline, pause = time.monotonic() + limit(bench), 0.2
    while True:
        service = service_of(bench, ecs)
        if service is None:
            return Waited(steady=False)
        if _steady(service):
            return Waited(steady=True)
        reason = failure(service)
        failed = any(each.get("rolloutState") == "FAILED" for each in service["deployments"])
        if reason or failed or time.monotonic() > deadline:
            return Waited(steady=False, reason=reason)
        time.sleep(pause)
        pause = min(2 * pause, 10.0 if bench.on_aws else 0.5)


def _steady(service: Mapping[str, Any]) -> bool:
    states = [each.get("rolloutState") for each in service["deployments"]]
    return states == ["COMPLETED"] and bool(service["runningCount"] == service["desiredCount"])


def _failure(bench: Bench, ecs: Any, service: Mapping[str, Any]) -> str:
    """Why the first task of the newest deployment failed; empty while none has."""
    newest = next((each for each in service["deployments"] if each["status"] == "PRIMARY"), None)
    if newest is None:
        return ""
    revision = str(newest["taskDefinition"]).rsplit("/", 1)[-1]
    found = task_runs.described(ecs, task_runs.cluster(bench), serviceName=service_names.service(bench))
    failed = [
        run
        for run in map(task_runs.read_task, found)
        if run.stopped
        and run.stop_code in _BY_ITSELF
        and run.definition == revision
        and run.created >= newest["createdAt"]
    ]
    return min(failed, key=lambda run: run.created).reason if failed else ""
