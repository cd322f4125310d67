"""What the kinds of ECS have in common: names in ARNs, ids with their cluster, and which states count as gone."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from labs.ledger.names import Names
from labs.ledger.tagging import Tags, plain

if TYPE_CHECKING:
    from types_boto3_ecs import ECSClient

# The resource part of the ARNs that requests and answers may carry instead of a name.
ARN = r"arn:[^:]+:ecs:[^:]*:[^:]*:(?:cluster|service|task|task-definition)/(.+)"
# A request without a cluster means the one of this name (ECS API reference).
DEFAULTS = {"cluster": "default", "clusterName": "default"}
NO_CLUSTER = "ClusterNotFoundException"
# Refusals of a delete that may pass (ECS API reference, errors).
BUSY = ("ClusterContainsServicesException", "ClusterContainsTasksException", "UpdateInProgressException")
# A stopped task, an inactive service or cluster and a revision being deleted count as gone.
_GONE = ("INACTIVE", "DELETE_IN_PROGRESS", "STOPPED", "DELETED")


def last(arn: str) -> str:
    """The last part of an ARN: the name of a cluster, service or family, the id of a task."""
    return arn.rpartition("/")[2]


def clusters(ecs: "ECSClient", names: Names) -> Iterator[str]:
    """The names of the clusters that may be the lab's."""
    for page in ecs.get_paginator("list_clusters").paginate():
        yield from (last(arn) for arn in page["clusterArns"] if names.owns(last(arn)))


def tags_unless_gone(item: Mapping[str, Any], state: str) -> Tags | None:
    """The tags of what ECS describes; None when its field ``state`` says that it is gone."""
    return None if item.get(state) in _GONE else plain(item.get("tags") or [])
