"""The containers of one task that may start: each in its order, with its environment, log and health check."""

from collections.abc import Mapping
from dataclasses import dataclass

from labs import oci
from labs.cloud.contract import Caller
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.cloud.ecs.data_plane.container_runner import CannotStart, ContainerLaunch, End, RunImage, Runner, Running
from labs.cloud.ecs.data_plane.delivery import Delivery, LogStream
from labs.cloud.ecs.data_plane.health import HealthWatch
from labs.cloud.ecs.data_plane.local_sources import StoreRegistry, StoreSecrets
from labs.cloud.ecs.store.records import Task, TaskDefinition
from labs.fargate.sources import ImageMissing
from labs.fargate.task import ContainerSpec, TaskSpec

STOP_TIMEOUT_S = 30  # ECS API reference, stopTimeout: the default on Fargate


@dataclass(frozen=True)
class Live:
    """A container that was started: its process, its log, its health."""

    running: Running
    stream: LogStream | None
    health: HealthWatch | None

    @property
    def health_status(self) -> str:
        """HEALTHY, UNHEALTHY or UNKNOWN."""
        return self.health.status if self.health is not None else "UNKNOWN"


class Containers:
    """Started one by one as their dependencies allow. ``vpc`` and ``puller`` are those of the task."""

    def __init__(
        self,
        *,
        spec: TaskSpec,
        task: Task,
        definition: TaskDefinition,
        vpc: str,
        puller: Caller,
        runner: Runner,
        registry: StoreRegistry,
        secrets: StoreSecrets,
        calls: InternalCalls,
        delivery: Delivery,
    ) -> None:
        self._spec, self._task, self._vpc, self._puller = spec, task, vpc, puller
        self._runner, self._registry, self._secrets = runner, registry, secrets
        self._calls, self._delivery = calls, delivery
        overrides = {each["name"]: each for each in task.overrides.get("containerOverrides") or ()}
        self._raw = {each["name"]: {**each, **overrides.get(each["name"], {})} for each in definition.containers}
        self._waiting = {each.name: each for each in spec.containers}
        self.images = {each.name: self.image_of(each) for each in spec.containers}
        self.live: dict[str, Live] = {}
        self.ends: dict[str, End] = {}

    def image_of(self, container: ContainerSpec) -> RunImage:
        """The image that the plan has found, for the task's platform. Raises CannotStart when it has gone since."""
        repository, found = self._registry.repository(container.image), self._registry.resolve(container.image)
        if repository is None or isinstance(found, ImageMissing):
            raise CannotStart(f"{container.image.text}: not found")
        wanted = self._spec.runtime.platform
        if isinstance(found.content, oci.Manifest):
            return RunImage(repository, found.digest, found.digest, found.platform or wanted)
        for entry in found.content.manifests:
            there = entry.platform
            if there is not None and (there.os, there.architecture) == (wanted.os, wanted.architecture):
                return RunImage(repository, found.digest, entry.digest, there)
        raise CannotStart(f"{container.image.text}: no image for {wanted}")

    def _stream(self, container: ContainerSpec) -> LogStream | None:
        """The container's stream in CloudWatch Logs, made; None without awslogs. Raises AwsError."""
        if container.log is None or not container.log.is_awslogs:
            return None
        return self._delivery.open(self._calls, container.log, container.name, self._task.id)

    @property
    def all_started(self) -> bool:
        """Whether none waits for another any more."""
        return not self._waiting

    def start_ready(self) -> list[str]:
        """Start every container whose dependencies are met; their names. Raises CannotStart, AwsError."""
        started = []
        for name, container in list(self._waiting.items()):
            if self._may_start(name):
                self._start(container)
                del self._waiting[name]
                started.append(name)
        return started

    def _may_start(self, name: str) -> bool:
        return all(
            self._is_met(each["containerName"], each["condition"]) for each in self._raw[name].get("dependsOn") or ()
        )

    def _is_met(self, other: str, condition: str) -> bool:
        """Raises CannotStart when it never will be. The rules: ECS API reference, ContainerDependency."""
        end, live = self.ends.get(other), self.live.get(other)
        if condition == "START":
            return live is not None
        if condition == "HEALTHY":
            if end is not None:
                raise CannotStart(f"the container {other} ended before it was healthy (simulated wording)")
            return live is not None and live.health_status == "HEALTHY"
        if condition == "SUCCESS" and end is not None and end.exit_code != 0:
            raise CannotStart(f"the container {other} ended with exit code {end.exit_code} (simulated wording)")
        return end is not None

    def _start(self, container: ContainerSpec) -> None:
        raw = self._raw[container.name]
        stream = self._stream(container)
        linux = raw.get("linuxParameters") or {}
        launch = ContainerLaunch(
            task=self._task.id,
            container=container.name,
            vpc=self._vpc,
            image=self.images[container.name],
            puller=self._puller,
            environment=self._environment(container),
            cpu=int(raw.get("cpu") or 0) or self._spec.cpu,
            memory=min(container.memory or self._spec.memory, self._spec.memory),
            entry_point=raw.get("entryPoint") or None,
            command=raw.get("command") or None,
            folder=str(raw.get("workingDirectory") or ""),
            user=str(raw.get("user") or ""),
            read_only=container.read_only_root,
            init=bool(linux.get("initProcessEnabled")),
        )
        running = self._runner.start(launch, stream.write if stream is not None else _nowhere)
        health = HealthWatch(container.health_check, running) if container.health_check is not None else None
        self.live[container.name] = Live(running, stream, health)

    def _environment(self, container: ContainerSpec) -> Mapping[str, str]:
        """What Fargate sets, what the definition gives, and the secrets' values. Raises AwsError."""
        return {
            "AWS_DEFAULT_REGION": self._spec.region,
            "AWS_REGION": self._spec.region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            **container.environment,
            **{each.variable: self._secrets.value(each) for each in container.secrets},
        }

    def look(self) -> bool:
        """Note what has ended by now; whether anything new has."""
        fresh = False
        for name, live in self.live.items():
            end = live.running.ended()
            if end is not None and name not in self.ends:
                self._note(name, live, end)
                fresh = True
        return fresh

    def _note(self, name: str, live: Live, end: End) -> None:
        self.ends[name] = end
        if live.health is not None:
            live.health.end()
        if live.stream is not None:
            self._delivery.finish(live.stream)

    @property
    def essential_ended(self) -> bool:
        """Whether an essential container has ended."""
        return any(each.essential and each.name in self.ends for each in self._spec.containers)

    def stop(self) -> None:
        """Stop what runs, the last started first; each gets its stopTimeout."""
        for name, live in reversed(list(self.live.items())):
            grace = float(self._raw[name].get("stopTimeout") or STOP_TIMEOUT_S)
            end = live.running.stop(grace)
            if name not in self.ends:
                self._note(name, live, end)

    def remove(self) -> None:
        """Leave nothing of them."""
        for live in reversed(list(self.live.values())):
            live.running.remove()

    def health(self) -> dict[str, str]:
        """Each checked container's health."""
        return {name: live.health_status for name, live in self.live.items() if live.health is not None}


def _nowhere(line: str) -> None:
    """A container without awslogs: its lines are nowhere to be read, as on Fargate."""
