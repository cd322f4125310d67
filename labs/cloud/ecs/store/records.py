"""What ECS keeps, as immutable values. Times are seconds since 1970; a change is a new value under the same key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Document = Mapping[str, Any]  # plain JSON in the shape of the API


@dataclass(frozen=True)
class Cluster:
    """A cluster. ``given`` holds what only describe echoes: settings, configuration, capacity providers."""

    name: str
    arn: str
    created: float
    status: str = "ACTIVE"
    tags: Mapping[str, str] = field(default_factory=dict)
    given: Document = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class TaskDefinition:
    """One revision. ``document`` is what was registered, defaults filled in, in the shape that describe returns."""

    family: str
    revision: int
    arn: str
    status: str
    registered: float
    registered_by: str
    document: Document
    tags: Mapping[str, str] = field(default_factory=dict)
    deregistered: float = 0

    @property
    def key(self) -> str:
        """``family:revision``."""
        return f"{self.family}:{self.revision}"

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Its container definitions."""
        found: list[dict[str, Any]] = self.document["containerDefinitions"]
        return found


@dataclass(frozen=True)
class Container:
    """One container of a task. ``exit_code`` is None until it has ended, or when it never started."""

    name: str
    arn: str
    image: str
    cpu: str
    memory: str = ""
    memory_reservation: str = ""
    digest: str = ""
    runtime_id: str = ""
    status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Attachment:
    """The task's network interface; ``interface`` is "" before it exists."""

    id: str
    subnet: str
    status: str = "PRECREATED"
    interface: str = ""
    mac: str = ""
    address: str = ""
    name: str = ""


@dataclass(frozen=True)
class Task:
    """A task. ``service`` and ``deployment`` are "" unless a service started it; ``checked``: it has a health check."""

    id: str
    arn: str
    cluster: str
    definition: str
    group: str
    created: float
    containers: tuple[Container, ...]
    cpu: str
    memory: str
    platform: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    attachment: Attachment
    public_address: bool = False
    platform_version: str = "1.4.0"
    architecture: str = "x86_64"
    storage: int = 20
    overrides: Document = field(default_factory=dict)
    launch: Document = field(default_factory=dict)
    started_by: str = ""
    service: str = ""
    deployment: str = ""
    exec_enabled: bool = False
    checked: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    desired: str = "RUNNING"
    status: str = "PROVISIONING"
    health: str = "UNKNOWN"
    connected: float = 0
    pull_started: float = 0
    pull_stopped: float = 0
    started: float = 0
    stopping: float = 0
    execution_stopped: float = 0
    stopped: float = 0
    stop_code: str = ""
    stopped_reason: str = ""
    version: int = 1
    client_token: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def is_over(self) -> bool:
        """Whether it has stopped."""
        return self.status == "STOPPED"


@dataclass(frozen=True)
class Deployment:
    """One deployment of a service.

    ``failed_tasks`` is what describe shows; ``failures`` counts those in a row and sets ``next_start``.
    ``steady_since`` is when its tasks were all there, 0 while they are not. ``digests``: what the tags of its
    containers named when its first task looked (``versionConsistency``).
    """

    id: str
    definition: str
    status: str
    created: float
    updated: float
    desired: int
    network: Document
    platform_version: str = "1.4.0"
    launch: Document = field(default_factory=dict)
    rollout: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    failures: int = 0
    next_start: float = 0
    steady_since: float = 0
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceEvent:
    """A service event."""

    id: str
    created: float
    message: str


@dataclass(frozen=True)
class EcsService:
    """A service; ``deployments`` newest first, the first is PRIMARY, ``completed`` the last that was rolled out.

    ``given`` is what only describe echoes.
    """

    name: str
    arn: str
    cluster: str
    created: float
    created_by: str
    desired: int
    definition: str
    configuration: Document
    deployments: tuple[Deployment, ...]
    status: str = "ACTIVE"
    events: tuple[ServiceEvent, ...] = ()
    completed: Deployment | None = None
    steady: bool = False
    impaired: bool = False
    client_token: str = ""
    given: Document = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """``cluster/name``."""
        return f"{self.cluster}/{self.name}"

    @property
    def primary(self) -> Deployment:
        """The deployment that is being rolled out, or is out."""
        return self.deployments[0]


Record = Cluster | TaskDefinition | Task | EcsService

KINDS: dict[str, type[Any]] = {
    "cluster": Cluster,
    "definition": TaskDefinition,
    "task": Task,
    "service": EcsService,
}


def to_json(record: Record) -> dict[str, Any]:
    """Plain JSON values."""
    return asdict(record)


def from_json(kind: str, raw: Mapping[str, Any]) -> Record:
    """Read ``to_json`` back. Raises TypeError or KeyError when a field is missing or unknown."""
    fields = dict(raw)
    if kind == "task":
        fields["containers"] = tuple(Container(**each) for each in fields["containers"])
        fields["attachment"] = Attachment(**fields["attachment"])
        for name in ("subnets", "groups"):
            fields[name] = tuple(fields[name])
    elif kind == "service":
        fields["deployments"] = tuple(Deployment(**each) for each in fields["deployments"])
        fields["completed"] = Deployment(**fields["completed"]) if fields["completed"] else None
        fields["events"] = tuple(ServiceEvent(**each) for each in fields["events"])
    made: Record = KINDS[kind](**fields)
    return made
