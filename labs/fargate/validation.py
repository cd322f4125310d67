"""What RegisterTaskDefinition and RunTask refuse of a Fargate task, in AWS's words where they are known.

Sources: ECS Developer Guide, "Troubleshoot task definition invalid CPU or memory errors" (the table of sizes), ECS API
Reference (ContainerDefinition, AwsVpcConfiguration, RunTask). A task definition for other launch types passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labs import iam
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.refusals import Refusal, refusal
from labs.fargate.task import Json, Placement, number

# CPU units to the amounts of memory in MiB that go with them.
SIZES: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0")
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
# ECS API reference, ContainerDefinition, image; "@" for a digest.
_IMAGE = re.compile(r"[A-Za-z0-9\-_:./#@]+")
_PARAMETER = re.compile(r"/?[a-zA-Z0-9_.\-]+(/[a-zA-Z0-9_.\-]+)*")
_MAX_SUBNETS, _MAX_GROUPS = 16, 5


def register(definition: Json, account: str = "", region: str = "", registry_host: str = "") -> Refusal | None:
    """The first thing RegisterTaskDefinition refuses, None when it accepts.

    ``registry_host``: the host that stands for the private registry of ``account`` in ``region``.
    """
    if "FARGATE" not in (definition.get("requiresCompatibilities") or ()):
        return None
    containers = definition.get("containerDefinitions") or ()

    def in_ecr(image: str) -> bool:
        return ImageRef.parse(image, account, region, registry_host).kind is RegistryKind.ECR

    checks = (
        _containers(containers),
        _task(definition),
        _size(definition),
        _container_settings(definition, containers),
        _role(definition, containers, in_ecr),
    )
    return next((found for check in checks for found in check), None)


def run(
    definition: Json,
    network_configuration: Json | None,
    subnets: Mapping[str, str],
    groups: Mapping[str, str],
    platform_version: str = "LATEST",
    trust: Callable[[str], iam.Decision | None] | None = None,
) -> Refusal | None:
    """The first thing RunTask or CreateService refuses with launch type FARGATE, None when it accepts.

    ``subnets``, ``groups``: the ids that exist in the account, each with its VPC. ``trust``: whether ECS may assume a
    role (RunTask only: a service starts and says it in an event).
    """
    checks = (
        _compatible(definition, platform_version),
        _network(network_configuration),
        _place(Placement.of(network_configuration), subnets, groups),
        _trust(definition, trust),
    )
    return next((found for check in checks for found in check), None)


def _containers(containers: Sequence[Json]) -> Iterator[Refusal]:
    if not containers:
        yield refusal("register.no_containers")
    if any(not container.get("image") for container in containers):
        yield refusal("register.no_image")
    if any(not _IMAGE.fullmatch(str(container["image"])) for container in containers):
        yield refusal("register.image_characters")
    if not any(container.get("essential", True) for container in containers):
        yield refusal("register.no_essential")


def _task(definition: Json) -> Iterator[Refusal]:
    if definition.get("networkMode") != "awsvpc":
        yield refusal("register.network_mode")
    if not definition.get("cpu"):
        yield refusal("register.no_cpu")
    if not definition.get("memory"):
        yield refusal("register.no_memory")


def _size(definition: Json) -> Iterator[Refusal]:
    cpu, memory = number(definition.get("cpu")), number(definition.get("memory"))
    if not cpu:
        yield refusal("register.bad_cpu")
    if not memory:
        yield refusal("register.bad_memory")
    if memory not in SIZES.get(cpu, ()):
        yield refusal("register.size", cpu=str(cpu), memory=str(memory))


def _container_settings(definition: Json, containers: Sequence[Json]) -> Iterator[Refusal]:
    task_memory = number(definition.get("memory"))
    for container in containers:
        if max(number(container.get("memory")), number(container.get("memoryReservation"))) > task_memory:
            yield refusal("register.container_memory")
        for mapping in container.get("portMappings") or ():
            if mapping.get("hostPort") not in (None, 0, mapping.get("containerPort")):
                yield refusal("register.host_port")
        yield from _log(container.get("logConfiguration"))
        yield from _secret_names(container.get("secrets") or ())


def _log(log: Json | None) -> Iterator[Refusal]:
    if log is None:
        return
    driver = str(log.get("logDriver", ""))
    if driver not in LOG_DRIVERS:
        yield refusal("register.log_driver", driver=driver)
    elif driver == "awslogs" and not (log.get("options") or {}).get("awslogs-group"):
        yield refusal("register.log_group")


def _secret_names(secrets: Sequence[Json]) -> Iterator[Refusal]:
    for secret in secrets:
        value = str(secret.get("valueFrom", ""))
        if not value.startswith("arn:") and not _PARAMETER.fullmatch(value):
            yield refusal("register.secret_name", variable=str(secret.get("name", "")))


def _role(definition: Json, containers: Sequence[Json], in_ecr: Callable[[str], bool]) -> Iterator[Refusal]:
    if definition.get("executionRoleArn"):
        return
    if any(container.get("secrets") for container in containers):
        yield refusal("register.secrets_role")
    if any((container.get("logConfiguration") or {}).get("logDriver") == "awslogs" for container in containers):
        yield refusal("register.logs_role")
    if any(in_ecr(str(container.get("image", ""))) for container in containers):
        yield refusal("register.image_role")


def _compatible(definition: Json, platform_version: str) -> Iterator[Refusal]:
    known: Any = definition.get("compatibilities") or definition.get("requiresCompatibilities") or ()
    if "FARGATE" not in known:
        yield refusal("run.compatibility")
    if platform_version not in ("", *PLATFORM_VERSIONS):
        yield refusal("run.platform_version")
    arm = (definition.get("runtimePlatform") or {}).get("cpuArchitecture") == "ARM64"
    if platform_version == "1.3.0" and (arm or number(definition.get("cpu")) >= 8192):
        yield refusal("run.platform_too_old")


def _network(network_configuration: Json | None) -> Iterator[Refusal]:
    if not network_configuration or not network_configuration.get("awsvpcConfiguration"):
        yield refusal("run.no_network")
    placement = Placement.of(network_configuration)
    if not placement.subnets:
        yield refusal("run.no_subnets")
    if len(placement.subnets) > _MAX_SUBNETS:
        yield refusal("run.many_subnets")
    if len(placement.groups) > _MAX_GROUPS:
        yield refusal("run.many_groups")


def _place(placement: Placement, subnets: Mapping[str, str], groups: Mapping[str, str]) -> Iterator[Refusal]:
    for subnet in placement.subnets:
        if subnet not in subnets:
            yield refusal("run.no_subnet", subnets=", ".join(placement.subnets), subnet=subnet)
    for group in placement.groups:
        if group not in groups:
            yield refusal("run.no_group", groups=", ".join(placement.groups), group=group)
    vpc = subnets[placement.subnet]
    for kind, ids, known in (("subnet", placement.subnets, subnets), ("security group", placement.groups, groups)):
        for id in ids:
            if known[id] != vpc:
                yield refusal("run.two_networks", subject=f"The {kind} {id}", subnet=placement.subnet)


def _trust(definition: Json, trust: Callable[[str], iam.Decision | None] | None) -> Iterator[Refusal]:
    if trust is None:
        return
    for key in ("executionRoleArn", "taskRoleArn"):
        role = str(definition.get(key) or "")
        decision = trust(role) if role else None
        if role and (decision is None or not decision.allowed):
            yield refusal("role.trust", role=role)
