"""The experiments of stage 04: each runs the trial task once more, and all but the last are meant to stop.

A label is the task's ``startedBy``. What is asserted of each is the step at which it stopped, and why.
"""

from collections.abc import Callable
from dataclasses import dataclass

from labs.stages.private_subnet import trial
from labs.stages.private_subnet.subject import VpcSubject
from labs.verdict import Verdict
from labs.verdict.stops import StopFinding, StopOutcome, StopStep, StopTrouble, TaskRun, expect_stop

BARE, TALK, GATEWAY, OPEN = "bare", "talk", "gateway", "open"


@dataclass(frozen=True)
class Experiment:
    """One run: its label, what stands in the VPC by then, and the step at which the network must be silent."""

    label: str
    setting: str
    step: StopStep


EXPERIMENTS = (
    Experiment(BARE, "no endpoint", StopStep.REGISTRY_AUTH),
    Experiment(TALK, "the talk's four endpoints", StopStep.LAYERS),
    Experiment(GATEWAY, "the gateway endpoint as well", StopStep.LOGS),
)
BY_LABEL = {each.label: each for each in EXPERIMENTS}


def stop_gate(label: str) -> Callable[[VpcSubject], Verdict | None]:
    """The gate that asks whether an experiment stopped as it should."""
    experiment = BY_LABEL[label]

    def ask(subject: VpcSubject) -> Verdict | None:
        finding = find(subject, experiment)
        if finding.outcome is StopOutcome.INTENDED:
            return None
        return _verdict(subject, experiment, finding)

    return ask


def find(subject: VpcSubject, experiment: Experiment) -> StopFinding:
    """What the tasks of an experiment show."""
    return expect_stop(
        experiment.step,
        StopTrouble.NETWORK,
        subject.since,
        subject.runs(experiment.label),
        family=trial.family(subject.bench),
        subnets=subject.vpc.subnet_ids,
    )


def _verdict(subject: VpcSubject, experiment: Experiment, finding: StopFinding) -> Verdict:
    label, wanted, task = experiment.label, experiment.step.value, finding.task
    if task is None or finding.words is None:
        return subject.say("private.not_run", label=label, setting=experiment.setting)
    if finding.outcome is StopOutcome.PENDING:
        return subject.say("private.pending", label=label, task=short(task), status=task.status)
    if finding.outcome is StopOutcome.IT_RAN:
        return subject.say("private.it_ran", label=label, wanted=wanted, task=short(task), setting=experiment.setting)
    if finding.outcome is StopOutcome.OTHER_TASK:
        return _other_task(subject, label, task)
    values = {"label": label, "wanted": wanted, "reason": cut(task.reason)}
    if finding.outcome is StopOutcome.OTHER_STEP:
        return subject.say("private.other_step", step=finding.words.step.value, **values)
    return subject.say("private.other_reason", trouble=finding.words.trouble.value, **values)


def _other_task(subject: VpcSubject, label: str, task: TaskRun) -> Verdict:
    family = trial.family(subject.bench)
    if task.definition.partition(":")[0] != family:
        return subject.say("private.other_definition", label=label, family=family, found=task.definition)
    return subject.say("private.other_subnet", label=label, subnet=task.subnet, vpc=subject.vpc.id)


def short(task: TaskRun) -> str:
    """A task's id as people read it."""
    return task.task_id[:8]


def cut(reason: str, length: int = 200) -> str:
    """The beginning of a reason: it tells the step."""
    words = " ".join(reason.split())
    return words if len(words) <= length else f"{words[:length].rsplit(' ', 1)[0]} ..."
