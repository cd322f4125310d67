"""Stage 04 beside the walk: doors, kept tasks, the trial, and the way of who follows only the talk."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labs.errors import LabError
from labs.lesson import hints, runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.stages.private_subnet import solve, trial
from labs.subjects.tasks import task_runs
from labs.subjects.vpc import ids, reading, vpc_names, vpc_shown
from labs.ui.vpc_picture import Sign
from labs.verdict import Status

PRIVATE = stage("private-subnet")


@pytest.fixture
def begun(bench: Bench) -> Iterator[Bench]:
    runner.reset(PRIVATE.name, bench)
    for name in PRIVATE.needs:
        if not bench.progress.of(name).passed:
            assert runner.solve(name, bench)[-1].verdict.passed
    runner.begin(PRIVATE.name, bench)
    yield bench
    runner.reset(PRIVATE.name, bench)


def test_who_follows_only_the_talks_list_meets_s3_and_is_led_to_the_gateway(begun: Bench) -> None:
    solve.build_vpc(begun)
    solve.make_groups(begun)
    trial.create(begun)
    solve.experiment(begun, "bare")
    solve.make_endpoints(begun)
    solve.open_door(begun, vpc_names.ENDPOINTS)
    solve.experiment(begun, "talk")
    # The task's own words, the picture, the way, the check and the hints all lead to the same place.
    stopped = task_runs.settled(begun, "talk")
    assert stopped.reason.startswith("CannotPullContainerError")
    assert "failed to copy" in stopped.reason
    shown = vpc_shown.network(begun)
    signs = {lane.title: lane.sign for lane in shown.lanes}
    assert signs["the layers in Amazon S3"] is Sign.BLOCKED
    assert signs["the registry of Amazon ECR"] is Sign.OPEN
    assert "create a gateway endpoint for com.amazonaws.us-east-1.s3" in vpc_shown.way(begun, "s3")
    report = runner.check_and_record(PRIVATE.name, begun)
    assert report.verdict.message_id == "private.no_gateway"
    assert 'VpcEndpointType="Gateway"' in report.verdict.next_step
    progress = begun.progress.of(PRIVATE.name)
    begun.progress.put(PRIVATE.name, replace(progress, prediction="runs"))
    told = [hints.next_hint(PRIVATE, begun) for _ in range(5)]
    assert "the layers are in S3" in told[1]
    assert told[4].startswith("Solution:")
    assert vpc_names.layer_bucket_arn(begun) in told[4] or "$LAYER_BUCKET_ARN" in told[4]
    # And so led, the trainee arrives.
    solve.make_gateway(begun, solve.policy(begun))
    solve.experiment(begun, "gateway")
    assert runner.check_and_record(PRIVATE.name, begun).verdict.message_id == "private.closed"
    assert "logs" in str(runner.ask(PRIVATE, begun))
    solve.open_door(begun, vpc_names.LOGS)
    solve.experiment(begun, "open")
    assert runner.check_and_record(PRIVATE.name, begun).verdict.passed


def test_solving_goes_on_where_it_was_interrupted(begun: Bench) -> None:
    ec2 = begun.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=solve.BLOCK)["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc_id, CidrBlock=solve.BLOCKS[0], AvailabilityZone=solve.zones(begun)[0])
    solve.build_vpc(begun)
    assert len(solve.the(begun).zones) == 2
    solve.make_groups(begun)
    trial.create(begun)
    solve.make_endpoints(begun, ("ecr.api",))
    solve.make_endpoints(begun)
    assert sorted(ids.endpoint_ids(begun)) == sorted(reading.INTERFACES)


def test_the_names_are_empty_before_there_is_anything(begun: Bench) -> None:
    assert ids.vpc_id(begun) == ""
    assert ids.subnet_ids(begun) == []
    assert ids.route_table_id(begun) == ""
    assert ids.group_ids(begun) == {}
    assert ids.endpoint_ids(begun) == {}
    assert ids.rules(begun, "tasks") == []


@pytest.mark.parametrize("purpose", ["tasks", "nobody"])
def test_a_group_that_is_not_there_is_said_in_a_sentence(begun: Bench, purpose: str) -> None:
    assert purpose not in ids.group_ids(begun)
    with pytest.raises(LabError, match=f"security group '{purpose}'"):
        _ = ids.group_ids(begun)[purpose]


def test_what_is_shown_without_a_vpc_or_a_subnet_says_which_cell_to_run(begun: Bench) -> None:
    for show in (vpc_shown.network, vpc_shown.endpoints, lambda bench: vpc_shown.way(bench, "s3")):
        with pytest.raises(LabError, match="There is no VPC"):
            show(begun)
    begun.client("ec2").create_vpc(CidrBlock=solve.BLOCK)
    assert vpc_shown.network(begun).lanes == ()
    with pytest.raises(LabError, match="There is no subnet to start from yet"):
        vpc_shown.way(begun, "s3")
    with pytest.raises(LabError, match=r"use one of: ecr\.api, ssm, ecr\.dkr, s3, logs"):
        vpc_shown.way(begun, "ecs")


def test_a_policy_that_blocks_the_layers_is_a_hop_of_the_way(begun: Bench) -> None:
    solve.build_vpc(begun)
    solve.make_groups(begun)
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-bucket/*"}
    narrow = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    solve.make_gateway(begun, narrow)
    said = " ".join(vpc_shown.way(begun, "s3").split())
    assert "STOP policy The policy of vpce-" in said
    assert f"allows s3:GetObject on {vpc_names.layer_bucket_arn(begun)}/* to every principal" in said
    lane = next(each for each in vpc_shown.network(begun).lanes if each.title == "the layers in Amazon S3")
    assert lane.stations[-1].name == "policy"
    assert lane.where.startswith("endpoint vpce-")


def test_a_resolver_of_ones_own_is_not_called_open(begun: Bench) -> None:
    """Who answers names in this VPC cannot be known, and the picture says so."""
    solve.build_vpc(begun)
    solve.make_groups(begun)
    ec2 = begun.target.session.client("ec2", endpoint_url=begun.target.endpoint)
    configuration = [{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}]
    options = ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=ids.vpc_id(begun))
    shown = vpc_shown.network(begun)
    assert {lane.sign for lane in shown.lanes} <= {Sign.UNKNOWN, Sign.BLOCKED}
    assert all(lane.where and lane.why for lane in shown.lanes)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=ids.vpc_id(begun))
    ec2.delete_dhcp_options(DhcpOptionsId=options)


def kept(bench: Bench, label: str, *rows: dict[str, Any]) -> None:
    task_runs.folder(bench).mkdir(exist_ok=True)
    (task_runs.folder(bench) / f"{label}.json").write_text(json.dumps(rows))


def test_a_stop_that_ecs_has_forgotten_is_remembered_from_the_file(begun: Bench) -> None:
    """ECS keeps a stopped task for an hour; the course takes longer."""
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    row = {"task_id": "a" * 32, "created": long_ago.isoformat(), "ended": long_ago.isoformat(), "status": "STOPPED"}
    kept(begun, "bare", {**row, "reason": "x", "a field of a later version": 1})
    found = task_runs.labelled(begun, begun.client("ecs"), "bare")
    assert [(task.task_id, task.reason) for task in found] == [("a" * 32, "x")]


def test_what_ecs_should_still_know_is_not_believed_from_the_file(begun: Bench) -> None:
    now = datetime.now(UTC).isoformat()
    kept(begun, "bare", {"task_id": "b" * 32, "created": now, "ended": now, "status": "STOPPED"})
    assert task_runs.labelled(begun, begun.client("ecs"), "bare") == ()


@pytest.mark.parametrize("text", ["{", "[1]", '[{"created": 5}]', '[{"task_id": "x", "created": "yesterday"}]'])
def test_a_damaged_file_of_kept_tasks_is_named(begun: Bench, text: str) -> None:
    task_runs.folder(begun).mkdir(exist_ok=True)
    (task_runs.folder(begun) / "bare.json").write_text(text)
    with pytest.raises(LabError, match=r"bare\.json cannot be read") as raised:
        task_runs.labelled(begun, begun.client("ecs"), "bare")
    assert "delete $WORK/tasks/bare.json" in str(raised.value)
    assert runner.ask(PRIVATE, begun).verdict.message_id == "private.no_vpc"


def test_waiting_for_a_task_that_was_never_started_says_so(begun: Bench) -> None:
    with pytest.raises(LabError, match='There is no task with startedBy "talk"'):
        task_runs.settled(begun, "talk")


def test_the_trial_is_made_once_and_its_secret_is_in_no_line_and_no_file(begun: Bench) -> None:
    first = trial.create(begun)
    ssm = begun.client("ssm")
    value = ssm.get_parameter(Name=trial.parameter(begun), WithDecryption=True)["Parameter"]["Value"]
    assert trial.create(begun) == first
    assert ssm.get_parameter(Name=trial.parameter(begun), WithDecryption=True)["Parameter"]["Value"] == value
    assert not any(value in line for line in first)
    found = begun.client("ecs").list_task_definitions(familyPrefix=trial.family(begun))["taskDefinitionArns"]
    assert len(found) == 1
    for path in begun.home.rglob("ledger*"):
        if path.is_file():
            assert value not in path.read_text(errors="replace")


def test_the_trial_without_a_definition_says_which_cell_makes_it(begun: Bench) -> None:
    with pytest.raises(LabError, match=r"run the cell with lab\.trial_task"):
        trial.require(begun)


def test_an_identity_that_may_not_look_at_the_network_cannot_check(begun: Bench) -> None:
    """The push role may push, and may not describe a VPC: that is no fault of the trainee's."""
    session = begun.target.assume(begun.push_role)

    def reader(service: str) -> Any:
        return session.client(service, endpoint_url=begun.target.endpoint)

    report = runner.ask(PRIVATE, replace(begun, reader=reader))
    assert (report.verdict.status, report.verdict.message_id) == (Status.CANNOT_CHECK, "check.not_allowed")
    assert "ec2:DescribeVpcs" in report.verdict.found
