"""What ``labs doctor`` says of an account before the day: each line with its remedy, and what it did not look at."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labs import cli
from labs.desk import readiness
from labs.engine.doctor import DoctorLine, DoctorStatus
from labs.errors import LabError
from labs.session import TargetName, connect
from labs.session.local import Cloud
from tests.places import account, canned_aws, home, on_local_aws, shared_cloud, shared_home

__all__ = ["account", "canned_aws", "home", "on_local_aws", "shared_cloud", "shared_home"]

ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DENIED = ("ec2:CreateNatGateway", "ec2:CreateVpc", "ecs:RunTask")


def test_a_quota_is_held_against_what_one_trainee_needs() -> None:
    assert readiness.room("VPCs per Region", 5, 4, 1).status is DoctorStatus.OK
    full = readiness.room("VPCs per Region", 5, 5, 1)
    assert full.status is DoctorStatus.FIX
    assert full.found == "5 of 5 used; one trainee needs 1"
    assert "Service Quotas" in full.remedy


def test_what_only_wrong_answers_need_is_no_obstacle() -> None:
    wanted = readiness.needed()
    assert readiness.permissions([], wanted).status is DoctorStatus.OK
    assert readiness.permissions(["ec2:CreateNatGateway"], wanted).status is DoctorStatus.NOTE
    missing = readiness.permissions(["ec2:CreateVpc", "ec2:CreateNatGateway"], wanted)
    assert (missing.status, missing.found) == (DoctorStatus.FIX, "not allowed: ec2:CreateVpc")


def test_what_is_needed_holds_creating_checking_and_cleaning() -> None:
    assert {
        "ec2:CreateVpc", "ec2:DeleteVpc", "ec2:DescribeVpcEndpoints", "ecr:CreateRepository", "ecr:DeleteRepository",
        "ecs:RunTask", "ecs:StopTask", "iam:PassRole", "iam:CreateRole", "iam:DeleteRole", "logs:CreateLogGroup",
        "ssm:PutParameter", "cloudtrail:LookupEvents", "sts:AssumeRole",
    } <= set(readiness.needed())  # fmt: skip


@pytest.mark.parametrize(("ahead", "status"), [(2.0, "ok"), (-90.0, "note"), (400.0, "fix"), (-400.0, "fix")])
def test_a_clock_is_held_against_awss(ahead: float, status: str) -> None:
    line = readiness.clock(ahead)
    assert line.status.value == status
    assert bool(line.remedy) == (status != "ok")


def test_a_registry_that_does_not_answer_is_named() -> None:
    line = readiness.base_image("127.0.0.1:9/library/python:3.13")
    assert line.status is DoctorStatus.FIX
    assert "127.0.0.1:9 does not answer" in line.found
    assert "LAB_PYTHON_IMAGE" in line.remedy


def test_without_an_account_it_says_what_it_did_not_look_at() -> None:
    local = readiness.not_looked_at(TargetName.LOCAL)
    nobody = readiness.not_looked_at(TargetName.AWS, LabError("There are no AWS credentials.", "sign in", id="x-y"))
    for line in (*local, *nobody):
        assert readiness.LOOKED_AT in line.found
        assert line.remedy
    assert nobody[0].stops_the_lab


def test_a_proxy_is_told() -> None:
    assert readiness.proxy({}) == []
    assert "HTTPS_PROXY" in readiness.proxy({"HTTPS_PROXY": "http://proxy:3128"})[0].found


@pytest.fixture
def trainee(on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The local AWS stands for an account; ``policy(denied)`` gives a user who may do all but these."""
    iam = on_local_aws.session().client("iam", endpoint_url=on_local_aws.endpoint)
    iam.create_user(UserName="anna")
    key = iam.create_access_key(UserName="anna")["AccessKey"]

    def policy(*denied: str) -> None:
        deny = [{"Effect": "Deny", "Action": list(denied), "Resource": "*"}] if denied else []
        document = {**ANY, "Statement": [*ANY["Statement"], *deny]}
        iam.put_user_policy(UserName="anna", PolicyName="p", PolicyDocument=json.dumps(document))

    variables = {**on_local_aws.variables(), "LAB_TARGET": "aws", "LAB_PYTHON_IMAGE": f"{on_local_aws.endpoint[7:]}/x"}
    variables |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield policy
    iam.delete_user_policy(UserName="anna", PolicyName="p")
    iam.delete_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="anna")


def lines(environment: dict[str, str]) -> dict[str, DoctorLine]:
    return {each.what: each for each in readiness.examine(connect(), environment)}


def test_an_account_with_everything(trainee: Any, on_local_aws: Cloud) -> None:
    trainee()
    found = lines({"LAB_PYTHON_IMAGE": f"{on_local_aws.endpoint[7:]}/x"})
    for what in ("AWS account", "permissions", "zones", "base image", "clock"):
        assert found[what].status is DoctorStatus.OK, found[what]
    assert found["confirmed"].remedy == f"if it is the right one: labs confirm {on_local_aws.account}"
    assert all(each.remedy for each in found.values() if each.status is not DoctorStatus.OK)


def test_what_a_user_may_not_do_is_named(trainee: Any, on_local_aws: Cloud) -> None:
    trainee(*DENIED)
    found = lines({"LAB_PYTHON_IMAGE": f"{on_local_aws.endpoint[7:]}/x"})["permissions"]
    assert (found.status, found.found) == (DoctorStatus.FIX, "not allowed: ec2:CreateVpc, ecs:RunTask")


def test_who_may_not_simulate_is_told_what_was_not_looked_at(trainee: Any) -> None:
    trainee("iam:SimulatePrincipalPolicy", "servicequotas:*", "iam:GetRole")
    found = lines({"LAB_PYTHON_IMAGE": "127.0.0.1:9/x"})
    for what in ("permissions", "quota: VPCs per Region", "ECS's role"):
        assert found[what].status is DoctorStatus.NOTE, found[what]
        assert found[what].found.startswith("not looked at: "), found[what]
        assert found[what].remedy


def test_the_command_gives_the_same_as_json(trainee: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trainee(*DENIED)
    cli.main(["doctor", "--json"])
    found = {each["what"]: each for each in json.loads(capsys.readouterr().out)["findings"]}
    assert found["permissions"]["status"] == "fix"
    assert "ecs:RunTask" in found["permissions"]["found"]
