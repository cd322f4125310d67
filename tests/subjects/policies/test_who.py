"""A role's trust policy and a repository's policy: whoever is let in beyond those wanted is found and named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from labs.iam import PolicyKind, Principal, PrincipalKind, Wanted, parse_policy
from labs.subjects.policies import in_words, who
from labs.subjects.push.policy_review import NEEDED

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-push"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
NOW = datetime(2026, 11, 30, tzinfo=UTC)
OWN = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}

Statement = dict[str, Any]


def allow(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> Statement:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def found(kind: PolicyKind, resource: str, wanted: Wanted, *statements: Statement) -> list[str]:
    policy = parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, kind, "of the repository")
    shown = [(each.witness, in_words.place(each.place)) for each in who.beyond(policy, resource, [wanted], NOW)]
    return [f"{who.in_words(asked.principal)} may {in_words.request(asked)}: {at}" for asked, at in shown if asked]


def trusted(*statements: Statement) -> list[str]:
    return found(PolicyKind.TRUST, ROLE, who.of_account(ACCOUNT, who.ASSUMING), *statements)


def using(*statements: Statement) -> list[str]:
    return found(PolicyKind.RESOURCE, REPOSITORY, Wanted(NEEDED, principals={"AWS": ROLE}), *statements)


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([allow(ROOT)], id="the account by its root"),
        pytest.param([allow({"AWS": ACCOUNT})], id="the account by its number"),
        pytest.param([allow({"AWS": [f"arn:aws:iam::{ACCOUNT}:user/ann"]})], id="one user of it"),
        pytest.param([allow(ROOT, ["sts:AssumeRole", "sts:TagSession"])], id="with session tags"),
        pytest.param([allow("*", Condition=OWN)], id="everybody, if of the account"),
        pytest.param([allow(ROOT, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], id="with MFA"),
        pytest.param([allow(ROOT), {**allow("*"), "Effect": "Deny", "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}], id="a Deny for the rest of the world"),
        pytest.param([allow("*"), {**allow("*"), "Effect": "Deny", "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}], id="everybody, and a Deny for the rest"),
    ],
)  # fmt: skip
def test_a_role_for_the_own_account_is_right_however_that_is_written(statements: list[Statement]) -> None:
    assert trusted(*statements) == []


@pytest.mark.parametrize(
    ("extra", "stranger"),
    [
        pytest.param(allow({"AWS": "*"}), "role/some-role may sts:AssumeRole", id="everybody"),
        pytest.param(allow("*"), "role/some-role may sts:AssumeRole", id="everybody, unsigned too"),
        pytest.param(allow({"AWS": "444455556666"}), "arn:aws:iam::444455556666:role/", id="another account"),
        pytest.param(allow({"AWS": "arn:aws:iam::444455556666:user/eve"}), "user/eve may", id="its user"),
        pytest.param(allow({"Service": "ec2.amazonaws.com"}), "ec2.amazonaws.com may", id="a service"),
        pytest.param(allow({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com"},
                           "sts:AssumeRoleWithWebIdentity"), "idp.example.com may", id="an identity provider"),
        pytest.param(allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                     "with aws:PrincipalOrgID o-1", id="an organization"),
        pytest.param(allow("*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "with aws:SourceIp 10.",
                     id="a network"),
    ],
)  # fmt: skip
def test_whoever_else_may_assume_the_role_is_named_with_the_statement(extra: Statement, stranger: str) -> None:
    said = trusted(allow(ROOT), extra)
    assert said
    assert stranger in said[0]
    assert said[0].endswith(": statement 2 of the trust policy")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(allow({"AWS": ROLE}, list(NEEDED)), id="the push to the role"),
        pytest.param(allow({"AWS": ROLE}, "ecr:PutImage"), id="a part of it"),
        pytest.param(allow(ROOT, "ecr:*"), id="the account's own policies decide"),
        pytest.param({**allow("*", "ecr:DeleteRepository"), "Effect": "Deny"}, id="a Deny"),
    ],
)
def test_a_repository_policy_that_lets_nobody_else_in_is_right(statement: Statement) -> None:
    assert using(statement) == []


@pytest.mark.parametrize(
    ("statement", "stranger"),
    [
        pytest.param(allow("*", "ecr:BatchGetImage"), "may ecr:BatchGetImage on", id="everybody reads"),
        pytest.param(allow({"AWS": "444455556666"}, "ecr:*"), "444455556666", id="another account"),
        pytest.param(allow({"AWS": ROLE}, "ecr:*"), "fargate-lab-push may ecr:BatchDelete", id="more for the role"),
        pytest.param(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "ecr:PutImage"), "user/ann may", id="a user"),
        pytest.param(allow({"Service": "lambda.amazonaws.com"}, "ecr:BatchGetImage"), "lambda.amazonaws.com may",
                     id="a service"),
    ],
)  # fmt: skip
def test_whoever_else_may_use_the_repository_is_named(statement: Statement, stranger: str) -> None:
    said = using(statement)
    assert any(stranger in each for each in said)
    assert said[0].endswith(": statement 1 of the policy of the repository")


def test_what_everybody_may_do_without_a_signature_is_said_so() -> None:
    assert who.in_words(Principal("", "", PrincipalKind.ANONYMOUS)) == "everybody, without a signature,"
