"""A task's life, in a thread of its own: PROVISIONING, PENDING, RUNNING, STOPPING, DEPROVISIONING, STOPPED."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from labs.cloud import pace
from labs.cloud.contract import AwsError, Caller
from labs.cloud.ecs.data_plane.aws_calls import InternalCalls
from labs.cloud.ecs.data_plane.container_runner import CannotStart
from labs.cloud.ecs.data_plane.containers import Containers
from labs.cloud.ecs.data_plane.delivery import Delivery
from labs.cloud.ecs.data_plane.local_sources import StoreRegistry, StoreSecrets
from labs.cloud.ecs.data_plane.planning import Planner
from labs.cloud.ecs.data_plane.runner_choice import Engines
from labs.cloud.ecs.rules import scheduler
from labs.cloud.ecs.rules.event_texts import say
from labs.cloud.ecs.rules.task_network import TaskNetwork
from labs.cloud.ecs.store.ecs_store import EcsStore
from labs.cloud.ecs.store.records import Attachment, Container, EcsService, Task
from labs.errors import LabError
from labs.fargate import exits
from labs.fargate.sources import ImageFound
from labs.fargate.steps import Delay, OutcomeKind, StartPlan, StepName, StepVerdict, Stop, StopCode
from labs.fargate.task import TaskSpec
from labs.fargate.texts import TEXTS
from labs.network import Endpoint

log = logging.getLogger("labs.cloud")

LOOK_S = 0.1
# How long a task stays at least in PROVISIONING and in PENDING: AWS takes many seconds, and states are to be seen.
STEP_S = 0.3
_NO_ADDRESS = "InsufficientFreeAddressesInSubnet"
# What a task of a service that ends so says of the service: it failed.
_FAILURES = (StopCode.FAILED_TO_START.value, StopCode.ESSENTIAL_EXITED.value)


@dataclass(frozen=True)
class TaskDependencies:
    """What lives share. ``puller`` gives the execution role's session for a task, and how it comes to the registry."""

    store: EcsStore
    network: TaskNetwork
    planner: Planner
    engines: Engines
    registry: StoreRegistry
    secrets: StoreSecrets
    calls: InternalCalls
    delivery: Delivery
    puller: Callable[[str, str, Endpoint | None], Caller]


class _Ended(Exception):
    """The start went no further; ``stop`` says why, None when the task was told to stop."""

    def __init__(self, stop: Stop | None = None, delay: Delay | None = None) -> None:
        super().__init__()
        self.stop = stop
        self.delay = delay


class TaskLife:
    """``wake`` it when the task is to stop; ``abandon`` it when the process ends, and it writes nothing more."""

    def __init__(self, needs: TaskDependencies, task: Task, slots: threading.Semaphore) -> None:
        self._needs = needs
        self._id = task.id
        self._slots = slots
        self._wake = threading.Event()
        self._abandoned = False
        self._containers: Containers | None = None
        self._thread = threading.Thread(target=self._run, name=f"task-{task.id[:8]}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the task now."""
        self._wake.set()

    def abandon(self) -> None:
        """Leave everything as it is."""
        self._abandoned = True
        self._wake.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of its thread."""
        self._thread.join(timeout_s)

    @property
    def _task(self) -> Task:
        return self._needs.store.tasks[self._id]

    def _update(self, change: Callable[[Task], Task]) -> None:
        if not self._abandoned:
            self._needs.store.update_task(self._id, change)

    def _run(self) -> None:
        try:
            self._live()
        except Exception as error:
            if self._abandoned:
                return
            log.exception("task %s failed: %s", self._id, type(error).__name__)
            words = "The local AWS failed on this task; its log has the details. (simulated wording)"
            self._finish(Stop("", StopCode.FAILED_TO_START, words, TEXTS["exit.user"].mark))

    def _live(self) -> None:
        stop = None
        try:
            self._linger()
            vpc = self._attach()
            self._linger()
            with self._slots:
                self._look_for_stop()
                self._containers = self._begin(vpc)
            self._supervise(self._containers)
        except _Ended as end:
            stop = end.stop
            if stop is not None and end.delay is not None:
                log.info("task %s: AWS takes longer to say so: %s", self._id, end.delay.words)
                self._say_delay(end.delay)
        self._finish(stop)

    def _linger(self) -> None:
        self._wake.wait(pace.shown(STEP_S))
        self._wake.clear()
        self._look_for_stop()

    def _look_for_stop(self) -> None:
        if self._abandoned or self._task.desired == "STOPPED":
            raise _Ended

    def _attach(self) -> str:
        """Make the network interface; the VPC it is in."""
        needs, task = self._needs, self._task
        held = task.attachment
        try:
            made = needs.network.create(held.subnet, task.groups, held.id, task.public_address)
        except AwsError as error:
            raise _Ended(_no_interface(held.subnet, task.public_address, error)) from error
        attached = Attachment(
            id=held.id,
            subnet=held.subnet,
            status="ATTACHED",
            interface=made.id,
            mac=made.mac_address,
            address=made.private_ip_address,
            name=made.private_dns_name,
        )
        now = needs.store.now()
        self._update(lambda task: replace(task, status="PENDING", attachment=attached, connected=now))
        return made.vpc_id

    def _begin(self, vpc: str) -> Containers:
        """Ask how the start goes, and if it does, start what depends on nothing."""
        needs, task = self._needs, self._task
        definition = needs.store.definitions[task.definition.rsplit("/", 1)[-1]]
        spec = needs.planner.spec(task, definition).pinned(self._digests())
        now = needs.store.now()
        self._update(lambda task: replace(task, pull_started=now))
        plan = needs.planner.plan(spec, vpc)
        if plan.step(StepName.MANIFEST).verdict is StepVerdict.DONE:
            spec = self._established(spec)
        self._settle(plan, spec)
        first = spec.containers[0].name
        try:
            containers = Containers(
                spec=spec,
                task=task,
                definition=definition,
                vpc=vpc,
                puller=needs.puller(spec.execution_role, task.id, plan.endpoint_to(spec.containers[0].image.host)),
                runner=needs.engines.runner(),
                registry=needs.registry,
                secrets=needs.secrets,
                calls=needs.calls,
                delivery=needs.delivery,
            )
            self._containers = containers
            self._start_ready(containers)
        except LabError as error:
            raise _Ended(exits.not_started(first, f"{error.what} (simulated wording)")) from error
        except CannotStart as error:
            raise _Ended(exits.not_started(first, str(error))) from error
        now = needs.store.now()
        self._update(lambda task: replace(task, pull_stopped=now))
        return containers

    def _digests(self) -> Mapping[str, str]:
        """What the tags of the task's deployment name; empty while it does not know, and without a deployment."""
        task = self._task
        service = self._needs.store.services.get(f"{task.cluster}/{task.service}") if task.service else None
        mine = (each for each in (service.deployments if service else ()) if each.id == task.deployment)
        return next((each.digests for each in mine), {})

    def _established(self, spec: TaskSpec) -> TaskSpec:
        """The manifest was read: the deployment keeps the digest that the first of its tasks has found."""
        task = self._task
        found = {each.name: self._needs.registry.resolve(each.image) for each in spec.containers if each.follows_tag}
        digests = {name: image.digest for name, image in found.items() if isinstance(image, ImageFound)}
        if task.service and digests:
            self._needs.store.update_service(
                f"{task.cluster}/{task.service}",
                lambda service: scheduler.established(service, task.deployment, digests),
            )
        return spec.pinned(self._digests())

    def _settle(self, plan: StartPlan, spec: TaskSpec) -> None:
        outcome = plan.outcome
        if outcome.kind in (OutcomeKind.RUNNING, OutcomeKind.UNKNOWN) or outcome.stop is None:
            return
        if outcome.stop.code is StopCode.ESSENTIAL_EXITED:
            self._last_lines(outcome.stop, spec)
        delay = plan.step(outcome.step).delay if outcome.step is not None else None
        raise _Ended(outcome.stop, delay)

    def _last_lines(self, stop: Stop, spec: TaskSpec) -> None:
        """A program that could not be run leaves one line, the loader's."""
        needs, task, now = self._needs, self._task, self._needs.store.now()
        self._update(lambda task: replace(task, pull_stopped=now, started=now))
        for container in spec.containers:
            end = stop.containers.get(container.name)
            if end is None or not end.last_line or container.log is None or not container.log.is_awslogs:
                continue
            stream = needs.delivery.open(needs.calls, container.log, container.name, task.id)
            stream.write(end.last_line)
            needs.delivery.finish(stream)

    def _start_ready(self, containers: Containers) -> None:
        try:
            started = containers.start_ready()
        except AwsError as error:
            raise CannotStart(f"{error.code}: {error.message}") from error
        if started:
            self._update(lambda task: replace(task, containers=_begun(task.containers, containers)))

    def _supervise(self, containers: Containers) -> None:
        """Until it is to stop, or an essential container has ended."""
        while True:
            if containers.look():
                self._update(lambda task: replace(task, containers=_ended(task.containers, containers)))
            if containers.essential_ended:
                break
            self._look_for_stop()
            if not containers.all_started:
                try:
                    self._start_ready(containers)
                except CannotStart as error:
                    raise _Ended(exits.not_started(next(iter(containers.images)), str(error))) from error
            elif self._task.status == "PENDING":
                self._update(self._now_running)
            self._note_health(containers)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        if not self._task.started:
            self._update(lambda task: replace(task, started=self._needs.store.now()))
        raise _Ended(exits.essential_exited({}))

    def _now_running(self, task: Task) -> Task:
        return replace(task, status="RUNNING", started=self._needs.store.now())

    def _note_health(self, containers: Containers) -> None:
        health = containers.health()
        if not health or all(each.health == health.get(each.name, each.health) for each in self._task.containers):
            return

        def noted(task: Task) -> Task:
            shown = tuple(replace(each, health=health.get(each.name, each.health)) for each in task.containers)
            return replace(task, containers=shown, health=_overall(list(health.values())))

        self._update(noted)

    def _finish(self, stop: Stop | None) -> None:
        """Stop what runs, remove it and the interface, and write down how it ended."""
        store = self._needs.store
        if self._abandoned:
            return
        self._update(lambda task: _stopping(task, stop, store.now()))
        if self._containers is not None:
            self._containers.stop()
            self._update(lambda task: replace(task, containers=_ended(task.containers, self._containers)))
        now = store.now()
        self._update(lambda task: replace(task, status="DEPROVISIONING", execution_stopped=now))
        if self._abandoned:
            return
        if self._containers is not None:
            self._containers.remove()
        self._detach()
        with store.change():
            self._update(lambda task: _stopped(task, stop, store.now()))
            self._tell_service(stop)

    def _detach(self) -> None:
        interface = self._task.attachment.interface
        try:
            if interface:
                self._needs.network.delete(interface)
        except AwsError as error:
            # The task ends all the same; the next start removes what is left.
            log.warning("the interface %s of task %s was not removed: %s", interface, self._id, error)

    def _tell_service(self, stop: Stop | None) -> None:
        task = self._task
        if not task.service or task.stop_code not in _FAILURES:
            return
        store, now = self._needs.store, self._needs.store.now()
        key = f"{task.cluster}/{task.service}"
        lived = task.stopping - task.started if task.started else 0.0

        def told(service: EcsService) -> EcsService:
            if stop is not None and stop.code is StopCode.FAILED_TO_START and service.status == "ACTIVE":
                event = exits.unable_to_place(service.name, stop).removeprefix(f"(service {service.name}) ")
                service = scheduler.said(service, now, event)
            return scheduler.failed(service, task, now, lived)

        store.update_service(key, told)

    def _say_delay(self, delay: Delay) -> None:
        task = self._task
        if not task.service or delay.seconds is None:
            return
        words = say("service.told_at_once", task=task.id, delay=delay.words)
        store = self._needs.store
        store.update_service(
            f"{task.cluster}/{task.service}", lambda service: scheduler.said(service, store.now(), words)
        )


def _no_interface(subnet: str, public: bool, error: AwsError) -> Stop:
    if error.code == _NO_ADDRESS:
        text = TEXTS["eni.no_address_public" if public else "eni.no_address"]
    else:
        text = TEXTS["eni.gone"]
    return Stop(text.id, StopCode.FAILED_TO_START, text.render({"subnet": subnet, "detail": error.code}), text.mark)


def _begun(shown: tuple[Container, ...], containers: Containers) -> tuple[Container, ...]:
    return tuple(
        replace(
            each,
            status="RUNNING",
            runtime_id=containers.live[each.name].running.runtime_id,
            digest=containers.images[each.name].digest,
        )
        if each.name in containers.live and each.status == "PENDING"
        else each
        for each in shown
    )


def _ended(shown: tuple[Container, ...], containers: Containers | None) -> tuple[Container, ...]:
    ends = containers.ends if containers is not None else {}
    made = []
    for each in shown:
        end = ends.get(each.name)
        if end is None or each.exit_code is not None:
            made.append(each)
            continue
        told = exits.ContainerExit(end.exit_code, end.out_of_memory).end
        made.append(replace(each, status="STOPPED", exit_code=told.exit_code, reason=told.reason))
    return tuple(made)


def _overall(health: list[str]) -> str:
    if "UNHEALTHY" in health:
        return "UNHEALTHY"
    return "HEALTHY" if all(each == "HEALTHY" for each in health) else "UNKNOWN"


def _stopping(task: Task, stop: Stop | None, now: float) -> Task:
    if stop is not None and task.desired != "STOPPED":
        task = replace(task, stop_code=stop.code.value, stopped_reason=stop.reason)
    status = "STOPPING" if task.status == "RUNNING" else "DEPROVISIONING"
    return replace(task, desired="STOPPED", status=status, stopping=task.stopping or now)


def _stopped(task: Task, stop: Stop | None, now: float) -> Task:
    ends = stop.containers if stop is not None else {}
    shown = []
    for each in task.containers:
        told = ends.get(each.name)
        if told is not None and each.exit_code is None:
            each = replace(each, exit_code=told.exit_code, reason=told.reason)
        shown.append(replace(each, status="STOPPED"))
    return replace(
        task,
        status="STOPPED",
        stopped=now,
        containers=tuple(shown),
        attachment=replace(task.attachment, status="DELETED"),
    )
