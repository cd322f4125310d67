"""What IAM refuses for what is there already; and what it takes."""

import pytest

from tests.cloud.lab_cloud import allow, policy, refused, trusts


@pytest.fixture
def owners(cloud, name):
    """A user, a role and a group of that name, each with its way to put an inline and to attach a managed policy."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trusts({"AWS": cloud.account})))
    iam.create_group(GroupName=name)
    return {
        "user": ({"UserName": name}, iam.put_user_policy, iam.attach_user_policy, 2048),
        "role": ({"RoleName": name}, iam.put_role_policy, iam.attach_role_policy, 10240),
        "group": ({"GroupName": name}, iam.put_group_policy, iam.attach_group_policy, 5120),
    }


def of_size(size):
    """A policy document of so many characters, white space not counted."""
    empty = len(policy(allow("s3:")).replace(" ", ""))
    return policy(allow("s3:" + "a" * (size - empty)))


@pytest.mark.parametrize("kind", ["user", "role", "group"])
def test_inline_policies_count_together(owners, name, kind):
    who, put, _, most = owners[kind]
    half = most // 2
    put(**who, PolicyName="a", PolicyDocument=of_size(half))
    # White space is free, and a policy that is put again takes the place of the old one.
    put(**who, PolicyName="a", PolicyDocument=of_size(half).replace(",", ",\n" + " " * most))
    code, message, status = refused(put, **who, PolicyName="b", PolicyDocument=of_size(half + 1))
    assert (code, status) == ("LimitExceeded", 409)
    assert message == f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
    put(**who, PolicyName="b", PolicyDocument=of_size(half))


def test_the_eleventh_managed_policy_is_refused(cloud, name, owners):
    iam = cloud.client("iam")
    arns = [
        iam.create_policy(PolicyName=f"{name}-{n}", PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
        for n in range(11)
    ]
    for kind, (who, _, attach, _) in owners.items():
        for arn in (*arns[:10], arns[0]):
            attach(**who, PolicyArn=arn)
        found = refused(attach, **who, PolicyArn=arns[10])
        assert found == ("LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind.capitalize()}: 10", 409)


def test_a_policy_in_use_is_not_deleted(cloud, name, owners):
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    detach = {"user": iam.detach_user_policy, "role": iam.detach_role_policy, "group": iam.detach_group_policy}
    for kind, (who, _, attach, _) in owners.items():
        attach(**who, PolicyArn=arn)
        found = refused(iam.delete_policy, PolicyArn=arn)
        assert found == ("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
        detach[kind](**who, PolicyArn=arn)
    for put, delete, who in (
        (iam.put_user_permissions_boundary, iam.delete_user_permissions_boundary, {"UserName": name}),
        (iam.put_role_permissions_boundary, iam.delete_role_permissions_boundary, {"RoleName": name}),
    ):
        put(**who, PermissionsBoundary=arn)
        code, message, status = refused(iam.delete_policy, PolicyArn=arn)
        assert (code, status) == ("DeleteConflict", 409)
        assert message.startswith(f"{arn} is a permissions boundary: take it away from its users and roles first.")
        delete(**who)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("ecr:*")))
    code, message, _ = refused(iam.delete_policy, PolicyArn=arn)
    assert (code, message.split(".")[0]) == ("DeleteConflict", "This policy has more than one version")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)


def test_what_is_awss_own_cannot_be_changed(cloud, name):
    iam, kms = cloud.client("iam"), cloud.client("kms")
    managed = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    document = policy(allow("*"))
    for call, parameters in (
        (iam.create_policy_version, {"PolicyDocument": document, "SetAsDefault": True}),
        (iam.delete_policy, {}),
        (iam.delete_policy_version, {"VersionId": "v1"}),
        (iam.set_default_policy_version, {"VersionId": "v1"}),
        (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        assert refused(call, PolicyArn=managed, **parameters)[0] == "AccessDenied"
    path = "/aws-service-role/ecs.amazonaws.com/"
    trust = policy(trusts({"Service": "ecs.amazonaws.com"}))
    made = refused(iam.create_role, RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    assert made[0] == "InvalidInput"
    role = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    said = f"Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS"
    for call, parameters in (
        (iam.update_assume_role_policy, {"PolicyDocument": trust}),
        (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": document}),
        (iam.attach_role_policy, {"PolicyArn": managed}),
        (iam.delete_role, {}),
        (iam.put_role_permissions_boundary, {"PermissionsBoundary": managed}),
        (iam.update_role, {"MaxSessionDuration": 7200}),
    ):
        assert refused(call, RoleName=role, **parameters) == ("UnmodifiableEntity", said, 400)
    iam.update_role_description(RoleName=role, Description="for the lab")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for call, parameters in (
        (kms.create_alias, {"TargetKeyId": key}),
        (kms.update_alias, {"TargetKeyId": key}),
        (kms.delete_alias, {}),
    ):
        assert refused(call, AliasName="alias/aws/mine", **parameters)[0] == "NotAuthorizedException"


@pytest.mark.parametrize(
    ("letter", "taken"), [("é", True), ("ÿ", True), ("\t", True), ("Ā", False), ("→", False), ("\U0001f600", False)]
)
def test_a_character_that_awss_pattern_leaves_out_is_refused(cloud, name, letter, taken):
    cloud.user(name)
    document = f'{{"Version": "2012-10-17", {letter if letter.isspace() else ""}"Id": "{letter.strip()}", '
    document += '"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    put = cloud.client("iam").put_user_policy
    if taken:
        put(UserName=name, PolicyName="p", PolicyDocument=document)
        return
    assert refused(put, UserName=name, PolicyName="p", PolicyDocument=document) == (
        "ValidationError",
        "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.",
        400,
    )


def test_an_inline_policy_without_a_version_is_taken_and_has_no_variables(cloud, name):
    keys, iam = cloud.user(name), cloud.client("iam")
    own = f"arn:aws:iam::{cloud.account}:user/${{aws:username}}"
    document = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": own}
    old = policy(document).replace('"Version": "2012-10-17", ', "")
    assert "Version" not in old
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=old)
    assert refused(cloud.client("iam", keys).get_user, UserName=name)[0] == "AccessDenied"
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(document))
    assert cloud.client("iam", keys).get_user(UserName=name)["User"]["UserName"] == name


def test_what_the_kit_adds_to_awss_words_is_marked_as_its_own(cloud, name):
    cloud.user(name)
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resurce": "*", "Action": "s3:*"}]}'
    iam = cloud.client("iam")
    role = cloud.role(name, trusts({"AWS": cloud.account}))
    said = [
        refused(iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=document)[1],
        refused(cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="lab", Policy=document)[1],
        refused(iam.simulate_custom_policy, PolicyInputList=[document], ActionNames=["s3:*"])[1],
    ]
    for message in said:
        assert message.startswith("Syntax errors in policy. ")
        assert message.endswith(" (simulated wording)")
