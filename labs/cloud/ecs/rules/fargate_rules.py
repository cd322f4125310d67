"""What Fargate refuses, asked of ``labs.fargate`` and answered in ECS's codes.

``labs.fargate`` is imported at the first question: the local AWS is ready sooner without it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labs.cloud.contract import AwsError
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.rules.task_network import TaskNetwork
from labs.cloud.ecs.store.records import TaskDefinition

if TYPE_CHECKING:
    from labs.fargate.refusals import Refusal
    from labs.fargate.sources import Permissions


class FargateRules:
    """``registry_host`` is the host that stands for the account's private registry in image names."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        network: TaskNetwork,
        permissions: "Callable[[], Permissions]",
        registry_host: Callable[[], str],
    ) -> None:
        self._account = account
        self._region = region
        self._network = network
        self._permissions = permissions
        self._host = registry_host

    def _registered(self, definition: Mapping[str, Any]) -> "Refusal | None":
        from labs.fargate import validation

        return validation.register(definition, self._account, self._region, self._host())

    def register(self, definition: Mapping[str, Any]) -> None:
        """Raises AwsError for a RegisterTaskDefinition that AWS would refuse."""
        names = [str(each.get("name", "")) for each in definition.get("containerDefinitions") or ()]
        if len(set(names)) < len(names):
            raise ecs_errors.refused("definition.same_names")
        _raise(self._registered(definition))

    def fits_fargate(self, definition: Mapping[str, Any]) -> bool:
        """Whether Fargate would take it, asked for or not."""
        return self._registered({**definition, "requiresCompatibilities": ["FARGATE"]}) is None

    def run(self, definition: TaskDefinition, params: Mapping[str, Any], with_roles: bool = False) -> None:
        """Raises AwsError for a RunTask (``with_roles``) or a service that AWS would refuse."""
        from labs.fargate import validation

        overrides = params.get("overrides") or {}
        given = {name: overrides[name] for name in ("executionRoleArn", "taskRoleArn") if overrides.get(name)}
        _raise(
            validation.run(
                {**definition.document, **given},
                params.get("networkConfiguration"),
                {each.id: each.vpc for each in self._network.subnets().values()},
                self._network.groups(),
                params.get("platformVersion") or "LATEST",
                self._permissions().trust if with_roles else None,
            )
        )


def _raise(refusal: "Refusal | None") -> None:
    if refusal is not None:
        raise AwsError(refusal.code, refusal.message)
