"""A start from RunTask to RUNNING: the steps in AWS's order, and where they end.

Order: the roles are assumed, the network interface is made, ECR's API authorises, the secrets come, then the manifest,
the CPU architecture, the layers, the log streams, and the containers start. From platform version 1.4.0 all of it goes
through the task's own interface (ECS Developer Guide, platform-version-migration).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from labs import network, partitions
from labs.aws_texts import Wording
from labs.fargate import logs as log_step
from labs.fargate import pull
from labs.fargate import secrets as secret_step
from labs.fargate.image import RegistryKind
from labs.fargate.interface import interface, roles
from labs.fargate.layer_download import layer_host
from labs.fargate.questions import Asking
from labs.fargate.route import Router
from labs.fargate.sources import Logs, Permissions, Registry, Secrets
from labs.fargate.steps import (
    Check,
    CheckKind,
    Delay,
    OutcomeKind,
    StartOutcome,
    StartPlan,
    Step,
    StepName,
    StepVerdict,
)
from labs.fargate.task import TaskSpec

# Measured once on AWS, in the field: a security group without egress, from PENDING to STOPPED.
_AUTH_DELAY = Delay(289, "4 min 49 s, measured once on AWS for a task without a path to ECR")


@dataclass(frozen=True)
class Sources:
    """Everything a start reads."""

    snapshot: network.Snapshot
    permissions: Permissions
    registry: Registry
    secrets: Secrets
    logs: Logs


def plan(
    task: TaskSpec,
    snapshot: network.Snapshot,
    permissions: Permissions,
    registry: Registry,
    secrets: Secrets,
    logs: Logs,
    *,
    wording: Wording = Wording.NEWER,
) -> StartPlan:
    """The start as AWS would do it: it ends at the first step that fails, and the rest is not reached."""
    sources = Sources(snapshot, permissions, registry, secrets, logs)
    return _plan(task, _until_failed(_steps(task, sources, wording)))


def survey(task: TaskSpec, sources: Sources, *, wording: Wording = Wording.NEWER) -> StartPlan:
    """The same, with every step asked, also those behind a failure: what a diagnosis wants to know."""
    return _plan(task, _steps(task, sources, wording))


def survey_subnets(task: TaskSpec, sources: Sources, *, wording: Wording = Wording.NEWER) -> StartPlan:
    """The survey of a task not yet placed: of its subnets the first where it would not run, else the first.

    Which subnet a start gets is Fargate's choice, so every one of them must do.
    """
    surveys = [survey(each, sources, wording=wording) for each in task.in_each_subnet()]
    bad = (OutcomeKind.STOPPED, OutcomeKind.REFUSED, OutcomeKind.UNKNOWN)
    worst = (each for kind in bad for each in surveys if each.outcome.kind is kind)
    return next(worst, surveys[0] if surveys else survey(task, sources, wording=wording))


def _steps(task: TaskSpec, sources: Sources, wording: Wording) -> Iterator[Step]:
    """Each step is asked when it is taken from here, not before."""
    asking = Asking(task, Router.of(task, sources.snapshot), sources.permissions, wording)
    registry = sources.registry
    asked: tuple[tuple[StepName, Callable[[], Iterable[Check]]], ...] = (
        (StepName.ROLES, lambda: roles(asking)),
        (StepName.ENI, lambda: interface(asking)),
        (StepName.AUTH, lambda: pull.authorisation(asking)),
        (StepName.SECRETS, lambda: secret_step.checks(asking, sources.secrets)),
        (StepName.MANIFEST, lambda: pull.manifest(asking, registry)),
        (StepName.PLATFORM, lambda: pull.platform(asking, registry)),
        (StepName.LAYERS, lambda: pull.layers(asking, registry)),
        (StepName.LOGS, lambda: log_step.checks(asking, sources.logs)),
        (StepName.START, lambda: pull.start(asking, registry)),
    )
    for name, ask in asked:
        step = Step.of(name, tuple(ask()))
        failed = step.failed
        if name is StepName.AUTH and failed is not None and failed.kind is CheckKind.NETWORK:
            step = replace(step, delay=_AUTH_DELAY)
        yield step


def _until_failed(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if step.verdict is StepVerdict.FAILED:
            return


def _plan(task: TaskSpec, steps: Iterable[Step]) -> StartPlan:
    taken = tuple(steps)
    rest = tuple(Step(name, StepVerdict.NOT_REACHED) for name in tuple(StepName)[len(taken) :])
    return StartPlan(task, taken + rest, _outcome(taken))


def _outcome(steps: tuple[Step, ...]) -> StartOutcome:
    for step in steps:
        if step.failed is not None:
            kind = OutcomeKind.REFUSED if step.name is StepName.ROLES else OutcomeKind.STOPPED
            return StartOutcome(kind, step.name, step.failed.stop)
    if any(step.verdict is StepVerdict.CANNOT_CHECK for step in steps):
        return StartOutcome(OutcomeKind.UNKNOWN)
    return StartOutcome(OutcomeKind.RUNNING)


def hosts(task: TaskSpec) -> tuple[str, ...]:
    """The host names the start will call on port 443, in order, each once: what a picture of the paths shows."""
    found: dict[str, None] = {}
    ecr = [c.image for c in task.containers if c.image.kind is RegistryKind.ECR]
    for image in ecr:
        found[partitions.host("api.ecr", image.region)] = None
    for container in task.containers:
        for secret in container.secrets:
            found[partitions.host(secret.service, secret.region)] = None
    for container in task.containers:
        found[container.image.host] = None
    for image in ecr:
        found[layer_host(image.region)] = None
    for container in task.containers:
        if container.log is not None and container.log.is_awslogs and container.log.region:
            found[partitions.host("logs", container.log.region)] = None
    return tuple(found)
