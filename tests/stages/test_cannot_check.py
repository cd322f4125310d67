"""What keeps the kit from looking is CANNOT CHECK: never the trainee's fault, and never counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from labs import oci
from labs.engine import Engine, RunningApp
from labs.errors import LabError
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.stage import catalogue, stage, stages
from labs.session import local
from labs.verdict import Report, Status
from tests.every_error import refusal


def pushed(bench: Bench) -> None:
    runner.reset("push-denied", bench)
    runner.solve("push-denied", bench)


def check_with(bench: Bench, session: Any, endpoint: str = "") -> Report:
    once = Config(connect_timeout=2, retries={"total_max_attempts": 1})
    where = endpoint or bench.target.endpoint

    def reader(service: str) -> Any:
        return session.client(service, endpoint_url=where, config=once)

    return runner.ask(stage("push-denied"), replace(bench, reader=reader))


def test_credentials_that_aws_does_not_know(bench: Bench) -> None:
    pushed(bench)
    stranger = local.isolated_session("AKIA" + "Q" * 16, "wrong", "", bench.target.region)
    report = check_with(bench, stranger)
    assert (report.verdict.status, report.verdict.message_id) == (Status.CANNOT_CHECK, "check.no_credentials")


def test_an_identity_that_may_not_read(bench: Bench) -> None:
    pushed(bench)
    # The push role itself may push, and may not look at the trail or at IAM.
    report = check_with(bench, bench.target.assume(bench.push_role))
    assert report.verdict.message_id == "check.not_allowed"
    assert "is not authorized to perform" in report.verdict.found


def test_a_target_that_went_away(bench: Bench) -> None:
    pushed(bench)
    report = check_with(bench, bench.target.session, "http://127.0.0.1:9")
    assert report.verdict.message_id == "check.target_gone"
    assert "127.0.0.1:9" in report.verdict.found


def test_an_account_that_was_asked_too_often(bench: Bench) -> None:
    pushed(bench)

    def throttled(service: str) -> Any:
        error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
        raise ClientError(error, "LookupEvents")  # type: ignore[arg-type]

    report = runner.ask(stage("push-denied"), replace(bench, reader=throttled))
    assert report.verdict.message_id == "check.throttled"


@pytest.mark.parametrize(
    ("error", "message"),
    [(refusal("ThrottlingException"), "check.throttled"), (refusal("503", 503), "check.aws_failed")],
    ids=["throttled", "failed"],
)
def test_what_passes_is_asked_again_until_it_has_passed_or_the_deadline(
    bench: Bench, error: Exception, message: str
) -> None:
    pushed(bench)
    left = [error, error]

    def reader(service: str) -> Any:
        if left:
            raise left.pop()
        return bench.reader(service)

    slept: list[float] = []
    report = runner.check(stage("push-denied"), replace(bench, reader=reader), sleep=slept.append)
    assert report.verdict.passed
    assert len(slept) == 2

    def never(service: str) -> Any:
        raise error

    times = iter(range(100))
    report = runner.check(
        stage("push-denied"), replace(bench, reader=never), sleep=slept.append, clock=lambda: next(times)
    )
    assert (report.verdict.status, report.verdict.message_id) == (Status.CANNOT_CHECK, message)
    assert "DescribeThings" in report.verdict.found


@dataclass(frozen=True)
class Gone:
    """An engine that stopped answering in the middle."""

    name: str = "docker"
    line: str = "docker: gone"

    def environment(self, home: Path) -> dict[str, str]:
        return {}

    def runnable(self, platform: oci.Platform) -> str:
        raise LabError("The Docker Engine does not answer any more.", "start it again", id="engine-gone")

    def run(self, image: str, platform: oci.Platform, env: Mapping[str, str]) -> RunningApp:
        raise LabError("The Docker Engine does not answer any more.", "start it again", id="engine-gone")

    def archive(self, image: str, destination: Path) -> Path:
        raise LabError("The Docker Engine does not answer any more.", "start it again", id="engine-gone")


def test_an_engine_that_went_away(bench: Bench) -> None:
    runner.solve("build", bench)
    engine: Engine = Gone()
    report = runner.ask(stage("build"), replace(bench, engine=engine))
    assert report.verdict.message_id == "check.broken"
    assert report.verdict.next_step == "start it again"


class Unused(Gone):
    """An engine that nobody may use to start anything."""

    def run(self, *_: object) -> RunningApp:
        raise AssertionError("a look started something")


def test_a_look_runs_nothing_and_leaves_that_gate_to_the_check(bench: Bench) -> None:
    runner.solve("build", bench)
    engine: Engine = Unused()
    report = runner.look(stage("build"), replace(bench, engine=engine))
    assert report.verdict.message_id == "check.left_to_check"
    assert report.shut == "answers"
    assert "secrets" in report.open_gates


def test_what_the_kit_could_not_check_does_not_count(bench: Bench) -> None:
    progress = bench.progress.of("push-denied")
    report = Report("push-denied", bench.say("check.throttled", what="x"))
    assert progress.checked(report, __import__("datetime").datetime.now()) == progress


def test_every_common_message_is_met_here_or_in_the_walk() -> None:
    common = {name for name in catalogue().messages if name.startswith("check.")}
    here = {
        "check.no_credentials",
        "check.not_allowed",
        "check.target_gone",
        "check.throttled",
        "check.broken",
        "check.aws_failed",
    }
    here |= {"check.left_to_check"}
    assert common - here == {"check.out_of_order", "check.part_passed"}


def test_a_not_yet_that_may_resolve_itself_is_asked_again_until_the_deadline(bench: Bench) -> None:
    runner.reset("push-denied", bench)
    runner.begin("push-denied", bench)
    borrowed = next(wrong for wrong in stage("push-denied").wrong() if wrong.message_id == "push.denied.no_trail")
    borrowed.do(bench)
    slept: list[float] = []
    times = iter(range(100))
    report = runner.check(stage("push-denied"), bench, sleep=slept.append, clock=lambda: next(times))
    assert report.verdict.message_id == "push.denied.no_trail"
    assert slept
    assert catalogue().messages["push.denied.no_trail"].waits


@pytest.mark.parametrize("name", [each.name for each in stages()])
def test_a_check_changes_nothing_in_the_account(bench: Bench, name: str) -> None:
    runner.solve(name, bench)
    calls: list[str] = []

    def reader(service: str) -> Any:
        client = bench.target.session.client(service, endpoint_url=bench.target.endpoint)
        client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        return client

    assert runner.ask(stage(name), replace(bench, reader=reader)).verdict.passed
    assert all(call.startswith(("Get", "List", "Describe", "BatchGet", "Lookup")) for call in calls)
