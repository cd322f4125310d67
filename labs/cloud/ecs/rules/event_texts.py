"""What a service says: its events and the reasons of its deployments, a template each, with its evidence.

Marks as in docs/fidelity-ecs.md, which is generated from here too. An event is told as ``(service NAME) ...``. Not in
``labs.fargate``: the scheduler is there before the first task starts.
"""

from collections.abc import Mapping
from typing import NamedTuple

FIELD, SIMULATED = "[field]", "simulated"


class EventText(NamedTuple):
    """One text: when it is said, the template, the mark, and what the evidence is."""

    cause: str
    template: str
    mark: str
    source: str


_EVENTS = "describe_services of several accounts"
WORDS: Mapping[str, EventText] = {
    "service.started": EventText("tasks were started", "has started {count} tasks: {tasks}.", FIELD, _EVENTS),
    "service.stopped_running": EventText(
        "tasks that ran were told to stop", "has stopped {count} running tasks: {tasks}.", FIELD, _EVENTS
    ),
    "service.stopped_pending": EventText(
        "tasks that did not run yet were told to stop", "stopped {count} pending tasks.", FIELD, _EVENTS
    ),
    "service.unhealthy": EventText(
        "a task failed its container health checks and is replaced",
        "(task {task}) failed container health checks.",
        FIELD,
        _EVENTS,
    ),
    "service.impaired": EventText(
        "three tasks in a row failed",
        "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of "
        "the Amazon ECS Developer Guide.",
        FIELD,
        "describe_services of an account, 2020; the first words are in the ECS Developer Guide",
    ),
    "service.failed": EventText(
        "the circuit breaker gave a deployment up",
        "(deployment {deployment}) deployment failed: tasks failed to start.",
        FIELD,
        _EVENTS,
    ),
    "service.rolled_back": EventText(
        "the circuit breaker goes back to the last deployment that worked",
        "rolling back to deployment {deployment}.",
        FIELD,
        _EVENTS,
    ),
    "service.completed": EventText(
        "a deployment is rolled out", "(deployment {deployment}) deployment completed.", FIELD, _EVENTS
    ),
    "service.steady": EventText("all tasks are up", "has reached a steady state.", FIELD, _EVENTS),
    "service.told_at_once": EventText(
        "the local AWS does not wait as long as AWS before it says that a task failed",
        "(task {task}) is told at once that it failed; on AWS: {delay} (simulated wording)",
        SIMULATED,
        "ours: AWS says nothing of the kind",
    ),
    "rollout.in_progress": EventText(
        "rolloutStateReason of a new deployment", "ECS deployment {deployment} in progress.", FIELD, _EVENTS
    ),
    "rollout.completed": EventText(
        "rolloutStateReason of one that is rolled out", "ECS deployment {deployment} completed.", FIELD, _EVENTS
    ),
    "rollout.failed": EventText(
        "rolloutStateReason of one given up", "ECS deployment circuit breaker: tasks failed to start.", FIELD, _EVENTS
    ),
    "rollout.rolled_back": EventText(
        "rolloutStateReason of the one gone back to",
        "ECS deployment circuit breaker: rolling back to deploymentId {deployment}.",
        FIELD,
        _EVENTS,
    ),
}


def say(id: str, **values: object) -> str:
    """The words behind an id with their placeholders filled."""
    return WORDS[id].template.format_map({name: str(value) for name, value in values.items()})
