"""A task's start, asked of ``labs.fargate``: what AWS would do with things as they are now."""

from collections.abc import Callable
from typing import Protocol

from labs.cloud.ecs.api.views import definition as shown
from labs.cloud.ecs.data_plane.local_sources import StoreLogs, StorePermissions, StoreRegistry, StoreSecrets
from labs.cloud.ecs.store.records import Task, TaskDefinition
from labs.cloud.store.ec2_reader import Plain
from labs.fargate.plan import plan
from labs.fargate.steps import StartPlan
from labs.fargate.task import TaskSpec
from labs.network import Snapshot


class Planner(Protocol):
    """Says how a start goes."""

    def spec(self, task: Task, definition: TaskDefinition) -> TaskSpec:
        """The task as ``labs.fargate`` reads it."""

    def plan(self, spec: TaskSpec, vpc: str) -> StartPlan:
        """The start in that VPC, step by step, with things as they are now."""


class StorePlanner:
    """Plans from the local AWS's stores. ``take`` takes a snapshot of one VPC; ``host`` is the registry's."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        host: Callable[[], str],
        take: Callable[[str], Plain],
        permissions: StorePermissions,
        registry: StoreRegistry,
        secrets: StoreSecrets,
        logs: StoreLogs,
    ) -> None:
        self._account = account
        self._region = region
        self._host = host
        self._take = take
        self._permissions = permissions
        self._registry = registry
        self._secrets = secrets
        self._logs = logs

    def spec(self, task: Task, definition: TaskDefinition) -> TaskSpec:
        """See ``Planner``: the subnet that the task is in comes first."""
        subnets = [task.attachment.subnet, *(each for each in task.subnets if each != task.attachment.subnet)]
        network = {
            "subnets": subnets,
            "securityGroups": list(task.groups),
            "assignPublicIp": "ENABLED" if task.public_address else "DISABLED",
        }
        return TaskSpec.of(
            shown(definition),
            network,
            task.overrides,
            account=self._account,
            region=self._region,
            task_id=task.id,
            registry_host=self._host(),
            platform_version=task.platform_version,
            exec_enabled=task.exec_enabled,
        )

    def plan(self, spec: TaskSpec, vpc: str) -> StartPlan:
        """See ``Planner``."""
        snapshot = Snapshot.parse(self._take(vpc))
        return plan(spec, snapshot, self._permissions, self._registry, self._secrets, self._logs)
