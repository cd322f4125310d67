"""How a task that ran ends: the event, and what DescribeTasks says of it.

Sources: ECS API Reference, Task (stopCode); ECS Developer Guide, stopped-task-error-codes; exit codes as Docker gives
them (128 plus the signal: 137 for SIGKILL, 143 for SIGTERM).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labs.aws_texts import Wording
from labs.fargate.steps import ContainerEnd, Stop, StopCode
from labs.fargate.texts import TEXTS

KILLED = 137
TERMINATED = 143


@dataclass(frozen=True)
class ContainerExit:
    """How one container's process ended. ``out_of_memory``: the kernel killed it for memory."""

    exit_code: int
    out_of_memory: bool = False

    @property
    def end(self) -> ContainerEnd:
        """What DescribeTasks says of the container."""
        if self.out_of_memory:
            return ContainerEnd(KILLED, TEXTS["exit.memory"].render({}))
        return ContainerEnd(self.exit_code)


def essential_exited(exits: Mapping[str, ContainerExit]) -> Stop:
    """An essential container ended, with any exit code, 0 too. ``exits``: by container, those ECS stopped included."""
    return _stop("exit.essential", StopCode.ESSENTIAL_EXITED, {}, {name: end.end for name, end in exits.items()})


def wrong_cpu(names: Sequence[str], command: str = "") -> Stop:
    """A one-platform image of another CPU: exit code 1 and the loader's line in the log.

    ``command``: the program that could not be run; "" when it is not known.
    """
    line = TEXTS["exit.exec_format"].render({"command": command or "<the image's program>"})
    ends = {name: ContainerEnd(1, last_line=line) for name in names}
    return _stop("exit.essential", StopCode.ESSENTIAL_EXITED, {}, ends)


def unhealthy(exits: Mapping[str, ContainerExit]) -> Stop:
    """An essential container of a service's task failed its health checks; ECS replaces the task.

    A task run alone is only reported UNHEALTHY and goes on.
    """
    ends = {name: end.end for name, end in exits.items()}
    return _stop("exit.health", StopCode.SCHEDULER, {}, ends)


def scaled_in(deployment: str, exits: Mapping[str, ContainerExit]) -> Stop:
    """The service stopped it: fewer tasks are wanted, or a deployment replaced it. ``deployment``: ``ecs-svc/ID``."""
    ends = {name: end.end for name, end in exits.items()}
    return _stop("exit.scaling", StopCode.SCHEDULER, {"deployment": deployment}, ends)


def stopped_by_user(reason: str, exits: Mapping[str, ContainerExit]) -> Stop:
    """StopTask. ``reason`` is the caller's own, "" for none."""
    stop = _stop("exit.user", StopCode.USER, {}, {name: end.end for name, end in exits.items()})
    return Stop(stop.text_id, stop.code, reason or stop.reason, stop.mark, stop.containers)


def not_started(name: str, reason: str) -> Stop:
    """The runtime could not make the container or start its command; ``reason`` is the runtime's own."""
    return _not_started("start.failed", name, reason, Wording.NEWER)


def start_timed_out(name: str, reason: str, wording: Wording = Wording.NEWER) -> Stop:
    """The container did not run in time."""
    return _not_started("start.timeout", name, reason, wording)


def unable_to_place(service: str, stop: Stop) -> str:
    """The service's event for a task that stopped before it ran."""
    return TEXTS["event.unable_to_place"].render({"service": service, "reason": stop.reason.rstrip(".")})


def _not_started(text_id: str, name: str, reason: str, wording: Wording) -> Stop:
    stop = _stop(text_id, StopCode.FAILED_TO_START, {"reason": reason}, {}, wording)
    ends = {name: ContainerEnd(reason=stop.reason)}
    return Stop(stop.text_id, stop.code, stop.reason, stop.mark, ends)


def _stop(
    text_id: str,
    code: StopCode,
    values: Mapping[str, str],
    ends: Mapping[str, ContainerEnd],
    wording: Wording = Wording.NEWER,
) -> Stop:
    text = TEXTS[text_id]
    return Stop(text_id, code, text.render(values, wording), text.mark, ends)
