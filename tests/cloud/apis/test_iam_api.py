"""Documents are checked before they are stored; the simulators answer as the gateway decides."""

import json

import pytest

from tests.cloud.lab_cloud import allow, deny, policy, refused, trusts

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
    first = answer["EvaluationResults"][0]
    assert first["EvalResourceName"] == "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}"
    assert first["MatchedStatements"][0]["SourcePolicyId"] == f"user_{name}_own"
    assert first["MatchedStatements"][0]["SourcePolicyType"] == "IAM Policy"


def test_several_resources_are_judged_one_by_one(cloud):
    start = f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/"
    answer = cloud.client("iam").simulate_custom_policy(
        PolicyInputList=[policy(allow("ecr:*", f"{start}mine"), deny("ecr:*", f"{start}closed"))],
        ActionNames=["ecr:PutImage", "ecr:ListImages"],
        ResourceArns=[f"{start}mine", f"{start}other"],
    )
    assert decision(answer) == [("ecr:PutImage", "allowed"), ("ecr:ListImages", "allowed")]
    each = answer["EvaluationResults"][0]["ResourceSpecificResults"]
    assert [(found["EvalResourceName"], found["EvalResourceDecision"]) for found in each] == [
        (f"{start}mine", "allowed"),
        (f"{start}other", "implicitDeny"),
    ]
    closed = cloud.client("iam").simulate_custom_policy(
        PolicyInputList=[policy(allow("ecr:*"), deny("ecr:*", f"{start}closed"))],
        ActionNames=["ecr:PutImage"],
        ResourceArns=[f"{start}mine", f"{start}closed"],
    )
    assert decision(closed) == [("ecr:PutImage", "explicitDeny")]


def test_the_place_of_the_statement_is_told_as_iam_tells_it(cloud):
    """Right after the bracket, or with the comma; the end is the character after the brace."""
    text = '{"Version":"2012-10-17","Statement":[' + ",".join(json.dumps(allow(a)) for a in ("s3:A", "s3:B")) + "]}"
    answer = cloud.client("iam").simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:A", "s3:B"])
    (first,), (second,) = (result["MatchedStatements"] for result in answer["EvaluationResults"])
    assert first["SourcePolicyId"] == "PolicyInputList.1"
    assert (first["StartPosition"], first["EndPosition"]) == (
        {"Line": 1, "Column": text.index("[") + 2},
        {"Line": 1, "Column": text.index("}") + 2},
    )
    assert second["StartPosition"] == {"Line": 1, "Column": text.index("},{") + 2}
    lines = json.dumps(json.loads(text), indent=4)
    spread = cloud.client("iam").simulate_custom_policy(PolicyInputList=[lines], ActionNames=["s3:A"])
    place = spread["EvaluationResults"][0]["MatchedStatements"][0]
    assert place["StartPosition"]["Line"] == 3
    assert place["EndPosition"] == {"Line": 8, "Column": 10}


def test_keys_that_nobody_gave_are_named(cloud):
    condition = {"StringEquals": {"aws:RequestTag/team": "blue"}, "Bool": {"aws:SecureTransport": "true"}}
    home = "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"
    asked = {"PolicyInputList": [policy(allow("s3:*", home, Condition=condition))], "ActionNames": ["s3:GetObject"]}
    iam = cloud.client("iam")
    (found,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert sorted(found["MissingContextValues"]) == [
        "aws:PrincipalTag/team",
        "aws:RequestTag/team",
        "aws:SecureTransport",
    ]
    entry = {"ContextKeyName": "AWS:securetransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}
    (found,) = iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"]
    assert "aws:SecureTransport" not in found["MissingContextValues"]


def test_context_keys_for_the_simulators(cloud, name):
    condition = {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team, 'none'}"}}
    statement = allow("ecr:*", Condition=condition)
    iam = cloud.client("iam")
    expected = ["aws:PrincipalTag/team", "aws:RequestTag/team"]
    custom = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy(statement)])
    assert custom["ContextKeyNames"] == expected
    cloud.user(name, statement)
    arn = f"arn:aws:iam::{cloud.account}:user/{name}"
    extra = policy(allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=[extra])
    assert found["ContextKeyNames"] == [*expected, "aws:SourceIp"]


def test_the_ids_of_group_and_managed_policies(cloud, name):
    iam = cloud.client("iam")
    cloud.user(name)
    iam.create_group(GroupName=f"g-{name}")
    iam.put_group_policy(GroupName=f"g-{name}", PolicyName="p", PolicyDocument=policy(allow("ecs:ListClusters")))
    iam.add_user_to_group(GroupName=f"g-{name}", UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    answer = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{cloud.account}:user/{name}", ActionNames=["ecs:ListClusters", "s3:GetObject"]
    )
    ids = [result["MatchedStatements"][0]["SourcePolicyId"] for result in answer["EvaluationResults"]]
    assert ids == [f"group_g-{name}_p", "AmazonS3ReadOnlyAccess"]


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
