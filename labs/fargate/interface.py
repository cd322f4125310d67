"""The steps before anything is called: the roles are assumed, the task's network interface is made."""

from __future__ import annotations

from collections.abc import Iterator

from labs import network
from labs.fargate.image import RegistryKind
from labs.fargate.questions import Asking
from labs.fargate.sources import CannotRead
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import TaskSpec
from labs.network.vpc import Subnet

# The first four addresses of a subnet and the last are AWS's (VPC User Guide, "Subnet sizing").
_RESERVED = 5
_TRUST = "Let ecs-tasks.amazonaws.com assume the role {role}: its trust policy allows sts:AssumeRole to that service."


def roles(asking: Asking) -> Iterator[Check]:
    """The execution role where one is needed, and whether ECS may assume both roles."""
    task = asking.task
    if not task.execution_role:
        yield from _without_execution_role(asking)
    for role in dict.fromkeys(role for role in (task.execution_role, task.task_role) if role):
        yield _trusted(asking, role)


def interface(asking: Asking) -> Iterator[Check]:
    """The subnet, its free addresses, the security groups."""
    placement = asking.task.placement
    snapshot = asking.router.snapshot
    about = f"an interface can be made in {placement.subnet or 'a subnet'}"
    if snapshot.subnets is None:
        yield Check(CheckKind.EXISTENCE, StepVerdict.CANNOT_CHECK, about, "the subnets could not be read")
        return
    subnet = snapshot.subnets.get(placement.subnet)
    if subnet is None:
        yield _gone(asking, about, "InvalidSubnetID.NotFound", f"there is no subnet {placement.subnet}")
        return
    for group in placement.groups:
        if snapshot.security_groups is not None and group not in snapshot.security_groups:
            yield _gone(asking, about, "InvalidGroup.NotFound", f"there is no security group {group}")
            return
    free = _free(snapshot, subnet)
    if free == 0:
        text_id = "eni.no_address_public" if placement.public_ip else "eni.no_address"
        stop = asking.stop(text_id, {"subnet": subnet.id})
        fix = f"Stop what uses the addresses of {subnet.id}, or name a larger subnet."
        found = f"{subnet.id} has no free address"
        yield Check(CheckKind.EXISTENCE, StepVerdict.FAILED, about, found, fix, stop=stop)
        return
    left = "free addresses not known" if free is None else f"{free} free addresses"
    yield Check(CheckKind.EXISTENCE, StepVerdict.DONE, about, f"{subnet.id} is in {subnet.zone}, {left}")


def _free(snapshot: network.Snapshot, subnet: Subnet) -> int | None:
    if snapshot.interfaces is None or subnet.cidr is None:
        return None
    size: int = 1 << (32 - subnet.cidr.length)
    used = sum(len(each.addresses) for each in snapshot.interfaces.values() if each.subnet == subnet.id)
    return max(size - _RESERVED - used, 0)


def _gone(asking: Asking, about: str, code: str, found: str) -> Check:
    stop = asking.stop("eni.gone", {"subnet": asking.task.placement.subnet, "detail": code})
    fix = "Name one that is there in the network configuration."
    return Check(CheckKind.EXISTENCE, StepVerdict.FAILED, about, found, fix, stop=stop)


def _trusted(asking: Asking, role: str) -> Check:
    about = f"ECS may assume {role}"
    try:
        decision = asking.permissions.trust(role)
    except CannotRead as error:
        return Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, str(error))
    if decision is not None and decision.allowed:
        return Check(CheckKind.PERMISSION, StepVerdict.DONE, about, "allowed", decision=decision)
    found = "there is no such role" if decision is None else "its trust policy does not let ecs-tasks.amazonaws.com in"
    fix = f"Create the role {role}." if decision is None else _TRUST.format(role=role)
    stop = asking.stop("role.trust", {"role": role})
    return Check(CheckKind.PERMISSION, StepVerdict.FAILED, about, found, fix, decision=decision, stop=stop)


def _without_execution_role(asking: Asking) -> Iterator[Check]:
    needs = _need(asking.task)
    if needs:
        about = "the task definition has an execution role"
        fix = "Set executionRoleArn in the task definition."
        stop = asking.stop(needs, {})
        yield Check(CheckKind.CONTENT, StepVerdict.FAILED, about, "it has none, and needs one", fix, stop=stop)


def _need(task: TaskSpec) -> str:
    """What first needs the role, as RegisterTaskDefinition says it; "" when nothing does."""
    if any(container.secrets for container in task.containers):
        return "register.secrets_role"
    if any(container.log is not None and container.log.is_awslogs for container in task.containers):
        return "register.logs_role"
    if any(container.image.kind is RegistryKind.ECR for container in task.containers):
        return "register.image_role"
    return ""
