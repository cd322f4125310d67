"""IAM's simulators answer whatever the size of the question: in pages, or with a refusal."""

import pytest

from labs import iam
from labs.cloud.apis import simulate
from labs.cloud.contract import AwsError
from labs.cloud.protocols.paging import Pages

POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}'


@pytest.fixture
def ask():
    simulator = simulate.Simulator(None, Pages("seed"))

    def call(actions, arns, **more):
        params = {"PolicyInputList": [POLICY], "ActionNames": actions, "ResourceArns": arns, **more}
        return simulator.call("111122223333", "SimulateCustomPolicy", params)

    return call


def test_a_thousand_actions_on_a_thousand_resources_come_in_pages(ask, monkeypatch):
    """Each page is as long as it may take; the whole is a million decisions, of which a page makes few."""
    made = []
    decide = iam.evaluate
    monkeypatch.setattr(simulate.iam, "evaluate", lambda *given: made.append(1) or decide(*given))
    actions, arns = [f"s3:Get{n}" for n in range(1000)], [f"arn:aws:s3:::bucket{n}" for n in range(1000)]
    first = ask(actions, arns, MaxItems=1000)
    assert len(made) <= simulate._DECISIONS
    assert first["IsTruncated"]
    second = ask(actions, arns, MaxItems=1000, Marker=first["Marker"])
    names = [each["EvalActionName"] for page in (first, second) for each in page["EvaluationResults"]]
    assert names == actions[: len(names)]
    assert all(len(each["ResourceSpecificResults"]) == 1000 for each in first["EvaluationResults"])


def test_the_last_page_says_so(ask):
    found = ask(["s3:GetObject", "s3:PutObject"], ["*"])
    assert [each["EvalDecision"] for each in found["EvaluationResults"]] == ["allowed", "implicitDeny"]
    assert not found["IsTruncated"]
    assert "Marker" not in found


@pytest.mark.parametrize(
    ("actions", "arns"), [(["s3"], ["*"]), (["s3:" + "a" * 126], ["*"]), (["s3:Get"], ["a" * 2049])]
)
def test_a_name_of_another_length_is_refused(ask, actions, arns):
    with pytest.raises(AwsError, match="failed to satisfy constraint: Member must satisfy constraint: ") as refused:
        ask(actions, arns)
    assert refused.value.code == "ValidationError"


def test_more_resources_than_can_be_judged_are_refused(ask):
    with pytest.raises(AwsError, match="at most 5000 resources") as refused:
        ask(["s3:GetObject"], ["arn:aws:s3:::b"] * 5001)
    assert refused.value.code == "InvalidInput"
