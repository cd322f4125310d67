"""Roles: who may assume them, what a session may do, and how long."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from labs.cloud.contract import AwsError
from labs.cloud.identity.signatures import SecretOnFile, read_claim, verify
from labs.cloud.protocols.services import Family
from labs.cloud.wire.request import HttpRequest
from tests.cloud.lab_cloud import Keys, allow, deny, policy, refused, trusts


def arn_of(cloud, name):
    return f"arn:aws:iam::{cloud.account}:user/{name}"


def assume(cloud, keys, role, **more):
    return cloud.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="lab", **more)


def is_refused(cloud, keys, role, **more):
    code, message, status = refused(cloud.client("sts", keys).assume_role, RoleArn=role, RoleSessionName="lab", **more)
    assert (code, status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: sts:AssumeRole on resource: {role}" in message
    return True


def test_answers_with_a_temporary_key_and_the_sessions_arn(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    got = assume(cloud, None, role)
    assert got["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{cloud.account}:assumed-role/{name}/lab"
    assert got["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    assert got["Credentials"]["AccessKeyId"].startswith("ASIA")
    who = cloud.client("sts", cloud.assume(role)).get_caller_identity()
    assert who["Arn"] == got["AssumedRoleUser"]["Arn"]
    assert who["UserId"] == got["AssumedRoleUser"]["AssumedRoleId"]


def test_a_trust_policy_that_names_the_user_is_enough(cloud, name):
    keys = cloud.user(name)
    assume(cloud, keys, cloud.role(f"r-{name}", trusts({"AWS": arn_of(cloud, name)})))


@pytest.mark.parametrize("root", ["arn:aws:iam::{}:root", "{}"])
def test_a_trust_policy_that_names_the_account_leaves_it_to_the_users_policies(cloud, name, root):
    role = cloud.role(f"r-{name}", trusts({"AWS": root.format(cloud.account)}))
    keys = cloud.user(name)
    is_refused(cloud, keys, role)
    cloud.client("iam").put_user_policy(
        UserName=name, PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", role))
    )
    assume(cloud, keys, role)


def test_a_trust_policy_for_everybody(cloud, name):
    keys = cloud.user(name)
    assume(cloud, keys, cloud.role(f"r-{name}", trusts("*")))


def test_a_trust_policy_for_a_service_keeps_users_out(cloud, name):
    role = cloud.role(name, trusts({"Service": "ecs-tasks.amazonaws.com"}))
    is_refused(cloud, None, role)


def test_an_administrator_is_kept_out_of_a_role_that_trusts_somebody_else(cloud, name):
    cloud.user(name)
    role = cloud.role(f"r-{name}", trusts({"AWS": arn_of(cloud, name)}))
    is_refused(cloud, None, role)


def test_an_identity_policy_can_forbid_what_the_trust_policy_allows(cloud, name):
    keys = cloud.user(name, deny("sts:AssumeRole"))
    is_refused(cloud, keys, cloud.role(f"r-{name}", trusts({"AWS": arn_of(cloud, name)})))


def test_external_id(cloud, name):
    condition = {"StringEquals": {"sts:ExternalId": "secret-word"}}
    role = cloud.role(name, trusts({"AWS": cloud.account}, Condition=condition))
    is_refused(cloud, None, role)
    is_refused(cloud, None, role, ExternalId="another")
    assume(cloud, None, role, ExternalId="secret-word")


def test_a_role_that_does_not_exist_is_refused_like_one_that_may_not_be_assumed(cloud):
    is_refused(cloud, None, f"arn:aws:iam::{cloud.account}:role/no-such-role")


def test_a_role_with_a_path_is_assumed_by_its_whole_arn(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}), Path="/lab/deep/")
    assert role.endswith(f":role/lab/deep/{name}")
    got = assume(cloud, None, role)
    assert got["AssumedRoleUser"]["Arn"].endswith(f":assumed-role/{name}/lab")
    is_refused(cloud, None, f"arn:aws:iam::{cloud.account}:role/{name}")


def test_role_chaining_is_limited_to_an_hour(cloud, name):
    second = cloud.role(f"{name}-2", trusts({"AWS": cloud.account}), MaxSessionDuration=7200)
    first = cloud.role(name, trusts({"AWS": cloud.account}), allow("sts:AssumeRole", second))
    session = cloud.assume(first)
    assume(cloud, session, second)
    code, message, _ = refused(
        cloud.client("sts", session).assume_role, RoleArn=second, RoleSessionName="second", DurationSeconds=3601
    )
    assert code == "ValidationError"
    assert "1 hour session limit" in message
    assume(cloud, None, second, DurationSeconds=7200)


@pytest.mark.parametrize("seconds", [899, 43201])
def test_duration_out_of_range(cloud, name, seconds):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    code, _, status = refused(
        cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", DurationSeconds=seconds
    )
    assert (code, status) == ("ValidationError", 400)


def test_duration_over_the_roles_own_limit(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    _, message, _ = refused(cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", DurationSeconds=3601)
    assert message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.mark.parametrize("session", ["a b", "x" * 65, "é", "a/b"])
def test_bad_session_names(cloud, name, session):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    from urllib.parse import urlencode

    body = urlencode({"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": session})
    status, _, answer = cloud.signed("sts", "POST", "/", body.encode(), form)
    assert status == 400
    assert b"ValidationError" in answer


def test_a_session_policy_narrows(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}), allow(["s3:*", "ecs:*"]))
    narrow = cloud.assume(role, Policy=policy(allow("ecs:ListClusters")))
    cloud.client("ecs", narrow).list_clusters()
    _, message, _ = refused(cloud.client("s3", narrow).list_buckets)
    assert message.endswith("because no session policy allows the s3:ListAllMyBuckets action")
    wide = cloud.assume(role, Policy=policy(allow("*")))
    refused(cloud.client("iam", wide).list_users)


def test_session_policies_named_by_arn(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}), allow("*"))
    session = cloud.assume(role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}])
    cloud.client("s3", session).list_buckets()
    refused(cloud.client("ecs", session).list_clusters)


def test_a_malformed_session_policy_is_refused(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    code, _, status = refused(
        cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", Policy='{"Statement": ['
    )
    assert (code, status) == ("MalformedPolicyDocument", 400)


def test_session_tags_are_principal_tags_and_need_their_own_permission(cloud, name):
    trust = trusts({"AWS": cloud.account})
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    role = cloud.role(name, trust, allow("ecs:ListClusters", Condition=condition))
    tags = [{"Key": "team", "Value": "blue"}]
    _, message, _ = refused(cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", Tags=tags)
    assert "sts:TagSession" in message
    both = {**trust, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    cloud.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=policy(both))
    cloud.client("ecs", cloud.assume(role, Tags=tags)).list_clusters()
    refused(cloud.client("ecs", cloud.assume(role)).list_clusters)


def test_the_roles_policies_count_and_not_those_of_who_assumed_it(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}), allow("ecs:ListClusters"))
    session = cloud.assume(role)
    cloud.client("ecs", session).list_clusters()
    _, message, _ = refused(cloud.client("s3", session).list_buckets)
    assert message.startswith(f"User: arn:aws:sts::{cloud.account}:assumed-role/{name}/lab is not authorized")


def test_get_session_token_keeps_the_users_rights_but_not_iam(cloud, name):
    keys = cloud.user(name, allow(["ecs:*", "iam:*"]))
    got = cloud.client("sts", keys).get_session_token(DurationSeconds=900)["Credentials"]
    session = Keys(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
    cloud.client("ecs", session).list_clusters()
    assert cloud.client("sts", session).get_caller_identity()["Arn"] == arn_of(cloud, name)
    assert refused(cloud.client("iam", session).list_users)[0] == "InvalidClientTokenId"
    assert refused(cloud.client("sts", session).get_session_token)[:2] == (
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    )


def federated(cloud, keys, name="ana", **more):
    got = cloud.client("sts", keys).get_federation_token(Name=name, **more)
    found = got["Credentials"]
    return got, Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def test_a_federated_user_has_what_the_users_and_the_session_policy_share(cloud, name):
    keys = cloud.user(name, allow(["ecs:*", "sts:GetFederationToken"]))
    got, session = federated(cloud, keys, Policy=policy(allow(["ecs:ListClusters", "ecr:*"])), DurationSeconds=900)
    arn = f"arn:aws:sts::{cloud.account}:federated-user/ana"
    assert got["FederatedUser"] == {"FederatedUserId": f"{cloud.account}:ana", "Arn": arn}
    assert got["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert cloud.client("sts", session).get_caller_identity()["Arn"] == arn
    cloud.client("ecs", session).list_clusters()
    refused(cloud.client("ecs", session).list_task_definitions)
    assert refused(cloud.client("ecr", session).get_authorization_token)[1].startswith(f"User: {arn} is not authorized")


def test_a_federated_user_without_a_policy_may_do_nothing(cloud, name):
    _, session = federated(cloud, cloud.user(name, allow("*")))
    _, words, _ = refused(cloud.client("ecs", session).list_clusters)
    assert words.endswith("because no session policy allows the ecs:ListClusters action")


def test_a_federated_user_may_ask_neither_iam_nor_sts(cloud, name):
    _, session = federated(cloud, cloud.user(name, allow("*")), Policy=policy(allow("*")))
    assert refused(cloud.client("iam", session).list_users)[0] == "InvalidClientTokenId"
    sts = cloud.client("sts", session)
    assert refused(sts.get_federation_token, Name="ana")[:2] == (
        "AccessDenied",
        "Cannot call GetFederationToken with session credentials",
    )
    assert refused(sts.get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE")[0] == "AccessDenied"


def test_get_federation_token_needs_its_permission_on_the_name_and_tagging_its_own(cloud, name):
    resource = f"arn:aws:sts::{cloud.account}:federated-user/ana"
    keys = cloud.user(name, allow("sts:GetFederationToken", resource))
    federated(cloud, keys)
    _, words, _ = refused(cloud.client("sts", keys).get_federation_token, Name="eve")
    assert "sts:GetFederationToken on resource: " + resource.replace("ana", "eve") in words
    tags = [{"Key": "team", "Value": "blue"}]
    _, words, _ = refused(cloud.client("sts", keys).get_federation_token, Name="ana", Tags=tags)
    assert f"sts:TagSession on resource: {resource}" in words


@pytest.mark.parametrize("bad", ["a", "x" * 33, "a b", "a/b"])
def test_bad_names_of_federated_users(cloud, bad):
    assert refused(cloud.client("sts").get_federation_token, Name=bad)[::2] == ("ValidationError", 400)


def test_the_trail_tells_a_federated_user_from_its_user(cloud, name):
    _, session = federated(cloud, cloud.user(name, allow("*")), name, Policy=policy(allow("ecs:*")))
    cloud.client("ecs", session).list_clusters()
    found = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": session.access_key_id}]
    )["Events"]
    identity = json.loads(found[0]["CloudTrailEvent"])["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("FederatedUser", f"{cloud.account}:{name}")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == arn_of(cloud, name)


def test_a_session_policy_longer_than_sts_takes_is_refused(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    long = policy(allow([f"s3:Get{number:04d}" for number in range(200)]))
    assert refused(cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", Policy=long)[::2] == (
        "ValidationError",
        400,
    )


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (Family.QUERY, "ExpiredToken"),
        (Family.JSON, "ExpiredTokenException"),
        (Family.EC2, "RequestExpired"),
        (Family.S3, "ExpiredToken"),
    ],
)
def test_a_session_is_good_until_its_end_and_then_told_so(family, code):
    now = datetime.now(UTC)
    signed = AWSRequest("POST", "http://127.0.0.1/", data=b"Action=GetCallerIdentity&Version=2011-06-15")
    SigV4Auth(Credentials("ASIAEXAMPLE", "secret", "token"), "sts", "us-east-1").add_auth(signed)
    headers = {name.lower(): value for name, value in signed.headers.items()} | {"host": "127.0.0.1"}
    request = HttpRequest("POST", "/", "", headers, signed.body)

    def check(end):
        verify(request, read_claim(request), family, lambda key: SecretOnFile("secret", "token", end), now)

    check(now + timedelta(seconds=1))
    with pytest.raises(AwsError) as refusal:
        check(now)
    assert refusal.value.code == code


def test_get_access_key_info(cloud, name):
    keys = cloud.user(name)
    assert cloud.client("sts").get_access_key_info(AccessKeyId=keys.access_key_id)["Account"] == cloud.account


def test_the_secret_of_a_session_is_not_in_the_trail(cloud, name):
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    session = cloud.assume(role)
    found = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}]
    )["Events"]
    text = json.dumps([event["CloudTrailEvent"] for event in found])
    assert role in text
    assert session.secret not in text
    assert session.token not in text
