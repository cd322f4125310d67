"""Stage 07 beside the walk: the receipt that is kept, what the check makes of it, and what the notebook shows."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labs.errors import LabError
from labs.ledger.names import KIT_TAG, OWNER_TAG
from labs.lesson import runner
from labs.lesson.bench import Bench
from labs.lesson.cleaning import clean, kept, receipt_file
from labs.lesson.stage import stage
from labs.stages.clean_up import show
from labs.stages.clean_up.notebook import ledger
from labs.subjects.push import lab_repository
from labs.subjects.tasks.execution_policy import TRUST
from labs.verdict import Status

CLEAN = stage("clean-up")
Row = dict[str, Any]


def quiet(_line: str) -> None:
    """Not a word for each resource."""


@pytest.fixture
def begun(bench: Bench) -> Bench:
    runner.reset("clean-up", bench)
    if not bench.progress.of("start").passed:
        runner.solve("start", bench)
    clean(bench, quiet)
    receipt_file(bench.home).unlink()
    runner.begin("clean-up", bench)
    return bench


def write_receipt(bench: Bench, **changes: Any) -> None:
    """A receipt that is right, with some of it changed; None takes a key away."""
    row: Row = {
        "account": bench.target.account,
        "region": bench.target.region,
        "target": "local",
        "created": 3,
        "gone": 3,
        "left": [],
        "read_at": (datetime.now(UTC) + timedelta(seconds=5)).isoformat(),
        "cost": "about 0.08 USD",
    } | changes
    receipt_file(bench.home).write_text(json.dumps({key: value for key, value in row.items() if value is not None}))


OLD = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "message_id"),
    [
        ({}, "clean.pass"),
        ({"cost": ""}, "clean.pass"),
        ({"account": "999999999999"}, "clean.no_receipt"),
        ({"region": "eu-west-3"}, "clean.no_receipt"),
        ({"read_at": OLD}, "clean.no_receipt"),
        ({"left": [["iam role", "x", ""]]}, "clean.left"),
        ({"left": None}, "check.broken"),
        ({"left": [["iam role"]]}, "check.broken"),
        ({"created": "many"}, "check.broken"),
        ({"read_at": "yesterday"}, "check.broken"),
        ({"read_at": 5}, "check.broken"),
    ],
    ids=str,
)
def test_what_the_check_makes_of_a_receipt(begun: Bench, changes: Row, message_id: str) -> None:
    write_receipt(begun, **changes)
    report = runner.ask(CLEAN, begun)
    assert report.verdict.message_id == message_id, str(report)
    if message_id == "check.broken":
        assert report.verdict.status is Status.CANNOT_CHECK
        assert report.verdict.next_step == "run lab.clean() again"


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_damaged_receipt_is_the_kits_fault_and_named(begun: Bench, content: str) -> None:
    receipt_file(begun.home).write_text(content)
    report = runner.ask(CLEAN, begun)
    assert report.verdict.message_id == "check.broken"
    assert "receipt.json" in str(report)
    with pytest.raises(LabError):
        kept(begun, datetime.now(UTC))


def test_what_is_left_comes_with_its_reason(begun: Bench) -> None:
    write_receipt(
        begun, left=[["ec2 vpc", "vpc-1", "DependencyViolation: it has dependencies"], ["ec2 subnet", "s", ""]]
    )
    report = runner.ask(CLEAN, begun)
    assert report.verdict.found == "left 2: ec2 vpc vpc-1"
    assert "DependencyViolation" in report.verdict.cause


def test_what_was_made_since_is_counted_and_named(begun: Bench) -> None:
    write_receipt(begun)
    lab_repository.create(begun)
    for purpose in ("a", "b", "c"):
        begun.client("iam").create_role(
            RoleName=begun.target.names.role(purpose),
            AssumeRolePolicyDocument=json.dumps(TRUST),
        )
    found = runner.ask(CLEAN, begun).verdict.found
    assert found.startswith("4: ")
    assert found.count("fargate-lab") == 3
    clean(begun, quiet)


def test_what_the_ledger_holds_of_another_region_is_named(begun: Bench) -> None:
    write_receipt(begun)
    held = begun.target.ledger.intend("ecr repository", "fargate-lab/app", "eu-north-1")
    try:
        begun.target.ledger.created(held)
        report = runner.ask(CLEAN, begun)
    finally:
        begun.target.ledger.gone(held, "a test's")
    assert report.verdict.message_id == "clean.elsewhere"
    assert report.verdict.found == "1: ecr repository fargate-lab/app in eu-north-1"
    assert runner.ask(CLEAN, begun).verdict.passed


def test_what_others_made_is_not_the_labs(begun: Bench) -> None:
    theirs = begun.target.session.client("logs", endpoint_url=begun.target.endpoint)
    theirs.create_log_group(logGroupName="fargate-lab/service", tags={"owner": "somebody-else"})
    try:
        receipt = clean(begun, quiet)
        assert receipt.left == ()
        assert runner.ask(CLEAN, begun).verdict.passed
        groups = theirs.describe_log_groups(logGroupNamePrefix="fargate-lab")["logGroups"]
        assert [each["logGroupName"] for each in groups] == ["fargate-lab/service"]
    finally:
        theirs.delete_log_group(logGroupName="fargate-lab/service")


def test_what_is_another_owners_or_another_labs_is_named_and_counted(begun: Bench) -> None:
    iam = begun.target.session.client("iam", endpoint_url=begun.target.endpoint)
    tags = [[{"Key": OWNER_TAG, "Value": "bob"}], [{"Key": KIT_TAG, "Value": "fargate-lab-bob"}]]
    names = [f"fargate-lab-{letter}" for letter in "abcd"]
    for number, name in enumerate(names):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tags[number % 2])
    try:
        clean(begun, quiet)
        verdict = runner.ask(CLEAN, begun).verdict
    finally:
        for name in names:
            iam.delete_role(RoleName=name)
    assert verdict.passed
    assert "iam role fargate-lab-a (owner: bob), iam role fargate-lab-b (lab: fargate-lab-bob), " in verdict.found
    assert verdict.found.endswith("iam role fargate-lab-c (owner: bob) and 1 more")


def test_cleaning_forgets_the_stages_that_went_with_it_and_keeps_the_others(begun: Bench) -> None:
    runner.solve("push-denied", begun)
    clean(begun, quiet)
    passed = {name: bool(begun.progress.of(name).passed) for name in ("start", "build", "push-denied")}
    assert passed == {"start": True, "build": True, "push-denied": False}


def test_a_receipt_counts_from_the_one_before(begun: Bench) -> None:
    for _ in range(2):
        lab_repository.create(begun)
        assert clean(begun, quiet).created == 1


def test_cleaning_again_after_an_interruption_finishes(begun: Bench) -> None:
    lab_repository.create(begun)
    begun.client("ssm").put_parameter(Name="fargate-lab-x", Type="String", Value="x")

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clean(begun, stop)
    assert not receipt_file(begun.home).exists()
    receipt = clean(begun, quiet)
    assert (receipt.created, receipt.gone, receipt.left) == (2, 2, ())


def endpoints(bench: Bench) -> None:
    ec2 = bench.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    for service in ("ecr.api", "ecr.dkr"):
        ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=vpc,
            ServiceName=f"com.amazonaws.us-east-1.{service}",
            SubnetIds=[subnet],
            PrivateDnsEnabled=False,
        )


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (lambda bench: None, ["total                       0.00    0.00"]),
        (endpoints, ["ec2 vpc endpoint  2         0.02    0.24", "total                       0.02    0.24"]),
    ],
    ids=["nothing was made", "two endpoints in one zone"],
)
def test_the_cost_is_shown_kind_by_kind_so_far_and_overnight(
    begun: Bench, make: Callable[[Bench], None], rows: list[str]
) -> None:
    make(begun)
    shown = show.cost(begun).splitlines()
    words = [line.split() for line in shown[2 : 2 + len(rows)]]
    assert words == [row.split() for row in rows]
    assert shown[0].endswith("in 12 more hours")
    assert "at most, without tax" in shown[-1]
    clean(begun, quiet)


def test_the_ledger_is_a_file_with_the_intention_before_the_answer(begun: Bench) -> None:
    lab_repository.create(begun)
    file = ledger(begun)
    last = [json.loads(line) for line in file.read_text().splitlines()][-2:]
    assert [each["state"] for each in last] == ["intended", "created"]
    assert last[0]["id"] == begun.repository_name
    clean(begun, quiet)
