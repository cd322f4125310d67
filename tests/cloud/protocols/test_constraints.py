"""What the service's own model bounds is refused, in the service's words: lengths, numbers, patterns, enums."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from labs.cloud.contract import AwsError
from labs.cloud.protocols.constraints import check_constraints
from labs.cloud.protocols.services import BY_NAME

TRUST = '{"Version": "2012-10-17", "Statement": []}'
LONG = "Member must have length less than or equal to"
SHORT = "Member must have length greater than or equal to"


def refused(service: str, operation: str, **params: Any) -> tuple[str, str]:
    """The code and the sentence; both empty where nothing is wrong."""
    try:
        check_constraints(BY_NAME[service], operation, params)
    except AwsError as error:
        return error.code, error.message
    return "", ""


def one(code: str, member: str, must: str, tail: str = "") -> tuple[str, str]:
    return code, f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {must}{tail}"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        ("iam", "CreateRole", {"RoleName": "r" * 65}, one("ValidationError", "roleName", f"{LONG} 64")),
        ("iam", "CreateRole", {"RoleName": ""}, ("ValidationError", "")),
        ("iam", "CreateUser", {"UserName": "u" * 65}, one("ValidationError", "userName", f"{LONG} 64")),
        ("iam", "CreateGroup", {"GroupName": "g" * 129}, one("ValidationError", "groupName", f"{LONG} 128")),
        ("iam", "PutRolePolicy", {"PolicyName": "p" * 129}, one("ValidationError", "policyName", f"{LONG} 128")),
        ("iam", "CreatePolicy", {"Description": "d" * 1001}, one("ValidationError", "description", f"{LONG} 1000")),
        ("iam", "TagRole", {"Tags": [{"Key": "k" * 129, "Value": ""}]},
         one("ValidationError", "tags.1.member.key", f"{LONG} 128")),
        ("iam", "CreateRole", {"MaxSessionDuration": 60},
         one("ValidationError", "maxSessionDuration", "Member must have value greater than or equal to 3600")),
        ("iam", "CreateRole", {"MaxSessionDuration": 50_000},
         one("ValidationError", "maxSessionDuration", "Member must have value less than or equal to 43200")),
        ("iam", "UpdateAccessKey", {"Status": "Paused"},
         one("ValidationError", "status", "Member must satisfy enum value set: [Active, Inactive, Expired]")),
        ("logs", "CreateLogGroup", {"logGroupName": "g" * 513},
         one("InvalidParameterException", "logGroupName", f"{LONG} 512")),
        ("logs", "CreateLogGroup", {"logGroupName": "a b"},
         one("InvalidParameterException", "logGroupName",
             r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+")),
        ("logs", "CreateLogStream", {"logStreamName": "a:b"},
         one("InvalidParameterException", "logStreamName", "Member must satisfy regular expression pattern: [^:*]*")),
        ("ssm", "PutParameter", {"Name": "n" * 2049}, one("ValidationException", "name", f"{LONG} 2048")),
        ("ssm", "PutParameter", {"Description": "d" * 1025}, one("ValidationException", "description", f"{LONG} 1024")),
        ("ssm", "GetParameters", {"Names": []}, one("ValidationException", "names", f"{SHORT} 1")),
        ("secretsmanager", "CreateSecret", {"Name": "s" * 513},
         one("ValidationException", "name", f"{LONG} 512", " (simulated wording)")),
        ("kms", "CreateAlias", {"AliasName": "alias/" + "a" * 251},
         one("ValidationException", "aliasName", f"{LONG} 256", " (simulated wording)")),
    ],
)  # fmt: skip
def test_a_name_that_is_too_long_is_refused_in_the_services_words(
    service: str, operation: str, params: dict[str, Any], expected: tuple[str, str]
) -> None:
    code, message = refused(service, operation, **params)
    assert (code, message if expected[1] else "") == expected


@pytest.mark.unit
@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "ünder", "a#", "日本"])
@pytest.mark.parametrize(
    ("operation", "member"), [("CreateRole", "RoleName"), ("CreateUser", "UserName"), ("PutRolePolicy", "PolicyName")]
)
def test_a_name_with_another_character_is_refused_in_iams_words(operation: str, member: str, name: str) -> None:
    said = f"The specified value for {member[0].lower()}{member[1:]} is invalid. It must contain only alphanumeric "
    said += "characters and/or the following: +=,.@_-"
    assert refused("iam", operation, **{member: name}) == ("ValidationError", said)


@pytest.mark.unit
def test_everything_that_is_wrong_is_told_at_once() -> None:
    code, message = refused("iam", "CreateRole", RoleName="r" * 65, MaxSessionDuration=1)
    assert code == "ValidationError"
    assert message == (
        f"2 validation errors detected: Value at 'roleName' failed to satisfy constraint: {LONG} 64; "
        "Value at 'maxSessionDuration' failed to satisfy constraint: "
        "Member must have value greater than or equal to 3600"
    )


@pytest.mark.unit
@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("iam", "CreateRole", {"RoleName": "r" * 64, "Path": "/a/b/", "Description": "d" * 1000}),
        ("iam", "CreateRole", {"RoleName": "a_b+c=d,e.f@g-h"}),
        ("iam", "TagRole", {"Tags": [{"Key": "Größe 日本", "Value": ""}]}),
        ("iam", "TagRole", {"Tags": [{"Key": "a:b/c=d+e-f@g_h.i", "Value": "x y"}]}),
        ("iam", "PutRolePolicy", {"PolicyDocument": "→"}),  # IAM has a sentence of its own, said later
        ("logs", "CreateLogGroup", {"logGroupName": "/a.b-c_d#e/F9"}),
        ("logs", "PutLogEvents", {"logEvents": [{"timestamp": 0, "message": "any:*"}]}),
        ("ssm", "PutParameter", {"Name": "/a/b", "Value": "x" * 4096}),
        ("ecr", "CreateRepository", {"repositoryName": "UPPER"}),  # ECR refuses in its own words
        ("ec2", "CreateVpc", {"CidrBlock": "x"}),
    ],
)
def test_what_the_model_allows_or_another_refuses_goes_on(service: str, operation: str, params: dict[str, Any]) -> None:
    assert refused(service, operation, **params) == ("", "")


def test_a_role_that_is_refused_is_not_made(cloud: Any) -> None:
    iam = cloud.client("iam")
    with pytest.raises(ClientError) as raised:
        iam.create_role(RoleName="r" * 65, AssumeRolePolicyDocument=TRUST)
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert not [each for each in iam.list_roles()["Roles"] if each["RoleName"].startswith("rrr")]
