"""AWS's words when RegisterTaskDefinition or RunTask refuses: a template each, with its evidence.

Marks as in ``texts``. ``code`` is the exception's name.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.fargate.texts import SIMULATED, TEXTS, Mark, Text

CLIENT = "ClientException"
INVALID = "InvalidParameterException"


@dataclass(frozen=True)
class Refusal:
    """One refusal. ``code`` and ``message`` are what the API answers; ``text`` is where the words come from."""

    code: str
    message: str
    text: Text


_KNOWN: tuple[tuple[str, str, str, str, Mark, str], ...] = (
    (
        "register.no_containers",
        CLIENT,
        "containerDefinitions is empty",
        "Container list cannot be empty.",
        Mark.FIELD,
        "answers of the API kept by two projects",
    ),
    (
        "register.no_image",
        CLIENT,
        "a container without image",
        "Container.image should not be null or empty.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "register.no_essential",
        CLIENT,
        "no container is essential",
        "A task definition must have at least one essential container. " + SIMULATED,
        Mark.SIMULATED,
        "the ECS API Reference states the rule",
    ),
    (
        "register.network_mode",
        CLIENT,
        "FARGATE with another network mode than awsvpc, or none",
        "Fargate only supports network mode ‘awsvpc’.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "register.no_cpu",
        CLIENT,
        "FARGATE without cpu at the task level",
        "Fargate requires that 'cpu' be defined at the task level.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "register.no_memory",
        CLIENT,
        "FARGATE without memory at the task level",
        "Fargate requires that 'memory' be defined at the task level.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "register.bad_cpu",
        CLIENT,
        "a cpu that is no number",
        (
            "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the Amazon ECS "
            "Developer Guide."
        ),
        Mark.DOC,
        "ECS Developer Guide, task-cpu-memory-error",
    ),
    (
        "register.bad_memory",
        CLIENT,
        "a memory that is no number",
        "Invalid 'memory' setting for task. For more information, see the Troubleshooting section of the Amazon ECS "
        "Developer Guide. " + SIMULATED,
        Mark.SIMULATED,
        "by analogy with register.bad_cpu",
    ),
    (
        "register.size",
        CLIENT,
        "a pair of cpu and memory that Fargate does not have",
        (
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS "
            "documentation for the valid values."
        ),
        Mark.FIELD,
        "a failed deployment; AWS's page has the first five words",
    ),
    (
        "register.container_memory",
        CLIENT,
        "a container asks for more memory than the task has",
        "The 'memory' setting for container is greater than for the task.",
        Mark.FIELD,
        "a vendor's troubleshooting page",
    ),
    (
        "register.host_port",
        CLIENT,
        "a port mapping whose hostPort is not its containerPort",
        "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        Mark.FIELD,
        "failed deployments of several accounts",
    ),
    (
        "register.secrets_role",
        CLIENT,
        "secrets without executionRoleArn",
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        Mark.FIELD,
        "answers of the API kept by several projects",
    ),
    (
        "register.logs_role",
        CLIENT,
        "awslogs without executionRoleArn",
        "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        Mark.FIELD,
        "virtual-kubelet issue 193",
    ),
    (
        "register.image_role",
        CLIENT,
        "an image in ECR without executionRoleArn",
        "Fargate requires task definition to have execution role ARN to support ECR images.",
        Mark.FIELD,
        "terraform-provider-aws issue 3051",
    ),
    (
        "register.log_group",
        CLIENT,
        "awslogs without awslogs-group",
        "Log driver awslogs requires options: awslogs-group",
        Mark.FIELD,
        "a project that checks its rules against the API",
    ),
    (
        "register.log_driver",
        CLIENT,
        "a log driver Fargate does not have",
        "Fargate supports the log drivers awslogs, splunk and awsfirelens, not {driver}. " + SIMULATED,
        Mark.SIMULATED,
        "the ECS API Reference names the three drivers",
    ),
    (
        "register.secret_name",
        CLIENT,
        "a secret's valueFrom that is neither a parameter's name nor an ARN (a Secrets Manager name with :key::)",
        "The Systems Manager parameter name specified for secret {variable} is invalid.",
        Mark.FIELD,
        "failed deployments of several accounts; the real sentence goes on with the allowed letters",
    ),
    (
        "run.compatibility",
        INVALID,
        "a task definition that does not require FARGATE",
        "Task definition does not support launch_type FARGATE.",
        Mark.FIELD,
        "failed deployments of three accounts",
    ),
    (
        "run.no_network",
        INVALID,
        "no networkConfiguration",
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "run.no_subnets",
        INVALID,
        "no subnets",
        "subnets can not be empty.",
        Mark.FIELD,
        "failed deployments of many accounts",
    ),
    (
        "run.many_subnets",
        INVALID,
        "more than 16 subnets",
        "At most 16 subnets can be specified. " + SIMULATED,
        Mark.SIMULATED,
        "the ECS API Reference states the limit",
    ),
    (
        "run.many_groups",
        INVALID,
        "more than 5 security groups",
        "At most 5 security groups can be specified. " + SIMULATED,
        Mark.SIMULATED,
        "the ECS API Reference states the limit",
    ),
    (
        "run.no_subnet",
        INVALID,
        "a subnet that does not exist",
        (
            "Error retrieving subnet information for [{subnets}]: The subnet ID '{subnet}' does not exist (ErrorCode: "
            "InvalidSubnetID.NotFound)"
        ),
        Mark.FIELD,
        "failed deployments of several accounts",
    ),
    (
        "run.no_group",
        INVALID,
        "a security group that does not exist",
        (
            "Error retrieving security group information for [{groups}]: The security group '{group}' does not exist "
            "(ErrorCode: InvalidGroup.NotFound)"
        ),
        Mark.FIELD,
        "failed deployments of two accounts",
    ),
    (
        "run.two_networks",
        INVALID,
        "subnets, or a subnet and a security group, of different VPCs",
        "{subject} does not belong to the same VPC as the subnet {subnet}. " + SIMULATED,
        Mark.SIMULATED,
        "the ECS API Reference states the rule",
    ),
    (
        "run.platform_version",
        "PlatformUnknownException",
        "a platform version that does not exist",
        "The specified platform version does not exist.",
        Mark.DOC,
        "ECS API Reference, RunTask",
    ),
    (
        "run.platform_too_old",
        "PlatformTaskDefinitionIncompatibilityException",
        "8 or 16 vCPU, or ARM64, on a platform version before 1.4.0",
        "The specified platform version does not satisfy the task definition’s required capabilities.",
        Mark.DOC,
        "ECS API Reference, RunTask",
    ),
)

_CODES = {id: code for id, code, *_ in _KNOWN}
REFUSALS: dict[str, Text] = {
    id: Text(id, cause, template, mark, source) for id, _, cause, template, mark, source in _KNOWN
}


def refusal(id: str, **values: str) -> Refusal:
    """The refusal with its placeholders filled; ``role.trust`` too, which RunTask answers as a ClientException."""
    text = REFUSALS.get(id) or TEXTS[id]
    return Refusal(_CODES.get(id, CLIENT), text.render(values), text)
