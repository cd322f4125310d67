"""What ECS Exec needs of a task: it never stops a start, but a shell in the task fails without it.

Source: ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec" (prerequisites, the four ssmmessages actions
of the task role, platform version 1.4.0). Paths and policies are asked in full, not only that the endpoint exists.
"""

from __future__ import annotations

from collections.abc import Iterator

from labs.fargate.asking import Asking, Call
from labs.fargate.model import TaskSpec
from labs.fargate.plan import Sources
from labs.fargate.route import Router
from labs.fargate.steps import Check, CheckKind, StepVerdict

_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")


def exec_checks(task: TaskSpec, sources: Sources) -> tuple[Check, ...]:
    """The checks, in order; none for a task that was not started with enableExecuteCommand."""
    if not task.exec_enabled:
        return ()
    asking = Asking(task, Router.of(task, sources.snapshot), sources.permissions)
    return tuple(_checks(asking))


def _checks(asking: Asking) -> Iterator[Check]:
    task = asking.task
    new_enough = task.platform_version != "1.3.0"
    yield _content(
        "the platform version is 1.4.0 or later", new_enough, f"it is {task.platform_version}", "Use LATEST."
    )
    check, route = asking.goes_to(f"ssmmessages.{task.region}.amazonaws.com")
    yield check
    role = bool(task.task_role)
    yield _content("the task has a task role", role, task.task_role or "it has none", "Set taskRoleArn.")
    for channel in _CHANNELS if role else ():
        yield asking.permitted(Call(f"ssmmessages:{channel}", "*", "", task.task_session, route))
    for container in task.containers:
        own = [name for name in _KEYS if name in container.environment]
        found = f"it sets {', '.join(own)}" if own else "it sets none"
        about = f"{container.name} takes its credentials from the task role"
        yield _content(about, not own, found, "Remove the keys from the environment: the agent would use them.")
        writable = "it is read-only" if container.read_only_root else "it is writable"
        about = f"the root file system of {container.name} can be written"
        yield _content(about, not container.read_only_root, writable, "Set readonlyRootFilesystem to false.")


def _content(about: str, good: bool, found: str, mend: str) -> Check:
    verdict = StepVerdict.DONE if good else StepVerdict.FAILED
    return Check(CheckKind.CONTENT, verdict, about, found, "" if good else mend)
