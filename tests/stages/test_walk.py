"""Every stage: unsolved is not passed, solved is, each wrong answer gets its message, reset undoes what solve did."""

from dataclasses import replace
from typing import Any

import pytest

from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import Stage, Wrong, stage, stages
from labs.session import local
from labs.subjects.push import lab_repository
from labs.verdict import Status

from .isolation import Snapshot, as_left, snapshot, spoiling_nothing_else

EVERY = pytest.mark.parametrize("subject", stages(), ids=lambda each: each.name)
MISTAKES = [
    pytest.param(each, wrong, id=f"{each.name}: {wrong.mistake}") for each in stages() for wrong in each.wrong()
]


def ready(bench: Bench, subject: Stage) -> Snapshot | None:
    """The stage not begun, the stages it needs passed. What stands then, where the test before has left it so."""
    if (known := as_left(bench, subject)) is not None:
        return known
    runner.reset(subject.name, bench)
    for name in subject.needs:
        if not bench.progress.of(name).passed:
            assert runner.solve(name, bench)[-1].verdict.passed
    return None


def clients_of(bench: Bench, policy: str) -> Any:
    """boto3 clients of a user who has this policy and no other."""
    name = f"{bench.target.prefix}-reader"
    iam = bench.target.session.client("iam", endpoint_url=bench.target.endpoint)
    existing = [each["UserName"] for each in iam.list_users()["Users"]]
    if name not in existing:
        iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="check", PolicyDocument=policy)
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = local.isolated_session(key["AccessKeyId"], key["SecretAccessKey"], "", bench.target.region)
    return lambda service: session.client(service, endpoint_url=bench.target.endpoint)


@EVERY
def test_an_unsolved_stage_is_not_passed(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    runner.begin(subject.name, bench)
    report = runner.check_and_record(subject.name, bench)
    assert report.verdict.status in (Status.NOT_YET, Status.FAIL), str(report)
    assert not bench.progress.of(subject.name).passed


@EVERY
def test_a_solved_stage_passes(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    report = runner.solve(subject.name, bench)[-1]
    assert report.verdict.status is Status.PASS, str(report)
    assert report.verdict.message_id.endswith(".pass")
    assert bench.progress.of(subject.name).passed


@EVERY
def test_solving_twice_passes_twice(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    runner.solve(subject.name, bench)
    assert runner.solve(subject.name, bench)[-1].verdict.passed


@pytest.mark.parametrize(("subject", "wrong"), MISTAKES)
def test_each_wrong_answer_gets_its_own_message(bench: Bench, subject: Stage, wrong: Wrong) -> None:
    known = ready(bench, subject)
    with spoiling_nothing_else(bench, subject, wrong.mistake, known):
        runner.begin(subject.name, bench)
        changed = wrong.do(bench) or bench
        report = runner.check(subject, changed, sleep=lambda _: None, clock=iter(range(0, 10_000, 10)).__next__)
    assert report.verdict.message_id == wrong.message_id, str(report)
    lines = str(report).splitlines()
    assert len(lines) <= 5
    assert "Traceback" not in str(report)
    assert wrong.message_id.endswith((".pass", ".pass_words")) is report.verdict.passed


@pytest.mark.parametrize("subject", [each for each in stages() if each.right()], ids=lambda each: each.name)
def test_every_other_right_answer_passes(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    assert runner.solve(subject.name, bench)[-1].verdict.passed
    refused = []
    for right in subject.right():
        right.do(bench)
        report = runner.check(subject, bench)
        if report.verdict.status is not Status.PASS:
            refused.append(f"{right.how}: {report}")
    assert refused == []


def spoil(bench: Bench, subject: Stage) -> None:
    """What stage 02 has made is not stage 03's."""
    with spoiling_nothing_else(bench, subject, "a tidy mind"):
        lab_repository.delete(bench)
        bench.push_log.unlink()


def test_a_wrong_answer_that_spoils_another_stage_fails_at_its_own_name_in_one_sentence(bench: Bench) -> None:
    subject = stage("push-fixed")
    ready(bench, subject)
    with pytest.raises(pytest.fail.Exception) as failed:
        spoil(bench, subject)
    said = str(failed.value)
    assert said.startswith('push-fixed: "a tidy mind" spoils more than its own stage: repositories ')
    assert "files push.log is gone" in said
    assert len(said.splitlines()) == 1
    # Nobody else pays for it: what the next test needs is made again.
    ready(bench, subject)


@EVERY
def test_a_wrong_answer_does_not_keep_one_from_passing_afterwards(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    runner.begin(subject.name, bench)
    subject.wrong()[-1].do(bench)
    runner.check_and_record(subject.name, bench)
    assert runner.solve(subject.name, bench)[-1].verdict.passed


@pytest.mark.parametrize("subject", [each for each in stages() if not each.lasting], ids=lambda each: each.name)
def test_reset_after_solve_is_as_before(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    before = snapshot(bench)
    assert runner.solve(subject.name, bench)[-1].verdict.passed
    runner.reset(subject.name, bench)
    assert snapshot(bench) == before


@pytest.mark.parametrize("subject", [each for each in stages() if each.lasting], ids=lambda each: each.name)
def test_reset_of_what_lasts_only_forgets_it(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    assert runner.solve(subject.name, bench)[-1].verdict.passed
    done = snapshot(bench)
    runner.reset(subject.name, bench)
    after = snapshot(bench)
    assert not bench.progress.of(subject.name).begun
    assert {**after, "files": [], "begun": []} == {**done, "files": [], "begun": []}


@EVERY
def test_resetting_what_was_never_done_changes_nothing(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    before = snapshot(bench)
    runner.reset(subject.name, bench)
    assert snapshot(bench) == before


@EVERY
def test_the_check_needs_no_more_than_its_published_policy(bench: Bench, subject: Stage) -> None:
    ready(bench, subject)
    assert runner.solve(subject.name, bench)[-1].verdict.passed
    reader = clients_of(bench, subject.policy("check", **bench.names()))
    report = runner.ask(subject, replace(bench, reader=reader))
    assert report.verdict.passed, str(report)


def test_a_stage_out_of_order_says_what_comes_first(bench: Bench) -> None:
    runner.reset("start", bench)
    report = runner.check_and_record("push-denied", bench)
    assert report.verdict.message_id == "check.out_of_order"
    assert runner.begin("push-denied", bench).missing == ("start", "build")
    assert not bench.progress.of("push-denied").begun


def test_solving_the_last_stage_solves_all_before_it(bench: Bench) -> None:
    runner.reset("start", bench)
    last = [each for each in stages() if not each.lasting][-1]
    reports = runner.solve(last.name, bench)
    assert reports[-1].verdict.passed, str(reports[-1])
    assert [report.stage for report in reports] == [*last.needs, last.name]
    assert all(report.verdict.passed for report in reports)


def test_resetting_the_first_stage_undoes_all_that_build_on_it(bench: Bench) -> None:
    runner.solve("push-fixed", bench)
    assert runner.reset("start", bench) == tuple(each.name for each in reversed(stages()))
    assert snapshot(bench)["repositories"] == []
    assert not (bench.home / "progress.json").exists()


def test_an_unknown_stage_is_named_with_those_there_are() -> None:
    with pytest.raises(LabError, match=r"There is no stage 'pull'") as raised:
        stage("pull")
    assert ", ".join(each.name for each in stages()) in str(raised.value)
