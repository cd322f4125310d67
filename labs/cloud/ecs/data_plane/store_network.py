"""EC2 in the kit's own store, as ECS uses it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labs.cloud.ecs.data_plane.task_interfaces import TaskInterfaces
from labs.cloud.ecs.rules.task_network import TaskInterface, TaskSubnet
from labs.cloud.store.read_write_lock import WHOLE


class StoreNetwork:
    """Implements ``TaskNetwork``. ``ready`` has moto's EC2 loaded."""

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
        """See ``TaskNetwork``."""
        zones = list(self._backend().subnets.values())
        found = [subnet for held in zones for subnet in list(held.values())]
        return {str(each.id): TaskSubnet(str(each.id), str(each.vpc_id), str(each.availability_zone)) for each in found}

    def groups(self) -> Mapping[str, str]:
        """See ``TaskNetwork``."""
        return {str(group): str(vpc) for vpc, held in list(self._backend().groups.items()) for group in list(held)}

    def of_tasks(self) -> Sequence[str]:
        """See ``TaskNetwork``."""
        prefix = f"arn:aws:ecs:{self._region}:{self._account}:attachment/"
        return [
            str(each.id)
            for each in list(self._backend().enis.values())
            if str(each.description or "").startswith(prefix) and getattr(each, "requester_managed", False)
        ]

    def create(self, subnet: str, groups: Sequence[str], attachment: str, public: bool) -> TaskInterface:
        """See ``TaskNetwork``."""
        arn = f"arn:aws:ecs:{self._region}:{self._account}:attachment/{attachment}"
        return self._interfaces.create(subnet, groups, arn, public=public)

    def delete(self, interface: str) -> None:
        """See ``TaskNetwork``."""
        self._interfaces.delete(interface)
