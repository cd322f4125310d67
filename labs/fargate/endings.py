"""How a task ended that had started: in words, and what to do about it.

Sources: ECS API Reference, Task (stopCode); ECS Developer Guide, stopped-task-error-codes; exit codes as in ``exits``.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.fargate.exits import KILLED, TERMINATED
from labs.fargate.findings import Finding, FindingStatus, Told
from labs.fargate.steps import ContainerEnd, StopCode

AFTER = "after the start"
_MEMORY = "outofmemoryerror"
_LOG = "Read the last lines of the container's log."
# No page of AWS seen says more of these than their names.
_BY_AWS = {
    StopCode.SPOT.value: "AWS took back the spare capacity that it ran on",
    StopCode.NOTICE.value: "What it ran on was ended or retired",
    StopCode.INFRASTRUCTURE.value: "AWS ended it because of the health of what it ran on",
}


@dataclass(frozen=True)
class Ending:
    """``words``: one sentence; ``wrong``: whether there is something to fix; ``text_id``: the text of AWS it is."""

    words: str
    next_action: str
    wrong: bool
    text_id: str

    def finding(self, told: Told) -> Finding:
        """The same as a cause; its proof is what the task and its containers said."""
        proof = [f"{told.stop_code}: {told.reason}".lstrip(": ")]
        proof += [f"{name}: {_of(end)}" for name, end in told.containers.items() if _of(end)]
        return Finding(FindingStatus.FAIL, AFTER, self.words, tuple(proof), self.next_action, text_id=self.text_id)


def ending(told: Told) -> Ending | None:
    """None for a task that did not get so far, or has not ended."""
    if told.stop_code == StopCode.USER.value:
        return Ending("Someone stopped this task (StopTask).", "Run it again if it is wanted.", False, "exit.user")
    if told.stop_code == StopCode.SCHEDULER.value:
        return _by_service(told.reason)
    if told.stop_code in _BY_AWS:
        return Ending(_quoting(_BY_AWS[told.stop_code], told), told.again, False, "")
    if told.stop_code == StopCode.ESSENTIAL_EXITED.value or told.reason.startswith(
        "Essential container in task exited"
    ):
        return _exited(told)
    if told.stop_code and told.stop_code not in {code.value for code in StopCode}:
        return Ending(_quoting("It was stopped for a reason that this kit does not know", told), told.again, False, "")
    return None


def _quoting(words: str, told: Told) -> str:
    said = f": {told.reason.rstrip('.')}" if told.reason else ""
    return f"{words} ({told.stop_code}){said}."


def _by_service(reason: str) -> Ending:
    if "health checks" in reason:
        action = "Read the last lines of the container's log, and try its health check by hand."
        return Ending(f"It started, and its service stopped it: {reason.rstrip('.')}.", action, True, "exit.health")
    words = "Its service stopped it, to have fewer tasks or to replace it in a deployment."
    return Ending(words, "Ask about the service instead.", False, "exit.scaling")


def _exited(told: Told) -> Ending:
    for name, end in told.containers.items():
        if _MEMORY in end.reason.lower():
            action = "Give the task more memory in its definition, or let the program use less."
            words = f"It started, and {name} used more memory than it may (exit code {end.exit_code})."
            return Ending(words, action, True, "exit.memory")
    # Those that ECS stopped because another had ended have the codes of its signals.
    ended = {name: end for name, end in told.containers.items() if end.exit_code is not None}
    own = {name: end for name, end in ended.items() if end.exit_code not in (KILLED, TERMINATED)} or ended
    bad = {name: end for name, end in own.items() if end.exit_code != 0} or own
    name, end = next(iter(bad.items()), ("an essential container", ContainerEnd()))
    code = "" if end.exit_code is None else f" with exit code {end.exit_code}"
    if end.exit_code == 0:
        action = "If it is to go on running, keep its program in the foreground."
        return Ending(
            f"It started, and {name} ended{code}: its program had done its work.", action, False, "exit.essential"
        )
    return Ending(f"It started, and then {name} ended{code}.", _LOG, True, "exit.essential")


def _of(end: ContainerEnd) -> str:
    parts = [] if end.exit_code is None else [f"exit code {end.exit_code}"]
    return ", ".join([*parts, *([end.reason] if end.reason else [])])
