"""A refusal names principal, action and resource, in the service's own code; the store is not touched."""

import pytest

from tests.cloud.lab_cloud import allow, deny, policy, refused, trusts

# service, call, parameters, action, resource ("" where EC2 leaves it out; A and R: account and region)
# ruff: noqa: E501
CALLS = [
    ("iam", "list_users", {}, "iam:ListUsers", "*"),
    ("iam", "create_role", {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}, "iam:CreateRole", "arn:aws:iam::A:role/x"),
    ("iam", "get_role", {"RoleName": "nobody"}, "iam:GetRole", "arn:aws:iam::A:role/nobody"),
    ("ecr", "create_repository", {"repositoryName": "a/b"}, "ecr:CreateRepository", "arn:aws:ecr:R:A:repository/a/b"),
    ("ecr", "get_authorization_token", {}, "ecr:GetAuthorizationToken", "*"),
    ("ecr", "describe_repositories", {}, "ecr:DescribeRepositories", "arn:aws:ecr:R:A:repository/*"),
    ("ecs", "register_task_definition", {"family": "f", "containerDefinitions": []}, "ecs:RegisterTaskDefinition",
     "arn:aws:ecs:R:A:task-definition/f:*"),
    ("ecs", "describe_services", {"cluster": "c", "services": ["s"]}, "ecs:DescribeServices", "arn:aws:ecs:R:A:service/c/s"),
    ("ecs", "stop_task", {"cluster": "c", "task": "t"}, "ecs:StopTask", "arn:aws:ecs:R:A:task/c/t"),
    ("ssm", "get_parameter", {"Name": "/lab/x"}, "ssm:GetParameter", "arn:aws:ssm:R:A:parameter/lab/x"),
    ("ssm", "get_parameters", {"Names": ["plain"]}, "ssm:GetParameters", "arn:aws:ssm:R:A:parameter/plain"),
    ("ssm", "describe_parameters", {}, "ssm:DescribeParameters", "arn:aws:ssm:R:A:*"),
    ("logs", "create_log_group", {"logGroupName": "/g"}, "logs:CreateLogGroup", "arn:aws:logs:R:A:log-group:/g:log-stream:"),
    ("logs", "put_log_events", {"logGroupName": "/g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]}, "logs:PutLogEvents",
     "arn:aws:logs:R:A:log-group:/g:log-stream:s"),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "secretsmanager:GetSecretValue",
     "arn:aws:secretsmanager:R:A:secret:s"),
    ("kms", "create_key", {}, "kms:CreateKey", "*"),
    ("cloudtrail", "lookup_events", {}, "cloudtrail:LookupEvents", "*"),
    ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources", "*"),
    ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", "*"),
    ("s3", "put_object", {"Bucket": "bkt", "Key": "k/1", "Body": b""}, "s3:PutObject", "arn:aws:s3:::bkt/k/1"),
    ("s3", "list_objects_v2", {"Bucket": "bkt"}, "s3:ListBucket", "arn:aws:s3:::bkt"),
    ("ec2", "describe_vpcs", {}, "ec2:DescribeVpcs", ""),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "ec2:CreateVpc", "arn:aws:ec2:R:A:vpc/*"),
    ("ec2", "delete_vpc", {"VpcId": "vpc-1"}, "ec2:DeleteVpc", "arn:aws:ec2:R:A:vpc/vpc-1"),
]  # fmt: skip


@pytest.fixture(scope="module")
def nobody(cloud):
    return cloud.user("nobody-at-all")


@pytest.mark.parametrize(("service", "call", "parameters", "action", "resource"), CALLS, ids=[c[3] for c in CALLS])
def test_names_principal_action_and_resource(cloud, nobody, service, call, parameters, action, resource):
    code, message, status = refused(getattr(cloud.client(service, nobody), call), **parameters)
    message, *encoded = message.split(". Encoded authorization failure message: ")
    assert len(encoded) == (service == "ec2" and resource != "")
    resource = resource.replace(":A:", f":{cloud.account}:").replace(":R:", f":{cloud.region}:")
    on = f" on resource: {resource}" if resource else ""
    sentence = (
        f"User: arn:aws:iam::{cloud.account}:user/nobody-at-all is not authorized to perform: {action}{on} "
        f"because no identity-based policy allows the {action} action"
    )
    if service == "ec2":
        expected = ("UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence}", 403)
    elif service in ("iam", "s3"):
        expected = ("AccessDenied", sentence, 403)
    else:
        expected = ("AccessDeniedException", sentence, 400)
    assert (code, message, status) == expected


def test_nothing_is_made_by_a_refused_call(cloud, nobody, name):
    refused(cloud.client("ecr", nobody).create_repository, repositoryName=f"lab/{name}")
    found = cloud.client("ecr").describe_repositories()["repositories"]
    assert f"lab/{name}" not in [repository["repositoryName"] for repository in found]


def test_explicit_deny_is_named_as_such(cloud, name):
    keys = cloud.user(name, allow("ecr:*"), deny("ecr:CreateRepository"))
    _, message, _ = refused(cloud.client("ecr", keys).create_repository, repositoryName="a/b")
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_a_policy_counts_from_the_moment_it_is_put(cloud, name):
    keys, iam = cloud.user(name), cloud.client("iam")
    ecs = cloud.client("ecs", keys)
    refused(ecs.list_clusters)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(allow("ecs:ListClusters")))
    ecs.list_clusters()
    iam.delete_user_policy(UserName=name, PolicyName="p")
    refused(ecs.list_clusters)


def test_group_policies_inline_and_attached(cloud, name):
    keys, iam = cloud.user(name), cloud.client("iam")
    iam.create_group(GroupName=f"g-{name}")
    iam.put_group_policy(GroupName=f"g-{name}", PolicyName="p", PolicyDocument=policy(allow("ecs:ListClusters")))
    iam.attach_group_policy(GroupName=f"g-{name}", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    refused(cloud.client("ecs", keys).list_clusters)
    iam.add_user_to_group(GroupName=f"g-{name}", UserName=name)
    cloud.client("ecs", keys).list_clusters()
    cloud.client("s3", keys).list_buckets()
    iam.remove_user_from_group(GroupName=f"g-{name}", UserName=name)
    refused(cloud.client("s3", keys).list_buckets)


@pytest.mark.parametrize(
    "managed",
    [
        "AdministratorAccess",
        "ReadOnlyAccess",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonEC2ContainerRegistryReadOnly",
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "AmazonECS_FullAccess",
    ],
)
def test_aws_managed_policies_are_there_when_they_are_named(cloud, name, managed):
    iam = cloud.client("iam")
    keys = cloud.user(name)
    arn = f"arn:aws:iam::aws:policy/{managed}"
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
    if managed != "AmazonECS_FullAccess":
        cloud.client("ecr", keys).get_authorization_token()


def test_an_explicit_deny_names_the_managed_policy_that_it_is_in(cloud, name):
    keys, iam = cloud.user(name, allow("*")), cloud.client("iam")
    made = [
        iam.create_policy(PolicyName=f"{name}-{part}", PolicyDocument=policy(allow("*"), deny(action)))["Policy"]["Arn"]
        for part, action in (("own", "ecr:*"), ("boundary", "ecs:*"))
    ]
    iam.attach_user_policy(UserName=name, PolicyArn=made[0])
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=made[1])
    said = refused(cloud.client("ecr", keys).describe_repositories)[1]
    assert said.endswith(f"with an explicit deny in an identity-based policy: {made[0]}")
    said = refused(cloud.client("ecs", keys).list_clusters)[1]
    assert said.endswith(f"with an explicit deny in a permissions boundary: {made[1]}")


def test_customer_managed_policy_follows_its_default_version(cloud, name):
    keys, iam = cloud.user(name), cloud.client("iam")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy(allow("ecs:ListClusters")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    cloud.client("ecs", keys).list_clusters()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(allow("s3:*")), SetAsDefault=True)
    refused(cloud.client("ecs", keys).list_clusters)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    cloud.client("ecs", keys).list_clusters()


@pytest.mark.parametrize("kind", ["user", "role"])
def test_permissions_boundary_limits(cloud, name, kind):
    iam = cloud.client("iam")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    if kind == "user":
        keys = cloud.user(name, allow("*"))
        iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
        assert iam.get_user(UserName=name)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    else:
        keys = cloud.assume(cloud.role(name, trusts({"AWS": cloud.account}), allow("*"), PermissionsBoundary=arn))
    cloud.client("s3", keys).list_buckets()
    _, message, _ = refused(cloud.client("ecs", keys).list_clusters)
    assert message.endswith("because no permissions boundary allows the ecs:ListClusters action")
    if kind == "user":
        iam.delete_user_permissions_boundary(UserName=name)
        cloud.client("ecs", keys).list_clusters()


def test_resource_patterns_and_conditions_decide(cloud, name):
    arn = f"arn:aws:ssm:{cloud.region}:{cloud.account}:parameter/{name}/*"
    keys = cloud.user(
        name,
        allow("ssm:PutParameter", arn),
        allow("ec2:DescribeVpcs", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        allow("ec2:CreateTags", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
    )
    ssm = cloud.client("ssm", keys)
    ssm.put_parameter(Name=f"/{name}/a", Value="v", Type="String")
    refused(ssm.put_parameter, Name=f"/other/{name}", Value="v", Type="String")
    cloud.client("ec2", keys, region="eu-west-1").describe_vpcs()
    refused(cloud.client("ec2", keys).describe_vpcs)


def test_resource_tags_decide(cloud, name):
    ec2 = cloud.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "blue"}]}]
    blue = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    red = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    keys = cloud.user(name, allow("ec2:DeleteVpc", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}))
    refused(cloud.client("ec2", keys).delete_vpc, VpcId=red)
    cloud.client("ec2", keys).delete_vpc(VpcId=blue)


def test_the_vpc_that_a_group_is_in_decides(cloud, name):
    ec2 = cloud.client("ec2")
    mine, other = (ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    groups = [ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for vpc in (mine, other)]
    vpc = f"arn:aws:ec2:{cloud.region}:{cloud.account}:vpc/{mine}"
    keys = cloud.user(name, allow("ec2:DeleteSecurityGroup", Condition={"ArnEquals": {"ec2:Vpc": vpc}}))
    refused(cloud.client("ec2", keys).delete_security_group, GroupId=groups[1])
    cloud.client("ec2", keys).delete_security_group(GroupId=groups[0])


def test_who_hands_out_policies_may_be_held_to_a_boundary(cloud, name):
    """IAM user guide, access_policies_boundaries, "Delegating responsibility to others using permissions boundaries"."""
    iam, trust = cloud.client("iam"), trusts({"AWS": cloud.account})
    boundary = iam.create_policy(PolicyName=name, PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    bounded = cloud.role(f"{name}-bounded", trust, PermissionsBoundary=boundary)
    free = cloud.role(f"{name}-free", trust)
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    mine = cloud.client("iam", cloud.user(name, allow(["iam:AttachRolePolicy", "iam:CreateRole"], Condition=condition)))
    read = {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    mine.attach_role_policy(RoleName=bounded.rsplit("/", 1)[-1], **read)
    refused(mine.attach_role_policy, RoleName=free.rsplit("/", 1)[-1], **read)
    refused(mine.create_role, RoleName=f"{name}-new", AssumeRolePolicyDocument=policy(trust))
    mine.create_role(RoleName=f"{name}-new", AssumeRolePolicyDocument=policy(trust), PermissionsBoundary=boundary)


def test_tags_of_parameters_and_keys_decide(cloud, name):
    ssm, kms = cloud.client("ssm"), cloud.client("kms")
    for color in ("blue", "red"):
        tags = [{"Key": "team", "Value": color}]
        ssm.put_parameter(Name=f"/{name}/{color}", Value="v", Type="String", Tags=tags)
    blue, red = (
        kms.create_key(Tags=[{"TagKey": "team", "TagValue": color}])["KeyMetadata"]["KeyId"]
        for color in ("blue", "red")
    )
    condition = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    keys = cloud.user(name, allow(["ssm:GetParameter", "kms:DescribeKey"], Condition=condition))
    cloud.client("ssm", keys).get_parameter(Name=f"/{name}/blue")
    refused(cloud.client("ssm", keys).get_parameter, Name=f"/{name}/red")
    cloud.client("kms", keys).describe_key(KeyId=blue)
    refused(cloud.client("kms", keys).describe_key, KeyId=red)


def test_ecr_repository_policy_lets_in_and_keeps_out(cloud, name):
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName=name)
    user = f"arn:aws:iam::{cloud.account}:user/{name}"
    keys = cloud.user(name)
    refused(cloud.client("ecr", keys).list_images, repositoryName=name)
    statement = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "ecr:ListImages"}
    ecr.set_repository_policy(repositoryName=name, policyText=policy(statement))
    cloud.client("ecr", keys).list_images(repositoryName=name)
    ecr.set_repository_policy(repositoryName=name, policyText=policy({**statement, "Effect": "Deny"}))
    _, message, _ = refused(cloud.client("ecr", keys).list_images, repositoryName=name)
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_ecrs_previews_and_scans_are_decided_on_the_repository(cloud, name):
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName=name, encryptionConfiguration={"encryptionType": "KMS"})
    key = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["encryptionConfiguration"]["kmsKey"]
    assert cloud.client("kms").describe_key(KeyId="alias/aws/ecr")["KeyMetadata"]["Arn"] == key
    arn = f"arn:aws:ecr:{cloud.region}:{cloud.account}:repository/{name}"
    may = cloud.client("ecr", cloud.user(name, allow("ecr:GetLifecyclePolicyPreview", arn)))
    refused(may.start_lifecycle_policy_preview, repositoryName=name)
    assert refused(may.get_lifecycle_policy_preview, repositoryName=name)[0] == (
        "LifecyclePolicyPreviewNotFoundException"
    )
    code, message, _ = refused(may.describe_image_scan_findings, repositoryName=name, imageId={"imageTag": "v1"})
    assert (code, arn in message) == ("AccessDeniedException", True)
    nobody = {"AWS": f"arn:aws:iam::{cloud.account}:user/nobody"}
    text = policy({"Effect": "Allow", "Principal": nobody, "Action": "ecr:ListImages"})
    assert "Principal not found" in refused(ecr.set_repository_policy, repositoryName=name, policyText=text)[1]


def test_bucket_policy_decides(cloud, name):
    s3, keys = cloud.client("s3"), cloud.user(name, allow("s3:*"))
    bucket = f"policied-{name}"
    s3.create_bucket(Bucket=bucket)
    user = f"arn:aws:iam::{cloud.account}:user/{name}"
    statement = {"Effect": "Deny", "Principal": {"AWS": user}, "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy({**statement, "Resource": f"arn:aws:s3:::{bucket}/secret/*"}))
    mine = cloud.client("s3", keys)
    mine.put_object(Bucket=bucket, Key="open/a", Body=b"")
    assert refused(mine.put_object, Bucket=bucket, Key="secret/a", Body=b"")[0] == "AccessDenied"


BUCKET_CALLS = {
    "s3:GetObject": lambda s3, bucket: s3.get_object(Bucket=bucket, Key="kept"),
    "s3:PutObject": lambda s3, bucket: s3.put_object(Bucket=bucket, Key="new", Body=b"x"),
    "s3:DeleteObject": lambda s3, bucket: s3.delete_object(Bucket=bucket, Key="gone"),
    "s3:ListBucket": lambda s3, bucket: s3.list_objects_v2(Bucket=bucket),
    "s3:GetBucketPolicy": lambda s3, bucket: s3.get_bucket_policy(Bucket=bucket),
    "a copy": lambda s3, bucket: s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/kept"),
}
# Statements of a bucket policy, and who is kept out of what they deny; both users may do everything by themselves.
BUCKET_DENIES = {
    "for one user": ({"Principal": {"AWS": "{ana}"}}, ["ana"]),
    "for everybody but one": ({"NotPrincipal": {"AWS": ["{bob}", "{account}"]}}, ["ana"]),
    "for everybody": ({"Principal": "*"}, ["ana", "bob"]),
    "without TLS": ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, []),
    "for who is not bob": (
        {"Principal": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "{bob}"}}},
        ["ana"],
    ),
    "on another bucket's objects": ({"Principal": "*", "Resource": "arn:aws:s3:::{bucket}/elsewhere/*"}, []),
}


@pytest.mark.parametrize("case", BUCKET_DENIES, ids=list(BUCKET_DENIES))
def test_a_deny_of_a_bucket_policy_keeps_out_whom_it_names_and_nobody_else(cloud, name, case):
    s3, bucket = cloud.client("s3"), f"{name}-bucket"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    users = {each: cloud.client("s3", cloud.user(f"{name}-{each}", allow("s3:*"))) for each in ("ana", "bob")}
    more, kept_out = BUCKET_DENIES[case]
    both = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    text = policy({"Effect": "Deny", "Action": "s3:*", "Resource": both, **more}).replace("{bucket}", bucket)
    for each in users:
        text = text.replace(f"{{{each}}}", f"arn:aws:iam::{cloud.account}:user/{name}-{each}")
    s3.put_bucket_policy(Bucket=bucket, Policy=text.replace("{account}", f"arn:aws:iam::{cloud.account}:root"))
    for who, mine in users.items():
        for what, call in BUCKET_CALLS.items():
            if who in kept_out:
                assert refused(call, s3=mine, bucket=bucket)[0] == "AccessDenied", what
            else:
                call(mine, bucket)


def test_a_kms_key_policy_must_let_the_account_in(cloud, name):
    kms, keys = cloud.client("kms"), cloud.user(name, allow("kms:*"))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    mine = cloud.client("kms", keys)
    sealed = mine.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    admin = f"arn:aws:iam::{cloud.account}:user/lab-admin"
    only_admin = {"Effect": "Allow", "Principal": {"AWS": admin}, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(only_admin))
    assert refused(mine.decrypt, CiphertextBlob=sealed)[0] == "AccessDeniedException"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_pass_role_is_needed_to_give_a_task_its_role(cloud, name):
    role = cloud.role(name, trusts({"Service": "ecs-tasks.amazonaws.com"}))
    task = {
        "family": name,
        "containerDefinitions": [{"name": "app", "image": "app", "memory": 64}],
        "executionRoleArn": role,
    }
    keys = cloud.user(name, allow("ecs:*"))
    code, message, _ = refused(cloud.client("ecs", keys).register_task_definition, **task)
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: iam:PassRole on resource: {role} because" in message
    passing = allow(
        "iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    )
    cloud.client("iam").put_user_policy(UserName=name, PolicyName="pass", PolicyDocument=policy(passing))
    cloud.client("ecs", keys).register_task_definition(**task)
    cloud.client("iam").delete_user_policy(UserName=name, PolicyName="pass")
    _, message, _ = refused(cloud.client("ecs", keys).run_task, taskDefinition=name)
    assert "iam:PassRole" in message


def test_dry_run_says_whether_it_would_work(cloud, nobody):
    assert refused(cloud.client("ec2").create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)[::2] == (
        "DryRunOperation",
        412,
    )
    assert refused(cloud.client("ec2", nobody).create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)[0] == (
        "UnauthorizedOperation"
    )


def test_tagging_on_creation_needs_the_tagging_action_too(cloud, name):
    keys = cloud.user(name, allow(["ec2:CreateVpc", "iam:CreateRole"]))
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    _, message, _ = refused(cloud.client("ec2", keys).create_vpc, CidrBlock="10.7.0.0/16", TagSpecifications=tags)
    assert "ec2:CreateTags" in message
    trust = policy(trusts({"AWS": cloud.account}))
    _, message, _ = refused(
        cloud.client("iam", keys).create_role,
        RoleName=name,
        AssumeRolePolicyDocument=trust,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert "iam:TagRole" in message
    cloud.client("iam", keys).create_role(RoleName=name, AssumeRolePolicyDocument=trust)
