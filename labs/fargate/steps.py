"""The values of a start: checks, steps, stops and the outcome."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from labs import iam, network
from labs.aws_texts import Mark
from labs.fargate.task import TaskSpec


class StepName(enum.Enum):
    """The steps of a start in AWS's order; the values are their names for people."""

    ROLES = "roles"
    ENI = "network interface"
    AUTH = "registry authorisation"
    SECRETS = "secrets"
    MANIFEST = "image manifest"
    PLATFORM = "CPU architecture"
    LAYERS = "image layers"
    LOGS = "log stream"
    START = "container start"


class StepVerdict(enum.Enum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    NOT_REACHED = "not reached"
    CANNOT_CHECK = "cannot check"


class CheckKind(enum.Enum):
    """What a check asked."""

    NETWORK = "network"
    PERMISSION = "permission"
    EXISTENCE = "existence"
    CONTENT = "content"


class StopCode(enum.Enum):
    """``stopCode`` of a stopped task. Source: the service model of ECS, TaskStopCode; a start gives the first two."""

    FAILED_TO_START = "TaskFailedToStart"
    ESSENTIAL_EXITED = "EssentialContainerExited"
    USER = "UserInitiated"
    SCHEDULER = "ServiceSchedulerInitiated"
    SPOT = "SpotInterruption"
    NOTICE = "TerminationNotice"
    INFRASTRUCTURE = "InfrastructureHealth"


@dataclass(frozen=True)
class ContainerEnd:
    """What DescribeTasks says of one container. ``last_line``: the last line in its log, "" for none."""

    exit_code: int | None = None
    reason: str = ""
    last_line: str = ""


@dataclass(frozen=True)
class Stop:
    """Why a task stopped, in AWS's words: ``stopCode``, ``stoppedReason``, and each container's own end.

    ``text_id`` and ``mark`` say which text it is and on what evidence.
    """

    text_id: str
    code: StopCode
    reason: str
    mark: Mark
    containers: Mapping[str, ContainerEnd] = field(default_factory=dict)


@dataclass(frozen=True)
class Delay:
    """How long AWS takes to say so. ``seconds`` None: never measured, as far as we know."""

    seconds: int | None
    words: str


NOT_MEASURED = Delay(None, "not measured on AWS")


@dataclass(frozen=True)
class Check:
    """One question of a step. ``about`` names what was asked, ``found`` the answer, ``fix`` the one change to make.

    ``path`` or ``decision`` is the evidence of a network or permission check; ``stop`` is set when it failed.
    """

    kind: CheckKind
    verdict: StepVerdict
    about: str
    found: str
    fix: str = ""
    path: network.Path | None = None
    decision: iam.Decision | None = None
    stop: Stop | None = None
    rule: str = ""


@dataclass(frozen=True)
class Step:
    """One step with its checks in order. No checks: the task does not need it, or it was not reached."""

    name: StepName
    verdict: StepVerdict
    checks: tuple[Check, ...] = ()
    delay: Delay | None = None

    @classmethod
    def of(cls, name: StepName, checks: tuple[Check, ...]) -> Step:
        """The verdict from the checks: the first failure decides, then what could not be checked or asked."""
        verdicts = [check.verdict for check in checks]
        for worst in (StepVerdict.FAILED, StepVerdict.CANNOT_CHECK, StepVerdict.NOT_REACHED):
            if worst in verdicts:
                return cls(name, worst, checks, NOT_MEASURED if worst is StepVerdict.FAILED else None)
        return cls(name, StepVerdict.DONE, checks)

    @property
    def failed(self) -> Check | None:
        """The check that stops the task, None when none does."""
        return next((check for check in self.checks if check.verdict is StepVerdict.FAILED), None)


class OutcomeKind(enum.Enum):
    """How the start ends."""

    RUNNING = "running"
    STOPPED = "stopped"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class StartOutcome:
    """Where the start ends. ``step`` and ``stop`` are None when it runs.

    REFUSED: RunTask answers the reason as a ClientException; a service says it in an event. UNKNOWN: nothing fails, but
    a step could not be checked.
    """

    kind: OutcomeKind
    step: StepName | None = None
    stop: Stop | None = None


@dataclass(frozen=True)
class StartPlan:
    """A start, step by step, in AWS's order."""

    task: TaskSpec
    steps: tuple[Step, ...]
    outcome: StartOutcome

    def step(self, name: StepName) -> Step:
        """One step by name."""
        return next(step for step in self.steps if step.name is name)

    def endpoint_to(self, host: str) -> network.Endpoint | None:
        """The VPC endpoint on the way to a host that the start has to reach; None when there is none."""
        paths = (check.path for step in self.steps for check in step.checks)
        return next((path.endpoint for path in paths if path is not None and path.destination.host == host), None)
