"""The kinds of resources the ledger knows, in the order in which they are taken back.

A new kind is one row here and one remover in ``removal/``. Sources: the request and answer shapes of the API references
of EC2, ECS, CloudWatch Logs, SSM, Secrets Manager, IAM and ECR.
"""

from collections.abc import Mapping
from typing import Any

from labs.ledger.kind import CostChange, Kind, TagForm, Tagging

# Calls that make something that stays (and may cost) begin with one of these words.
CREATING = (
    "Create", "Run", "Allocate", "Register", "Request", "Import", "Restore", "Launch", "Put", "Attach", "Associate",
    "Authorize", "StartTask",
)  # fmt: skip
# Calls that begin so and make only content of a resource, which goes with it: the parameter that names the resource.
# An EC2 id must be the lab's own, a name must carry its prefix.
CONTENT: Mapping[tuple[str, str], str] = {
    ("ec2", "AttachInternetGateway"): "VpcId",
    ("ec2", "AssociateVpcCidrBlock"): "VpcId",
    ("ec2", "AssociateSubnetCidrBlock"): "SubnetId",
    ("ec2", "CreateNetworkAclEntry"): "NetworkAclId",
    ("logs", "CreateLogStream"): "logGroupName",
    ("logs", "PutLogEvents"): "logGroupName",
    ("logs", "PutRetentionPolicy"): "logGroupName",
    ("secretsmanager", "PutSecretValue"): "SecretId",
    ("ecs", "PutClusterCapacityProviders"): "cluster",
    ("iam", "PutRolePermissionsBoundary"): "RoleName",
    ("ecr", "PutImage"): "repositoryName",
    ("ecr", "PutImageTagMutability"): "repositoryName",
    ("ecr", "PutImageScanningConfiguration"): "repositoryName",
    ("ecr", "PutLifecyclePolicy"): "repositoryName",
}
# They begin so and leave nothing behind.
HARMLESS = frozenset({("ec2", "CreateTags")})

_PAIRS = Tagging(TagForm.PAIRS, "Tags")
_LOWER = Tagging(TagForm.LOWER_PAIRS, "tags")
_NO_CLUSTER = frozenset({"ClusterNotFoundException"})
_NO_ENTITY = frozenset({"NoSuchEntity"})


def _ec2(name: str, resource_type: str, create: str, delete: str, answer: str, **more: Any) -> Kind:
    """A kind of EC2, with an id that the account makes and tags in the create call."""
    tagging = Tagging(TagForm.SPECIFICATION, resource_type)
    more.setdefault("deleted_by", (answer.rpartition(".")[2],))
    return Kind(name, "ec2", (create,), (delete,), answer=answer, tagging=tagging, **more)


SERVICE = Kind(
    "ecs service",
    "ecs",
    ("CreateService",),
    ("DeleteService",),
    ("cluster", "serviceName"),
    deleted_by=("cluster", "service"),
    prefixed=True,
    tagging=_LOWER,
    absent=_NO_CLUSTER | {"ServiceNotFoundException"},
    # Its tasks get SIGTERM, then up to stopTimeout (120 s at most).
    wait_s=240.0,
    facts="{definition: taskDefinition, count: desiredCount}",
)
TASK = Kind(
    "ecs task",
    "ecs",
    ("RunTask",),
    ("StopTask",),
    ("cluster",),
    answer="tasks[].taskArn",
    deleted_by=("cluster", "task"),
    prefixed=True,
    tagging=_LOWER,
    absent=_NO_CLUSTER,
    wait_s=180.0,
    facts="{definition: taskDefinition}",
)
TASK_DEFINITION = Kind(
    "ecs task definition",
    "ecs",
    ("RegisterTaskDefinition",),
    ("DeleteTaskDefinitions",),
    ("family",),
    answer="taskDefinition.taskDefinitionArn",
    deleted_by=("taskDefinitions",),
    refused="failures[].arn",
    prefixed=True,
    tagging=_LOWER,
    facts="{family: family, cpu: cpu, memory: memory, architecture: runtimePlatform.cpuArchitecture}",
)
CLUSTER = Kind(
    "ecs cluster",
    "ecs",
    ("CreateCluster",),
    ("DeleteCluster",),
    ("clusterName",),
    deleted_by=("cluster",),
    prefixed=True,
    tagging=_LOWER,
    absent=_NO_CLUSTER,
    wait_s=180.0,
)
NAT_GATEWAY = _ec2(
    "ec2 nat gateway",
    "natgateway",
    "CreateNatGateway",
    "DeleteNatGateway",
    "NatGateway.NatGatewayId",
    parents=("SubnetId",),
    wait_s=300.0,
)
ENDPOINT = _ec2(
    "ec2 vpc endpoint",
    "vpc-endpoint",
    "CreateVpcEndpoint",
    "DeleteVpcEndpoints",
    "VpcEndpoint.VpcEndpointId",
    parents=("VpcId",),
    deleted_by=("VpcEndpointIds",),
    refused="Unsuccessful[].ResourceId",
    wait_s=300.0,
    facts="{type: VpcEndpointType, service: ServiceName, subnets: SubnetIds}",
)
ADDRESS = _ec2("ec2 elastic ip", "elastic-ip", "AllocateAddress", "ReleaseAddress", "AllocationId")
INTERFACE = _ec2(
    "ec2 network interface",
    "network-interface",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "NetworkInterface.NetworkInterfaceId",
    parents=("SubnetId",),
)
ROUTE = Kind(
    "ec2 route",
    "ec2",
    ("CreateRoute",),
    ("DeleteRoute",),
    ("RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"),
    parents=("RouteTableId",),
)
ASSOCIATION = Kind(
    # Without tags its own id could not be found again, so it is known by its ends.
    "ec2 route table association",
    "ec2",
    ("AssociateRouteTable",),
    (),
    ("RouteTableId", "SubnetId", "GatewayId"),
    parents=("RouteTableId",),
)
INTERNET_GATEWAY = _ec2(
    "ec2 internet gateway",
    "internet-gateway",
    "CreateInternetGateway",
    "DeleteInternetGateway",
    "InternetGateway.InternetGatewayId",
)
GROUP_RULE = Kind(
    "ec2 security group rule",
    "ec2",
    ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
    ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
    answer="SecurityGroupRules[].SecurityGroupRuleId",
    deleted_by=("SecurityGroupRuleIds",),
    parents=("GroupId",),
    tagging=Tagging(TagForm.SPECIFICATION, "security-group-rule"),
)
GROUP = _ec2(
    "ec2 security group",
    "security-group",
    "CreateSecurityGroup",
    "DeleteSecurityGroup",
    "GroupId",
    parents=("VpcId",),
    # A network interface of a task or an endpoint may hold it for a while.
    wait_s=240.0,
)
SUBNET = _ec2(
    "ec2 subnet", "subnet", "CreateSubnet", "DeleteSubnet", "Subnet.SubnetId", parents=("VpcId",), wait_s=240.0
)
NETWORK_ACL = _ec2(
    "ec2 network acl",
    "network-acl",
    "CreateNetworkAcl",
    "DeleteNetworkAcl",
    "NetworkAcl.NetworkAclId",
    parents=("VpcId",),
)
ROUTE_TABLE = _ec2(
    "ec2 route table",
    "route-table",
    "CreateRouteTable",
    "DeleteRouteTable",
    "RouteTable.RouteTableId",
    parents=("VpcId",),
)
VPC = _ec2("ec2 vpc", "vpc", "CreateVpc", "DeleteVpc", "Vpc.VpcId")
LOG_GROUP = Kind(
    "logs log group",
    "logs",
    ("CreateLogGroup",),
    ("DeleteLogGroup",),
    ("logGroupName",),
    prefixed=True,
    tagging=Tagging(TagForm.MAP, "tags"),
    absent=frozenset({"ResourceNotFoundException"}),
)
PARAMETER = Kind(
    "ssm parameter",
    "ssm",
    ("PutParameter",),
    ("DeleteParameter", "DeleteParameters"),
    ("Name",),
    prefixed=True,
    overwrite="Overwrite",
    tagging=_PAIRS,
    absent=frozenset({"ParameterNotFound", "InvalidResourceId"}),
    facts="{tier: Tier}",
)
SECRET = Kind(
    "secretsmanager secret",
    "secretsmanager",
    ("CreateSecret",),
    ("DeleteSecret",),
    ("Name",),
    deleted_by=("SecretId",),
    prefixed=True,
    tagging=_PAIRS,
    absent=frozenset({"ResourceNotFoundException"}),
)
ROLE_ATTACHMENT = Kind(
    "iam role attachment",
    "iam",
    ("AttachRolePolicy",),
    ("DetachRolePolicy",),
    ("RoleName", "PolicyArn"),
    prefixed=True,
    absent=_NO_ENTITY,
)
ROLE_POLICY = Kind(
    "iam role policy",
    "iam",
    ("PutRolePolicy",),
    ("DeleteRolePolicy",),
    ("RoleName", "PolicyName"),
    prefixed=True,
    absent=_NO_ENTITY,
)
ROLE = Kind(
    "iam role", "iam", ("CreateRole",), ("DeleteRole",), ("RoleName",), prefixed=True, tagging=_PAIRS, absent=_NO_ENTITY
)
REPOSITORY = Kind(
    "ecr repository",
    "ecr",
    ("CreateRepository",),
    ("DeleteRepository",),
    ("repositoryName",),
    prefixed=True,
    tagging=Tagging(TagForm.PAIRS, "tags"),
    absent=frozenset({"RepositoryNotFoundException"}),
)

# What takes AWS long to remove; none of them uses another, so they are removed at the same time.
_SLOW = (SERVICE, TASK, NAT_GATEWAY, ENDPOINT)
# What uses another comes before it.
KINDS: tuple[Kind, ...] = (
    *_SLOW,
    TASK_DEFINITION, CLUSTER, ADDRESS, INTERFACE, ROUTE, ASSOCIATION, INTERNET_GATEWAY, GROUP_RULE, GROUP, SUBNET,
    NETWORK_ACL, ROUTE_TABLE, VPC,
    LOG_GROUP, PARAMETER, SECRET, ROLE_ATTACHMENT, ROLE_POLICY, ROLE, REPOSITORY,
)  # fmt: skip
# Calls that change what a resource costs.
CHANGES: Mapping[tuple[str, str], CostChange] = {
    ("ecs", "UpdateService"): CostChange(
        SERVICE, ("cluster", "service"), "{definition: taskDefinition, count: desiredCount}"
    ),
    ("ec2", "ModifyVpcEndpoint"): CostChange(
        ENDPOINT, ("VpcEndpointId",), '{"+subnets": AddSubnetIds, "-subnets": RemoveSubnetIds}'
    ),
}
_MAKERS = {(kind.service, create): kind for kind in KINDS for create in kind.creates}
_REMOVERS = {(kind.service, delete): kind for kind in KINDS for delete in kind.deletes}
_NAMED = {kind.name: kind for kind in KINDS}


def made_by(service: str, operation: str) -> Kind | None:
    """The kind that a call makes."""
    return _MAKERS.get((service, operation))


def removed_by(service: str, operation: str) -> Kind | None:
    """The kind that a call removes."""
    return _REMOVERS.get((service, operation))


def kind_named(name: str) -> Kind | None:
    """The kind of a ledger entry; None for a kind that this version of the kit does not know."""
    return _NAMED.get(name)


def rank(name: str) -> int:
    """The place of a kind in the order of removal; an unknown one comes last."""
    kind = _NAMED.get(name)
    return len(KINDS) if kind is None else KINDS.index(kind)


def wave(name: str) -> int:
    """Kinds of one number are removed at the same time."""
    return max(rank(name), len(_SLOW) - 1)


def leaves_something(service: str, operation: str) -> bool:
    """Whether a call would make a resource that the ledger could not take back."""
    key = (service, operation)
    return operation.startswith(CREATING) and key not in _MAKERS and key not in CONTENT and key not in HARMLESS
