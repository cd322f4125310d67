"""The oracle of stops reads AWS's own words, step and reason; what only looks like the stop is told apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from labs.aws_texts import Wording
from labs.fargate.steps import StepName
from labs.verdict.stops import StopOutcome, StopStep, StopTrouble, StopWords, TaskRun, expect_stop, read_stop
from tests.fargate.causes import ROWS, Cause
from tests.fargate.course import Course

SINCE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUBNETS = ("subnet-1", "subnet-2")
LAYERS = (
    "CannotPullContainerError: The task cannot pull x/y:1 from the registry x/y:1. There is a connection issue between "
    "the task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: failed open: "
    "failed to do request: Get x/y:1: dial tcp 52.219.41.3:443: i/o timeout"
)
AUTH = (
    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from "
    "Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration."
)
STOPPED = TaskRun(
    "a" * 32, SINCE + timedelta(minutes=1), "STOPPED", "lab-trial:1", "subnet-1", "TaskFailedToStart", LAYERS
)

# Where the start model stops, in the words of the oracle.
STEPS = {
    StepName.AUTH: StopStep.REGISTRY_AUTH,
    StepName.SECRETS: StopStep.SECRETS,
    StepName.MANIFEST: StopStep.MANIFEST,
    StepName.PLATFORM: StopStep.PLATFORM,
    StepName.LAYERS: StopStep.LAYERS,
    StepName.LOGS: StopStep.LOGS,
}
TROUBLES = {
    "unreachable": StopTrouble.NETWORK,
    "denied": StopTrouble.DENIED,
    "bucket_denied": StopTrouble.DENIED,
    "group_denied": StopTrouble.DENIED,
    "kms_denied": StopTrouble.DENIED,
    "missing": StopTrouble.ABSENT,
    "no_group": StopTrouble.ABSENT,
    "no_tag": StopTrouble.ABSENT,
    "no_repository": StopTrouble.ABSENT,
}
STARTS = [cause for cause in ROWS if cause.step in STEPS]


def judge(*tasks: TaskRun, step: StopStep = StopStep.LAYERS, trouble: StopTrouble = StopTrouble.NETWORK) -> StopOutcome:
    return expect_stop(step, trouble, SINCE, tasks, family="lab-trial", subnets=SUBNETS).outcome


@pytest.mark.parametrize("wording", [Wording.NEWER, Wording.OLDER], ids=lambda each: each.name.lower())
@pytest.mark.parametrize("cause", STARTS, ids=lambda each: each.name)
def test_what_the_start_model_says_is_read_as_its_step_and_trouble(cause: Cause, wording: Wording) -> None:
    course = Course()
    cause.break_it(course)
    read = read_stop(course.plan(wording=wording).outcome.stop.reason)
    assert read.step is STEPS[cause.step]
    wanted = TROUBLES.get(cause.text_id.partition(".")[2])
    if wanted is not None:
        assert read.trouble is wanted


def test_words_that_nobody_has_seen_are_unknown() -> None:
    assert read_stop("The moon is full.") == StopWords(StopStep.UNKNOWN, StopTrouble.OTHER)
    assert read_stop("") == StopWords(StopStep.UNKNOWN, StopTrouble.OTHER)


def test_the_right_step_and_reason_is_the_intended_stop() -> None:
    assert judge(STOPPED) is StopOutcome.INTENDED


def test_no_task_is_no_task() -> None:
    assert judge() is StopOutcome.NO_TASK


def test_a_task_from_before_the_stage_began_does_not_count() -> None:
    assert judge(replace(STOPPED, created=SINCE - timedelta(seconds=1))) is StopOutcome.NO_TASK


def test_another_step_is_another_step() -> None:
    assert judge(replace(STOPPED, reason=AUTH)) is StopOutcome.OTHER_STEP


def test_a_refusal_at_the_right_step_is_another_reason() -> None:
    refused = LAYERS.partition("There is a connection")[0] + (
        "failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://x: 403 Forbidden"
    )
    assert judge(replace(STOPPED, reason=refused)) is StopOutcome.OTHER_REASON


def test_a_task_that_runs_or_ran_shows_nothing() -> None:
    running = replace(STOPPED, status="RUNNING", started=True, reason="", stop_code="")
    assert judge(running) is StopOutcome.IT_RAN
    assert judge(replace(STOPPED, started=True, reason="Essential container in task exited")) is StopOutcome.IT_RAN


def test_a_task_that_had_started_does_not_count_even_with_the_right_words() -> None:
    assert judge(replace(STOPPED, started=True)) is StopOutcome.IT_RAN


@pytest.mark.parametrize("status", ["PROVISIONING", "PENDING", "DEPROVISIONING"])
def test_a_task_on_its_way_is_pending(status: str) -> None:
    assert judge(replace(STOPPED, status=status, reason="", subnet="")) is StopOutcome.PENDING


def test_another_definition_or_subnet_is_another_task() -> None:
    assert judge(replace(STOPPED, definition="lab-trial-2:1")) is StopOutcome.OTHER_TASK
    assert judge(replace(STOPPED, subnet="subnet-9")) is StopOutcome.OTHER_TASK


def test_the_intended_stop_stays_seen_after_a_later_run() -> None:
    later = replace(STOPPED, created=SINCE + timedelta(hours=1), status="RUNNING", started=True, reason="")
    assert judge(STOPPED, later) is StopOutcome.INTENDED


def test_of_two_other_ends_the_later_one_counts_in_any_order() -> None:
    earlier = replace(STOPPED, reason=AUTH)
    later = replace(STOPPED, created=SINCE + timedelta(hours=1), status="RUNNING", started=True, reason="")
    assert judge(earlier, later) is judge(later, earlier) is StopOutcome.IT_RAN


def test_a_strangers_task_beside_ours_does_not_hide_it() -> None:
    stranger = replace(STOPPED, created=SINCE + timedelta(hours=1), definition="other:1")
    assert judge(STOPPED, stranger) is StopOutcome.INTENDED


def test_the_finding_carries_the_task_and_its_words() -> None:
    finding = expect_stop(StopStep.LAYERS, StopTrouble.NETWORK, SINCE, [STOPPED], family="lab-trial", subnets=SUBNETS)
    assert finding.task == STOPPED
    assert finding.words == StopWords(StopStep.LAYERS, StopTrouble.NETWORK)


@pytest.mark.parametrize("length", [120, 200, 255])
@pytest.mark.parametrize("reason", [AUTH, LAYERS])
def test_a_reason_that_fargate_cut_off_still_names_its_step(reason: str, length: int) -> None:
    """Fargate 1.4 truncates long messages; what tells the step stands early."""
    cut = read_stop(reason[:length])
    assert cut.step in (read_stop(reason).step, StopStep.MANIFEST)
