"""Odd, malformed and hostile requests get an AWS error or the store's own; never a 500, never a traceback."""

# ruff: noqa: E501

import contextlib
import json
import socket
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

TARGETS = {
    "ssm": "AmazonSSM",
    "ecs": "AmazonEC2ContainerServiceV20141113",
    "logs": "Logs_20140328",
    "secretsmanager": "secretsmanager",
    "kms": "TrentService",
    "ecr": "AmazonEC2ContainerRegistry_V20150921",
    "cloudtrail": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    "tagging": "ResourceGroupsTaggingAPI_20170126",
}
OPERATIONS = {
    "ssm": ["GetParameter", "PutParameter", "GetParametersByPath", "DescribeParameters", "AddTagsToResource"],
    "ecs": ["CreateCluster", "RegisterTaskDefinition", "RunTask", "CreateService", "DescribeTasks", "ListTasks"],
    "logs": ["CreateLogGroup", "CreateLogStream", "PutLogEvents", "FilterLogEvents", "GetLogEvents"],
    "secretsmanager": ["CreateSecret", "GetSecretValue", "PutSecretValue", "ListSecrets"],
    "kms": ["CreateKey", "Encrypt", "Decrypt", "CreateAlias", "PutKeyPolicy", "GenerateDataKey"],
    "ecr": ["CreateRepository", "PutImage", "BatchGetImage", "DescribeImages", "UploadLayerPart"],
    "cloudtrail": ["LookupEvents"],
    "tagging": ["GetResources", "TagResources"],
}
MEMBERS = [
    "Name", "Names", "Value", "Type", "Path", "Tags", "tags", "clusterName", "family", "containerDefinitions", "cluster",
    "taskDefinition", "count", "launchType", "networkConfiguration", "serviceName", "desiredCount", "tasks", "logGroupName",
    "logStreamName", "logEvents", "startTime", "limit", "SecretId", "SecretString", "KeyId", "Plaintext", "CiphertextBlob",
    "Policy", "PolicyName", "AliasName", "TargetKeyId", "repositoryName", "imageManifest", "imageIds", "maxResults",
    "LookupAttributes", "StartTime", "MaxResults", "NextToken", "TagFilters", "ResourceARNList", "KeySpec", "overrides",
]  # fmt: skip

scalars = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=30)
values = some.recursive(
    scalars,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=8,
)
quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_an_answer(status, body):
    assert 200 <= status < 500, (status, body[:500])
    assert b"Traceback" not in body
    assert b'File "' not in body
    return True


@pytest.mark.parametrize("service", TARGETS)
def test_any_json_document(cloud, service):
    @quick
    @given(some.sampled_from(OPERATIONS[service]), some.dictionaries(some.sampled_from(MEMBERS), values, max_size=6))
    def check(operation, document):
        headers = {"X-Amz-Target": f"{TARGETS[service]}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        status, _, body = cloud.signed(service, "POST", "/", json.dumps(document).encode(), headers)
        assert is_an_answer(status, body)
        if status >= 400:
            assert json.loads(body)["__type"]

    check()
    cloud.client("sts").get_caller_identity()


@pytest.mark.parametrize("service", ["ssm", "ecr", "iam", "ec2", "sts"])
def test_any_bytes_as_a_body(cloud, service):
    @quick
    @given(some.binary(max_size=200), some.sampled_from(["", "text/plain", "application/json", "x/y; charset=zz"]))
    def check(body, content_type):
        headers = {"Content-Type": content_type} if content_type else {}
        if service in TARGETS:
            headers["X-Amz-Target"] = f"{TARGETS[service]}.{OPERATIONS[service][0]}"
        status, _, answer = cloud.signed(service, "POST", "/", body, headers)
        assert is_an_answer(status, answer)

    check()


QUERY = {
    "iam": ["CreateUser", "CreateRole", "PutRolePolicy", "GetUser", "ListUsers", "SimulateCustomPolicy", "TagUser"],
    "sts": ["AssumeRole", "GetSessionToken", "GetAccessKeyInfo"],
    "ec2": ["CreateVpc", "CreateSubnet", "DescribeVpcs", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress",
            "CreateVpcEndpoint", "DeleteVpcEndpoints", "CreateTags", "ModifyVpcAttribute", "CreateRoute"],
}  # fmt: skip
FIELDS = [
    "UserName", "RoleName", "Path", "PolicyName", "PolicyDocument", "AssumeRolePolicyDocument", "Tags.member.1.Key",
    "Tags.member.x.Key", "ActionNames.member.1", "PolicyInputList.member.1", "RoleArn", "RoleSessionName", "DurationSeconds",
    "CidrBlock", "VpcId", "Filter.1.Name", "Filter.1.Value.1", "GroupName", "GroupDescription", "GroupId", "IpPermissions.1.FromPort",
    "IpPermissions.1.IpProtocol", "IpPermissions.1.IpRanges.1.CidrIp", "ServiceName", "VpcEndpointId.1", "ResourceId.1",
    "Tag.1.Key", "MaxResults", "MaxItems", "Marker", "NextToken", "DryRun", "TagSpecification.1.ResourceType", "EnableDnsSupport.Value",
]  # fmt: skip


@pytest.mark.parametrize("service", QUERY)
def test_any_form(cloud, service):
    text = some.text(max_size=20) | some.integers().map(str) | some.sampled_from(["true", "10.0.0.0/16", "vpc-1", "{}"])

    @quick
    @given(some.sampled_from(QUERY[service]), some.dictionaries(some.sampled_from(FIELDS), text, max_size=6))
    def check(action, fields):
        body = "&".join(f"{k}={quote(v.encode('utf-8', 'surrogatepass'))}" for k, v in fields.items())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, answer = cloud.signed(service, "POST", "/", f"Action={action}&{body}".encode(), headers)
        assert is_an_answer(status, answer)

    check()


def test_any_s3_path_and_query(cloud, name):
    cloud.client("s3").create_bucket(Bucket=f"odd-{name}")
    queries = some.sampled_from(
        ["", "list-type=2", "versions", "uploads", "policy", "tagging", "acl", "cors", "delete", "uploadId=x", "partNumber=x",
         "max-keys=x", "max-keys=-1", "versionId=x", "location", "lifecycle", "encryption", "publicAccessBlock", "select"]
    )  # fmt: skip

    @quick
    @given(
        some.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        some.text(some.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12),
        queries,
        some.binary(max_size=60) | some.just(b"<Delete></Delete>") | some.just(b"<a"),
    )
    def check(method, key, query, body):
        path = f"/odd-{name}/{quote(key)}" if key else f"/odd-{name}"
        headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        status, _, answer = cloud.signed("s3", method, f"{path}?{query}", body, headers)
        assert is_an_answer(status, answer)

    check()


AUTHORIZATIONS = some.text(some.characters(min_codepoint=32, max_codepoint=255), max_size=80) | some.builds(
    "AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request,SignedHeaders={},Signature={}".format,
    some.sampled_from(["AKIAIOSFODNN7EXAMPLE", "", "a/b", "ASIA"]),
    some.sampled_from(["20260101", "x", "99999999"]),
    some.sampled_from(["us-east-1", "..", ""]),
    some.sampled_from(["iam", "ec2", "s3", "ssm", "nothing", ""]),
    some.sampled_from(["host", "", "host;;x", "a" * 100]),
    some.sampled_from(["0" * 64, "zz", ""]),
)


def test_any_authorization_header(cloud):
    @quick
    @given(AUTHORIZATIONS, some.sampled_from(["20260101T000000Z", "x", "99999999T999999Z", ""]), some.text(max_size=5))
    def check(authorization, date, token):
        headers = {"Authorization": authorization.strip(), "X-Amz-Date": date, "X-Amz-Security-Token": quote(token)}
        status, _, body = cloud.raw("POST", "/", b"Action=ListUsers", headers)
        assert 400 <= status < 500
        assert is_an_answer(status, body)

    check()


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/b/%00", "/b/../../x", "//", "/%", "/%zz", "/b/" + "a" * 3000],
)
def test_odd_paths(cloud, path):
    status, _, body = cloud.signed("s3", "GET", path)
    assert is_an_answer(status, body)
    assert b"root:" not in body


def exchange(cloud, data, wait=True):
    """Send bytes as they are; what comes back."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        connection.sendall(data)
        if not wait:
            return b""
        # The server may have closed already, its answer given.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := connection.recv(65536):
            got += chunk
    return got


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
    ],
    ids=["empty", "one word", "TLS", "version", "length", "negative", "chunk", "long header", "no colon"],
)
def test_what_is_hardly_http(cloud, data):
    got = exchange(cloud, data)
    assert b"Traceback" not in got
    assert not got.startswith((b"HTTP/1.1 200", b"HTTP/1.1 500"))
    cloud.client("sts").get_caller_identity()


def test_clients_that_go_away_in_the_middle(cloud):
    for _ in range(30):
        exchange(cloud, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc", wait=False)
    cloud.client("sts").get_caller_identity()


def test_a_body_larger_than_an_api_call_may_have_is_refused_before_it_is_read(cloud):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n"
    assert b"413" in exchange(cloud, head).split(b"\r\n", 1)[0]
