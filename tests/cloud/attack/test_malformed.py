"""Every served service, given what is not its protocol: AWS's code in the service's own form, nothing carried out."""

import json
from xml.etree import ElementTree

import botocore.session
import pytest

# The operation of each JSON service that takes the most: its X-Amz-Target, a string member and a wrong value for it.
JSON_SERVICES = {
    "ssm": ("AmazonSSM.PutParameter", "Name"),
    "ecs": ("AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", "family"),
    "logs": ("Logs_20140328.CreateLogGroup", "logGroupName"),
    "secretsmanager": ("secretsmanager.CreateSecret", "Name"),
    "kms": ("TrentService.CreateKey", "Description"),
    "ecr": ("AmazonEC2ContainerRegistry_V20150921.CreateRepository", "repositoryName"),
    "cloudtrail": ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", "NextToken"),
    "tagging": ("ResourceGroupsTaggingAPI_20170126.GetResources", "PaginationToken"),
}
NOT_JSON = {
    "noise": b"\xff\xfe\x00",
    "nothing but a brace": b"{",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "trailing": b"{} {}",
    "NaN": b'{"MEMBER":NaN}',
    "infinity": b'{"MEMBER":-Infinity}',
    "deep lists": b'{"MEMBER":' + b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "a number of 5,000 digits": b'{"MEMBER":' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"MEMBER":"\\ud800"}',
    "a lone surrogate's bytes": b'{"MEMBER":"\xed\xa0\x80"}',
    "Latin-1": '{"MEMBER":"ü"}'.encode("latin-1"),
    "UTF-16": '{"MEMBER":"x"}'.encode("utf-16"),
    "a form": b"Action=ListUsers&Version=2010-05-08",
    "XML": b"<MEMBER>x</MEMBER>",
    "a list for a string": b'{"MEMBER":["x"]}',
    "an object for a string": b'{"MEMBER":{"x":"y"}}',
    "a number for a string": b'{"MEMBER":7}',
    "a boolean for a string": b'{"MEMBER":true}',
}


@pytest.mark.parametrize("service", JSON_SERVICES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_a_body_that_is_no_json_of_the_operation(cloud, service, body):
    target, member = JSON_SERVICES[service]
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    status, _, answer = cloud.signed(service, "POST", "/", body.replace(b"MEMBER", member.encode()), headers)
    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("service", JSON_SERVICES)
def test_members_that_the_operation_does_not_have_are_ignored_and_null_is_a_member_left_out(cloud, service):
    target, member = JSON_SERVICES[service]
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    document = {member: None, "NoSuchMember": {"x": [1, None]}, "\0": "\0"}
    status, _, answer = cloud.signed(service, "POST", "/", json.dumps(document).encode(), headers)
    assert status == 200 or "SerializationException" not in answer.decode()
    assert status < 500


def _wrong(shape, depth=0):
    """A document of the operation's shape in which every value is of another type, or a hostile one of its own."""
    kind = shape.type_name
    if kind == "structure" and depth < 2:
        return {name: _wrong(inner, depth + 1) for name, inner in shape.members.items()}
    return {"string": "\0" * 3, "integer": -1, "long": -1, "list": [], "map": {}, "boolean": False, "blob": "%"}.get(
        kind
    )


@pytest.mark.parametrize("service", JSON_SERVICES)
def test_hostile_values_of_the_right_types_end_in_an_answer(cloud, service):
    """Every operation of the service, those that are not served included."""
    name = {"tagging": "resourcegroupstaggingapi"}.get(service, service)
    model = botocore.session.get_session().get_service_model(name)
    prefix = JSON_SERVICES[service][0].rpartition(".")[0]
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        body = json.dumps(_wrong(shape) if shape else {}).encode()
        headers = {"X-Amz-Target": f"{prefix}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        status, _, answer = cloud.signed(service, "POST", "/", body, headers)
        assert status < 500, (operation, answer)
    cloud.client(name).meta.service_model  # noqa: B018 - the client can still be made
    assert cloud.client("ssm").describe_parameters()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert cloud.client("resourcegroupstaggingapi").get_resources()["ResponseMetadata"]["HTTPStatusCode"] == 200


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOT_FORMS = {
    "nothing": b"",
    "noise": b"\xff\xfe\x00",
    "JSON": b'{"Action":"ListUsers"}',
    "XML": b"<Action>ListUsers</Action>",
    "no action": b"Version=2010-05-08",
    "an empty action": b"Action=",
    "an unknown action": b"Action=NoSuchAction",
    "an action with a path": b"Action=../../etc/passwd",
    "ten thousand fields": b"&".join(b"f%d=x" % n for n in range(10_000)),
}


@pytest.mark.parametrize("service", ["iam", "sts", "ec2"])
@pytest.mark.parametrize("body", NOT_FORMS.values(), ids=NOT_FORMS)
def test_a_body_that_is_no_form(cloud, service, body):
    status, _, answer = cloud.signed(service, "POST", "/", body, FORM)
    assert status == 400
    code = ElementTree.fromstring(answer).findtext(".//{*}Code")
    assert code in ("MissingAction", "InvalidAction", "MalformedQueryString")


@pytest.mark.parametrize("service", ["iam", "sts", "ec2"])
@pytest.mark.parametrize(
    "fields",
    [
        "Tags.member.99999999999999.Key=x",
        "Tags.member.-1.Key=x",
        "Tags.member.1.Key.Key.Key.Key=x",
        "Filter.1.Value.999999999=x",
        ".=x",
        "a..b=x",
        "UserName=%00",
        "UserName=%ED%A0%80",
        "UserName=a&UserName=b",
        "MaxItems=99999999999999999999",
        "DurationSeconds=NaN&RoleArn=x&RoleSessionName=y",
        "PolicyDocument=%7B&RoleName=%FF",
        "." * 5000 + "=x",
        "x.1." * 2000 + "=x",
    ],
)
def test_odd_fields_end_in_an_answer(cloud, service, fields):
    action = {"iam": "CreateRole", "sts": "AssumeRole", "ec2": "DescribeVpcs"}[service]
    status, _, answer = cloud.signed(service, "POST", "/", f"Action={action}&{fields}".encode(), FORM)
    assert status < 500, answer


XML = {
    "nothing": b"",
    "noise": b"\xff\xfe\x00",
    "not closed": b"<Tagging>",
    "JSON": b'{"TagSet":[]}',
    "other": b"<Other><Thing>x</Thing></Other>",
    "a file": b'<!DOCTYPE t [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<Tagging><TagSet><Tag><Key>&f;</Key><Value>v</Value></Tag></TagSet></Tagging>",
    "a billion laughs": b'<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
    b"<Tagging><TagSet><Tag><Key>&d;&d;&d;</Key><Value>v</Value></Tag></TagSet></Tagging>",
    "deep": b"<a>" * 20_000,
}


@pytest.mark.parametrize("kind", ["tagging", "cors", "lifecycle", "versioning", "encryption", "policy"])
@pytest.mark.parametrize("body", XML.values(), ids=XML)
def test_a_body_that_is_no_document_of_s3(cloud, name, kind, body):
    bucket = f"malformed-{name}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    status, _, answer = cloud.signed(
        "s3", "PUT", f"/{bucket}?{kind}", body, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )
    assert 400 <= status < 500, answer
    codes = ("MalformedXML", "MalformedPolicy", "MissingRequestBodyError", "InvalidArgument", "InvalidRequest")
    assert ElementTree.fromstring(answer).findtext("Code") in codes
    assert b"root:" not in answer
    _, _, shown = cloud.signed("s3", "GET", f"/{bucket}?{kind}", b"", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert b"root:" not in shown
    assert b"haha" not in shown
