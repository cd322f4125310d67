"""A start from the working course, and with one thing broken: the step, AWS's words, the diagnosis' first cause."""

import json
from dataclasses import replace

import pytest

from labs.aws_texts import Wording
from labs.fargate.diagnosis import FindingStatus, Told, diagnose
from labs.fargate.exec_checks import ExecSettings, exec_checks
from labs.fargate.plan import hosts, survey_subnets
from labs.fargate.refusals import refusal
from labs.fargate.sources import ImageFound, Missing
from labs.fargate.steps import ContainerEnd, OutcomeKind, StepName, StepVerdict, StopCode
from labs.fargate.texts import TEXTS
from tests.fargate.causes import HARMLESS, ROWS
from tests.fargate.course import AMD64, ARM64, IMAGE, REGION, SINGLE, TASK_ID, Course, descriptor, missing

NAMES = [cause.name for cause in ROWS]


def broken(cause):
    course = Course()
    cause.break_it(course)
    return course


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.__name__)
def test_the_task_runs_though(change):
    course = Course()
    change(course)
    plan = course.plan()
    assert [step.failed for step in plan.steps if step.failed] == []
    assert plan.outcome.kind is OutcomeKind.RUNNING
    assert all(step.verdict is StepVerdict.DONE for step in plan.steps)


@pytest.mark.parametrize("cause", ROWS, ids=NAMES)
def test_the_start_stops_at_the_step_with_the_text_of(cause):
    plan = broken(cause).plan()
    stop = plan.outcome.stop
    assert stop is not None
    assert (plan.outcome.step, stop.text_id) == (cause.step, cause.text_id)
    after = tuple(StepName)[tuple(StepName).index(cause.step) + 1 :]
    assert all(plan.step(name).verdict is StepVerdict.NOT_REACHED for name in after)
    assert all(step.delay is None for step in plan.steps if step.name is not cause.step)
    assert plan.step(cause.step).delay is not None


@pytest.mark.parametrize("cause", ROWS, ids=NAMES)
def test_the_diagnosis_names_first(cause):
    course = broken(cause)
    stop = course.plan().outcome.stop
    for reason in ("", stop.reason):
        diagnosis = diagnose(course.survey(), Told(reason))
        first = diagnosis.first
        assert first is not None
        assert (first.status, first.step) == (FindingStatus.FAIL, cause.step.value)
        assert cause.first in " ".join((first.cause, first.next_action, *first.evidence))
        assert first.next_action
        assert diagnosis.next_action == first.next_action
        assert diagnosis.explains is (None if not reason else True)


@pytest.mark.parametrize("cause", ROWS, ids=NAMES)
def test_the_older_wording_has_the_same_cause(cause):
    newer, older = broken(cause).plan().outcome, broken(cause).plan(wording=Wording.OLDER).outcome
    text = TEXTS.get(cause.text_id)
    assert (newer.step, newer.stop.text_id) == (older.step, older.stop.text_id)
    assert (newer.stop.reason == older.stop.reason) is not bool(text and text.older)


def test_there_are_mutations_enough_and_every_text_of_a_start_has_one():
    assert len(ROWS) >= 25
    of_a_start = {id for id in TEXTS if not id.startswith(("exit.", "start.", "event."))}
    assert of_a_start <= {cause.text_id for cause in ROWS}


# The words, filled from the real objects.

WORDS = {
    "the_tasks_group_lets_nothing_out": (
        "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from "
        "Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network "
        "configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https "
        'response error StatusCode: 0, RequestID: , request send failed, Post "https://api.ecr.us-east-1.amazonaws.com/'
        '": dial tcp 10.0.0.10:443: i/o timeout'
    ),
    "the_s3_gateway_is_missing": (
        "CannotPullContainerError: The task cannot pull {image} from the registry {image}. There is a connection issue "
        "between the task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: "
        "failed open: failed to do request: Get {image}: dial tcp {s3}:443: i/o timeout"
    ),
    "the_role_may_not_get_the_manifest": (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: "
        "unexpected status from HEAD request to https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/fargate-lab/app"
        "/manifests/1: 403 Forbidden"
    ),
    "the_deployments_image_was_deleted": (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        "{image}@sha256:{deleted}: {image}@sha256:{deleted}: not found"
    ),
    "the_index_has_no_image_for_the_cpu": (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain "
        "descriptor matching platform 'linux/arm64 v8'"
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_stop_is_worded_as_on_aws(name):
    cause = next(each for each in ROWS if each.name == name)
    plan = broken(cause).plan()
    network = [check.path for check in plan.steps[6].checks if check.path]
    s3 = network[0].address if network else ""
    assert plan.outcome.stop.reason == WORDS[name].format(image=IMAGE, s3=s3, deleted="d" * 64)
    assert plan.outcome.stop.code is StopCode.FAILED_TO_START


def test_a_refused_call_names_the_session_of_the_execution_role():
    cause = next(each for each in ROWS if each.name == "the_role_may_not_get_the_parameter")
    reason = broken(cause).plan().outcome.stop.reason
    who = f"arn:aws:sts::111122223333:assumed-role/fargate-lab-execution/{TASK_ID}"
    on = f"arn:aws:ssm:{REGION}:111122223333:parameter/fargate-lab/greeting"
    assert (
        f"api error AccessDeniedException: User: {who} is not authorized to perform: ssm:GetParameters on resource: "
        f"{on} because no identity-based policy allows the ssm:GetParameters action"
    ) in reason


def test_a_refusal_by_an_endpoint_says_so():
    cause = next(each for each in ROWS if each.name == "the_ssm_endpoints_policy_allows_another_parameter")
    assert (
        "because no VPC endpoint policy allows the ssm:GetParameters action" in broken(cause).plan().outcome.stop.reason
    )


def test_a_refused_download_names_the_layer_of_the_tasks_cpu():
    course = Course()
    course.image = replace(course.image, layers={AMD64: (descriptor("1"),), ARM64: (descriptor("2"), descriptor("3"))})
    del course.policy["layers"]
    assert f"/v2/fargate-lab/app/blobs/sha256:{'2' * 64}: 403 Forbidden" in course.plan().outcome.stop.reason


def test_a_failed_pull_is_the_containers_reason_too():
    cause = next(each for each in ROWS if each.name == "the_tag_was_never_pushed")
    stop = broken(cause).plan().outcome.stop
    assert stop.containers["app"].reason == stop.reason


def test_the_measured_delay_is_told_only_where_it_was_measured():
    by_name = {cause.name: broken(cause).plan() for cause in ROWS}
    measured = {name for name, plan in by_name.items() for step in plan.steps if step.delay and step.delay.seconds}
    assert "the_tasks_group_lets_nothing_out" in measured
    assert all(by_name[name].outcome.stop.text_id == "auth.unreachable" for name in measured)


def test_a_task_with_a_role_ecs_may_not_assume_is_refused_not_stopped():
    cause = next(each for each in ROWS if each.name == "another_service_may_assume_the_roles")
    assert broken(cause).plan().outcome.kind is OutcomeKind.REFUSED


# What cannot be read.


@pytest.mark.parametrize(
    ("what", "steps"),
    [
        ("permissions", {"roles", "registry authorisation", "secrets", "image manifest", "image layers", "log stream"}),
        ("registry", {"image manifest", "CPU architecture"}),
        ("secrets", {"secrets"}),
        ("logs", {"log stream"}),
    ],
)
def test_what_may_not_be_read_cannot_be_checked(what, steps):
    course = Course(unreadable={what})
    diagnosis = diagnose(course.survey())
    assert diagnosis.causes == ()
    assert {finding.step for finding in diagnosis.unchecked} == steps
    assert "not everything could be checked" in diagnosis.verdict
    assert course.plan().outcome.kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize("key", ["SecurityGroups", "RouteTables", "NetworkAcls", "VpcEndpoints", "VpcAttributes"])
def test_a_list_of_the_network_that_was_not_read_cannot_be_checked(key):
    course = Course()
    del course.vpc[key]
    diagnosis = diagnose(course.survey())
    assert diagnosis.causes == ()
    assert diagnosis.unchecked
    assert course.plan().outcome.kind is OutcomeKind.UNKNOWN


def test_a_file_system_that_is_not_efs_cannot_be_checked():
    course = Course()
    course.definition["volumes"] = [{"name": "shared", "fsxWindowsFileServerVolumeConfiguration": {}}]
    assert [finding.step for finding in diagnose(course.survey()).unchecked] == ["container start"]


def test_layers_that_would_come_by_an_s3_interface_endpoint_cannot_be_checked():
    course = Course()
    taken = {**course.endpoint("ecr.dkr"), "VpcEndpointId": "vpce-s3i", "ServiceName": f"com.amazonaws.{REGION}.s3"}
    course.vpc["VpcEndpoints"].append({**taken, "DnsEntries": []})
    diagnosis = diagnose(course.survey())
    assert diagnosis.causes == ()
    [doubt] = diagnosis.unchecked
    assert doubt.step == "image layers"
    assert "AWS does not say" in doubt.why
    assert diagnosis.next_action.startswith("Let vpce-s3i serve private DNS only for inbound resolver endpoints")


def test_the_wrong_cpu_names_the_images_own_program():
    course = Course()
    course.image = ImageFound("sha256:" + "e" * 64, SINGLE, AMD64, command="/usr/local/bin/python")
    end = course.plan().outcome.stop.containers["app"]
    assert (end.exit_code, end.last_line) == (1, "exec /usr/local/bin/python: exec format error")


def test_a_failure_counts_though_something_else_cannot_be_checked():
    course = Course(unreadable={"secrets"})
    course.remove_endpoint("s3")
    assert diagnose(course.survey()).first.step == "image layers"


def test_an_endpoint_policy_that_is_no_policy_cannot_be_checked():
    course = Course()
    course.endpoint("ssm")["PolicyDocument"] = "{"
    finding = diagnose(course.survey()).unchecked[0]
    assert "vpce-ssm" in finding.cause


# Several causes, old reasons, tasks that ran.


def test_causes_are_ranked_as_aws_would_meet_them():
    course = Course()
    course.groups.clear()
    course.remove_endpoint("s3")
    del course.policy["parameter"]
    found = [finding.step for finding in diagnose(course.survey()).causes]
    assert found == ["secrets", "image layers", "log stream"]


def test_the_cause_of_the_reason_given_comes_first():
    course = Course()
    course.remove_endpoint("s3")
    course.groups.clear()
    reason = TEXTS["logs.no_group"].render({}).removesuffix(" : exit status 1")
    diagnosis = diagnose(course.survey(), Told(reason))
    assert [finding.step for finding in diagnosis.causes] == ["log stream", "image layers"]
    assert diagnosis.explains is True


def test_a_cause_that_was_fixed_since_is_told_apart():
    course = Course()
    del course.policy["parameter"]
    reason = course.plan().outcome.stop.reason
    fixed = diagnose(Course().survey(), Told(reason))
    assert (fixed.causes, fixed.explains, fixed.next_action) == ((), False, "Run the task again.")
    other = Course()
    other.groups.clear()
    diagnosis = diagnose(other.survey(), Told(reason))
    assert diagnosis.explains is False
    assert "That is not so now" in diagnosis.verdict
    assert diagnosis.first.step == "log stream"


def test_a_task_that_ran_and_ended_sends_one_to_its_log():
    ends = {"app": ContainerEnd(exit_code=3)}
    told = Told("Essential container in task exited", "STOPPED", "EssentialContainerExited", ends)
    diagnosis = diagnose(Course().survey(), told)
    assert diagnosis.verdict == "after the start: It started, and then app ended with exit code 3."
    assert "app: exit code 3" in diagnosis.first.evidence
    assert "log" in diagnosis.next_action


def test_nothing_wrong_is_said_in_words():
    diagnosis = diagnose(Course().survey())
    assert diagnosis.verdict == "Nothing stops this task from starting."
    assert {finding.status for finding in diagnosis.passed} == {FindingStatus.PASS}
    assert len(diagnosis.passed) == len(StepName)


def test_a_survey_asks_every_step_behind_a_failure():
    course = Course()
    course.remove_endpoint("ecr.api")
    assert all(step.verdict is not StepVerdict.NOT_REACHED for step in course.survey().steps)


# ECS Exec.


def exec_course():
    course = Course(exec_enabled=True)
    return course, lambda: exec_checks(course.task, course.sources)


def test_ecs_exec_needs_its_endpoint_and_four_actions_and_stops_nothing():
    course, checks = exec_course()
    diagnosis = diagnose(course.survey(), exec_checks=checks())
    assert course.plan().outcome.kind is OutcomeKind.RUNNING
    assert {finding.step for finding in diagnosis.causes} == {"ECS Exec"}
    assert "ssmmessages" in diagnosis.causes[0].cause
    assert len(diagnosis.causes) == 5


def test_a_task_without_ecs_exec_is_not_asked_about_it():
    course = Course()
    assert exec_checks(course.task, course.sources) == ()


def test_ecs_exec_looks_at_the_file_system_and_the_environment():
    course, checks = exec_course()
    course.container["readonlyRootFilesystem"] = True
    course.container["environment"] = [{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAEXAMPLE"}]
    found = " ".join(finding.cause for finding in diagnose(course.survey(), exec_checks=checks()).causes)
    assert "read-only" in found
    assert "AWS_ACCESS_KEY_ID" in found
    assert "AKIAEXAMPLE" not in found


# Subnets.


def test_a_task_not_yet_placed_must_start_in_each_of_its_subnets():
    course = Course()
    course.table("rtb-private")["Associations"].pop()
    assert course.survey().outcome.kind is OutcomeKind.RUNNING
    found = survey_subnets(course.task, course.sources)
    assert found.task.placement.subnet == "subnet-b"
    assert "subnet-b" in diagnose(found).first.cause
    assert survey_subnets(Course().task, Course().sources).outcome.kind is OutcomeKind.RUNNING


# Hosts.


def test_the_hosts_of_a_start_are_in_order():
    assert hosts(Course().task) == (
        "api.ecr.us-east-1.amazonaws.com",
        "ssm.us-east-1.amazonaws.com",
        "secretsmanager.us-east-1.amazonaws.com",
        "111122223333.dkr.ecr.us-east-1.amazonaws.com",
        "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com",
        "logs.us-east-1.amazonaws.com",
    )


def test_the_snapshot_of_the_course_is_plain_json():
    assert json.loads(json.dumps(Course().vpc)) == Course().vpc


def shell(course, **settings):
    """The causes that ECS Exec has, as one text."""
    return " ".join(check.about + ": " + check.found for check in failed_checks(course, **settings))


def failed_checks(course, **settings):
    checks = exec_checks(course.task, course.sources, ExecSettings(**settings))
    return [check for check in checks if check.verdict is StepVerdict.FAILED]


def test_ecs_exec_is_asked_of_a_task_that_was_started_without_it():
    assert "the task was started with enableExecuteCommand: it was not" in shell(Course(), started=False)
    assert "enableExecuteCommand" not in shell(Course(), started=True)


def test_ecs_exec_needs_its_platform_version():
    course = Course()
    task = replace(course.task, platform_version="1.3.0")
    checks = exec_checks(task, course.sources, ExecSettings())
    assert "the platform version is 1.4.0 or later" in [c.about for c in checks if c.verdict is StepVerdict.FAILED]


def test_the_agent_of_ecs_exec_says_why_it_does_not_run():
    said = {
        "enableExecuteCommand": True,
        "containers": [
            {
                "name": "app",
                "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED", "reason": "no path"}],
            }
        ],
    }
    settings = ExecSettings.of({}, said)
    checks = exec_checks(Course().task, Course().sources, settings)
    assert "it is STOPPED: no path" in [c.found for c in checks if c.verdict is StepVerdict.FAILED]


def test_ecs_exec_looks_at_what_a_session_leaves():
    checks = exec_checks(Course().task, Course().sources, ExecSettings())
    assert any("initProcessEnabled is off" in check.found for check in checks)


def test_ecs_exec_needs_a_namespace_for_each_container():
    course = Course()
    course.definition["pidMode"] = "task"
    assert "PID namespace" not in shell(course)
    course.definition["containerDefinitions"].append({"name": "side", "image": IMAGE})
    assert "PID namespace" in shell(course)


def test_a_recorded_session_needs_the_key_the_bucket_and_the_log():
    settings = ExecSettings.of(
        {
            "configuration": {
                "executeCommandConfiguration": {
                    "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/k",
                    "logging": "OVERRIDE",
                    "logConfiguration": {"cloudWatchLogGroupName": "/shells", "s3BucketName": "shells"},
                }
            }
        }
    )
    said = shell(
        Course(),
        key_arn=settings.key_arn,
        log_group=settings.log_group,
        bucket=settings.bucket,
        started=settings.started,
    )
    for action in ("kms:Decrypt", "logs:DescribeLogStreams", "s3:PutObject", "s3:GetEncryptionConfiguration"):
        assert action in said


# What stands outside the account, and how a task ended.


def test_a_refusal_by_a_service_control_policy_cannot_be_checked():
    reason = "... ssm:GetParameters on resource: x with an explicit deny in a service control policy"
    diagnosis = diagnose(Course().survey(), Told(reason, "STOPPED", "TaskFailedToStart"))
    assert [finding.step for finding in diagnosis.unchecked] == ["service control policy"]
    assert "Ask whoever keeps the service control policy" in diagnosis.next_action


@pytest.mark.parametrize(
    ("code", "reason", "end", "words", "wrong"),
    [
        ("UserInitiated", "Task stopped by user", ContainerEnd(143), "Someone stopped this task (StopTask).", False),
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            ContainerEnd(143),
            "to have fewer tasks or to replace it",
            False,
        ),
        (
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
            ContainerEnd(143),
            "its service stopped it: Task failed container health checks.",
            True,
        ),
        (
            "EssentialContainerExited",
            "Essential container in task exited",
            ContainerEnd(137, "OutOfMemoryError: Container killed due to memory usage"),
            "app used more memory than it may (exit code 137)",
            True,
        ),
        (
            "EssentialContainerExited",
            "Essential container in task exited",
            ContainerEnd(0),
            "app ended with exit code 0: its program had done its work",
            False,
        ),
        ("SpotInterruption", "", ContainerEnd(143), "took back the spare capacity that it ran on", False),
        ("TerminationNotice", "Ended.", ContainerEnd(143), "was ended or retired (TerminationNotice): Ended.", False),
        ("InfrastructureHealth", "", ContainerEnd(), "the health of what it ran on (InfrastructureHealth).", False),
        ("NextYearsCode", "New words", ContainerEnd(), "does not know (NextYearsCode): New words.", False),
    ],
)
def test_how_a_task_ended_is_said(code, reason, end, words, wrong):
    diagnosis = diagnose(Course().survey(), Told(reason, "STOPPED", code, {"app": end}))
    assert words in diagnosis.verdict
    assert bool(diagnosis.causes) is wrong
    assert diagnosis.next_action


def test_a_definition_that_fargate_does_not_take_is_the_first_cause():
    course = Course()
    course.remove_endpoint("s3")
    refused = refusal("run.compatibility")
    diagnosis = diagnose(course.survey(), refusal=refused)
    assert [finding.step for finding in diagnosis.causes] == ["RunTask", "image layers"]
    assert "Task definition does not support launch_type FARGATE." in diagnosis.first.evidence[0]


def test_a_missing_image_has_no_cpu_to_look_at():
    course = Course()
    course.image = missing(Missing.IMAGE)
    assert course.survey().step(StepName.PLATFORM).verdict is StepVerdict.NOT_REACHED
