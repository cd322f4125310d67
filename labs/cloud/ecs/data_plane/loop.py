"""The loop: gives every new task its life, keeps services' counts, and forgets what stopped long ago."""

import logging
import threading
from dataclasses import replace

from labs.cloud.ecs.data_plane.life import TaskDependencies, TaskLife
from labs.cloud.ecs.rules import scheduler
from labs.cloud.ecs.rules.event_texts import say
from labs.cloud.ecs.rules.new_tasks import new_task, to_stop
from labs.cloud.ecs.store.records import EcsService, Record, Task

log = logging.getLogger("labs.cloud")

# Stopped tasks stay visible for an hour (ECS Developer Guide, "Viewing stopped task errors").
KEPT_S = 3600.0
# What a laptop bears: so many tasks start at once, so many are there. More wait in PROVISIONING.
STARTING, LIVING = 4, 100
_IDLE_S = 30.0
_INTERRUPTED = "The local AWS was stopped while this task was there. (simulated wording)"


class Loop:
    """``start`` it once the server answers; ``close`` it before the stores."""

    def __init__(self, needs: TaskDependencies) -> None:
        self._needs = needs
        self._lives: dict[str, TaskLife] = {}
        self._slots = threading.Semaphore(STARTING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecs-loop", daemon=True)

    def recover(self) -> None:
        """Write down the end of the tasks whose process died with the local AWS; their interfaces go."""
        store = self._needs.store
        left = [each for each in list(store.tasks.values()) if not each.is_over]
        with store.change():
            store.save(*(_interrupted(each, store.now()) for each in left))
        # Also those made in the moment before their task was written down.
        for interface in self._needs.network.of_tasks():
            self._needs.network.delete(interface)

    def start(self) -> None:
        """Begin."""
        self._needs.delivery.start()
        self._thread.start()

    def _run(self) -> None:
        store = self._needs.store
        self._needs.engines.sweep()
        while not self._closing.is_set():
            seen = store.version
            try:
                again = self._tick()
            except Exception as error:
                log.exception("the ECS loop failed: %s", type(error).__name__)
                again = store.now() + 1
            wait = min(_IDLE_S, max(0.02, again - store.now())) if again else _IDLE_S
            with store.changed:
                if store.version == seen and not self._closing.is_set():
                    store.changed.wait(wait)

    def _tick(self) -> float:
        """One look at everything; when to look again, 0 for when something changes."""
        store = self._needs.store
        now = store.now()
        soonest = 0.0
        for key, service in list(store.services.items()):
            if service.status == "INACTIVE":
                continue
            again = self._round(key)
            soonest = min(again, soonest) if again and soonest else again or soonest
        for task in list(store.tasks.values()):
            if task.is_over:
                self._lives.pop(task.id, None)
                if now - task.stopped > KEPT_S:
                    with store.change():
                        store.forget(task)
                continue
            life = self._lives.get(task.id)
            if life is not None:
                if task.desired == "STOPPED":
                    life.wake()
            elif len(self._lives) < LIVING:
                self._lives[task.id] = TaskLife(self._needs, task, self._slots)
                self._lives[task.id].start()
        return soonest

    def _round(self, key: str) -> float:
        """One service's next step, all of it written at once."""
        store = self._needs.store
        with store.lock:
            service = store.services[key]
            tasks = store.tasks_of(service)
            step = scheduler.next_round(service, tasks, store.now())
            changed = step.service
            new = [self._task(changed, tasks, number) for number in range(step.start)]
            if new:
                named = " ".join(f"(task {each.id})" for each in new)
                changed = scheduler.said(changed, store.now(), say("service.started", count=len(new), tasks=named))
            by_id = {each.id: each for each in tasks}
            records: list[Record] = [*new]
            for stop in step.stops:
                task = by_id[stop.task]
                records.append(to_stop(task, "ServiceSchedulerInitiated", stop.reason, store))
            if changed is not service:
                records.append(changed)
            if records:
                with store.change():
                    store.save(*records)
        return step.again

    def _task(self, service: EcsService, tasks: list[Task], number: int) -> Task:
        """A new task of the primary deployment, in the subnet that has the fewest."""
        store, deployment = self._needs.store, service.primary
        definition = store.definitions[deployment.definition.rsplit("/", 1)[-1]]
        known = self._needs.network.subnets()
        wanted = list(deployment.network["awsvpcConfiguration"]["subnets"])
        taken = [each.attachment.subnet for each in tasks if each.desired == "RUNNING"]
        # Those of this round stand in turn behind the ones that are there.
        order = sorted(wanted, key=lambda each: (taken.count(each), wanted.index(each)))
        subnet = order[number % len(order)]
        made = new_task(
            store=store,
            cluster=service.cluster,
            definition=definition,
            network=deployment.network,
            subnet=subnet,
            known=known,
        )
        strategy = deployment.launch.get("capacityProviderStrategy")
        provider = {"capacityProviderName": strategy[0]["capacityProvider"]} if strategy else {}
        return replace(
            made,
            group=f"service:{service.name}",
            started_by=deployment.id,
            service=service.name,
            deployment=deployment.id,
            launch={**made.launch, **provider},
            platform_version=deployment.platform_version,
            tags=_tags(service, dict(definition.tags)),
        )

    def close(self) -> None:
        """End everything that runs; what the tasks were stays written, and ``recover`` ends them next time."""
        self._closing.set()
        with self._needs.store.changed:
            self._needs.store.changed.notify_all()
        lives = list(self._lives.values())
        for life in lives:
            life.abandon()
        if self._thread.is_alive():
            self._thread.join(5)
        self._needs.engines.close()
        for life in lives:
            life.join(1)
        self._needs.delivery.close()


def _interrupted(task: Task, now: float) -> Task:
    told = task.desired == "STOPPED"
    containers = tuple(
        replace(each, status="STOPPED", exit_code=137 if each.status == "RUNNING" else each.exit_code)
        for each in task.containers
    )
    return replace(
        task,
        desired="STOPPED",
        status="STOPPED",
        stopping=task.stopping or now,
        execution_stopped=task.execution_stopped or now,
        stopped=now,
        containers=containers,
        attachment=replace(task.attachment, status="DELETED"),
        version=task.version + 1,
        stop_code=task.stop_code if told else "TerminationNotice",
        stopped_reason=task.stopped_reason if told else _INTERRUPTED,
    )


def _tags(service: EcsService, of_definition: dict[str, str]) -> dict[str, str]:
    propagated = {"TASK_DEFINITION": of_definition, "SERVICE": dict(service.tags)}
    tags = propagated.get(str(service.given.get("propagateTags")), {})
    if service.given.get("enableECSManagedTags"):
        tags = {**tags, "aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
    return tags
