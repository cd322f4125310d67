"""ECS's resource types: names and ARNs are both accepted, and most live inside a cluster."""

from collections.abc import Sequence

from labs.cloud.authorisation.question import Lookups, Resolver, arn, values_of
from labs.cloud.wire.request import ApiCall


def cluster_name(call: ApiCall) -> str:
    """The short name of the call's cluster; "default" when it names none."""
    for value in values_of(call, "cluster", "clusterName"):
        return value.rsplit("/", 1)[-1]
    return "default"


def cluster_arn(call: ApiCall) -> str:
    """The ARN of the call's cluster."""
    return arn(call, "ecs", f"cluster/{cluster_name(call)}")


def _clusters(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    names = values_of(call, "clusters", "cluster", "clusterName") or ["default"]
    return [name if name.startswith("arn:") else arn(call, "ecs", f"cluster/{name}") for name in names]


def _inside(kind: str, *members: str) -> Resolver:
    def resolve(call: ApiCall, lookups: Lookups) -> Sequence[str]:
        return [
            value if value.startswith("arn:") else arn(call, "ecs", f"{kind}/{cluster_name(call)}/{value}")
            for value in values_of(call, *members)
        ] or [arn(call, "ecs", f"{kind}/{cluster_name(call)}/*")]

    return resolve


def _task_definitions(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    if call.operation == "RegisterTaskDefinition":
        return [arn(call, "ecs", f"task-definition/{family}:*") for family in values_of(call, "family")]
    found = []
    for name in values_of(call, "taskDefinition", "taskDefinitions"):
        known, _ = lookups.task_definition(call.account, call.region, name)
        spelled = name if name.startswith("arn:") else arn(call, "ecs", f"task-definition/{name}")
        # An unknown family without a revision: any of its revisions.
        found.append(known or (spelled if ":" in name.rsplit("/", 1)[-1] else f"{spelled}:*"))
    return found


def _task_sets(call: ApiCall, lookups: Lookups) -> Sequence[str]:
    service = next((value.rsplit("/", 1)[-1] for value in values_of(call, "service")), "*")
    return [
        value if value.startswith("arn:") else arn(call, "ecs", f"task-set/{cluster_name(call)}/{service}/{value}")
        for value in values_of(call, "taskSet", "taskSets", "primaryTaskSet") or ["*"]
    ]


def _tagged(kind: str) -> Resolver:
    def resolve(call: ApiCall, lookups: Lookups) -> Sequence[str]:
        return [value for value in values_of(call, "resourceArn") if f":{kind}/" in value]

    return resolve


def _either(kind: str, named: Resolver) -> Resolver:
    tagged = _tagged(kind)

    def resolve(call: ApiCall, lookups: Lookups) -> Sequence[str]:
        return tagged(call, lookups) if "resourceArn" in call.params else named(call, lookups)

    return resolve


RESOLVERS: dict[str, Resolver] = {
    "cluster": _either("cluster", _clusters),
    "service": _either("service", _inside("service", "service", "services", "serviceName")),
    "task": _either("task", _inside("task", "task", "tasks")),
    "task-definition": _either("task-definition", _task_definitions),
    "container-instance": _either(
        "container-instance", _inside("container-instance", "containerInstance", "containerInstances")
    ),
    "task-set": _either("task-set", _task_sets),
    "capacity-provider": _tagged("capacity-provider"),
}
