"""What the trail keeps of a request, whatever the request holds."""

# ruff: noqa: E501

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from labs.cloud.trail.redaction import HIDDEN, request_parameters, response_elements

anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text() | some.binary(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
NAMES = ["containerDefinitions", "Tags", "Value", "logEvents", "Plaintext", "overrides"]
CALLS = [("ecs", "RegisterTaskDefinition"), ("ssm", "PutParameter"), ("logs", "PutLogEvents"), ("kms", "Encrypt")]


@given(some.sampled_from(CALLS), some.dictionaries(some.sampled_from(NAMES), anything))
def test_never_fails_and_is_json(call, params):
    json.dumps(request_parameters(*call, params))


@pytest.mark.parametrize(
    ("service", "operation", "params", "shown"),
    [
        ("iam", "CreateRole", {"RoleName": "r", "Tags": [{"Key": "Team", "Value": "b"}]},
         {"roleName": "r", "tags": [{"key": "Team", "value": "b"}]}),
        ("ecr", "TagResource", {"resourceArn": "a"}, {"resourceArn": "a"}),
        ("logs", "CreateLogGroup", {"logGroupName": "g", "tags": {"Team": "b"}}, {"logGroupName": "g", "tags": {"Team": "b"}}),
        ("ssm", "PutParameter", {"Name": "n", "Value": "secret"}, {"name": "n", "value": HIDDEN}),
        ("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": "s"}, {"name": "n", "secretString": HIDDEN}),
        ("logs", "PutLogEvents", {"logGroupName": "g", "logEvents": [{"message": "m"}]}, {"logGroupName": "g"}),
        ("ecs", "RunTask", {"overrides": {"containerOverrides": [{"name": "a", "environment": [{"name": "P", "value": "s"}]}]}},
         {"overrides": {"containerOverrides": [{"name": "a", "environment": [{"name": "P", "value": HIDDEN}]}]}}),
        ("ecr", "UploadLayerPart", {"repositoryName": "r", "layerPartBlob": "AAAA"}, {"repositoryName": "r", "layerPartBlob": HIDDEN}),
    ],
)  # fmt: skip
def test_cloudtrails_spelling_and_no_secret(service, operation, params, shown):
    assert request_parameters(service, operation, params) == shown


STS = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey>
<SessionToken>t0ken</SessionToken></Credentials><Audience>sts.amazonaws.com</Audience></AssumeRoleWithWebIdentityResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>"""


@pytest.mark.parametrize(
    ("service", "operation", "body", "shown"),
    [
        ("sts", "AssumeRoleWithWebIdentity", STS,
         {"credentials": {"accessKeyId": "ASIA1", "sessionToken": HIDDEN}, "audience": "sts.amazonaws.com"}),
        ("sts", "GetCallerIdentity", STS, None),
        ("ecs", "DescribeTasks", b"{}", None),
        ("ecs", "RunTask", b'{"tasks": [{"taskArn": "a", "overrides": {"secret": "x"}}]}', {"tasks": [{"taskArn": "a"}]}),
    ],
)  # fmt: skip
def test_an_answer_is_kept_without_what_gives_access(service, operation, body, shown):
    assert response_elements(service, operation, body) == shown
    assert "s3cret" not in json.dumps(response_elements(service, operation, body))
