"""EC2's resource types and the members that name them."""

from collections.abc import Sequence

from labs.cloud.authorisation.question import Lookups, Resolver, arn, values_of
from labs.cloud.wire.request import ApiCall

_MEMBERS: dict[str, tuple[str, ...]] = {
    "dhcp-options": ("DhcpOptionsId",),
    "egress-only-internet-gateway": ("EgressOnlyInternetGatewayId",),
    "elastic-ip": ("AllocationId",),
    "instance": ("InstanceId", "InstanceIds"),
    "internet-gateway": ("InternetGatewayId", "GatewayId"),
    "key-pair": ("KeyName",),
    "natgateway": ("NatGatewayId",),
    "network-acl": ("NetworkAclId",),
    "network-interface": ("NetworkInterfaceId",),
    "prefix-list": ("PrefixListId",),
    "route-table": ("RouteTableId", "RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
    "security-group": ("GroupId", "SecurityGroupIds", "Groups", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
    "security-group-rule": ("SecurityGroupRuleIds",),
    "subnet": ("SubnetId", "SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
    "vpc": ("VpcId",),
    "vpc-endpoint": ("VpcEndpointId", "VpcEndpointIds"),
    "vpc-flow-log": ("FlowLogIds",),
    "vpc-peering-connection": ("VpcPeeringConnectionId",),
}
# What an id begins with; longer prefixes first. Amazon EC2 user guide, "Resource IDs".
_PREFIXES: tuple[tuple[str, str], ...] = (
    ("vpce-", "vpc-endpoint"),
    ("vpc-", "vpc"),
    ("subnet-", "subnet"),
    ("rtb-", "route-table"),
    ("igw-", "internet-gateway"),
    ("eigw-", "egress-only-internet-gateway"),
    ("nat-", "natgateway"),
    ("eipalloc-", "elastic-ip"),
    ("sgr-", "security-group-rule"),
    ("sg-", "security-group"),
    ("acl-", "network-acl"),
    ("pl-", "prefix-list"),
    ("eni-", "network-interface"),
    ("fl-", "vpc-flow-log"),
    ("dopt-", "dhcp-options"),
    ("pcx-", "vpc-peering-connection"),
    ("key-", "key-pair"),
    ("vol-", "volume"),
    ("snap-", "snapshot"),
    ("ami-", "image"),
    ("i-", "instance"),
)


def type_of(identifier: str) -> str:
    """The resource type that an id belongs to; "*" when its prefix is not known."""
    return next((kind for prefix, kind in _PREFIXES if identifier.startswith(prefix)), "*")


def _resolver(kind: str) -> Resolver:
    members = _MEMBERS[kind]

    def resolve(call: ApiCall, lookups: Lookups) -> Sequence[str]:
        return [
            arn(call, "ec2", f"{kind}/{value}")
            for value in values_of(call, *members)
            # GatewayId may also be a virtual private gateway.
            if not (kind == "internet-gateway" and not value.startswith("igw-"))
        ]

    return resolve


def tagged(call: ApiCall) -> list[str]:
    """The ARNs that CreateTags and DeleteTags name by bare ids."""
    return [arn(call, "ec2", f"{type_of(value)}/{value}") for value in values_of(call, "Resources")]


RESOLVERS: dict[str, Resolver] = {kind: _resolver(kind) for kind in _MEMBERS}
