"""The trial task: what stage 04 starts in the private subnet. It is not what the stage is about, so the kit makes it.

A cluster, a role with AWS's own policy, a secret, a log group and a task definition. Stage 05 makes each of these
again, by hand and with less permission.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from labs import oci
from labs.errors import LabError
from labs.failures import code_of
from labs.fargate.task import session_of
from labs.lesson.bench import BOTH, Bench
from labs.subjects.push.policy_review import TOKEN
from labs.subjects.tasks import task_runs
from labs.subjects.tasks.execution_policy import MANAGED, PULL, READ, TRUST, WRITE
from labs.subjects.vpc.endpoint_policy import EndpointCall


def family(bench: Bench) -> str:
    """The name of the trial's task definition, and of its role."""
    return f"{bench.target.prefix}-trial"


def parameter(bench: Bench) -> str:
    """The name of the trial's secret in Parameter Store."""
    return f"{bench.target.prefix}-trial-secret"


def log_group(bench: Bench) -> str:
    """The trial's log group."""
    return f"{bench.target.prefix}/trial"


def parameter_arn(bench: Bench) -> str:
    """The ARN of the trial's secret."""
    return bench.arn("ssm", f"parameter/{parameter(bench)}")


def calls(bench: Bench) -> Mapping[str, Sequence[EndpointCall]]:
    """What the trial's start asks through each interface endpoint, by the ending of the endpoint's name."""
    session = session_of(bench.target.role_arn(family(bench)), "0123456789abcdef0123456789abcdef")
    stream = bench.arn("logs", f"log-group:{log_group(bench)}:log-stream:trial/{task_runs.CONTAINER}/0123456789abcdef")
    return {
        "ecr.api": [EndpointCall(session, TOKEN, "*", knows_endpoint=False)],
        "ecr.dkr": [EndpointCall(session, each, bench.repository_arn) for each in PULL],
        "ssm": [EndpointCall(session, READ, parameter_arn(bench))],
        "logs": [EndpointCall(session, each, stream) for each in WRITE],
    }


def create(bench: Bench) -> list[str]:
    """Make what the trial task needs, where it is not there yet; one line for each."""
    return [
        _cluster(bench),
        _role(bench),
        _secret(bench),
        _log_group(bench),
        _definition(bench),
    ]


def find(ecs: Any, bench: Bench) -> str:
    """The ARN of the newest active trial definition; empty when there is none."""
    try:
        found = ecs.describe_task_definition(taskDefinition=family(bench))["taskDefinition"]
    except ClientError as error:
        if code_of(error) == "ClientException":
            return ""
        raise
    return str(found["taskDefinitionArn"]) if found["status"] == "ACTIVE" else ""


def _cluster(bench: Bench) -> str:
    # Creating it twice is not an error: the answer is the existing cluster.
    bench.client("ecs").create_cluster(clusterName=task_runs.cluster(bench))
    return f"cluster          {task_runs.cluster(bench)}"


def _role(bench: Bench) -> str:
    iam, name = bench.client("iam"), family(bench)
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:{bench.partition}:iam::aws:policy/{MANAGED}")
    read = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": parameter_arn(bench)}
    document = {"Version": "2012-10-17", "Statement": [read]}
    iam.put_role_policy(RoleName=name, PolicyName="secret", PolicyDocument=json.dumps(document))
    return f"execution role   {name}"


def _secret(bench: Bench) -> str:
    value = f"trial-{secrets.token_hex(8)}"
    try:
        bench.client("ssm").put_parameter(Name=parameter(bench), Type="SecureString", Value=value)
    except ClientError as error:
        if code_of(error) != "ParameterAlreadyExists":
            raise
    return f"secret           {parameter(bench)}"


def _log_group(bench: Bench) -> str:
    logs, name = bench.client("logs"), log_group(bench)
    try:
        logs.create_log_group(logGroupName=name)
    except ClientError as error:
        if code_of(error) != "ResourceAlreadyExistsException":
            raise
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    return f"log group        {name}"


def definition(bench: Bench) -> dict[str, Any]:
    """The request that registers the trial's task definition."""
    return {
        "family": family(bench),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": _architecture(bench), "operatingSystemFamily": "LINUX"},
        "executionRoleArn": bench.target.role_arn(family(bench)),
        "containerDefinitions": [
            {
                "name": task_runs.CONTAINER,
                "image": f"{bench.repository}:{BOTH}",
                "essential": True,
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                "secrets": [{"name": "APP_SECRET", "valueFrom": parameter_arn(bench)}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": log_group(bench),
                        "awslogs-region": bench.target.region,
                        "awslogs-stream-prefix": "trial",
                    },
                },
            }
        ],
    }


def _architecture(bench: Bench) -> str:
    """What this machine can run; on AWS either would do."""
    return "ARM64" if bench.engine.runnable(oci.Platform("linux", "amd64")) and not bench.on_aws else "X86_64"


def _definition(bench: Bench) -> str:
    ecs = bench.client("ecs")
    if not find(ecs, bench):
        ecs.register_task_definition(**definition(bench))
    return f"task definition  {family(bench)}"


def own(bench: Bench) -> tuple[str, ...]:
    """The names of what ``create`` made outside ECS."""
    return (family(bench), log_group(bench), parameter(bench))


def require(bench: Bench) -> str:
    """The trial's task definition; LabError when there is none yet."""
    found = find(bench.client("ecs"), bench)
    if not found:
        raise LabError("There is no trial task yet.", "run the cell with lab.trial_task()", id="no-trial-task-yet")
    return found
