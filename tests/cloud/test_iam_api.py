"""Documents are checked before they are stored; the simulators answer as the gateway decides."""

import pytest
from lab_cloud import allow, deny, policy, refused, trusts

BAD = {
    "not JSON": '{"Version": "2012-10-17", "Statement": [',
    "no statement": '{"Version": "2012-10-17"}',
    "no action": '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]}',
    "a principal": policy({**allow("s3:*"), "Principal": "*"}),
    "wrong effect": policy({"Effect": "allow", "Action": "s3:*", "Resource": "*"}),
    "no vendor": policy(allow("PutImage")),
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
def test_a_malformed_policy_is_refused_everywhere_and_nothing_is_stored(cloud, name, document):
    iam = cloud.client("iam")
    cloud.user(name)
    cloud.role(name, trusts({"AWS": cloud.account}))
    iam.create_group(GroupName=name)
    calls = (
        (iam.put_user_policy, {"UserName": name, "PolicyName": "p"}),
        (iam.put_role_policy, {"RoleName": name, "PolicyName": "p"}),
        (iam.put_group_policy, {"GroupName": name, "PolicyName": "p"}),
        (iam.create_policy, {"PolicyName": name}),
    )
    for call, parameters in calls:
        code, message, status = refused(call, **parameters, PolicyDocument=document)
        assert (code, status) == ("MalformedPolicyDocument", 400), message
    assert iam.list_user_policies(UserName=name)["PolicyNames"] == []
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    assert name not in [p["PolicyName"] for p in iam.list_policies(Scope="Local")["Policies"]]


def test_the_place_of_the_error_is_named(cloud, name):
    cloud.user(name)
    text = '{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Allow" "Action": "s3:*"}]\n}'
    _, message, _ = refused(cloud.client("iam").put_user_policy, UserName=name, PolicyName="p", PolicyDocument=text)
    assert "line 3, column" in message


def test_a_trust_policy_is_checked_as_one(cloud, name):
    iam = cloud.client("iam")
    document = policy({**trusts({"AWS": cloud.account}), "Resource": "*"})
    code, _, _ = refused(iam.create_role, RoleName=name, AssumeRolePolicyDocument=document)
    assert code == "MalformedPolicyDocument"
    assert name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_a_policy_that_is_too_long_is_refused(cloud, name):
    cloud.user(name)
    long = policy(allow([f"s3:Get{n:04d}" for n in range(400)]))
    code, _, status = refused(cloud.client("iam").put_user_policy, UserName=name, PolicyName="p", PolicyDocument=long)
    assert (code, status) == ("LimitExceeded", 409)


def decision(answer):
    return [(r["EvalActionName"], r["EvalDecision"]) for r in answer["EvaluationResults"]]


def test_simulate_principal_policy(cloud, name):
    cloud.user(name, allow("ecr:*"), deny("ecr:DeleteRepository"))
    iam = cloud.client("iam")
    answer = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{cloud.account}:user/{name}",
        ActionNames=["ecr:PutImage", "ecr:DeleteRepository", "s3:GetObject"],
        ResourceArns=[f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/x"],
    )
    assert decision(answer) == [
        ("ecr:PutImage", "allowed"),
        ("ecr:DeleteRepository", "explicitDeny"),
        ("s3:GetObject", "implicitDeny"),
    ]
    assert answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == "own"


def test_simulate_custom_policy_with_context_and_boundary(cloud):
    iam = cloud.client("iam")
    condition = {"StringEquals": {"aws:RequestTag/team": "blue"}}
    asked = {"PolicyInputList": [policy(allow("ecr:*", Condition=condition))], "ActionNames": ["ecr:PutImage"]}
    assert decision(iam.simulate_custom_policy(**asked)) == [("ecr:PutImage", "implicitDeny")]
    entry = {"ContextKeyName": "aws:RequestTag/team", "ContextKeyValues": ["blue"], "ContextKeyType": "string"}
    assert decision(iam.simulate_custom_policy(**asked, ContextEntries=[entry])) == [("ecr:PutImage", "allowed")]
    boundary = iam.simulate_custom_policy(
        **asked, ContextEntries=[entry], PermissionsBoundaryPolicyInputList=[policy(allow("s3:*"))]
    )
    assert decision(boundary) == [("ecr:PutImage", "implicitDeny")]
    assert boundary["EvaluationResults"][0]["PermissionsBoundaryDecisionDetail"] == {
        "AllowedByPermissionsBoundary": False
    }


def test_simulation_pages(cloud):
    actions = [f"s3:Get{letter}" for letter in "ABCDE"]
    pages = (
        cloud.client("iam")
        .get_paginator("simulate_custom_policy")
        .paginate(PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, PaginationConfig={"PageSize": 2})
    )
    assert [r["EvalActionName"] for page in pages for r in page["EvaluationResults"]] == actions


def test_simulating_nobody_and_nonsense(cloud):
    iam = cloud.client("iam")
    nobody = f"arn:aws:iam::{cloud.account}:user/no-such-user"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=nobody, ActionNames=["s3:GetObject"])[0] == (
        "NoSuchEntity"
    )
    assert refused(iam.simulate_custom_policy, PolicyInputList=["{"], ActionNames=["s3:GetObject"])[0] == "InvalidInput"


def test_own_user_is_meant_where_the_name_is_left_out(cloud, name):
    own = f"arn:aws:iam::{cloud.account}:user/${{aws:username}}"
    keys = cloud.user(name, allow(["iam:GetUser", "iam:ListAccessKeys", "iam:CreateAccessKey"], own))
    iam = cloud.client("iam", keys)
    assert iam.get_user()["User"]["UserName"] == name
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1
    assert iam.create_access_key()["AccessKey"]["UserName"] == name
    session = cloud.assume(cloud.role(f"r-{name}", trusts({"AWS": cloud.account}), allow("iam:*")))
    assert refused(cloud.client("iam", session).get_user)[:2] == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )
