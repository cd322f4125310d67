"""What ECS keeps, in the shapes of its API reference. Empty optional members are left out, as AWS does."""

from collections.abc import Iterable, Mapping
from typing import Any

from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import Attachment, Cluster, Container, Deployment, EcsService, Task, TaskDefinition

Json = dict[str, Any]


def tag_list(tags: Mapping[str, str]) -> list[Json]:
    """Tags as ECS writes them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def tag_map(raw: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as ECS takes them."""
    return {str(each.get("key", "")): str(each.get("value", "")) for each in raw or ()}


def cluster(record: Cluster, store: EcsStore, include: Iterable[str] = ("SETTINGS", "TAGS", "CONFIGURATIONS")) -> Json:
    """A cluster, its counts as of now."""
    wanted = set(include)
    tasks = [each for each in list(store.tasks.values()) if each.cluster == record.name]
    services = [each for each in list(store.services.values()) if each.cluster == record.name]
    shown: Json = {
        "clusterArn": record.arn,
        "clusterName": record.name,
        "status": record.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": sum(each.status == "RUNNING" for each in tasks),
        "pendingTasksCount": sum(each.status in ("PROVISIONING", "PENDING", "ACTIVATING") for each in tasks),
        "activeServicesCount": sum(each.status == "ACTIVE" for each in services),
        "statistics": [],
        "tags": tag_list(record.tags) if "TAGS" in wanted else [],
        "settings": record.given.get("settings", []) if "SETTINGS" in wanted else [],
        "capacityProviders": record.given.get("capacityProviders", []),
        "defaultCapacityProviderStrategy": record.given.get("defaultCapacityProviderStrategy", []),
    }
    if "CONFIGURATIONS" in wanted and "configuration" in record.given:
        shown["configuration"] = record.given["configuration"]
    if "serviceConnectDefaults" in record.given:
        shown["serviceConnectDefaults"] = record.given["serviceConnectDefaults"]
    return shown


def definition(record: TaskDefinition) -> Json:
    """A task definition."""
    shown: Json = {
        "taskDefinitionArn": record.arn,
        "family": record.family,
        "revision": record.revision,
        "status": record.status,
        **record.document,
        "registeredAt": record.registered,
        "registeredBy": record.registered_by,
    }
    if record.deregistered:
        shown["deregisteredAt"] = record.deregistered
    return shown


def task(record: Task, store: EcsStore, with_tags: bool = False) -> Json:
    """A task."""
    shown: Json = {
        "attachments": [_attachment(record.attachment)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": record.architecture}],
        "availabilityZone": record.launch.get("zone", ""),
        "clusterArn": store.arn(f"cluster/{record.cluster}"),
        "containers": [_container(each, record) for each in record.containers],
        "cpu": record.cpu,
        "createdAt": record.created,
        "desiredStatus": record.desired,
        "enableExecuteCommand": record.exec_enabled,
        "group": record.group,
        "healthStatus": record.health,
        "lastStatus": record.status,
        "memory": record.memory,
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **record.overrides},
        "platformVersion": record.platform_version,
        "platformFamily": record.platform,
        "tags": tag_list(record.tags) if with_tags else [],
        "taskArn": record.arn,
        "taskDefinitionArn": record.definition,
        "version": record.version,
        "ephemeralStorage": {"sizeInGiB": record.storage},
        "fargateEphemeralStorage": {"sizeInGiB": record.storage},
    }
    if "capacityProviderName" in record.launch:
        shown["capacityProviderName"] = record.launch["capacityProviderName"]
    shown["launchType"] = "FARGATE"
    times = {
        "connectivityAt": record.connected,
        "pullStartedAt": record.pull_started,
        "pullStoppedAt": record.pull_stopped,
        "startedAt": record.started,
        "stoppingAt": record.stopping,
        "executionStoppedAt": record.execution_stopped,
        "stoppedAt": record.stopped,
    }
    shown |= {name: value for name, value in times.items() if value}
    if record.connected:
        shown["connectivity"] = "CONNECTED"
    words = {"startedBy": record.started_by, "stopCode": record.stop_code, "stoppedReason": record.stopped_reason}
    return shown | {name: value for name, value in words.items() if value}


def _attachment(record: Attachment) -> Json:
    details = {
        "subnetId": record.subnet,
        "networkInterfaceId": record.interface,
        "macAddress": record.mac,
        "privateDnsName": record.name,
        "privateIPv4Address": record.address,
    }
    return {
        "id": record.id,
        "type": "ElasticNetworkInterface",
        "status": record.status,
        "details": [{"name": name, "value": value} for name, value in details.items() if value],
    }


def _container(record: Container, owner: Task) -> Json:
    shown: Json = {
        "containerArn": record.arn,
        "taskArn": owner.arn,
        "name": record.name,
        "image": record.image,
        "lastStatus": record.status,
        "networkBindings": [],
        "networkInterfaces": [],
        "healthStatus": record.health,
        "cpu": record.cpu,
    }
    if owner.attachment.address:
        shown["networkInterfaces"] = [
            {"attachmentId": owner.attachment.id, "privateIpv4Address": owner.attachment.address}
        ]
    words = {
        "imageDigest": record.digest,
        "runtimeId": record.runtime_id,
        "memory": record.memory,
        "memoryReservation": record.memory_reservation,
        "reason": record.reason,
    }
    shown |= {name: value for name, value in words.items() if value}
    if record.exit_code is not None:
        shown["exitCode"] = record.exit_code
    return shown


def counts(tasks: Iterable[Task]) -> tuple[int, int]:
    """Running and pending tasks, as ECS counts them: a task that is to stop is neither."""
    wanted = [each for each in tasks if each.desired == "RUNNING"]
    running = sum(each.status == "RUNNING" for each in wanted)
    return running, sum(each.status in ("PROVISIONING", "PENDING", "ACTIVATING") for each in wanted)


def service(record: EcsService, store: EcsStore, with_tags: bool = False) -> Json:
    """A service, its counts as of now."""
    tasks = store.tasks_of(record)
    running, pending = counts(tasks)
    shown: Json = {
        "serviceArn": record.arn,
        "serviceName": record.name,
        "clusterArn": store.arn(f"cluster/{record.cluster}"),
        "loadBalancers": [],
        "serviceRegistries": [],
        "status": record.status,
        "desiredCount": record.desired,
        "runningCount": running,
        "pendingCount": pending,
        "taskDefinition": record.definition,
        "deploymentConfiguration": record.configuration,
        "deployments": [_deployment(each, tasks) for each in record.deployments],
        "events": [
            {"id": each.id, "createdAt": each.created, "message": each.message} for each in reversed(record.events)
        ],
        "createdAt": record.created,
        "createdBy": record.created_by,
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "DISABLED",
        **record.given,
        "tags": tag_list(record.tags) if with_tags else [],
    }
    primary = record.deployments[0] if record.deployments else None
    if primary is not None:
        shown |= {"networkConfiguration": primary.network, "platformVersion": primary.platform_version}
        shown |= {"platformFamily": "Linux", **primary.launch}
    return shown


def _deployment(record: Deployment, tasks: Iterable[Task]) -> Json:
    running, pending = counts(each for each in tasks if each.deployment == record.id)
    return {
        "id": record.id,
        "status": record.status,
        "taskDefinition": record.definition,
        "desiredCount": record.desired,
        "pendingCount": pending,
        "runningCount": running,
        "failedTasks": record.failed_tasks,
        "createdAt": record.created,
        "updatedAt": record.updated,
        "platformVersion": record.platform_version,
        "platformFamily": "Linux",
        "networkConfiguration": record.network,
        "rolloutState": record.rollout,
        "rolloutStateReason": record.rollout_reason,
        **record.launch,
    }
