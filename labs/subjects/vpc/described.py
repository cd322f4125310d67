"""What a VPC holds, as EC2 describes it: which call reads each kind, what its answer is called, whose one of them is.

Sources: the request and answer shapes of the EC2 API reference.
"""

from typing import TYPE_CHECKING, Any

from labs.ledger.ec2_kind import Described
from labs.ledger.names import KIT_TAG
from labs.ledger.tagging import Tags

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

VPC = Described(describe="describe_vpcs", ids="VpcIds", items="Vpcs", id="VpcId", delete="delete_vpc")
SUBNET = Described(describe="describe_subnets", ids="SubnetIds", items="Subnets", id="SubnetId", delete="delete_subnet")
TABLE = Described(
    describe="describe_route_tables",
    ids="RouteTableIds",
    items="RouteTables",
    id="RouteTableId",
    delete="delete_route_table",
)
GROUP = Described(
    describe="describe_security_groups",
    ids="GroupIds",
    items="SecurityGroups",
    id="GroupId",
    delete="delete_security_group",
)
RULE = Described(
    describe="describe_security_group_rules",
    ids="SecurityGroupRuleIds",
    items="SecurityGroupRules",
    id="SecurityGroupRuleId",
)
ENDPOINT = Described(
    describe="describe_vpc_endpoints",
    ids="VpcEndpointIds",
    items="VpcEndpoints",
    id="VpcEndpointId",
    delete="delete_vpc_endpoints",
    delete_many=True,
)
NAT = Described(
    describe="describe_nat_gateways",
    ids="NatGatewayIds",
    items="NatGateways",
    id="NatGatewayId",
    delete="delete_nat_gateway",
    filters="Filter",
)
ADDRESS = Described(
    describe="describe_addresses", ids="AllocationIds", items="Addresses", id="AllocationId", delete="release_address"
)
GATEWAY = Described(
    describe="describe_internet_gateways",
    ids="InternetGatewayIds",
    items="InternetGateways",
    id="InternetGatewayId",
    delete="delete_internet_gateway",
)
EGRESS_ONLY = Described(
    describe="describe_egress_only_internet_gateways",
    ids="EgressOnlyInternetGatewayIds",
    items="EgressOnlyInternetGateways",
    id="EgressOnlyInternetGatewayId",
    delete="delete_egress_only_internet_gateway",
)
ACL = Described(
    describe="describe_network_acls",
    ids="NetworkAclIds",
    items="NetworkAcls",
    id="NetworkAclId",
    delete="delete_network_acl",
)
INTERFACE = Described(
    describe="describe_network_interfaces",
    ids="NetworkInterfaceIds",
    items="NetworkInterfaces",
    id="NetworkInterfaceId",
    delete="delete_network_interface",
    tag_field="TagSet",
)

# What an id begins with, for those that others are made in.
_BY_PREFIX = {"vpc": VPC, "subnet": SUBNET, "rtb": TABLE, "sg": GROUP, "acl": ACL}


def whose(ec2: "EC2Client", id: str) -> Tags | None:
    """The tags that say whose a VPC, subnet, route table, group or network ACL is; None when there is none.

    What a VPC brings with it (main route table, default group, default network ACL) is its VPC's.
    """
    described = _BY_PREFIX.get(id.partition("-")[0])
    item = described.read(ec2, id) if described else None
    if described is None or item is None:
        return None
    tags = described.tags_of(item)
    if KIT_TAG in tags or not _came_with_vpc(item):
        return tags
    return VPC.tags(ec2, item["VpcId"]) or tags


def _came_with_vpc(item: dict[str, Any]) -> bool:
    if "VpcId" not in item:
        return False
    main = any(each.get("Main") for each in item.get("Associations") or [])
    return main or item.get("GroupName") == "default" or (item.get("IsDefault") is True and "Entries" in item)
