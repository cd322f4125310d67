"""Which global condition keys a request has: IAM User Guide, reference_policies_condition-keys, "Availability"."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labs.iam import Connection, Policies, Request, Session, evaluate, parse_policy, request_context, requested_region
from tests.iam.conftest import ACCOUNT, PRINCIPALS, REPOSITORY

NOW = datetime(2026, 11, 30, 9, 0, 0, tzinfo=UTC)
LAPTOP = Connection("us-east-1", source_ip="203.0.113.7", user_agent="Boto3/1.42")
ENDPOINT = Connection("us-east-1", user_agent="amazon-ecs-agent", endpoint="vpce-1", vpc="vpc-1", source_ip="10.0.0.5")
ALWAYS = {
    "aws:CurrentTime": "2026-11-30T09:00:00Z",
    "aws:EpochTime": "1796029200",
    "aws:RequestedRegion": "us-east-1",
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
}
SIGNED = {"aws:PrincipalAccount": ACCOUNT, "aws:PrincipalIsAWSService": "false"}
SESSION = Session(NOW)

# Who asks, its id, its session, and what stands in the context (None: what must not).
WHO = {
    "a user": (
        "user",
        "AIDAEXAMPLE",
        None,
        {
            **SIGNED,
            "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/ana",
            "aws:PrincipalType": "User",
            "aws:userid": "AIDAEXAMPLE",
            "aws:username": "ana",
            "aws:TokenIssueTime": None,
            "aws:MultiFactorAuthPresent": None,
        },
    ),
    "a user with GetSessionToken's credentials": (
        "user",
        "AIDAEXAMPLE",
        Session(NOW, mfa=True),
        {"aws:username": "ana", "aws:TokenIssueTime": ALWAYS["aws:CurrentTime"], "aws:MultiFactorAuthPresent": "true"},
    ),
    "a role's session": (
        "session",
        "AROAEXAMPLE:lab",
        SESSION,
        {
            **SIGNED,
            "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/push",
            "aws:PrincipalType": "AssumedRole",
            "aws:userid": "AROAEXAMPLE:lab",
            "aws:username": None,
            "aws:MultiFactorAuthPresent": "false",
            "aws:TokenIssueTime": ALWAYS["aws:CurrentTime"],
        },
    ),
    "a session of a federated identity": (
        "session",
        "AROAEXAMPLE:lab",
        Session(NOW, None, "ana", {"aws:FederatedProvider": "arn:p"}),
        {
            "aws:MultiFactorAuthPresent": None,
            "aws:TokenIssueTime": ALWAYS["aws:CurrentTime"],
            "aws:SourceIdentity": "ana",
            "aws:FederatedProvider": "arn:p",
        },
    ),
    "a federated user": (
        "federated user",
        f"{ACCOUNT}:ana",
        Session(NOW, None),
        {
            **SIGNED,
            "aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:federated-user/ana",
            "aws:PrincipalType": "FederatedUser",
            "aws:username": None,
        },
    ),
    "the root user": (
        "root",
        "",
        None,
        {**SIGNED, "aws:PrincipalType": "Account", "aws:userid": ACCOUNT, "aws:username": None},
    ),
    "a service": (
        "service",
        "",
        None,
        {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": "ecs-tasks.amazonaws.com",
            "aws:PrincipalServiceNamesList": ("ecs-tasks.amazonaws.com",),
            "aws:PrincipalArn": None,
        },
    ),
    "nobody": (
        "anonymous",
        "",
        None,
        {
            "aws:PrincipalType": "Anonymous",
            "aws:PrincipalAccount": "anonymous",
            "aws:userid": "anonymous",
            "aws:PrincipalArn": None,
            "aws:PrincipalIsAWSService": None,
        },
    ),
}


@pytest.mark.parametrize(("who", "user_id", "session", "expected"), WHO.values(), ids=WHO)
def test_the_principal_and_its_session_are_in_the_context(who, user_id, session, expected):
    found = request_context(PRINCIPALS[who], LAPTOP, NOW, user_id=user_id, session=session)
    wanted = {**ALWAYS, "aws:SourceIp": "203.0.113.7", "aws:UserAgent": "Boto3/1.42", **expected}
    assert {key: found.get(key) for key in wanted} == wanted


def test_a_request_through_an_endpoint_has_its_keys_and_no_address():
    found = request_context(PRINCIPALS["session"], ENDPOINT, NOW)
    assert (found["aws:SourceVpce"], found["aws:SourceVpc"]) == ("vpce-1", "vpc-1")
    assert "aws:SourceIp" not in found
    assert not {"aws:SourceVpce", "aws:SourceVpc"} & request_context(PRINCIPALS["session"], LAPTOP, NOW).keys()


def test_tags_and_the_owner_of_the_resource_are_in_the_context():
    found = request_context(PRINCIPALS["user"], LAPTOP, NOW, tags={"team": "blue"}, resource_account="444455556666")
    assert (found["aws:PrincipalTag/team"], found["aws:ResourceAccount"]) == ("blue", "444455556666")
    assert request_context(PRINCIPALS["user"], LAPTOP, NOW)["aws:ResourceAccount"] == ACCOUNT


@pytest.mark.parametrize(
    ("service", "region", "expected"),
    [("iam", "eu-west-1", "us-east-1"), ("sts", "eu-west-1", "eu-west-1"), ("ecr", "eu-west-1", "eu-west-1")],
)
def test_iam_is_called_in_one_region(service, region, expected):
    assert requested_region(service, region) == expected


# AWS's own guard rails, with one that inverts each: the deny, and whether it stops a call.
_ELSEWHERE = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
_HERE = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}
GUARD_RAILS = {
    "another Region": ({"NotAction": ["iam:*", "sts:*"], "Condition": _ELSEWHERE}, True),
    "this Region": ({"NotAction": ["iam:*", "sts:*"], "Condition": _HERE}, False),
    "insecure transport": ({"Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
    "secure transport": ({"Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    "another account's principals": (
        {"Action": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}},
        False,
    ),
    "another account's resources": (
        {"Action": "*", "Condition": {"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}},
        False,
    ),
    "a call of a service for somebody": ({"Action": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}, False),
    "tokens of before": (
        {"Action": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-11-01T00:00:00Z"}}},
        False,
    ),
    "tokens of before today": (
        {"Action": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-12-01T00:00:00Z"}}},
        True,
    ),
    "after the course": (
        {"Action": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-12-24T00:00:00Z"}}},
        False,
    ),
    "sessions without MFA": (
        {"Action": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
        True,
    ),
}


@pytest.mark.parametrize("connection", [LAPTOP, ENDPOINT], ids=["from a laptop", "through an endpoint"])
@pytest.mark.parametrize(("statement", "stops"), GUARD_RAILS.values(), ids=GUARD_RAILS)
def test_a_guard_rail_stops_what_it_is_about_and_nothing_else(statement, stops, connection):
    deny = {"Effect": "Deny", "Resource": "*", **statement}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, deny]}
    context = request_context(PRINCIPALS["session"], connection, NOW, session=SESSION)
    request = Request(PRINCIPALS["session"], "ecr:BatchGetImage", REPOSITORY, context)
    assert evaluate(request, Policies(identity=[parse_policy(document)])).allowed is not stops


def test_these_keys_are_given_their_values_in_one_place():
    ours = "CurrentTime|EpochTime|SecureTransport|SourceIp|SourceVpce?|UserAgent|ViaAWSService|userid|TokenIssueTime"
    principal = "Principal(?:Arn|Account|Type|IsAWSService)|MultiFactorAuthPresent"
    # A key of a dictionary, or the target of an assignment; reading one is everybody's, and so is a policy's condition.
    given = re.compile(rf"(?<!\": \{{)\"aws:(?:{ours}|{principal})\"(?::|\] =)")
    root = Path(__file__).parent.parent.parent / "labs"
    # The table of types gives nothing a value, and the analysis makes requests up, to show what could be.
    others = {"stages", "analysis", "global_keys.py"}
    written = [path for path in root.rglob("*.py") if not others & set(path.parts)]
    places = {str(path.relative_to(root)) for path in written if given.search(path.read_text())}
    assert places == {"iam/request_context.py"}
