"""CloudTrail: every call is there, allowed or refused, as its documentation describes the record."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.cloud.lab_cloud import allow, refused, trusts


def lookup(cloud, key, value, **more):
    pages = (
        cloud.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)
    )
    return [event for page in pages for event in page["Events"]]


def records(events):
    return [json.loads(event["CloudTrailEvent"]) for event in events]


@pytest.fixture
def made(cloud, name):
    """A repository made by a role session, and another that it was refused."""
    trust = trusts({"AWS": cloud.account})
    ours = f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/{name}/*"
    session = cloud.assume(cloud.role(name, trust, allow("ecr:CreateRepository", ours)), f"session-{name}")
    ecr = cloud.client("ecr", session)
    ecr.create_repository(repositoryName=f"{name}/app")
    _, words, _ = refused(ecr.create_repository, repositoryName="not/ours")
    return session, words


def test_an_allowed_call_of_a_role_session(cloud, name, made):
    session, _ = made
    arn = f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/{name}/app"
    (event,) = lookup(cloud, "ResourceName", arn)
    assert (event["EventName"], event["EventSource"]) == ("CreateRepository", "ecr.amazonaws.com")
    assert (event["Username"], event["ReadOnly"]) == (f"session-{name}", "false")
    assert event["AccessKeyId"] == session.access_key_id
    assert event["Resources"] == [{"ResourceType": "AWS::ECR::Repository", "ResourceName": arn}]
    record = json.loads(event["CloudTrailEvent"])
    assert "errorCode" not in record
    assert record["requestParameters"] == {"repositoryName": f"{name}/app"}
    assert record["eventID"] == event["EventId"]
    assert (record["awsRegion"], record["recipientAccountId"]) == (cloud.region, cloud.account)
    assert record["sourceIPAddress"] == "127.0.0.1"
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{cloud.account}:assumed-role/{name}/session-{name}"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{cloud.account}:role/{name}"
    assert (issuer["type"], issuer["userName"]) == ("Role", name)
    assert identity["principalId"] == f"{issuer['principalId']}:session-{name}"


def test_a_refused_call_carries_the_code_and_the_sentence(cloud, name, made):
    _, words = made
    refusals = [r for r in records(lookup(cloud, "Username", f"session-{name}")) if "errorCode" in r]
    assert [(r["eventName"], r["errorCode"], r["errorMessage"]) for r in refusals] == [
        ("CreateRepository", "AccessDenied", words)
    ]


def test_a_users_call(cloud, name):
    keys = cloud.user(name, allow("ecs:*"))
    cloud.client("ecs", keys).list_clusters()
    (record,) = records(lookup(cloud, "AccessKeyId", keys.access_key_id))
    identity = record["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", name)
    assert record["readOnly"] is True


def test_an_error_of_the_service_is_recorded_too(cloud, name):
    keys = cloud.user(name, allow("*"))
    refused(cloud.client("ssm", keys).get_parameter, Name="/no/such")
    refused(cloud.client("ec2", keys).delete_vpc, VpcId="vpc-00000000")
    codes = [record["errorCode"] for record in records(lookup(cloud, "Username", name))]
    assert codes == ["Client.InvalidVpcID.NotFound", "ParameterNotFound"]


def test_lookup_attributes_times_and_pages(cloud, name):
    keys = cloud.user(name, allow("*"))
    began = datetime.now(UTC)
    ssm = cloud.client("ssm", keys)
    for number in range(5):
        ssm.put_parameter(Name=f"/{name}/{number}", Value="v", Type="String")
    ssm.describe_parameters()
    mine = lookup(cloud, "Username", name, PaginationConfig={"PageSize": 2})
    assert len(mine) == 6
    times = [event["EventTime"] for event in mine]
    assert times == sorted(times, reverse=True)
    assert {time.microsecond for time in times} == {0}
    (one,) = lookup(cloud, "EventId", mine[0]["EventId"])
    assert one["EventName"] == "DescribeParameters"
    trail = cloud.client("cloudtrail")
    assert name in {event["Username"] for event in lookup(cloud, "EventSource", "ssm.amazonaws.com")}
    assert {event["ReadOnly"] for event in lookup(cloud, "ReadOnly", "false")} == {"false"}
    assert {event["EventName"] for event in lookup(cloud, "EventName", "PutParameter")} == {"PutParameter"}
    later = datetime.now(UTC) + timedelta(hours=1)
    assert trail.lookup_events(StartTime=later)["Events"] == []
    assert trail.lookup_events(EndTime=began - timedelta(hours=1))["Events"] == []
    assert len(lookup(cloud, "Username", name, StartTime=began - timedelta(seconds=1), EndTime=later)) == 6
    arn = f"arn:aws:ssm:{cloud.region}:{cloud.account}:parameter/{name}/3"
    assert [event["EventName"] for event in lookup(cloud, "ResourceName", arn)] == ["PutParameter"]
    assert lookup(cloud, "ResourceName", "no-such-thing") == []
    assert arn in [
        r["ResourceName"] for e in lookup(cloud, "ResourceType", "AWS::SSM::Parameter") for r in e["Resources"]
    ]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"NextToken": "x"}, "InvalidNextTokenException"),
        ({"StartTime": datetime(2026, 2, 1), "EndTime": datetime(2026, 1, 1)}, "InvalidTimeRangeException"),
        ({"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "x"}]}, "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_bad_lookups(cloud, parameters, code):
    assert refused(cloud.client("cloudtrail").lookup_events, **parameters)[0] == code


def test_secrets_are_not_written_down(cloud, name):
    keys = cloud.user(name, allow("*"))
    word = f"top-secret-{time.time_ns()}"
    cloud.client("ssm", keys).put_parameter(Name=f"/{name}", Value=word, Type="SecureString")
    cloud.client("secretsmanager", keys).create_secret(Name=name, SecretString=word)
    kms = cloud.client("kms", keys)
    kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=word.encode())
    cloud.client("iam", keys).create_login_profile(UserName=name, Password=word)
    environment = [{"name": "PASSWORD", "value": word}]
    cloud.client("ecs", keys).register_task_definition(
        family=name, containerDefinitions=[{"name": "a", "image": "b", "memory": 64, "environment": environment}]
    )
    found = records(lookup(cloud, "Username", name))
    assert len(found) == 6
    text = json.dumps(found)
    assert word not in text
    assert "HIDDEN_DUE_TO_SECURITY_REASONS" in text
    assert "PASSWORD" in text


def test_a_registry_call_is_in_the_trail(cloud, name):
    import base64

    keys = cloud.user(name, allow("ecr:*"))
    ecr = cloud.client("ecr", keys)
    ecr.create_repository(repositoryName=name)
    token = ecr.get_authorization_token()["authorizationData"][0]
    assert token["proxyEndpoint"] == cloud.endpoint
    assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")
    headers = {"Authorization": f"Basic {token['authorizationToken']}"}
    assert cloud.raw("GET", "/v2/", headers=headers)[0] == 200
    assert cloud.raw("GET", "/v2/")[0] == 401
    assert cloud.raw("HEAD", f"/v2/{name}/manifests/latest", headers=headers)[0] == 404
    assert "BatchGetImage" in [record["eventName"] for record in records(lookup(cloud, "Username", name))]
