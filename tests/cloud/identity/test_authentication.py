"""Wrong credentials get AWS's own code and words, in each service's protocol."""

import json
import re
from xml.etree import ElementTree

import pytest

from tests.cloud.lab_cloud import Keys, allow, refused, trusts

INVALID = "The security token included in the request is invalid."
MISMATCH = "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
CALLS = {
    "iam": "list_users",
    "sts": "get_caller_identity",
    "ec2": "describe_vpcs",
    "ecr": "describe_repositories",
    "ecs": "list_clusters",
    "ssm": "describe_parameters",
    "logs": "describe_log_groups",
    "kms": "list_keys",
    "secretsmanager": "list_secrets",
    "cloudtrail": "lookup_events",
    "resourcegroupstaggingapi": "get_resources",
    "s3": "list_buckets",
}
QUERY, JSON_SERVICES = ("iam", "sts"), [s for s in CALLS if s not in ("iam", "sts", "ec2", "s3")]


def answer(cloud, service, keys):
    return refused(getattr(cloud.client(service, keys), CALLS[service]))


def expected(service, query, json_, ec2, s3):
    return {"ec2": ec2, "s3": s3}.get(service, query if service in QUERY else json_)


@pytest.mark.parametrize("service", CALLS)
def test_unknown_key(cloud, service):
    code, message, status = answer(cloud, service, Keys("AKIAXXXXXXXXXXXXXXXX", "secret"))
    assert (code, status) == expected(
        service,
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 400),
        ("AuthFailure", 401),
        ("InvalidAccessKeyId", 403),
    )
    assert message == expected(
        service,
        INVALID,
        INVALID,
        "AWS was not able to validate the provided access credentials",
        "The AWS Access Key Id you provided does not exist in our records.",
    )


@pytest.mark.parametrize("service", CALLS)
def test_wrong_secret(cloud, service):
    code, message, status = answer(cloud, service, Keys(cloud.admin.access_key_id, "wrong"))
    assert (code, status) == expected(
        service,
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 400),
        ("AuthFailure", 401),
        ("SignatureDoesNotMatch", 403),
    )
    assert message.startswith(MISMATCH[:60]) or service == "ec2"


@pytest.mark.parametrize("service", CALLS)
def test_temporary_key_without_its_token(cloud, service, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    session = cloud.assume(role)
    code, _, _ = answer(cloud, service, Keys(session.access_key_id, session.secret))
    assert code == expected(
        service, "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidToken"
    )


@pytest.mark.parametrize("service", ["iam", "ecr", "ec2", "s3"])
def test_temporary_key_with_another_token(cloud, service, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    one, other = cloud.assume(role), cloud.assume(role)
    code, _, _ = answer(cloud, service, Keys(one.access_key_id, one.secret, other.token))
    assert code == expected(
        service, "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidToken"
    )


def test_users_key_with_a_token_that_does_not_belong_to_it(cloud):
    code, _, _ = answer(cloud, "ecr", Keys(cloud.admin.access_key_id, cloud.admin.secret, "token"))
    assert code == "UnrecognizedClientException"


def test_inactive_and_deleted_keys_no_longer_work(cloud, name):
    keys, iam = cloud.user(name), cloud.client("iam")
    sts = cloud.client("sts", keys)
    sts.get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=keys.access_key_id, Status="Inactive")
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName=name, AccessKeyId=keys.access_key_id, Status="Active")
    sts.get_caller_identity()
    iam.delete_access_key(UserName=name, AccessKeyId=keys.access_key_id)
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"


def test_a_session_ends_with_its_role_even_when_the_role_is_made_again(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    session = cloud.assume(role)
    cloud.client("sts", session).get_caller_identity()
    cloud.client("iam").delete_role(RoleName=name)
    cloud.role(name, trusts({"AWS": cloud.account}))
    assert refused(cloud.client("sts", session).get_caller_identity)[0] == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"X-Amz-Target": "AmazonSSM.GetParameter"}, b"{}", "MissingAuthenticationTokenException"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListUsers", "MissingAuthenticationToken"),
        ({}, b"", "AccessDenied"),
    ],
    ids=["json", "query", "s3"],
)
def test_unsigned_request(cloud, headers, body, code):
    status, _, answer = cloud.raw("POST", "/", body, headers)
    assert status in (400, 403)
    assert code in answer.decode()


def test_an_unsigned_call_of_assume_role_with_saml_is_refused_as_not_served(cloud):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = cloud.raw("POST", "/", b"Action=AssumeRoleWithSAML&Version=2011-06-15", form)
    assert (status, b"AssumeRoleWithSAML" in body) == (status, True)
    assert 400 <= status < 502


def test_unknown_region(cloud):
    code, message, _ = refused(cloud.client("ssm", region="xx-nowhere-1").describe_parameters)
    assert (code, message) == (
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'xx-nowhere-1'.",
    )


@pytest.mark.parametrize("service", ["lambda", "dynamodb", "sqs"])
def test_a_service_that_is_not_served_says_so(cloud, service):
    call = {"lambda": "list_functions", "dynamodb": "list_tables", "sqs": "list_queues"}[service]
    _, message, status = refused(getattr(cloud.client(service), call))
    assert status == 400
    assert f"does not serve '{service}'" in message


def test_an_operation_that_is_not_served_says_so(cloud):
    code, message, status = refused(cloud.client("ec2").describe_network_insights_paths)
    assert (code, status) == ("UnsupportedOperation", 400)
    assert "ec2:DescribeNetworkInsightsPaths" in message
    code, message, status = refused(cloud.client("cloudtrail").list_trails)
    assert (code, status) == ("UnknownOperationException", 400)


@pytest.mark.parametrize(
    ("service", "call", "code", "member"),
    [
        ("iam", "create_role", "ValidationError", "'roleName'"),
        ("ssm", "put_parameter", "ValidationException", "'name'"),
        ("ec2", "create_subnet", "MissingParameter", "VpcId"),
        ("sts", "assume_role", "ValidationError", "'roleArn'"),
        ("ecr", "create_repository", "InvalidParameterException", "repositoryName"),
    ],
)
def test_a_required_member_that_is_missing_is_named(cloud, service, call, code, member):
    got, message, status = refused(getattr(cloud.client(service), call))
    assert (got, status) == (code, 400)
    assert member in message


def test_moto_is_out_of_reach(cloud):
    for path in ("/moto-api/", "/moto-api/data.json", "/moto-api/reset", "/moto-api/reset-auth"):
        status, _, body = cloud.raw("POST", path, b"0")
        assert status == 403
        assert b"moto" not in body.lower()
    # Signed, the path is a bucket's name.
    status, _, body = cloud.signed("s3", "POST", "/moto-api/reset")
    assert status >= 400
    cloud.client("sts").get_caller_identity()


def test_motos_own_headers_are_taken_away(cloud):
    headers = {"x-moto-account-id": "999999999999", "Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = cloud.signed("iam", "POST", "/", b"Action=GetUser&Version=2010-05-08", headers)
    assert status == 200
    assert b"999999999999" not in body


def test_every_answer_has_a_request_id(cloud):
    got = cloud.client("sts").get_caller_identity()["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(r"[0-9a-f-]{36}", got)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, _ = cloud.signed("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15", headers)
    assert headers["x-amzn-requestid"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, body = cloud.signed("ec2", "POST", "/", b"Action=DeleteVpc&VpcId=vpc-1&Version=2016-11-15", form)
    assert f"<RequestID>{headers['x-amzn-requestid']}</RequestID>" in body.decode()
    _, _, body = cloud.raw("POST", "/", b"{}", {"X-Amz-Target": "AmazonSSM.GetParameter"})
    assert json.loads(body)["__type"] == "MissingAuthenticationTokenException"
    _, _, body = cloud.raw("GET", "/")
    assert ElementTree.fromstring(body).findtext("RequestId")


def test_presigned_url(cloud, name):
    import urllib.error
    import urllib.request

    s3 = cloud.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket=f"presigned-{name}")
    s3.put_object(Bucket=f"presigned-{name}", Key="a b/ü", Body=b"text")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": f"presigned-{name}", "Key": "a b/ü"})
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.read() == b"text"
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url.replace("Expires=3600", "Expires=3601"), timeout=60)
    assert b"SignatureDoesNotMatch" in refusal.value.read()
    old = cloud.client("s3", signature_version="s3").generate_presigned_url(
        "get_object", Params={"Bucket": f"presigned-{name}", "Key": "a b/ü"}
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(old, timeout=60)
    assert b"Please use AWS4-HMAC-SHA256" in refusal.value.read()


def test_a_user_with_no_policy_may_ask_who_it_is(cloud, name):
    keys = cloud.user(name)
    got = cloud.client("sts", keys).get_caller_identity()
    assert got["Arn"] == f"arn:aws:iam::{cloud.account}:user/{name}"
    assert got["UserId"].startswith("AIDA")


def test_an_explicit_deny_cannot_forbid_get_caller_identity(cloud, name):
    keys = cloud.user(name, {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}, allow("s3:*"))
    cloud.client("sts", keys).get_caller_identity()
