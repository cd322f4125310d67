"""What a service does next, as a pure function: which tasks to start and to stop, and what the service then says.

Sources: ECS Developer Guide, "Rolling update deployments", "Deployment circuit breaker" (thresholds), "Service event
messages"; the words stand in ``words``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labs.cloud import pace
from labs.cloud.ecs.rules.event_texts import say
from labs.cloud.ecs.store.ecs_store import new_id
from labs.cloud.ecs.store.records import Deployment, EcsService, ServiceEvent, Task

EVENTS_KEPT = 100
# How long a deployment's tasks must all be there before it counts as rolled out. AWS takes minutes.
SETTLE_S = 1.5
# Between failed starts: doubled each time. AWS goes up to 27 minutes.
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
IMPAIRED_AFTER = 3


@dataclass(frozen=True)
class StopOrder:
    """An order to stop a task."""

    task: str
    reason: str


@dataclass(frozen=True)
class Round:
    """What to do now. ``again`` is when to look again even if nothing happens, 0 for never."""

    service: EcsService
    start: int = 0
    stops: tuple[StopOrder, ...] = ()
    again: float = 0


def said(service: EcsService, now: float, *messages: str) -> EcsService:
    """The service with more events; the oldest of more than a hundred go."""
    fresh = tuple(ServiceEvent(_uuid(), now, f"(service {service.name}) {message}") for message in messages)
    return replace(service, events=(*service.events, *fresh)[-EVENTS_KEPT:])


def _uuid() -> str:
    text = new_id()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def with_deployment(service: EcsService, changed: Deployment) -> EcsService:
    """The service with one deployment replaced by its changed self."""
    return replace(
        service, deployments=tuple(changed if each.id == changed.id else each for each in service.deployments)
    )


def established(service: EcsService, deployment_id: str, digests: Mapping[str, str]) -> EcsService:
    """The service, one of its deployments knowing what its tags name. What it knows already stays.

    Source: ECS API Reference, ContainerImage and ContainerDefinition's versionConsistency.
    """
    found = next((each for each in service.deployments if each.id == deployment_id), None)
    if found is None or digests.keys() <= found.digests.keys():
        return service
    return with_deployment(service, replace(found, digests={**digests, **found.digests}))


def is_ready(task: Task) -> bool:
    """Whether a task counts as up: running, and healthy if it is checked."""
    return task.status == "RUNNING" and task.desired == "RUNNING" and (not task.checked or task.health == "HEALTHY")


def threshold(desired: int) -> int:
    """Failures in a row that trip the circuit breaker: half the desired count, at least 3, at most 200."""
    return max(3, min(200, math.ceil(desired * 0.5)))


def next_round(service: EcsService, tasks: Sequence[Task], now: float) -> Round:
    """Look at a service and its tasks, stopped ones included, and decide."""
    if service.status == "DRAINING":
        return _drain(service, tasks, now)
    if service.status != "ACTIVE":
        return Round(service)
    service = _without_emptied(service, tasks)
    service, tripped = _breaker(service, now)
    if tripped:
        return Round(service, again=now)
    unhealthy = [each for each in tasks if each.desired == "RUNNING" and each.health == "UNHEALTHY"]
    if unhealthy:
        return _replace_unhealthy(service, unhealthy, now)
    if service.primary.rollout == "FAILED":
        return Round(service)
    starting = _starts(service, tasks)
    stops = _stops(service, tasks)
    again = 0.0
    if starting and service.primary.next_start > now:
        starting, again = 0, service.primary.next_start
    if starting or stops:
        service = replace(service, steady=False)
        service = with_deployment(service, replace(service.primary, steady_since=0))
        return Round(_stopped_events(service, stops, tasks, now), starting, stops, again)
    return _settle(service, tasks, now, again)


def _drain(service: EcsService, tasks: Sequence[Task], now: float) -> Round:
    left = [each for each in tasks if not each.is_over]
    if not left:
        return Round(replace(service, status="INACTIVE", deployments=(), desired=0))
    stops = tuple(StopOrder(each.id, _scaling(each.deployment)) for each in left if each.desired == "RUNNING")
    return Round(_stopped_events(service, stops, tasks, now) if stops else service, stops=stops)


def _scaling(deployment: str) -> str:
    return f"Scaling activity initiated by (deployment {deployment})"


def _without_emptied(service: EcsService, tasks: Sequence[Task]) -> EcsService:
    """Older deployments leave when their last task has stopped, once the primary one is out."""
    kept = []
    for each in service.deployments:
        mine = [task for task in tasks if task.deployment == each.id and not task.is_over]
        if each.id == service.primary.id:
            kept.append(replace(each, desired=service.desired))
        elif mine or (service.primary.rollout == "IN_PROGRESS" and each.rollout == "COMPLETED"):
            kept.append(replace(each, desired=sum(task.desired == "RUNNING" for task in mine)))
    return replace(service, deployments=tuple(kept)) if tuple(kept) != service.deployments else service


def _breaker(service: EcsService, now: float) -> tuple[EcsService, bool]:
    """The circuit breaker: whether it has tripped just now."""
    wanted = service.configuration.get("deploymentCircuitBreaker") or {}
    primary = service.primary
    if not wanted.get("enable") or primary.rollout != "IN_PROGRESS" or primary.failures < threshold(service.desired):
        return service, False
    failed = replace(
        primary,
        rollout="FAILED",
        rollout_reason=say("rollout.failed"),
        updated=now,
    )
    service = with_deployment(service, failed)
    service = said(service, now, say("service.failed", deployment=primary.id))
    good = service.completed
    if not wanted.get("rollback") or good is None or good.id == primary.id:
        return service, True
    return _rolled_back(service, good, now), True


def _rolled_back(service: EcsService, good: Deployment, now: float) -> EcsService:
    back = replace(
        good,
        status="PRIMARY",
        rollout="IN_PROGRESS",
        rollout_reason=say("rollout.rolled_back", deployment=good.id),
        updated=now,
        desired=service.desired,
        failures=0,
        failed_tasks=0,
        next_start=0,
        steady_since=0,
    )
    others = tuple(replace(each, status="ACTIVE") for each in service.deployments if each.id != good.id)
    service = replace(service, definition=good.definition, deployments=(back, *others), impaired=False)
    return said(service, now, say("service.rolled_back", deployment=good.id))


def _replace_unhealthy(service: EcsService, unhealthy: Sequence[Task], now: float) -> Round:
    stops = tuple(StopOrder(each.id, "Task failed container health checks") for each in unhealthy)
    service = said(service, now, *(say("service.unhealthy", task=each.id) for each in unhealthy))
    for each in unhealthy:
        service = failed(service, each, now, 0)
    return Round(_stopped_events(replace(service, steady=False), stops, unhealthy, now), stops=stops)


def _limits(service: EcsService) -> tuple[int, int]:
    """How few tasks must be up, and how many may be there, while a deployment rolls out."""
    least = service.configuration.get("minimumHealthyPercent", 100)
    most = service.configuration.get("maximumPercent", 200)
    return math.ceil(service.desired * least / 100), math.floor(service.desired * most / 100)


def _starts(service: EcsService, tasks: Sequence[Task]) -> int:
    wanted = [each for each in tasks if each.desired == "RUNNING"]
    mine = sum(each.deployment == service.primary.id for each in wanted)
    _, most = _limits(service)
    return max(0, min(service.desired - mine, max(most, service.desired if mine == len(wanted) else 0) - len(wanted)))


def _stops(service: EcsService, tasks: Sequence[Task]) -> tuple[StopOrder, ...]:
    """Tasks too many of the primary deployment, and of older ones as many as may go by now."""
    wanted = sorted((each for each in tasks if each.desired == "RUNNING"), key=lambda each: -each.created)
    mine = [each for each in wanted if each.deployment == service.primary.id]
    mine.sort(key=is_ready)
    surplus = mine[: max(0, len(mine) - service.desired)]
    older = [each for each in wanted if each.deployment != service.primary.id]
    least, _ = _limits(service)
    spare = sum(is_ready(each) for each in wanted) - sum(is_ready(each) for each in surplus) - least
    # What is not up serves nobody and may go at once.
    going = [each for each in older if not is_ready(each)] + [each for each in older if is_ready(each)][: max(0, spare)]
    return tuple(StopOrder(each.id, _scaling(service.primary.id)) for each in [*surplus, *going])


def _stopped_events(service: EcsService, stops: Sequence[StopOrder], tasks: Sequence[Task], now: float) -> EcsService:
    by_id = {each.id: each for each in tasks}
    running = [each.task for each in stops if by_id[each.task].status == "RUNNING"]
    pending = len(stops) - len(running)
    if running:
        named = " ".join(f"(task {each})" for each in running)
        service = said(service, now, say("service.stopped_running", count=len(running), tasks=named))
    return said(service, now, say("service.stopped_pending", count=pending)) if pending else service


def _settle(service: EcsService, tasks: Sequence[Task], now: float, again: float) -> Round:
    """Nothing to start or stop: is it steady, and for long enough?"""
    mine = [each for each in tasks if each.deployment == service.primary.id]
    others = [each for each in tasks if each.deployment != service.primary.id and not each.is_over]
    primary = service.primary
    if sum(map(is_ready, mine)) != service.desired or others:
        if primary.steady_since:
            service = with_deployment(service, replace(primary, steady_since=0))
        return Round(service, again=again)
    if not primary.steady_since:
        service = with_deployment(service, replace(primary, steady_since=now))
        return Round(service, again=now + pace.shown(SETTLE_S))
    if service.steady:
        return Round(service, again=again)
    if now - primary.steady_since < pace.shown(SETTLE_S):
        return Round(service, again=primary.steady_since + pace.shown(SETTLE_S))
    if primary.rollout == "IN_PROGRESS":
        reason = say("rollout.completed", deployment=primary.id)
        primary = replace(primary, rollout="COMPLETED", rollout_reason=reason, updated=now)
        service = said(service, now, say("service.completed", deployment=primary.id))
    primary = replace(primary, failures=0)
    service = replace(with_deployment(service, primary), completed=primary, steady=True, impaired=False)
    return Round(_without_emptied(said(service, now, say("service.steady")), tasks))


def failed(service: EcsService, task: Task, now: float, lived_s: float) -> EcsService:
    """The service after one of its tasks failed: counted, and the next start put off. ``lived_s``: how long it ran."""
    deployment = next((each for each in service.deployments if each.id == task.deployment), None)
    if deployment is None or service.status != "ACTIVE":
        return service
    counts = deployment.rollout == "IN_PROGRESS"
    failures = deployment.failures + 1 if counts or lived_s < LONGEST_DELAY_S else 1
    delay = pace.shown(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (failures - 1)))
    changed = replace(
        deployment,
        failures=failures,
        failed_tasks=deployment.failed_tasks + (1 if counts else 0),
        next_start=now + delay,
        steady_since=0,
        updated=now,
    )
    service = replace(with_deployment(service, changed), steady=False)
    if failures >= IMPAIRED_AFTER and not service.impaired:
        service = said(replace(service, impaired=True), now, say("service.impaired"))
    return service
