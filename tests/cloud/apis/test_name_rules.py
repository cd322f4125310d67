"""Names, tags and values that AWS would refuse, though no model bounds them."""

from typing import Any

import pytest

from labs.cloud.apis.name_rules import check_names
from labs.cloud.contract import AwsError
from tests.cloud.lab_cloud import refused

PUT = ("ssm", "PutParameter")


def tagged(key: str, value: str = "") -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": key, "Value": value}]}]}


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "words"),
    [
        (*PUT, {"Name": "a b"}, "ValidationException", "each sub-path can be formed as a mix of letters, numbers"),
        (*PUT, {"Name": "größe"}, "ValidationException", "Parameter name: can't be prefixed"),
        (*PUT, {"Name": "a/b"}, "ValidationException", "Parameter name must be a fully qualified name."),
        (*PUT, {"Name": "a", "Value": "v" * 4097}, "ValidationException", "a maximum parameter value of 4096"),
        ("logs", "CreateLogGroup", {"logGroupName": "aws/x"}, "InvalidParameterException", "are reserved for AWS."),
        ("logs", "PutRetentionPolicy", {"retentionInDays": 8}, "InvalidParameterException", "[1, 3, 5, 7, 14, 30,"),
        ("ec2", "CreateTags", {"Tags": [{"Key": "aws:x"}]}, "InvalidParameterValue", "are reserved for internal use"),
        ("ec2", "CreateVpc", tagged("AWS:x"), "InvalidParameterValue", "are reserved for internal use"),
        ("ec2", "CreateVpc", tagged("k" * 129), "InvalidParameterValue", "Tag key exceeds the maximum length of 128"),
        ("ec2", "CreateVpc", tagged("k", "v" * 257), "InvalidParameterValue", "Tag value exceeds the maximum length"),
        ("ec2", "CreateSecurityGroup", {"GroupName": "sg-x"}, "InvalidParameterValue", "not be in the format sg-*."),
    ],
)  # fmt: skip
def test_what_a_service_would_refuse_is_refused_in_its_words(
    service: str, operation: str, params: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(AwsError) as raised:
        check_names(service, operation, params)
    assert raised.value.code == code
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (*PUT, {"Name": "/a/b.c-d_e/F9", "Value": "v" * 4096}),
        (*PUT, {"Name": "fargate-lab-app-secret", "Value": "x"}),
        (*PUT, {"Name": "a", "Value": "v" * 8000, "Tier": "Advanced"}),
        (*PUT, {"Name": "arn:aws:ssm:us-east-1:111122223333:parameter/a", "Value": "x"}),
        ("ssm", "GetParameters", {"Names": ["a b"]}),
        ("logs", "CreateLogGroup", {"logGroupName": "/aws/lambda/x"}),
        ("logs", "PutRetentionPolicy", {"retentionInDays": 7}),
        ("ec2", "CreateVpc", tagged("k" * 128, "v" * 256)),
        ("ec2", "DeleteTags", {"Tags": [{"Key": "Name"}]}),
        ("ec2", "CreateSecurityGroup", {"GroupName": "my-sg-x"}),
    ],
)
def test_what_a_service_takes_is_taken(service: str, operation: str, params: dict[str, Any]) -> None:
    check_names(service, operation, params)


def test_the_local_aws_asks_these_rules(cloud: Any) -> None:
    answer = refused(cloud.client("logs").create_log_group, logGroupName="aws/x")
    assert answer == ("InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS.", 400)
