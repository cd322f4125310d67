"""LAB_TARGET=aws: what boto3 finds, or one sentence about what is missing. The canned server stands for AWS."""

from pathlib import Path
from typing import Any

import pytest

from labs.errors import LabError
from labs.session import connect

ACCOUNT = "123456789012"
IDENTITY = f"arn:aws:iam::{ACCOUNT}:user/anna"


def refusal() -> LabError:
    with pytest.raises(LabError) as told:
        connect()
    assert "secret-of-the-test" not in str(told.value)
    assert told.value.next_step
    return told.value


def test_the_identity_is_asked_and_nothing_else(canned_aws: Any) -> None:
    canned_aws.identify(ACCOUNT, IDENTITY)
    target = connect()
    assert (target.name, target.account, target.identity) == ("aws", ACCOUNT, IDENTITY)
    assert (target.region, target.prefix) == ("us-east-1", "fargate-lab")
    assert target.tags == {"fargate-lab-kit": "fargate-lab", "owner": "anna"}
    assert ["GetCallerIdentity" in body for body in canned_aws.seen] == [True]


def test_a_new_account_is_not_confirmed_and_the_question_names_it(canned_aws: Any) -> None:
    canned_aws.identify(ACCOUNT, IDENTITY)
    target = connect()
    assert not target.confirmed
    with pytest.raises(LabError, match=f"account {ACCOUNT}, region us-east-1, as {IDENTITY}"):
        target.require_confirmed()
    target.confirm(ACCOUNT)
    assert connect().confirmed


@pytest.mark.parametrize(
    ("status", "code", "message", "says"),
    [
        (403, "ExpiredToken", "The security token included in the request is expired", "have expired"),
        (403, "InvalidClientTokenId", "The security token included in the request is invalid.", "does not know"),
        (403, "SignatureDoesNotMatch", "The request signature we calculated does not match", "does not fit"),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z",
            "clock is wrong",
        ),
        (403, "SignatureDoesNotMatch", "Signature not yet current: 20260101T001000Z is still later", "clock is wrong"),
        (403, "AccessDenied", "because of a policy", "refused while asking who you are"),
        (400, "SomethingElse", "in AWS's own words", "in AWS's own words"),
    ],
)
def test_a_refusal_is_told_by_its_cause(canned_aws: Any, status: int, code: str, message: str, says: str) -> None:
    canned_aws.refuse(status, code, message)
    assert says in refusal().what


def test_without_credentials_it_says_how_to_sign_in(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = refusal()
    assert told.what == "There are no AWS credentials."
    assert "aws configure" in told.next_step
    assert canned_aws.seen == []


def test_half_a_key_is_named(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "incomplete" in refusal().what


def test_without_a_region_it_asks_for_one(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert refusal().what == "No AWS region is set."


def test_the_region_may_be_in_either_variable(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    canned_aws.identify(ACCOUNT, IDENTITY)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert connect().region == "eu-west-1"


def test_a_profile_that_does_not_exist_is_named(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "nobody" in refusal().what


def test_an_endpoint_that_does_not_answer_is_named(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "AWS does not answer at http://127.0.0.1:9" in refusal().what


def test_an_endpoint_that_is_no_address_is_named(canned_aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert "nonsense" in refusal().what


def test_a_damaged_aws_configuration_is_named(canned_aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "config"
    damaged.write_text("[profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(damaged))
    assert str(damaged) in refusal().what


@pytest.mark.parametrize("page", ["<html>a proxy's sign-in page", "<html></html>", "", "{}"])
def test_an_answer_that_is_not_awss_is_one_sentence(canned_aws: Any, page: str) -> None:
    canned_aws.status, canned_aws.body = 200, page
    told = refusal()
    assert "is not AWS" in told.what
    assert page not in told.what or not page


@pytest.mark.parametrize("word", ["amazon", "Local AWS", "true"])
def test_any_other_target_is_refused_with_the_two_there_are(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("LAB_TARGET", word)
    told = refusal()
    assert "'local'" in told.what
    assert "'aws'" in told.what
