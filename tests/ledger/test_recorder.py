import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from labs.errors import LabError
from labs.ledger import recorder
from labs.ledger.ledger import State
from labs.ledger.names import moment
from labs.session.target import Target

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}]}
)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def states(target: Target) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.id, entry.state.value) for entry in target.ledger.entries()]


def test_a_resource_is_written_down_before_the_call_is_sent(account: Target) -> None:
    seen: list[Any] = []
    ecr = account.client("ecr")
    ecr.meta.events.register("before-send", lambda **_: seen.append(states(account)))
    ecr.create_repository(repositoryName="fargate-lab/app")
    assert seen[0] == [("ecr repository", "fargate-lab/app", "intended")]
    assert states(account) == [("ecr repository", "fargate-lab/app", "created")]


def test_what_is_created_carries_the_labs_tags_and_the_callers_own(account: Target) -> None:
    iam = account.client("iam")
    iam.create_role(
        RoleName="fargate-lab-push",
        AssumeRolePolicyDocument=TRUST,
        Tags=[{"Key": "team", "Value": "blue"}, {"Key": "owner", "Value": "somebody else"}],
    )
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName="fargate-lab-push")["Tags"]}
    assert moment(tags.pop("expires-at")) is not None
    assert tags == {"team": "blue", "fargate-lab-kit": "fargate-lab", "owner": "anna"}


@pytest.mark.parametrize("name", ["production/app", "app", "fargate-labour/app"])
def test_a_name_without_the_prefix_is_not_sent(account: Target, name: str) -> None:
    ecr = account.client("ecr")
    with pytest.raises(LabError, match="was not sent") as told:
        ecr.create_repository(repositoryName=name)
    assert "fargate-lab/something" in told.value.next_step
    assert ecr.describe_repositories()["repositories"] == []
    assert states(account) == []


def test_a_policy_is_not_put_on_somebody_elses_role(account: Target) -> None:
    with pytest.raises(LabError, match="production-deploy"):
        account.client("iam").put_role_policy(RoleName="production-deploy", PolicyName="p", PolicyDocument=POLICY)


def test_a_call_whose_result_could_not_be_taken_back_is_not_sent(account: Target) -> None:
    with pytest.raises(LabError, match="iam:CreateUser was not sent"):
        account.client("iam").create_user(UserName="fargate-lab-x")


def test_a_policy_put_twice_is_one_entry(account: Target) -> None:
    iam = account.client("iam")
    iam.create_role(RoleName="fargate-lab-push", AssumeRolePolicyDocument=TRUST)
    for _ in range(2):
        iam.put_role_policy(RoleName="fargate-lab-push", PolicyName="push", PolicyDocument=POLICY)
    assert states(account)[1:] == [("iam role policy", "fargate-lab-push/push", "created")]


def test_a_refused_call_leaves_nothing_to_clean(account: Target) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        account.client("iam").put_role_policy(RoleName="fargate-lab-x", PolicyName="p", PolicyDocument=POLICY)
    [entry] = account.ledger.entries()
    assert (entry.state, entry.was_created, entry.note) == (State.GONE, False, "not created: NoSuchEntity")


def test_a_request_that_boto3_itself_refuses_is_not_written_down(account: Target) -> None:
    with pytest.raises(ParamValidationError):
        account.client("ecr").create_repository(repositoryName="fargate-lab/app", nonsense=1)
    assert states(account) == []


def test_already_there_stays_an_intention_because_a_retry_may_have_met_itself(account: Target) -> None:
    account.session.client("ecr").create_repository(repositoryName="fargate-lab/app")
    with pytest.raises(ClientError, match="RepositoryAlreadyExists"):
        account.client("ecr").create_repository(repositoryName="fargate-lab/app")
    assert states(account) == [("ecr repository", "fargate-lab/app", "intended")]


def test_a_delete_is_written_down_too(account: Target) -> None:
    ecr = account.client("ecr")
    ecr.create_repository(repositoryName="fargate-lab/app")
    ecr.delete_repository(repositoryName="fargate-lab/app")
    assert states(account) == [("ecr repository", "fargate-lab/app", "gone")]


def test_nothing_is_created_before_the_account_is_confirmed(account: Target) -> None:
    (account.home / "confirmed.json").unlink()
    with pytest.raises(LabError, match="Nothing is created until you confirm") as told:
        account.client("ecr").create_repository(repositoryName="fargate-lab/app")
    assert "123456789012" in told.value.what
    assert "us-east-1" in told.value.what
    assert "user/anna" in told.value.what
    assert told.value.next_step.startswith('if that is right, run lab.confirm("123456789012")')
    assert account.session.client("ecr").describe_repositories()["repositories"] == []


@pytest.mark.parametrize(
    "words",
    [
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/x' that was provided for this task.",
    ],
)
def test_a_role_that_ecs_cannot_assume_yet_is_waited_for_with_a_line(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = (None, {"Error": {"Code": "InvalidParameterException", "Message": words}})
    pauses = [recorder.role_not_seen_yet(response=refused, attempts=n) for n in range(1, 9)]
    assert pauses[-1] is None
    assert 20 < sum(each or 0 for each in pauses) < 60
    assert capsys.readouterr().err.count("a new role takes some seconds") == 1


def test_any_other_refusal_of_ecs_is_not_waited_for() -> None:
    refused = (None, {"Error": {"Code": "InvalidParameterException", "Message": "No such subnet"}})
    assert recorder.role_not_seen_yet(response=refused, attempts=1) is None
    assert recorder.role_not_seen_yet(response=None, attempts=1) is None
