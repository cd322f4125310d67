"""What ECS asks of EC2: which subnets and security groups there are, and a network interface for each task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from labs.cloud.patches.ec2.task_interfaces import TaskInterface, TaskInterfaces
from labs.cloud.store.read_write_lock import WHOLE


@dataclass(frozen=True)
class TaskSubnet:
    """A subnet: its id, VPC and availability zone."""

    id: str
    vpc: str
    zone: str


class TaskNetwork(Protocol):
    """EC2 as ECS uses it."""

    def subnets(self) -> Mapping[str, TaskSubnet]:
        """Every subnet of the account in this region, by id."""

    def groups(self) -> Mapping[str, str]:
        """Every security group's VPC, by the group's id."""

    def of_tasks(self) -> Sequence[str]:
        """The interfaces that were made for tasks."""

    def create(self, subnet: str, groups: Sequence[str], attachment: str, public: bool) -> TaskInterface:
        """Make a task's interface, with an address of the subnet. Raises AwsError."""

    def delete(self, interface: str) -> None:
        """Remove a task's interface; nothing happens when it is gone."""


class StoreNetwork:
    """EC2 in the kit's own store. ``ready`` has moto's EC2 loaded."""

    def __init__(self, account: str, region: str, interfaces: TaskInterfaces, ready: Callable[[], object]) -> None:
        self._account = account
        self._region = region
        self._interfaces = interfaces
        self._ready = ready

    def _backend(self) -> Any:
        self._ready()
        from moto.ec2.models import ec2_backends

        WHOLE.wait()
        return ec2_backends[self._account][self._region]

    def subnets(self) -> Mapping[str, TaskSubnet]:
        """See ``Network``."""
        zones = list(self._backend().subnets.values())
        found = [subnet for held in zones for subnet in list(held.values())]
        return {str(each.id): TaskSubnet(str(each.id), str(each.vpc_id), str(each.availability_zone)) for each in found}

    def groups(self) -> Mapping[str, str]:
        """See ``Network``."""
        return {str(group): str(vpc) for vpc, held in list(self._backend().groups.items()) for group in list(held)}

    def of_tasks(self) -> Sequence[str]:
        """See ``Network``."""
        prefix = f"arn:aws:ecs:{self._region}:{self._account}:attachment/"
        return [
            str(each.id)
            for each in list(self._backend().enis.values())
            if str(each.description or "").startswith(prefix) and getattr(each, "requester_managed", False)
        ]

    def create(self, subnet: str, groups: Sequence[str], attachment: str, public: bool) -> TaskInterface:
        """See ``Network``."""
        arn = f"arn:aws:ecs:{self._region}:{self._account}:attachment/{attachment}"
        return self._interfaces.create(subnet, groups, arn, public=public)

    def delete(self, interface: str) -> None:
        """See ``Network``."""
        self._interfaces.delete(interface)
