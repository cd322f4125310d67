"""Stage 05 as the solution does it: secret, log, roles, definition, service; then the service rolls to a new image."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from labs.failures import code_of
from labs.iam import PolicyKind
from labs.lesson.bench import BOTH, PLATFORMS, Bench
from labs.lesson.shell import build, must
from labs.lesson.stage import stage
from labs.lesson.undo import named, undo
from labs.stages.fargate import program_log, resources, service_gates
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.push import lab_repository, push_client, role_policies
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.app_secret import app_secret
from labs.subjects.tasks.service_reading import definition_of, service_of
from labs.subjects.tasks.service_waiting import wait_steady
from labs.subjects.vpc import ids
from labs.subjects.vpc.vpc_names import TASKS


def prepare(bench: Bench) -> dict[str, str]:
    """The trust policy of both roles; what the trainee has written is left alone."""
    trust = bench.work / resources.TRUST_FILE
    if not trust.exists():
        trust.write_text(text_of(bench, "task-trust"))
    return {}


def solve(bench: Bench) -> None:
    """All of it; what is there and right is left, what is not right is fixed."""
    _take_back_plain(bench)
    put_secret(bench)
    make_log_group(bench)
    write_policies(bench)
    make_roles(bench)
    _strip_roles(bench)
    if service_of(bench, bench.client("ecs")) is None:
        register(bench, definition(bench, BOTH))
        make_service(bench)
        wait_steady(bench)
        program_log.wait_heard(bench)
    push_new(bench)
    roll(bench)


def _take_back_plain(bench: Bench) -> None:
    """A parameter's type stays as it was created, so one of another type has to go."""
    ssm, name = bench.client("ssm"), resources.parameter(bench)
    wanted = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    if any(each["Type"] != "SecureString" for each in ssm.describe_parameters(ParameterFilters=wanted)["Parameters"]):
        ssm.delete_parameter(Name=name)


def _strip_roles(bench: Bench) -> None:
    """Take off the roles every policy that is not the solution's, and any boundary."""
    iam = bench.client("iam")
    role_policies.strip(iam, service_names.execution_role(bench), resources.POLICY_NAME)
    role_policies.strip(iam, service_names.task_role(bench))


def text_of(bench: Bench, policy: str) -> str:
    """The solution's text of a policy file."""
    return stage("fargate").policy(policy, **bench.names())


def put_secret(bench: Bench, kind: str = "SecureString", value: str = "") -> None:
    """The app's secret of stage 01, in Parameter Store, unless it is there."""
    try:
        bench.client("ssm").put_parameter(
            Name=resources.parameter(bench), Type=kind, Value=value or app_secret(bench) or "not-a-secret"
        )
    except ClientError as error:
        if code_of(error) != "ParameterAlreadyExists":
            raise


def make_log_group(bench: Bench, days: int = resources.RETENTION_DAYS) -> None:
    """The log group, which forgets after ``days``; 0: never."""
    logs, name = bench.client("logs"), resources.log_group(bench)
    try:
        logs.create_log_group(logGroupName=name)
    except ClientError as error:
        if code_of(error) != "ResourceAlreadyExistsException":
            raise
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def write_policies(bench: Bench, **changed: str) -> None:
    """The two files of the stage, or other texts for them."""
    (bench.work / resources.POLICY_FILE).write_text(changed.get("policy") or text_of(bench, "execution-policy"))
    (bench.work / resources.TRUST_FILE).write_text(changed.get("trust") or text_of(bench, "task-trust"))


def make_roles(bench: Bench) -> tuple[str, ...]:
    """Both roles with the trust of its file; the execution role with the policy of its file. Those that were made.

    LabError when a file is missing or is not a policy.
    """
    iam = bench.client("iam")
    trust = role_policies.written(bench.work / resources.TRUST_FILE, PolicyKind.TRUST)
    policy = role_policies.written(bench.work / resources.POLICY_FILE)
    made = []
    for role in (service_names.execution_role(bench), service_names.task_role(bench)):
        try:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
            made.append(role)
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    role = service_names.execution_role(bench)
    iam.put_role_policy(RoleName=role, PolicyName=resources.POLICY_NAME, PolicyDocument=policy)
    return tuple(made)


def definition(bench: Bench, tag: str, **changes: Any) -> dict[str, Any]:
    """The request that registers the service's task definition with an image of the repository."""
    role = bench.target.role_arn
    request = {
        "family": service_names.service(bench),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "executionRoleArn": role(service_names.execution_role(bench)),
        "taskRoleArn": role(service_names.task_role(bench)),
        "containerDefinitions": [container(bench, tag)],
    } | changes
    return {name: value for name, value in request.items() if value is not None}


def container(bench: Bench, tag: str, **changes: Any) -> dict[str, Any]:
    """The one container of the task."""
    log = {
        "awslogs-group": resources.log_group(bench),
        "awslogs-region": bench.target.region,
        "awslogs-stream-prefix": "app",
    }
    return {
        "name": task_runs.CONTAINER,
        "image": f"{bench.repository}:{tag}",
        "essential": True,
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "secrets": [{"name": "APP_SECRET", "valueFrom": resources.parameter_arn(bench)}],
        "logConfiguration": {"logDriver": "awslogs", "options": log},
    } | changes


def register(bench: Bench, request: Mapping[str, Any]) -> str:
    """Register a revision; returns ``family:revision``."""
    made = bench.client("ecs").register_task_definition(**request)["taskDefinition"]
    return f"{made['family']}:{made['revision']}"


def network(bench: Bench, **changes: Any) -> dict[str, Any]:
    """Both private subnets, the tasks' group, no public address."""
    place = {
        "subnets": ids.subnet_ids(bench),
        "securityGroups": [ids.group_ids(bench)[TASKS]],
        "assignPublicIp": "DISABLED",
    }
    return {"awsvpcConfiguration": place | changes}


def make_service(bench: Bench, count: int = service_names.TASKS, **changes: Any) -> None:
    """The service, with the circuit breaker that takes back what does not start."""
    bench.client("ecs").create_service(
        cluster=task_runs.cluster(bench),
        serviceName=service_names.service(bench),
        taskDefinition=service_names.service(bench),
        desiredCount=count,
        launchType="FARGATE",
        networkConfiguration=network(bench, **changes),
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )


def push_new(bench: Bench, platforms: Sequence[str] = PLATFORMS) -> None:
    """Version 2 of the app, for both platforms, under its own tag."""
    if lab_repository.pushed(bench.client("ecr"), bench.repository_name, resources.TAG) is not None:
        return
    must(push_client.login(bench), "The login")
    name = f"{bench.repository}:{resources.TAG}"
    arguments = ("--build-arg", f"VERSION={resources.VERSION}", "-t", name, "--push")
    must(build(bench, *arguments, platforms=platforms, log=log_of(bench)), "The push of version 2")


def log_of(bench: Bench) -> Path:
    """The client's words of this stage's push."""
    return bench.work / "push-v2.log"


def roll(bench: Bench) -> None:
    """A revision with the new image, and the service told to use it; unless it does already."""
    ecs = bench.client("ecs")
    newest = definition_of(ecs, service_names.service(bench))
    image = newest["containerDefinitions"][0]["image"] if newest else ""
    if image != f"{bench.repository}:{resources.TAG}" or service_gates.definition(ServiceSubject(bench)) is not None:
        register(bench, definition(bench, resources.TAG))
    ecs.update_service(
        cluster=task_runs.cluster(bench),
        service=service_names.service(bench),
        taskDefinition=service_names.service(bench),
        desiredCount=service_names.TASKS,
        networkConfiguration=network(bench),
    )
    wait_steady(bench)
    program_log.wait_heard(bench)


def reset(bench: Bench) -> None:
    """Take the service with its tasks, the definition, the roles, secret, log, the new image and the files away."""
    undo(bench, lambda entry: named(entry, *_own(bench)))
    lab_repository.remove(bench, resources.TAG)
    for file in (resources.POLICY_FILE, resources.TRUST_FILE):
        (bench.work / file).unlink(missing_ok=True)
    log_of(bench).unlink(missing_ok=True)


def _own(bench: Bench) -> tuple[str, ...]:
    """The ids of what the stage made, as the ledger has them."""
    service = service_names.service(bench)
    return (
        f"{task_runs.cluster(bench)}/{service}",
        service,
        service_names.execution_role(bench),
        service_names.task_role(bench),
        resources.parameter(bench),
        resources.log_group(bench),
    )
