"""What ECS asks of EC2, and the values of its answers: subnets, security groups, an interface for each task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TaskInterface:
    """A task's interface. ``private_dns_name`` is "" in a VPC without DNS host names, ``public_ip`` without one."""

    id: str
    mac_address: str
    private_ip_address: str
    private_dns_name: str
    public_ip: str
    subnet_id: str
    vpc_id: str
    availability_zone: str
    group_ids: tuple[str, ...]


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
