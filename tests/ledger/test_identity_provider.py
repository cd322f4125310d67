"""GitHub's identity provider: an account has one, so what others' roles trust stays."""

import json

import pytest

from labs.ledger import cleanup
from labs.session import Target, connect
from labs.session.local import Cloud

ISSUER = "token.actions.githubusercontent.com"
GIVEN = {"Url": f"https://{ISSUER}", "ClientIDList": ["sts.amazonaws.com"]}


@pytest.fixture
def target(on_local_aws: Cloud) -> Target:
    """The lab on the local AWS."""
    return connect()


def trust(provider: str) -> str:
    condition = {"StringEquals": {f"{ISSUER}:sub": "repo:octo/app:ref:refs/heads/main"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_it_goes_after_the_labs_own_roles_that_trust_it(target: Target) -> None:
    iam = target.client("iam")
    arn = iam.create_open_id_connect_provider(**GIVEN)["OpenIDConnectProviderArn"]
    iam.create_role(RoleName=target.names.role("pipeline"), AssumeRolePolicyDocument=trust(arn))
    receipt = cleanup.clean(target, lambda _line: None)
    assert receipt.left == ()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_it_stays_while_somebody_elses_role_trusts_it_and_the_receipt_names_that_role(target: Target) -> None:
    iam, theirs = target.client("iam"), target.session.client("iam")
    arn = iam.create_open_id_connect_provider(**GIVEN)["OpenIDConnectProviderArn"]
    theirs.create_role(RoleName="somebody-deploys", AssumeRolePolicyDocument=trust(arn))
    (left,) = cleanup.clean(target, lambda _line: None).left
    assert (left.kind, left.id) == ("iam oidc provider", arn)
    assert left.reason == "it is trusted by the role somebody-deploys, not this lab's to remove"
    theirs.delete_role(RoleName="somebody-deploys")
    assert cleanup.clean(target, lambda _line: None).left == ()


def test_one_that_somebody_else_made_is_not_touched(target: Target) -> None:
    theirs = target.session.client("iam")
    arn = theirs.create_open_id_connect_provider(**GIVEN)["OpenIDConnectProviderArn"]
    assert cleanup.clean(target, lambda _line: None).left == ()
    theirs.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
