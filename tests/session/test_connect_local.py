"""LAB_TARGET=local, and LAB_TARGET=aws against the same endpoint: the same code, the same answers."""

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from labs import cli
from labs.ledger import cleanup
from labs.session import Target, connect, local
from labs.session.local import Cloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
        ],
    }
)
LOGIN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}],
    }
)


@pytest.fixture(params=["local", "aws"])
def target(request: pytest.FixtureRequest, on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The same account, once found as the local AWS and once through AWS_ENDPOINT_URL and an ordinary session."""
    monkeypatch.setenv("LAB_TARGET", request.param)
    if request.param == "aws":
        for name, value in on_local_aws.variables().items():
            monkeypatch.setenv(name, value)
    found = connect()
    if not found.confirmed:
        found.confirm(found.account)
    yield found
    cleanup.clean(found, lambda _line: None)


def build(target: Target) -> None:
    """The repository, and a push role that may log in and no more."""
    iam = target.client("iam")
    target.client("ecr").create_repository(repositoryName=target.names.repository)
    iam.create_role(RoleName=target.names.push_role, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=target.names.push_role, PolicyName="push", PolicyDocument=LOGIN)


def may_enter(registry: str, password: str) -> bool:
    """Whether the registry lets this password in at GET /v2/."""
    basic = base64.b64encode(f"AWS:{password}".encode()).decode()
    request = urllib.request.Request(f"http://{registry}/v2/", headers={"Authorization": f"Basic {basic}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def test_it_is_the_administrator_of_the_account(target: Target, on_local_aws: Cloud) -> None:
    assert target.account == on_local_aws.account
    assert target.identity == f"arn:aws:iam::{target.account}:user/lab-admin"
    assert on_local_aws.endpoint == f"http://{target.registry}"


def test_a_plain_boto3_client_and_a_shell_meet_the_same_account(target: Target) -> None:
    assert boto3.client("sts").get_caller_identity()["Arn"] == target.identity
    assert boto3.client("ecr").describe_repositories()["repositories"] == []


def test_what_is_built_is_tagged_and_taken_back(target: Target) -> None:
    build(target)
    arn = target.client("ecr").describe_repositories()["repositories"][0]["repositoryArn"]
    tags = target.client("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
    assert target.tags.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items()
    receipt = cleanup.clean(target, lambda _line: None)
    assert (receipt.created, receipt.gone, receipt.left) == (3, 3, ())
    assert target.client("ecr").describe_repositories()["repositories"] == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        target.client("iam").get_role(RoleName=target.names.push_role)


def test_the_role_logs_in_as_itself(target: Target) -> None:
    build(target)
    session = target.assume(target.names.push_role)
    who = session.client("sts", endpoint_url=target.endpoint or None).get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::{target.account}:assumed-role/fargate-lab-push/lab"
    assert may_enter(target.registry, target.registry_password(session))
    assert not may_enter(target.registry, "wrong")


def test_a_session_policy_narrows_the_role(target: Target) -> None:
    build(target)
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    session = target.assume(target.names.push_role, policy=json.dumps(nothing))
    with pytest.raises(ClientError, match="AccessDenied"):
        target.registry_password(session)


def test_login_password_prints_a_password_that_works_and_nothing_else(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    build(target)
    for role in ([], ["--role", "fargate-lab-push"], ["--role", target.role_arn("fargate-lab-push")]):
        assert cli.main(["login-password", *role]) == 0
        printed = capsys.readouterr()
        assert may_enter(target.registry, printed.out.removesuffix("\n"))
        assert printed.err == ""


def test_login_password_for_a_role_that_is_not_there_gives_awss_words(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["login-password", "--role", "fargate-lab-push"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "not authorized to perform: sts:AssumeRole" in printed.err
    assert "There is no role fargate-lab-push in this account." in printed.err
    assert "Next: run lab.push_role() first: it makes the role" in printed.err
    assert "Traceback" not in printed.err


def test_clean_prints_the_receipt_and_exits_0_only_when_nothing_is_left(
    target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    build(target)
    assert cli.main(["clean", "--dry-run"]) == 0
    assert capsys.readouterr().out.count("would go") == 3
    repository = target.session.client("ecr", endpoint_url=target.endpoint or None)
    arn = repository.describe_repositories()["repositories"][0]["repositoryArn"]
    repository.untag_resource(resourceArn=arn, tagKeys=["fargate-lab-kit"])
    assert cli.main(["clean"]) == 1
    assert "created 3, gone 2, left 1" in capsys.readouterr().out
    repository.tag_resource(resourceArn=arn, tags=[{"Key": "fargate-lab-kit", "Value": "fargate-lab"}])
    assert cli.main(["clean"]) == 0
    assert "created 3, gone 3, left 0" in capsys.readouterr().out


def test_a_clean_that_was_killed_goes_on_where_it_stopped(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    build(target)
    killed = subprocess.Popen(
        [sys.executable, "-u", "-m", "labs.cli", "clean"], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert killed.stdout is not None
    assert killed.stdout.readline().split()[0] == b"gone"
    killed.kill()
    killed.communicate(timeout=60)
    assert cli.main(["clean"]) == 0
    assert "created 3, gone 3, left 0" in capsys.readouterr().out


def test_on_aws_clean_asks_for_the_account_first(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if target.name == "local":
        assert target.confirmed
        return
    (target.home / "confirmed.json").unlink()
    assert cli.main(["clean"]) == 2
    assert "Nothing is created until you confirm" in capsys.readouterr().err
    assert cli.main(["clean", "--account", "999999999999"]) == 2
    assert "belong to account 111122223333" in capsys.readouterr().err
    assert cli.main(["clean", "--account", target.account]) == 0


def test_going_from_local_to_aws_in_one_process_gives_the_users_own_settings_back(
    on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch, canned_aws: Any
) -> None:
    canned_aws.identify("123456789012", "arn:aws:iam::123456789012:user/anna")
    monkeypatch.setenv("LAB_TARGET", "local")
    assert connect().account == on_local_aws.account
    monkeypatch.setenv("LAB_TARGET", "aws")
    assert connect().account == "123456789012"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"


def test_clean_stops_the_local_aws_that_it_had_to_start(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["clean"]) == 0
    assert "left 0" in capsys.readouterr().out
    assert local.find_cloud(home) is None
    assert not (home / "cloud.json").exists()
