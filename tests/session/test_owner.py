"""Whose a thing is stays, whatever a role's session is called: who comes back cleans it, and nobody else does."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labs.ledger import cleanup
from labs.session import connect
from labs.session.local import Cloud
from labs.session.owner import owner
from labs.session.target import Target

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/anna"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    ],
}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def session(name: str, role: str = "Dev", partition: str = "aws") -> str:
    return f"arn:{partition}:sts::{ACCOUNT}:assumed-role/{role}/{name}"


def test_a_users_name_and_a_trainees_stay_as_they_are(home: Path) -> None:
    assert owner(home, ACCOUNT, USER, "").names == {"anna"}
    assert owner(home, ACCOUNT, session("botocore-session-1"), "ben").names == {"ben"}
    assert not (home / "owners.json").exists()


def test_a_role_keeps_its_owner_in_the_home(home: Path) -> None:
    first = owner(home, ACCOUNT, session("botocore-session-1700000001"), "")
    again = owner(home, ACCOUNT, session("botocore-session-1800000001"), "")
    renewed = owner(home, ACCOUNT, session("broker-42", partition="aws-us-gov"), "")
    assert first.name == again.name == renewed.name
    assert first.name.startswith("Dev-")
    assert "broker-42" in renewed.names


def test_another_home_and_another_account_have_another_owner(home: Path, tmp_path: Path) -> None:
    ours = owner(home, ACCOUNT, session("anna@example.com"), "")
    assert ours.name.startswith("anna@example.com-")
    assert owner(tmp_path, ACCOUNT, session("anna@example.com"), "").name != ours.name
    assert owner(home, "210987654321", session("anna@example.com"), "").name != ours.name


def test_a_name_is_as_long_as_a_tag_may_be(home: Path) -> None:
    assert len(owner(home, ACCOUNT, session("x" * 64, "R" * 64), "").name) <= 128


@pytest.fixture
def role(on_local_aws: Cloud) -> Iterator[str]:
    """A role of the account that may do everything."""
    iam = on_local_aws.session().client("iam", endpoint_url=on_local_aws.endpoint)
    made = iam.create_role(RoleName="Dev", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    iam.put_role_policy(RoleName="Dev", PolicyName="all", PolicyDocument=json.dumps(ALL))
    yield str(made["Arn"])
    iam.delete_role_policy(RoleName="Dev", PolicyName="all")
    iam.delete_role(RoleName="Dev")


@pytest.fixture
def person(on_local_aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Target]:
    """The confirmed target of somebody in a home, with keys or a profile."""

    def connected(home: Path, keys: dict[str, Any] | None = None, profile: str = "") -> Target:
        for name in [each for each in os.environ if each.startswith("AWS_")]:
            monkeypatch.delenv(name)
        home.mkdir(exist_ok=True)
        given = {"LAB_TARGET": "aws", "LAB_HOME": str(home), "AWS_ENDPOINT_URL": on_local_aws.endpoint}
        given |= {"AWS_REGION": on_local_aws.region, "AWS_DEFAULT_REGION": on_local_aws.region}
        given |= {"AWS_CONFIG_FILE": str(home.parent / "config"), "AWS_EC2_METADATA_DISABLED": "true"}
        if keys is not None:
            given |= {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
            given |= {"AWS_SESSION_TOKEN": keys["SessionToken"]} if "SessionToken" in keys else {}
        if profile:
            given["AWS_PROFILE"] = profile
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        target = connect()
        target.confirm(target.account)
        return target

    return connected


def cleaned(target: Target) -> tuple[int, int, list[str]]:
    receipt = cleanup.clean(target, lambda _line: None)
    return receipt.created, receipt.gone, [str(item) for item in receipt.left]


def test_who_comes_back_with_another_session_of_the_role_cleans_all_of_it(
    on_local_aws: Cloud, role: str, person: Callable[..., Target], tmp_path: Path
) -> None:
    sts = on_local_aws.session().client("sts", endpoint_url=on_local_aws.endpoint)

    def keys(name: str) -> Any:
        return sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]

    first = person(tmp_path / "anna", keys("botocore-session-1"))
    first.client("ecr").create_repository(repositoryName="fargate-lab/app")
    first.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    stranger = person(tmp_path / "ben", keys("botocore-session-2"))
    assert cleaned(stranger) == (0, 0, [])
    again = person(tmp_path / "anna", keys("botocore-session-3"))
    assert again.identity != first.identity
    assert cleaned(again) == (2, 2, [])


def test_a_profile_with_role_arn_is_one_owner(
    on_local_aws: Cloud, role: str, person: Callable[..., Target], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        f"[profile dev]\nrole_arn = {role}\nsource_profile = base\n[profile base]\n"
        f"aws_access_key_id = {on_local_aws.access_key_id}\naws_secret_access_key = {on_local_aws.secret_access_key}\n"
    )
    target = person(tmp_path / "anna", profile="dev")
    assert ":assumed-role/Dev/botocore-session-" in target.identity
    target.client("ecr").create_repository(repositoryName="fargate-lab/app")
    assert cleaned(person(tmp_path / "anna", profile="dev")) == (1, 1, [])


def test_what_an_earlier_version_tagged_with_a_session_is_found(
    on_local_aws: Cloud, role: str, person: Callable[..., Target], tmp_path: Path
) -> None:
    sts = on_local_aws.session().client("sts", endpoint_url=on_local_aws.endpoint)
    target = person(tmp_path / "anna", sts.assume_role(RoleArn=role, RoleSessionName="anna")["Credentials"])
    plain = on_local_aws.session().client("ecr", endpoint_url=on_local_aws.endpoint)
    # Where the session has kept its name, by the name; where botocore made one, by the ledger that saw it made.
    for name, whose in (("fargate-lab/app", "anna"), ("fargate-lab/more", "botocore-session-5")):
        tags = [{"Key": "fargate-lab-kit", "Value": "fargate-lab"}, {"Key": "owner", "Value": whose}]
        plain.create_repository(repositoryName=name, tags=tags)
    target.ledger.created(target.ledger.intend("ecr repository", "fargate-lab/more", target.region))
    assert cleaned(target) == (2, 2, [])
    assert plain.describe_repositories()["repositories"] == []


def test_a_federated_user_cleans_what_it_made(
    on_local_aws: Cloud, person: Callable[..., Target], tmp_path: Path
) -> None:
    iam = on_local_aws.session().client("iam", endpoint_url=on_local_aws.endpoint)
    iam.create_user(UserName="broker")
    iam.put_user_policy(UserName="broker", PolicyName="all", PolicyDocument=json.dumps(ALL))
    key = iam.create_access_key(UserName="broker")["AccessKey"]
    broker = person(tmp_path / "broker", key)
    assert broker.identity.endswith("user/broker")
    for name in ("anna-1", "anna-2"):
        given = broker.client("sts").get_federation_token(Name=name, Policy=json.dumps(ALL))["Credentials"]
        target = person(tmp_path / "anna", given)
        assert f"federated-user/{name}" in target.identity
        if name == "anna-1":
            target.client("ecr").create_repository(repositoryName="fargate-lab/app")
    assert cleaned(target) == (1, 1, [])
    iam.delete_access_key(UserName="broker", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="broker", PolicyName="all")
    iam.delete_user(UserName="broker")
