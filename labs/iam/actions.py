"""Which actions exist: an API's operations, and what its operation list does not tell. Data, no I/O.

Source: the Service Authorization Reference of each service. A service's actions are nearly its API operations; the
tables below hold the differences for the services of the lab. The caller reads the operations, for instance from
botocore's service models, and passes them in.
"""

from collections.abc import Iterable, Mapping

# The signing name of a service model, where the policy prefix is another.
PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}

# Permissions that are not API operations.
PERMISSION_ONLY: dict[str, tuple[str, ...]] = {
    "ecr": ("BatchImportUpstreamImage", "ReplicateImage"),
    "ecs": ("Poll", "StartTelemetrySession"),
    "iam": ("PassRole",),
    "logs": ("CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "ListLogDeliveries", "Unmask"),
    "ssmmessages": ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"),
    "sts": ("GetServiceBearerToken", "SetContext", "SetSourceIdentity", "TagSession"),
    "kms": ("ReEncryptFrom", "ReEncryptTo"),
    # Most S3 permissions are named otherwise than the operations (ListObjectsV2 needs s3:ListBucket): any is accepted.
    "s3": ("*",),
}

# Actions without a resource: "to allow access, specify Resource *".
WHOLE_SERVICE = frozenset(
    {
        "ecr:DescribeRegistry",
        "ecr:GetAccountSetting",
        "ecr:GetAuthorizationToken",
        "ecr:GetRegistryPolicy",
        "ecr:PutAccountSetting",
        "ecr-public:GetAuthorizationToken",
        "cloudtrail:LookupEvents",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeManagedPrefixLists",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRegions",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
        "ecs:DeregisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListServices",
        "ecs:ListTaskDefinitions",
        "iam:GetAccountSummary",
        "iam:ListOpenIDConnectProviders",
        "iam:ListPolicies",
        "iam:ListRoles",
        "iam:ListUsers",
        "iam:SimulateCustomPolicy",
        "kms:ListAliases",
        "kms:ListKeys",
        "secretsmanager:ListSecrets",
        "ssm:DescribeParameters",
        "sts:DecodeAuthorizationMessage",
        "sts:GetCallerIdentity",
        "sts:GetSessionToken",
        "tag:GetResources",
    }
)

# Services whose actions are only ever about resources of their own (sts:AssumeRole, say, is about a role of iam).
OWN_RESOURCES_ONLY = frozenset({"ecr", "ecr-public", "ecs", "kms", "logs", "secretsmanager"})


def known_actions(operations: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Every action of some services, as ``ecr:PutImage``; ``s3:*`` stands for a service whose names are not listed.

    ``operations``: operation names by signing name (``client.meta.service_model.signing_name`` in boto3).
    """
    actions: set[str] = set()
    for signing_name, names in operations.items():
        prefix = PREFIXES.get(signing_name, signing_name)
        actions.update(f"{prefix}:{name}" for name in names)
    for prefix, extra in PERMISSION_ONLY.items():
        actions.update(f"{prefix}:{name}" for name in extra)
    return frozenset(actions)
