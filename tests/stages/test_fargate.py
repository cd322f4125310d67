"""Stage 05 beside the walk: ``lab.solve()`` fixes what is wrong, and what the notebook shows."""

import json
import time
from types import SimpleNamespace

import pytest

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import BOTH, Bench
from labs.lesson.stage import stage
from labs.stages.fargate import resources, role_gates, service_gates, show, solve
from labs.stages.fargate.kinds import SERVICE
from labs.stages.fargate.subject import ServiceSubject
from labs.subjects.tasks import service_names, task_runs
from labs.subjects.tasks.service_reading import definition_of, service_of
from labs.subjects.vpc import ids

FARGATE = stage("fargate")
# One mistake for each thing that the solution has to fix.
MENDED = (
    "a String in place of a SecureString",
    "AWS's managed policy as well",
    "the same policy on the task role",
    "the secret in the environment",
    "one subnet",
    "a tag that was never pushed",
)


@pytest.fixture
def begun(bench: Bench) -> Bench:
    runner.reset("fargate", bench)
    if not bench.progress.of("private-subnet").passed:
        runner.solve("private-subnet", bench)
    runner.begin("fargate", bench)
    return bench


@pytest.mark.parametrize("mistake", MENDED)
def test_solving_fixes_what_is_wrong(begun: Bench, mistake: str) -> None:
    next(wrong for wrong in FARGATE.wrong() if wrong.mistake == mistake).do(begun)
    report = runner.solve("fargate", begun)[-1]
    assert report.verdict.passed, str(report)


def test_a_service_whose_deletion_was_heard_and_whose_answer_was_lost_is_no_longer_there(begun: Bench) -> None:
    runner.solve("fargate", begun)
    ecs, cluster, name = begun.client("ecs"), task_runs.cluster(begun), service_names.service(begun)
    before = ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])
    client = SimpleNamespace(describe_services=lambda **_: before, delete_service=ecs.delete_service)
    assert SERVICE.delete(client, f"{cluster}/{name}") is True
    # Asked again, as boto3 does by itself when no answer comes.
    assert SERVICE.delete(client, f"{cluster}/{name}") is False


def test_after_the_circuit_breaker_rolled_back_the_check_still_says_why_nothing_started(begun: Bench) -> None:
    next(wrong for wrong in FARGATE.wrong() if wrong.mistake == "a tag that was never pushed").do(begun)
    newest = definition_of(begun.client("ecs"), service_names.service(begun))
    assert newest is not None
    deadline = time.monotonic() + 60
    while (service_of(begun, begun.client("ecs")) or {})["taskDefinition"] == newest["taskDefinitionArn"]:
        assert time.monotonic() < deadline, "it was not rolled back in time"
        time.sleep(0.1)
    report = runner.ask(FARGATE, begun)
    assert report.verdict.message_id == "service.failing", str(report)
    assert "unable to place a task" in report.verdict.found
    name, number = service_names.service(begun), newest["revision"]
    assert f"{name}:{number} failed and was rolled back to {name}:{number - 1}" in report.verdict.found
    assert f"update_service with {name}:{number} would fail again" in report.verdict.cause


def test_solving_what_is_solved_makes_no_new_revision_and_replaces_no_task(begun: Bench) -> None:
    runner.solve("fargate", begun)
    ecs = begun.client("ecs")

    def state() -> tuple[int, set[str]]:
        found = definition_of(ecs, service_names.service(begun))
        assert found is not None
        arns = ecs.list_tasks(cluster=task_runs.cluster(begun), serviceName=service_names.service(begun))["taskArns"]
        return found["revision"], set(arns)

    before = state()
    runner.solve("fargate", begun)
    assert state() == before


def test_a_trust_policy_limited_to_the_account_is_right(begun: Bench) -> None:
    trust = json.loads(solve.text_of(begun, "task-trust"))
    trust["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": begun.target.account}}
    solve.put_secret(begun)
    solve.make_log_group(begun)
    solve.write_policies(begun, trust=json.dumps(trust))
    solve.make_roles(begun)
    assert role_gates.roles(ServiceSubject(begun)) is None


def test_a_secret_may_be_named_or_given_by_its_arn(begun: Bench) -> None:
    for value in (resources.parameter(begun), resources.parameter_arn(begun)):
        body = solve.container(begun, BOTH, secrets=[{"name": "APP_SECRET", "valueFrom": value}])
        solve.register(begun, solve.definition(begun, BOTH, containerDefinitions=[body]))
        assert service_gates.definition(ServiceSubject(begun)) is None


def test_the_roles_are_shown_with_what_changed_and_then_with_nothing(begun: Bench) -> None:
    solve.write_policies(begun)
    first = show.roles(begun)
    assert '+      "Action": "ssm:GetParameters",' in first
    assert first.endswith(f"Role {service_names.task_role(begun)}: no policy.")
    assert "nothing has changed" in show.roles(begun)


def test_roles_without_their_file_say_what_to_do(begun: Bench) -> None:
    with pytest.raises(LabError, match=r"There is no file execution-policy\.json") as raised:
        show.roles(begun)
    assert "run the cell above" in str(raised.value)


def test_a_policy_without_a_statement_makes_no_role(begun: Bench) -> None:
    solve.write_policies(begun, policy='{"Version": "2012-10-17", "Statement": []}')
    with pytest.raises(LabError, match="no statement yet"):
        show.roles(begun)
    roles = [each["RoleName"] for each in begun.client("iam").list_roles()["Roles"]]
    assert service_names.execution_role(begun) not in roles


def test_before_there_is_a_service_the_notebook_says_what_to_run(begun: Bench) -> None:
    with pytest.raises(LabError, match="There is no service yet"):
        show.service(begun)
    assert show.service_state(begun) == "none"
    assert show.log_lines(begun) == f"{resources.log_group(begun)} has no line from the program yet."


def test_a_steady_service_is_shown_with_its_tasks_and_their_first_lines(begun: Bench) -> None:
    runner.solve("fargate", begun)
    shown = show.service(begun)
    assert f"{service_names.service(begun)}: steady" in shown
    assert "2 running, 2 desired" in shown
    for subnet in ids.subnet_ids(begun):
        assert f"{subnet}  arm64" in shown
    assert "event" not in shown
    heard = show.log_lines(begun).splitlines()
    assert heard[2:] == ["listening  1.0.0    yes"] * 2 + ["listening  2.0.0    yes"] * 2
    assert show.service_state(begun) == "ACTIVE"


def test_a_service_that_does_not_become_steady_is_shown_with_ecss_own_words(begun: Bench) -> None:
    solve.put_secret(begun)
    solve.write_policies(begun)
    solve.make_roles(begun)
    solve.register(begun, solve.definition(begun, BOTH))
    solve.make_service(begun)
    shown = show.service(begun)
    assert "not steady" in shown
    assert "The specified log group does not exist" in " ".join(shown.split())
    assert shown.endswith("Next: lab.diagnose() names the cause")


def test_a_tag_that_is_not_there_is_told_as_soon_as_the_first_task_has_failed(
    begun: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    solve.put_secret(begun)
    solve.make_log_group(begun)
    solve.write_policies(begun)
    solve.make_roles(begun)
    solve.register(begun, solve.definition(begun, "v9"))
    solve.make_service(begun)
    shown = " ".join(show.service(begun).split())
    assert capsys.readouterr().out.startswith("Waiting until 2 of 2 tasks run, in one deployment: at most 2 minutes")
    assert "A task failed, and ECS says why: CannotPullContainerError" in shown
    assert f"{begun.repository}:v9" in shown


def test_the_subject_finds_the_newest_revision_and_the_service(begun: Bench) -> None:
    assert ServiceSubject(begun).definition is None
    assert ServiceSubject(begun).service is None
    runner.solve("fargate", begun)
    subject = ServiceSubject(begun)
    assert subject.container()["image"].endswith(":v2")
    assert subject.pushed is not None
    assert subject.definition is not None
    assert subject.service is not None
    assert subject.service["taskDefinition"] == subject.definition["taskDefinitionArn"]
