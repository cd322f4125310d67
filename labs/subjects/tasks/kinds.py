"""The kinds of resources that a task needs: itself, its definition and cluster, a log group, a parameter, a secret.

Sources: the request and answer shapes of the API references of ECS, CloudWatch Logs, SSM and Secrets Manager.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from labs.ledger.kind import Blockers, Kind
from labs.ledger.names import Names
from labs.ledger.tagging import TagForm, Tagging, Tags, plain
from labs.subjects.tasks import ecs_reading as reading

if TYPE_CHECKING:
    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import DescribeTaskDefinitionResponseTypeDef, TaskTypeDef
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient
    from types_boto3_ssm.type_defs import ParameterStringFilterTypeDef

_PAIRS = Tagging(TagForm.PAIRS, "Tags")
_LOWER_PAIRS = Tagging(TagForm.LOWER_PAIRS, "tags")


def _cluster_tags(ecs: "ECSClient", name: str) -> Tags | None:
    found = ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    return reading.tags_unless_gone(found[0], "status") if found else None


def _remove_cluster(ecs: "ECSClient", name: str) -> None:
    ecs.delete_cluster(cluster=name)


def _cluster_blockers(ecs: "ECSClient", cluster: str) -> Blockers:
    """What runs in a cluster: a service that drains and a task that stops go by themselves."""
    staying = []
    for page in ecs.get_paginator("list_services").paginate(cluster=cluster):
        services = (
            page["serviceArns"] and ecs.describe_services(cluster=cluster, services=page["serviceArns"])["services"]
        )
        staying += [f"the service {each['serviceName']}" for each in services or [] if each["status"] == "ACTIVE"]
    for task in _run_by_hand(ecs, cluster):
        if task.get("desiredStatus") != "STOPPED":
            staying.append(f"the task {reading.last(task['taskArn'])}")
    if staying:
        return Blockers(f"it holds {', '.join(staying[:3])}, not this lab's to remove", False)
    return Blockers("its tasks are still stopping", True)


def _tasks(ecs: "ECSClient", names: Names) -> Iterator[str]:
    """The tasks that were run by hand; a service's go with it."""
    for cluster in reading.clusters(ecs, names):
        yield from (f"{cluster}/{reading.last(task['taskArn'])}" for task in _run_by_hand(ecs, cluster))


def _run_by_hand(ecs: "ECSClient", cluster: str) -> "Iterator[TaskTypeDef]":
    for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster):
        found = page["taskArns"] and ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"]
        yield from (task for task in found or [] if not task.get("group", "").startswith("service:"))


def _task(ecs: "ECSClient", id: str) -> "TaskTypeDef | None":
    cluster, _, task = id.partition("/")
    found = ecs.describe_tasks(cluster=cluster, tasks=[task], include=["TAGS"])["tasks"]
    return found[0] if found else None


def _task_tags(ecs: "ECSClient", id: str) -> Tags | None:
    task = _task(ecs, id)
    return reading.tags_unless_gone(task, "lastStatus") if task else None


def _remove_task(ecs: "ECSClient", id: str) -> None:
    task = _task(ecs, id)
    if task and task.get("desiredStatus") != "STOPPED":
        cluster, _, name = id.partition("/")
        ecs.stop_task(cluster=cluster, task=name, reason="labs clean")


def _stopped_at(ecs: "ECSClient", id: str) -> datetime | None:
    """When a task stopped; None while it runs, or when ECS has forgotten it. Raises ClientError."""
    task = _task(ecs, id)
    return task.get("stoppedAt") if task else None


def _definitions(ecs: "ECSClient", names: Names) -> Iterator[str]:
    families = ecs.get_paginator("list_task_definition_families")
    revisions = ecs.get_paginator("list_task_definitions")
    for page in families.paginate(familyPrefix=names.prefix, status="ALL"):
        for family in filter(names.owns, page["families"]):
            for status in ("ACTIVE", "INACTIVE"):
                for found in revisions.paginate(familyPrefix=family, status=status):
                    yield from (reading.last(arn) for arn in found["taskDefinitionArns"])


def _definition(ecs: "ECSClient", id: str) -> "DescribeTaskDefinitionResponseTypeDef | None":
    try:
        return ecs.describe_task_definition(taskDefinition=id, include=["TAGS"])
    except ClientError as error:
        # A revision that is not there has no code of its own.
        if "Unable to describe task definition" in str(error):
            return None
        raise


def _definition_tags(ecs: "ECSClient", id: str) -> Tags | None:
    answer = _definition(ecs, id)
    if answer is None or answer["taskDefinition"].get("status") == "DELETE_IN_PROGRESS":
        return None
    return plain(answer.get("tags") or [])


def _described_definition(ecs: "ECSClient", id: str) -> Mapping[str, Any]:
    answer = _definition(ecs, id)
    return answer["taskDefinition"] if answer is not None else {}


def _remove_definition(ecs: "ECSClient", id: str) -> None:
    answer = _definition(ecs, id)
    if answer is None:
        return
    if answer["taskDefinition"].get("status") == "ACTIVE":
        ecs.deregister_task_definition(taskDefinition=id)
    for refused in ecs.delete_task_definitions(taskDefinitions=[id]).get("failures") or []:
        if _definition_tags(ecs, id) is None:
            # boto3 asked twice: the first was heard, and only its answer was lost.
            return
        words = str(refused.get("reason") or refused.get("detail") or "not deleted")
        raise ClientError({"Error": {"Code": "ClientException", "Message": words}}, "DeleteTaskDefinitions")


def _log_groups(logs: "CloudWatchLogsClient", names: Names) -> Iterator[str]:
    for start in _beginnings(names):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=start):
            yield from (group["logGroupName"] for group in page["logGroups"] if names.owns(group["logGroupName"]))


def _log_group_tags(logs: "CloudWatchLogsClient", name: str) -> Tags | None:
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                # The tagging calls want the ARN without the ":*" that stands for the streams.
                tags: Tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
                return tags
    return None


def _remove_log_group(logs: "CloudWatchLogsClient", name: str) -> None:
    logs.delete_log_group(logGroupName=name)


def _parameters(ssm: "SSMClient", names: Names) -> Iterator[str]:
    wanted: list[ParameterStringFilterTypeDef] = [
        {"Key": "Name", "Option": "BeginsWith", "Values": list(_beginnings(names))}
    ]
    for page in ssm.get_paginator("describe_parameters").paginate(ParameterFilters=wanted):
        yield from (each["Name"] for each in page["Parameters"] if names.owns(each["Name"]))


def _parameter_tags(ssm: "SSMClient", name: str) -> Tags | None:
    return plain(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])


def _remove_parameter(ssm: "SSMClient", name: str) -> None:
    ssm.delete_parameter(Name=name)


def _secrets(client: "SecretsManagerClient", names: Names) -> Iterator[str]:
    # One that waits for its deletion still holds its name.
    for page in client.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
        yield from (each["Name"] for each in page["SecretList"] if names.owns(each["Name"]))


def _secret_tags(client: "SecretsManagerClient", name: str) -> Tags | None:
    return plain(client.describe_secret(SecretId=name).get("Tags") or [])


def _remove_secret(client: "SecretsManagerClient", name: str) -> None:
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _beginnings(names: Names) -> tuple[str, str]:
    return names.prefix, f"/{names.prefix}"


TASK = Kind(
    name="ecs task",
    service="ecs",
    creates=("RunTask",),
    deletes=("StopTask",),
    named_by=("cluster",),
    answer="tasks[].taskArn",
    arn=reading.ARN,
    defaults=reading.DEFAULTS,
    deleted_by=("cluster", "task"),
    prefixed=True,
    tagging=_LOWER_PAIRS,
    facts="{definition: taskDefinition}",
    tags=_task_tags,
    found=_tasks,
    remove=_remove_task,
    absent=(reading.NO_CLUSTER,),
    busy=reading.BUSY,
    ended=_stopped_at,
    uses=("ecs task definition", "ecs cluster", "ec2 subnet", "ec2 security group"),
    slow=True,
    wait_s=180.0,
)
TASK_DEFINITION = Kind(
    name="ecs task definition",
    service="ecs",
    creates=("RegisterTaskDefinition",),
    deletes=("DeleteTaskDefinitions",),
    named_by=("family",),
    answer="taskDefinition.taskDefinitionArn",
    arn=reading.ARN,
    deleted_by=("taskDefinitions",),
    refused="failures[].arn",
    prefixed=True,
    tagging=_LOWER_PAIRS,
    facts="{family: family, cpu: cpu, memory: memory, architecture: runtimePlatform.cpuArchitecture}",
    described=_described_definition,
    tags=_definition_tags,
    found=_definitions,
    remove=_remove_definition,
    busy=reading.BUSY,
    uses=("ecr repository", "iam role", "logs log group", "secretsmanager secret", "ssm parameter"),
)
CLUSTER = Kind(
    name="ecs cluster",
    service="ecs",
    creates=("CreateCluster",),
    deletes=("DeleteCluster",),
    named_by=("clusterName",),
    arn=reading.ARN,
    defaults=reading.DEFAULTS,
    deleted_by=("cluster",),
    prefixed=True,
    tagging=_LOWER_PAIRS,
    content={"PutClusterCapacityProviders": "cluster"},
    tags=_cluster_tags,
    found=reading.clusters,
    remove=_remove_cluster,
    absent=(reading.NO_CLUSTER,),
    busy=reading.BUSY,
    blockers=_cluster_blockers,
    wait_s=180.0,
)
LOG_GROUP = Kind(
    name="logs log group",
    service="logs",
    creates=("CreateLogGroup",),
    deletes=("DeleteLogGroup",),
    named_by=("logGroupName",),
    prefixed=True,
    tagging=Tagging(TagForm.MAP, "tags"),
    content={
        "CreateLogStream": "logGroupName",
        "PutLogEvents": "logGroupName",
        "PutRetentionPolicy": "logGroupName",
    },
    tags=_log_group_tags,
    found=_log_groups,
    remove=_remove_log_group,
    absent=("ResourceNotFoundException",),
)
PARAMETER = Kind(
    name="ssm parameter",
    service="ssm",
    creates=("PutParameter",),
    deletes=("DeleteParameter", "DeleteParameters"),
    named_by=("Name",),
    prefixed=True,
    overwrite="Overwrite",
    tagging=_PAIRS,
    facts="{tier: Tier}",
    tags=_parameter_tags,
    found=_parameters,
    remove=_remove_parameter,
    absent=("ParameterNotFound", "InvalidResourceId"),
)
SECRET = Kind(
    name="secretsmanager secret",
    service="secretsmanager",
    creates=("CreateSecret",),
    deletes=("DeleteSecret",),
    named_by=("Name",),
    arn=r"arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)-\w{6}",
    deleted_by=("SecretId",),
    prefixed=True,
    tagging=_PAIRS,
    content={"PutSecretValue": "SecretId"},
    tags=_secret_tags,
    found=_secrets,
    remove=_remove_secret,
    absent=("ResourceNotFoundException",),
)

KINDS = (TASK, TASK_DEFINITION, CLUSTER, LOG_GROUP, PARAMETER, SECRET)
