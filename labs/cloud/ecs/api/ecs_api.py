"""The ECS API: one operation in, its answer or its exception out. Who may call was decided before."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from labs.cloud.contract import Caller
from labs.cloud.ecs.api.clusters import ClusterOperations
from labs.cloud.ecs.api.definitions import DefinitionOperations
from labs.cloud.ecs.api.ecs_parameters import checked
from labs.cloud.ecs.api.service_operations import ServiceOperations
from labs.cloud.ecs.api.tags import TagOperations, check_tags
from labs.cloud.ecs.api.task_operations import TaskOperations
from labs.cloud.ecs.api.views import tag_map
from labs.cloud.ecs.rules import ecs_errors
from labs.cloud.ecs.rules.fargate_rules import FargateRules
from labs.cloud.ecs.rules.task_network import TaskNetwork
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.protocols.paging import Pages

Operation = Callable[[Caller, dict[str, Any]], dict[str, Any]]
# What AWS has and Fargate tasks do without here, with the reason.
_REFUSED = {
    "StartTask": "it places tasks on container instances, and there are none; use RunTask",
    "ExecuteCommand": "a shell in a task needs AWS Systems Manager's agent; read the task's logs",
    "RegisterContainerInstance": "tasks run on Fargate only",
    "CreateCapacityProvider": "FARGATE and FARGATE_SPOT are always there, and no other kind",
    "CreateTaskSet": "services do rolling deployments only",
}


class EcsApi:
    """The operations of ``AmazonEC2ContainerServiceV20141113`` that are served.

    ``rules`` say what Fargate would refuse. Authorisation and the trail are the gateway's.
    """

    def __init__(self, *, store: EcsStore, network: TaskNetwork, rules: FargateRules, pages: Pages) -> None:
        clusters = ClusterOperations(store, pages)
        definitions = DefinitionOperations(store, rules, pages)
        tasks = TaskOperations(
            store=store, network=network, rules=rules, clusters=clusters, definitions=definitions, pages=pages
        )
        services = ServiceOperations(store=store, rules=rules, clusters=clusters, definitions=definitions, pages=pages)
        tags = TagOperations(store)
        self._operations: Mapping[str, Operation] = {
            "CreateCluster": clusters.create_cluster,
            "DeleteCluster": clusters.delete_cluster,
            "DescribeClusters": clusters.describe_clusters,
            "ListClusters": clusters.list_clusters,
            "UpdateCluster": clusters.update_cluster,
            "UpdateClusterSettings": clusters.update_cluster,
            "PutClusterCapacityProviders": clusters.update_cluster,
            "RegisterTaskDefinition": definitions.register_task_definition,
            "DeregisterTaskDefinition": definitions.deregister_task_definition,
            "DeleteTaskDefinitions": definitions.delete_task_definitions,
            "DescribeTaskDefinition": definitions.describe_task_definition,
            "ListTaskDefinitions": definitions.list_task_definitions,
            "ListTaskDefinitionFamilies": definitions.list_task_definition_families,
            "RunTask": tasks.run_task,
            "StopTask": tasks.stop_task,
            "DescribeTasks": tasks.describe_tasks,
            "ListTasks": tasks.list_tasks,
            "CreateService": services.create_service,
            "UpdateService": services.update_service,
            "DeleteService": services.delete_service,
            "DescribeServices": services.describe_services,
            "ListServices": services.list_services,
            "TagResource": tags.tag_resource,
            "UntagResource": tags.untag_resource,
            "ListTagsForResource": tags.list_tags_for_resource,
            "ListAccountSettings": tags.list_account_settings,
            "PutAccountSetting": tags.put_account_setting,
            "PutAccountSettingDefault": tags.put_account_setting,
            "DeleteAccountSetting": tags.delete_account_setting,
        }

    @property
    def operations(self) -> frozenset[str]:
        """The names of the operations that are served."""
        return frozenset(self._operations)

    def call(self, caller: Caller, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Answer one call.

        ``params`` is the decoded JSON body; the answer is plain JSON values in the shape of botocore's output (a
        timestamp is seconds since 1970). Raises AwsError with ECS's codes.
        """
        handler = self._operations.get(operation)
        if handler is None:
            raise ecs_errors.refused(
                "api.not_served", operation=operation, why=_REFUSED.get(operation, "it is not part of the lab")
            )
        given = checked(operation, params)
        check_tags(tag_map(given.get("tags")))
        try:
            return handler(caller, given)
        except (OSError, sqlite3.Error) as error:
            raise ecs_errors.refused("api.no_folder", error=error) from error
