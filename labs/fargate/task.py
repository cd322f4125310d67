"""A task as Fargate starts it: the task definition and the place in the network, as plain frozen values.

Shapes: the ECS API Reference, TaskDefinition, ContainerDefinition, AwsVpcConfiguration, TaskOverride (as botocore's
service model gives them). Reading never fails on a definition AWS accepted; what AWS refuses is ``validation``'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from labs import iam, oci, partitions
from labs.fargate.image import ImageRef

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Secret:
    """One ``secrets`` entry. ``value_from`` as written; the parts of a Secrets Manager ARN's tail apart.

    ``service`` is ``ssm`` or ``secretsmanager``; ``name`` the parameter's name or the secret's ARN; ``region`` where it
    is read; ``json_key``, ``version_stage``, ``version_id`` are "" when not given.
    """

    variable: str
    value_from: str
    service: str
    name: str
    arn: str
    region: str
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""

    @classmethod
    def of(cls, raw: Json, account: str, region: str) -> Secret:
        """Read ``{"name": ..., "valueFrom": ...}``. A bare name is a parameter of the task's own Region."""
        variable, value = str(raw.get("name", "")), str(raw.get("valueFrom", ""))
        parts = value.split(":")
        if value.startswith("arn:") and len(parts) > 6 and parts[2] == "secretsmanager":
            arn = ":".join(parts[:7])
            key, stage, version = (*parts[7:], "", "", "")[:3]
            return cls(variable, value, "secretsmanager", arn, arn, parts[3], key, stage, version)
        if value.startswith("arn:") and len(parts) > 5 and parts[2] == "ssm":
            name = value.split(":parameter", 1)[-1]
            # The ARN of a parameter without a path has one slash that is not part of its name.
            name = name if name.count("/") > 1 else name.lstrip("/")
            return cls(variable, value, "ssm", name, value, parts[3])
        arn = partitions.arn("ssm", region, account, f"parameter/{value.lstrip('/')}")
        return cls(variable, value, "ssm", value, arn, region)


@dataclass(frozen=True)
class LogConfiguration:
    """Where a container's output goes: the driver and its options."""

    driver: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_awslogs(self) -> bool:
        """Whether CloudWatch Logs takes the output."""
        return self.driver == "awslogs"

    @property
    def group(self) -> str:
        """``awslogs-group``, "" when absent."""
        return self.options.get("awslogs-group", "")

    @property
    def region(self) -> str:
        """``awslogs-region``, "" when absent."""
        return self.options.get("awslogs-region", "")

    @property
    def creates_group(self) -> bool:
        """Whether the driver may make the group (``awslogs-create-group``)."""
        return self.options.get("awslogs-create-group", "").lower() == "true"

    def stream(self, container: str, task_id: str) -> str:
        """The stream's name: prefix/container/task."""
        return f"{self.options.get('awslogs-stream-prefix', '')}/{container}/{task_id}"


@dataclass(frozen=True)
class HealthCheck:
    """A container's health check; times in seconds, defaults as ECS documents them."""

    command: tuple[str, ...]
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int = 0

    @classmethod
    def of(cls, raw: Json) -> HealthCheck:
        """Read ``healthCheck``."""
        return cls(
            tuple(str(word) for word in raw.get("command") or ()),
            int(raw.get("interval") or 30),
            int(raw.get("timeout") or 5),
            int(raw.get("retries") or 3),
            int(raw.get("startPeriod") or 0),
        )


@dataclass(frozen=True)
class Volume:
    """A file system outside the task. ``file_system``: its id in EFS, "" for another kind; ``by_iam``: it asks IAM."""

    name: str
    file_system: str = ""
    by_iam: bool = False

    @classmethod
    def of(cls, raw: Json) -> Volume:
        """Read one of ``volumes``."""
        given = raw.get("efsVolumeConfiguration") or {}
        by_iam = (given.get("authorizationConfig") or {}).get("iam") == "ENABLED"
        return cls(str(raw.get("name", "")), str(given.get("fileSystemId") or ""), by_iam)


@dataclass(frozen=True)
class RuntimePlatform:
    """The CPU architecture (``X86_64`` or ``ARM64``) and the operating system family a task asks for."""

    cpu_architecture: str = "X86_64"
    operating_system_family: str = "LINUX"

    @property
    def platform(self) -> oci.Platform:
        """The same in the words of an image index."""
        architecture = "arm64" if self.cpu_architecture == "ARM64" else "amd64"
        return oci.Platform("linux" if self.operating_system_family == "LINUX" else "windows", architecture)

    @property
    def as_fargate_says(self) -> str:
        """The platform as Fargate's own messages write it: ``linux/amd64``, but ``linux/arm64 v8``."""
        platform = self.platform
        return f"{platform} v8" if platform.architecture == "arm64" else str(platform)


@dataclass(frozen=True)
class ContainerSpec:
    """One container of the task. ``memory`` in MiB, 0 when only the task's limit holds."""

    name: str
    image: ImageRef
    essential: bool = True
    secrets: tuple[Secret, ...] = ()
    log: LogConfiguration | None = None
    health_check: HealthCheck | None = None
    memory: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    read_only_root: bool = False
    init_process: bool = False
    version_consistency: bool = True

    @property
    def follows_tag(self) -> bool:
        """Whether a deployment finds out once which digest the tag names, and keeps it (``versionConsistency``)."""
        return self.version_consistency and not self.image.digest


@dataclass(frozen=True)
class Placement:
    """Where the task's network interface goes. ``groups`` empty: the VPC's default group is used."""

    subnets: tuple[str, ...]
    groups: tuple[str, ...] = ()
    public_ip: bool = False

    @property
    def subnet(self) -> str:
        """The subnet this start uses, "" when none is named."""
        return self.subnets[0] if self.subnets else ""

    @classmethod
    def of(cls, network_configuration: Json | None) -> Placement:
        """Read ``networkConfiguration`` (or its ``awsvpcConfiguration``); boto3's and describe_services' forms."""
        raw = network_configuration or {}
        raw = raw.get("awsvpcConfiguration", raw)
        return cls(
            tuple(str(subnet) for subnet in raw.get("subnets") or ()),
            tuple(str(group) for group in raw.get("securityGroups") or ()),
            str(raw.get("assignPublicIp", "DISABLED")).upper() == "ENABLED",
        )


@dataclass(frozen=True)
class TaskSpec:
    """Everything of the task that a start reads. Make one with ``TaskSpec.of``.

    ``account``, ``region``: where it runs; ``task_id``: the last part of the task's ARN, used in session and stream
    names; ``cpu`` in CPU units, ``memory`` in MiB; ``exec_enabled``: started with ``enableExecuteCommand``.
    """

    family: str
    account: str
    region: str
    task_id: str
    containers: tuple[ContainerSpec, ...]
    placement: Placement
    execution_role: str = ""
    task_role: str = ""
    runtime: RuntimePlatform = RuntimePlatform()
    cpu: int = 0
    memory: int = 0
    platform_version: str = "1.4.0"
    exec_enabled: bool = False
    volumes: tuple[Volume, ...] = ()
    pid_mode: str = ""

    @classmethod
    def of(
        cls,
        definition: Json,
        network_configuration: Json | None,
        overrides: Json | None = None,
        *,
        account: str = "",
        region: str = "",
        task_id: str = "TASK_ID",
        registry_host: str = "",
        platform_version: str = "LATEST",
        exec_enabled: bool = False,
    ) -> TaskSpec:
        """Read a task definition (as given to or answered by the API), run_task's network configuration and overrides.

        ``account`` and ``region`` come from ``taskDefinitionArn`` when not given. ``registry_host``: a host that stands
        for this account's private registry (the local AWS's ``127.0.0.1:PORT``).
        """
        arn = str(definition.get("taskDefinitionArn", "")).split(":")
        if len(arn) > 5:
            region, account = region or arn[3], account or arn[4]
        over = overrides or {}
        runtime = definition.get("runtimePlatform") or {}
        return cls(
            family=str(definition.get("family", "")),
            account=account,
            region=region,
            task_id=task_id,
            containers=_containers(definition, over, account, region, registry_host),
            placement=Placement.of(network_configuration),
            execution_role=str(over.get("executionRoleArn") or definition.get("executionRoleArn") or ""),
            task_role=str(over.get("taskRoleArn") or definition.get("taskRoleArn") or ""),
            runtime=RuntimePlatform(
                str(runtime.get("cpuArchitecture") or "X86_64"), str(runtime.get("operatingSystemFamily") or "LINUX")
            ),
            cpu=number(over.get("cpu") or definition.get("cpu")),
            memory=number(over.get("memory") or definition.get("memory")),
            platform_version="1.4.0" if platform_version in ("", "LATEST") else platform_version,
            exec_enabled=exec_enabled,
            volumes=tuple(Volume.of(each) for each in definition.get("volumes") or () if _is_remote(each)),
            pid_mode=str(definition.get("pidMode") or ""),
        )

    def pinned(self, digests: Mapping[str, str]) -> TaskSpec:
        """The task as a deployment starts it that has found out what its tags name; ``digests`` by container.

        Source: ECS API Reference, ContainerImage ("Amazon ECS uses the digest to start any other desired tasks").
        """
        held = {each.name: digests[each.name] for each in self.containers if each.follows_tag and each.name in digests}
        return replace(
            self,
            containers=tuple(
                replace(each, image=each.image.pinned(held[each.name])) if each.name in held else each
                for each in self.containers
            ),
        )

    def in_each_subnet(self) -> tuple[TaskSpec, ...]:
        """The task in each of its subnets, as a service would place it."""
        place = self.placement
        return tuple(replace(self, placement=replace(place, subnets=(subnet,))) for subnet in place.subnets)

    @property
    def session(self) -> iam.Principal:
        """Who makes the calls of a start: the execution role's session, named after the task."""
        return session_of(self.execution_role, self.task_id)

    @property
    def task_session(self) -> iam.Principal:
        """Who makes the calls of the containers: the task role's session."""
        return session_of(self.task_role, self.task_id)


def session_of(role_arn: str, name: str) -> iam.Principal:
    """The principal of an assumed role: ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME``."""
    parts = role_arn.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    role = role_arn.rsplit("/", 1)[-1]
    partition = parts[1] if len(parts) == 6 else "aws"
    arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{name}"
    return iam.Principal(arn, account, iam.PrincipalKind.ROLE_SESSION, role_arn)


def number(value: object) -> int:
    """CPU units or MiB from ``256``, ``"256"``, ``".25 vCPU"``, ``"1 GB"``; 0 when absent or unreadable."""
    text = str(value or "").strip().lower().replace(" ", "")
    for suffix, factor in (("vcpu", 1024), ("gb", 1024), ("", 1)):
        if text.endswith(suffix):
            try:
                return int(float(text.removesuffix(suffix)) * factor)
            except (ValueError, OverflowError):
                return 0
    return 0


def _containers(
    definition: Json, overrides: Json, account: str, region: str, registry_host: str
) -> tuple[ContainerSpec, ...]:
    changed = {str(raw.get("name", "")): raw for raw in overrides.get("containerOverrides") or ()}
    return tuple(
        _container(raw, changed.get(str(raw.get("name", "")), {}), account, region, registry_host)
        for raw in definition.get("containerDefinitions") or ()
    )


def _container(raw: Json, over: Json, account: str, region: str, registry_host: str) -> ContainerSpec:
    log = raw.get("logConfiguration")
    health = raw.get("healthCheck")
    return ContainerSpec(
        name=str(raw.get("name", "")),
        image=ImageRef.parse(str(raw.get("image", "")), account, region, registry_host),
        essential=bool(raw.get("essential", True)),
        secrets=tuple(Secret.of(entry, account, region) for entry in raw.get("secrets") or ()),
        log=LogConfiguration(str(log.get("logDriver", "")), dict(log.get("options") or {})) if log else None,
        health_check=HealthCheck.of(health) if health and health.get("command") else None,
        memory=number(over.get("memory") or raw.get("memory")),
        environment=_environment(raw.get("environment") or ()) | _environment(over.get("environment") or ()),
        read_only_root=bool(raw.get("readonlyRootFilesystem", False)),
        init_process=bool((raw.get("linuxParameters") or {}).get("initProcessEnabled", False)),
        version_consistency=(raw.get("versionConsistency") or "enabled") != "disabled",
    )


def _environment(entries: Sequence[Json]) -> dict[str, str]:
    return {str(entry.get("name", "")): str(entry.get("value", "")) for entry in entries}


def _is_remote(volume: Json) -> bool:
    return "efsVolumeConfiguration" in volume or "fsxWindowsFileServerVolumeConfiguration" in volume
