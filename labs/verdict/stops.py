"""The oracle of expected stops: did *that* task stop at *that* step, and for *that* reason?

A task that does not start proves little by itself: a typo stops one too. ``read_stop`` reads AWS's words,
``expect_stop`` judges the tasks of one experiment by them. The forms are those of docs/fidelity-ecs.md,
the newer and the older ones. Pure: tasks as plain values in, a finding out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class StopStep(Enum):
    """What a start needs, in AWS's order; the value is how a message names it."""

    REGISTRY_AUTH = "asking Amazon ECR for the registry's password"
    SECRETS = "fetching the secrets"
    MANIFEST = "reading the image's manifest"
    PLATFORM = "choosing the image for the platform"
    LAYERS = "downloading the image's layers"
    LOGS = "opening the log stream"
    CONTAINER = "running the container"
    UNKNOWN = "a step that its reason does not name"


class StopTrouble(Enum):
    """Why it stopped there."""

    NETWORK = "no answer from the network"
    DENIED = "not allowed"
    ABSENT = "something is not there"
    OTHER = "another reason"


@dataclass(frozen=True)
class StopWords:
    """A stopped reason, read: the step it is about and the kind of trouble."""

    step: StopStep
    trouble: StopTrouble


# The first that fits decides. Fargate cuts long reasons off at the end, so the telling words are early ones.
_STEPS = (
    ("failed to validate logger args", StopStep.LOGS),
    ("failed to initialize logging driver", StopStep.LOGS),
    ("cannot pull registry auth from Amazon ECR", StopStep.REGISTRY_AUTH),
    ("unable to retrieve ecr registry auth", StopStep.REGISTRY_AUTH),
    ("unable to get registry auth from asm", StopStep.SECRETS),
    ("unable to retrieve secret", StopStep.SECRETS),
    ("cannot pull secrets from AWS Systems Manager", StopStep.SECRETS),
    ("failed to fetch secret", StopStep.SECRETS),
    ("does not contain descriptor matching platform", StopStep.PLATFORM),
    ("httpReadSeeker", StopStep.LAYERS),
    ("httpReaderSeeker", StopStep.LAYERS),
    ("failed to copy", StopStep.LAYERS),
    ("ref pull has been retried", StopStep.LAYERS),
    ("CannotPullContainerError", StopStep.MANIFEST),
    ("Essential container in task exited", StopStep.CONTAINER),
    ("OutOfMemoryError", StopStep.CONTAINER),
    ("CannotStartContainerError", StopStep.CONTAINER),
)
_TROUBLES = (
    (
        StopTrouble.DENIED,
        ("AccessDenied", "not authorized to perform", "403 Forbidden", "Access to KMS is not allowed"),
    ),
    (
        StopTrouble.ABSENT,
        ("ResourceNotFoundException", "does not exist", "not found", "can't find", "invalid ssm parameters"),
    ),
    (
        StopTrouble.NETWORK,
        (
            "There is a connection issue",
            "i/o timeout",
            "context deadline exceeded",
            "request canceled while waiting for connection",
            "send request failed",
            "no such host",
            "signal: killed",
        ),
    ),
)


def read_stop(reason: str) -> StopWords:
    """The step and the trouble in a stopped reason; UNKNOWN and OTHER where the words do not say."""
    step = next((step for words, step in _STEPS if words in reason), StopStep.UNKNOWN)
    trouble = next((kind for kind, forms in _TROUBLES if any(words in reason for words in forms)), StopTrouble.OTHER)
    return StopWords(step, trouble)


@dataclass(frozen=True)
class TaskRun:
    """One task of an experiment, as ECS describes it.

    ``task_id`` is the last part of its ARN; ``definition`` its family and revision, ``app:3``; ``subnet`` where its
    network interface stands; ``status`` ECS's ``lastStatus``; ``started`` whether its containers ever ran, ``ended``
    when it had stopped.
    ``platform`` is the CPU architecture that ECS gave it, ``digest`` that of its image; ``interface`` and ``address``
    those of its network interface.
    """

    task_id: str
    created: datetime
    status: str
    definition: str = ""
    subnet: str = ""
    stop_code: str = ""
    reason: str = ""
    started: bool = False
    ended: datetime | None = None
    interface: str = ""
    address: str = ""
    platform: str = ""
    digest: str = ""

    @property
    def stopped(self) -> bool:
        return self.status == "STOPPED"


class StopOutcome(Enum):
    """What the tasks of an experiment show."""

    INTENDED = "a task stopped at the expected step for the expected reason"
    NO_TASK = "there was no such task"
    PENDING = "the task has neither stopped nor started yet"
    IT_RAN = "the task ran"
    OTHER_TASK = "it was another task: another definition, or elsewhere"
    OTHER_STEP = "it stopped at another step"
    OTHER_REASON = "it stopped at the expected step for another reason"


@dataclass(frozen=True)
class StopFinding:
    """The outcome, and the task that decided it with its words; both are None where there was no task."""

    outcome: StopOutcome
    task: TaskRun | None = None
    words: StopWords | None = None


def expect_stop(
    step: StopStep,
    trouble: StopTrouble,
    since: datetime,
    tasks: Sequence[TaskRun],
    *,
    family: str,
    subnets: Sequence[str],
) -> StopFinding:
    """Judge whether one of ``tasks`` stopped at ``step`` because of ``trouble``.

    ``tasks`` are those of the experiment; only those of the task definition ``family`` in one of ``subnets``, created
    since a moment, count. The intended stop wins over later attempts: it has been seen. Otherwise the latest counts.
    """
    recent = sorted((task for task in tasks if task.created >= since), key=lambda task: task.created)
    ours = [task for task in recent if _is_ours(task, family, subnets)]
    for task in reversed(ours):
        if task.stopped and not task.started and read_stop(task.reason) == StopWords(step, trouble):
            return StopFinding(StopOutcome.INTENDED, task, read_stop(task.reason))
    if not recent:
        return StopFinding(StopOutcome.NO_TASK)
    last = recent[-1]
    if not ours:
        return StopFinding(StopOutcome.OTHER_TASK, last, read_stop(last.reason))
    last = ours[-1]
    words = read_stop(last.reason)
    if last.started or last.status == "RUNNING":
        return StopFinding(StopOutcome.IT_RAN, last, words)
    if not last.stopped:
        return StopFinding(StopOutcome.PENDING, last, words)
    return StopFinding(StopOutcome.OTHER_STEP if words.step is not step else StopOutcome.OTHER_REASON, last, words)


def _is_ours(task: TaskRun, family: str, subnets: Sequence[str]) -> bool:
    # ECS gives a task its network interface a moment after it was made: without one it is not elsewhere.
    return task.definition.partition(":")[0] == family and (not task.subnet or task.subnet in subnets)
