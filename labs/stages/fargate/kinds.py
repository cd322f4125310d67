"""The kind of resource that this stage alone makes: an ECS service.

Source: the request and answer shapes of the ECS API reference.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from labs.ledger.kind import CostChange, Kind
from labs.ledger.names import Names
from labs.ledger.tagging import TagForm, Tagging, Tags
from labs.subjects.tasks import ecs_reading as reading

if TYPE_CHECKING:
    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import ServiceTypeDef

_FACTS = "{definition: taskDefinition, count: desiredCount}"


def _services(ecs: "ECSClient", names: Names) -> Iterator[str]:
    for cluster in reading.clusters(ecs, names):
        for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
            yield from (f"{cluster}/{reading.last(arn)}" for arn in page["serviceArns"])


def _service(ecs: "ECSClient", id: str) -> "ServiceTypeDef | None":
    cluster, _, name = id.partition("/")
    found = ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
    return found[0] if found else None


def _tags(ecs: "ECSClient", id: str) -> Tags | None:
    service = _service(ecs, id)
    return reading.tags_unless_gone(service, "status") if service else None


def _remove(ecs: "ECSClient", id: str) -> None:
    service = _service(ecs, id)
    if service and service["status"] == "ACTIVE":
        cluster, _, name = id.partition("/")
        # With force it drains whatever its desired count is.
        ecs.delete_service(cluster=cluster, service=name, force=True)


SERVICE = Kind(
    name="ecs service",
    service="ecs",
    creates=("CreateService",),
    deletes=("DeleteService",),
    named_by=("cluster", "serviceName"),
    arn=reading.ARN,
    defaults=reading.DEFAULTS,
    deleted_by=("cluster", "service"),
    prefixed=True,
    tagging=Tagging(TagForm.LOWER_PAIRS, "tags"),
    facts=_FACTS,
    changes={"UpdateService": CostChange(("cluster", "service"), _FACTS)},
    tags=_tags,
    found=_services,
    remove=_remove,
    # Not active: its deletion was heard, and only the answer was lost.
    absent=(reading.NO_CLUSTER, "ServiceNotFoundException", "ServiceNotActiveException"),
    busy=reading.BUSY,
    uses=("ecs task definition", "ecs cluster", "ec2 subnet", "ec2 security group"),
    slow=True,
    # Its tasks get SIGTERM, then up to stopTimeout (120 s at most).
    wait_s=240.0,
)

KINDS = (SERVICE,)
