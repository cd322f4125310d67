"""Whom resource-based policies let in: trust, repository, bucket and endpoint policies, beyond those wanted.

IAM User Guide: reference_policies_elements_principal, reference_policies_evaluation-logic-cross-account.
"""

import json
from dataclasses import replace

import pytest

from labs.iam import (
    Policies,
    PolicyKind,
    Principal,
    PrincipalKind,
    Scene,
    Wanted,
    evaluate,
    excess,
    lacking,
    parse_policy,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
TASKS = {"Service": "ecs-tasks.amazonaws.com"}
WEB = "sts:AssumeRoleWithWebIdentity"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/execution"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"


def policy(kind, *statements):
    listed = [{"Effect": "Allow", **statement} for statement in statements]
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": listed}, indent=1), kind, kind.value)


def trust(*statements):
    made = [{"Action": "sts:AssumeRole", **statement} for statement in statements]
    return Policies(resource=policy(PolicyKind.TRUST, *made))


def repository(*statements):
    made = [{"Action": "ecr:BatchGetImage", **statement} for statement in statements]
    return Policies(resource=policy(PolicyKind.RESOURCE, *made))


def assume(condition=None, **principals):
    return Wanted("sts:AssumeRole", condition=condition, principals=principals)


ROLE_SCENE = Scene(account=ACCOUNT, resource=ROLE)
REPOSITORY_SCENE = Scene(account=ACCOUNT, resource=REPOSITORY)

TRUST_TOO_WIDE = {
    # name: (the second statement, how the witness's ARN begins)
    "everyone": ({"Principal": "*"}, "arn:aws:sts::999988887777:"),
    "every principal of AWS": ({"Principal": {"AWS": "*"}}, "arn:aws:sts::999988887777:"),
    "another account": ({"Principal": {"AWS": OTHER}}, f"arn:aws:sts::{OTHER}:"),
    "another account's root": ({"Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}}, f"arn:aws:sts::{OTHER}:"),
    "the own account": ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, f"arn:aws:sts::{ACCOUNT}:"),
    "a user": ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"}}, f"arn:aws:iam::{ACCOUNT}:user/eve"),
    "a role": ({"Principal": {"AWS": f"arn:aws:iam::{OTHER}:role/a/b"}}, f"arn:aws:sts::{OTHER}:assumed-role/b/"),
    "another service": ({"Principal": {"Service": "ec2.amazonaws.com"}}, "ec2.amazonaws.com"),
    "a service beside the wanted one": (
        {"Principal": {"Service": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]}},
        "lambda.amazonaws.com",
    ),
    "an identity provider": ({"Principal": {"Federated": PROVIDER}, "Action": WEB}, PROVIDER),
    "everyone, under a condition": (
        {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        "arn:aws:sts::999988887777:",
    ),
    "everyone who is called so": (
        {"Principal": {"AWS": "*"}, "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/dev-*"}}},
        f"arn:aws:sts::{OTHER}:assumed-role/dev-",
    ),
    "everyone of an account": (
        {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}},
        "arn:aws:sts::",
    ),
    "more than assuming": ({"Principal": TASKS, "Action": ["sts:AssumeRole", "sts:TagSession"]}, TASKS["Service"]),
}


@pytest.mark.parametrize(("added", "who"), TRUST_TOO_WIDE.values(), ids=TRUST_TOO_WIDE)
def test_a_trust_policy_that_lets_in_others_shows_one_of_them(added, who):
    policies = trust({"Principal": TASKS}, added)
    (found,) = excess(policies, [assume(**TASKS)], ROLE_SCENE)
    assert found.place.index == 1
    assert found.witness.principal.arn.startswith(who)
    assert found.witness.resource == ROLE


TRUST_RIGHT = {
    "as it is written": [{"Principal": TASKS}],
    "in a list": [{"Principal": {"Service": ["ecs-tasks.amazonaws.com"]}}],
    "in other letters": [{"Principal": {"Service": "ECS-tasks.amazonaws.com"}, "Action": "STS:assumerole"}],
    "twice": [{"Principal": TASKS}, {"Principal": TASKS}],
    "narrower": [{"Principal": TASKS, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}],
    "with somebody who is denied again": [
        {"Principal": {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]}},
        {"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"}},
    ],
    "with somebody under a condition that never holds": [
        {"Principal": TASKS},
        {"Principal": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}},
    ],
}


@pytest.mark.parametrize("statements", TRUST_RIGHT.values(), ids=TRUST_RIGHT)
def test_a_trust_policy_that_lets_in_the_wanted_alone_has_no_excess(statements):
    assert excess(trust(*statements), [assume(**TASKS)], ROLE_SCENE) == ()


def test_a_trust_policy_that_lacks_the_wanted_says_so():
    (found,) = lacking(trust({"Principal": {"Service": "ec2.amazonaws.com"}}), [assume(**TASKS)], ROLE_SCENE)
    assert found.certain
    assert found.witness.principal.arn == TASKS["Service"]
    narrow = trust({"Principal": TASKS, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})
    (found,) = lacking(narrow, [assume(**TASKS)], ROLE_SCENE)
    assert (found.certain, [each.condition.key for each in found.conditions]) == (False, ["aws:SourceAccount"])
    assert lacking(trust({"Principal": TASKS}), [assume(**TASKS)], ROLE_SCENE) == ()


SUBJECT = "token.actions.githubusercontent.com:sub"


@pytest.mark.parametrize(
    ("condition", "beyond"),
    [
        ({"StringEquals": {SUBJECT: "repo:me/app:ref:refs/heads/main"}}, False),
        ({"StringLike": {SUBJECT: "repo:me/app:ref:*"}}, False),
        ({"StringLike": {SUBJECT: "repo:me/*"}}, True),
        ({"StringLike": {SUBJECT: ["repo:me/app:ref:x", "repo:you/app:*"]}}, True),
        ({"StringLikeIfExists": {SUBJECT: "repo:me/app:*"}}, True),
        (None, True),
    ],
)
def test_a_web_identity_is_judged_by_its_subject(condition, beyond):
    given = {"Principal": {"Federated": PROVIDER}, "Action": WEB, **({"Condition": condition} if condition else {})}
    wanted = [Wanted(WEB, condition={"StringLike": {SUBJECT: "repo:me/app:*"}}, principals={"Federated": PROVIDER})]
    assert bool(excess(trust(given), wanted, ROLE_SCENE)) is beyond


REPOSITORY_TOO_WIDE = {
    "everybody": ({"Principal": "*"}, "arn:aws:sts::999988887777:"),
    "another account": ({"Principal": {"AWS": OTHER}, "Action": "ecr:*"}, f"arn:aws:sts::{OTHER}:"),
    "a service": ({"Principal": {"Service": "codebuild.amazonaws.com"}}, "codebuild.amazonaws.com"),
    "a user of the account, who needs no other policy": (
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"}},
        f"arn:aws:iam::{ACCOUNT}:user/eve",
    ),
    "everybody but one": ({"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"}}, "arn:aws:sts::999988887777:"),
    "everybody from some addresses": (
        {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        "arn:aws:sts::999988887777:",
    ),
}


@pytest.mark.parametrize(("statement", "who"), REPOSITORY_TOO_WIDE.values(), ids=REPOSITORY_TOO_WIDE)
def test_a_repository_policy_that_lets_in_others_shows_one_of_them(statement, who):
    for found in excess(repository(statement), (), REPOSITORY_SCENE):
        assert found.witness.principal.arn.startswith(who)
        assert found.witness.resource == REPOSITORY
        assert found.place.line > 1
    assert excess(repository(statement), (), REPOSITORY_SCENE)


def test_a_repository_policy_that_leaves_it_to_the_account_gives_nothing_of_its_own():
    own = repository({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})
    assert excess(own, (), REPOSITORY_SCENE) == ()
    denied = repository({"Principal": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"})
    assert excess(denied, (), REPOSITORY_SCENE) == ()


def test_a_bucket_policy_is_judged_by_who_and_what():
    given = {"Principal": {"AWS": OTHER}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/*"}
    wanted = [Wanted("s3:GetObject", "arn:aws:s3:::shared/public/*", principals={"AWS": OTHER})]
    (found,) = excess(Policies(resource=policy(PolicyKind.RESOURCE, given)), wanted, Scene(account=ACCOUNT))
    assert found.witness.principal.account == OTHER
    assert not found.witness.resource.startswith("arn:aws:s3:::shared/public/")
    right = {**given, "Resource": "arn:aws:s3:::shared/public/a*"}
    assert excess(Policies(resource=policy(PolicyKind.RESOURCE, right)), wanted, Scene(account=ACCOUNT)) == ()


LAYERS = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"
PULL = {"Principal": "*", "Action": "s3:GetObject", "Resource": LAYERS}
ENDPOINT_TOO_WIDE = {
    "another action on somebody's bucket": {
        **PULL,
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::theirs/*",
    },
    "every bucket": {**PULL, "Resource": "*"},
    "everything, under a condition": {
        **PULL,
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    },
    "a bucket whose name begins alike": {**PULL, "Resource": LAYERS[:-2] + "*"},
    "another action on the layers": {**PULL, "Action": "s3:Get*"},
}


@pytest.mark.parametrize("added", ENDPOINT_TOO_WIDE.values(), ids=ENDPOINT_TOO_WIDE)
def test_an_endpoint_policy_that_lets_more_through_shows_what(added):
    policies = Policies(endpoint=policy(PolicyKind.ENDPOINT, PULL, added))
    found = excess(policies, [Wanted("s3:GetObject", LAYERS)], Scene(account=ACCOUNT))
    assert {each.place.index for each in found} == {1}
    assert all(each.witness is not None for each in found)


def test_an_endpoint_policy_that_lets_the_wanted_through_alone_is_right():
    wanted = [Wanted("s3:GetObject", LAYERS)]
    scene = Scene(account=ACCOUNT)
    right = Policies(endpoint=policy(PolicyKind.ENDPOINT, PULL))
    assert excess(right, wanted, scene) == lacking(right, wanted, scene) == ()
    denied = Policies(endpoint=policy(PolicyKind.ENDPOINT, PULL, {**PULL, "Effect": "Deny", "Action": "*"}))
    assert [each.certain for each in lacking(denied, wanted, scene)] == [True]
    whole = Policies(endpoint=policy(PolicyKind.ENDPOINT, {"Principal": "*", "Action": "*", "Resource": "*"}))
    assert lacking(whole, wanted, scene) == ()
    mine = Policies(endpoint=policy(PolicyKind.ENDPOINT, {**PULL, "Principal": {"AWS": ACCOUNT}}))
    assert lacking(mine, wanted, scene)


def test_every_witness_is_decided_alike_by_evaluate_with_a_caller_who_may_everything():
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    everything = parse_policy({"Version": "2012-10-17", "Statement": [allow]})
    for added, _ in TRUST_TOO_WIDE.values():
        policies = trust({"Principal": TASKS}, added)
        for found in excess(policies, [assume(**TASKS)], ROLE_SCENE):
            whole = Policies(identity=(everything,), resource=policies.resource)
            assert evaluate(found.witness, whole).allowed
            assert found.witness.principal.kind is not PrincipalKind.ROOT


def test_a_key_that_every_request_has_is_not_missing():
    condition = {"StringEqualsIfExists": {SUBJECT: "x"}}
    policies = trust({"Principal": {"Federated": PROVIDER}, "Action": WEB, "Condition": condition})
    wanted = [Wanted(WEB, condition={"StringEquals": {SUBJECT: "x"}}, principals={"Federated": PROVIDER})]
    scene = Scene(Principal(PROVIDER, ACCOUNT, PrincipalKind.FEDERATED), ACCOUNT, resource=ROLE)
    assert excess(policies, wanted, scene)
    assert excess(policies, wanted, replace(scene, single=frozenset({SUBJECT}))) == ()


WITHOUT = {
    "aws:PrincipalArn": PrincipalKind.ANONYMOUS,
    "aws:PrincipalIsAWSService": PrincipalKind.ANONYMOUS,
    "aws:PrincipalAccount": PrincipalKind.SERVICE,
    "aws:PrincipalType": PrincipalKind.SERVICE,
}


@pytest.mark.parametrize(("key", "kind"), WITHOUT.items())
def test_who_comes_without_a_property_of_principals_is_let_in_by_a_condition_that_asks_for_none(key, kind):
    """No signed request lacks these keys, so only somebody without an identity passes."""
    without = {"Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {key: "true"}}}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **without}]}
    found = excess(Policies(resource=parse_policy(document, PolicyKind.RESOURCE)), (), Scene(account=ACCOUNT))
    assert [each.witness.principal.kind for each in found if each.witness] == [kind]
    assert evaluate(found[0].witness, Policies(resource=parse_policy(document, PolicyKind.RESOURCE))).allowed


@pytest.mark.parametrize("key", ["aws:CurrentTime", "aws:RequestedRegion", "aws:SecureTransport", "aws:UserAgent"])
def test_nobody_comes_without_a_property_of_every_request(key):
    without = {"Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {key: "true"}}}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **without}]}
    assert excess(Policies(resource=parse_policy(document, PolicyKind.RESOURCE)), (), Scene(account=ACCOUNT)) == ()
