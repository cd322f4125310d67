"""The kinds of resources of a VPC: how each is tagged, found by the kit's tag, and removed.

Sources: the request and answer shapes of the EC2 API reference.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labs.ledger.ec2_kind import ABSENT, BUSY, Described, ec2_kind
from labs.ledger.kind import CostChange, Kind
from labs.ledger.names import KIT_TAG
from labs.ledger.tagging import TagForm, Tagging, Tags
from labs.subjects.vpc.in_use import blockers

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

_VPC = Described(describe="describe_vpcs", ids="VpcIds", items="Vpcs", id="VpcId", delete="delete_vpc")
_SUBNET = Described(
    describe="describe_subnets", ids="SubnetIds", items="Subnets", id="SubnetId", delete="delete_subnet"
)
_TABLE = Described(
    describe="describe_route_tables",
    ids="RouteTableIds",
    items="RouteTables",
    id="RouteTableId",
    delete="delete_route_table",
)
_GROUP = Described(
    describe="describe_security_groups",
    ids="GroupIds",
    items="SecurityGroups",
    id="GroupId",
    delete="delete_security_group",
)
_RULE = Described(
    describe="describe_security_group_rules",
    ids="SecurityGroupRuleIds",
    items="SecurityGroupRules",
    id="SecurityGroupRuleId",
)
_ENDPOINT = Described(
    describe="describe_vpc_endpoints",
    ids="VpcEndpointIds",
    items="VpcEndpoints",
    id="VpcEndpointId",
    delete="delete_vpc_endpoints",
    delete_many=True,
)
_NAT = Described(
    describe="describe_nat_gateways",
    ids="NatGatewayIds",
    items="NatGateways",
    id="NatGatewayId",
    delete="delete_nat_gateway",
    filters="Filter",
)
_ADDRESS = Described(
    describe="describe_addresses", ids="AllocationIds", items="Addresses", id="AllocationId", delete="release_address"
)
_GATEWAY = Described(
    describe="describe_internet_gateways",
    ids="InternetGatewayIds",
    items="InternetGateways",
    id="InternetGatewayId",
    delete="delete_internet_gateway",
)
_ACL = Described(
    describe="describe_network_acls",
    ids="NetworkAclIds",
    items="NetworkAcls",
    id="NetworkAclId",
    delete="delete_network_acl",
)
_INTERFACE = Described(
    describe="describe_network_interfaces",
    ids="NetworkInterfaceIds",
    items="NetworkInterfaces",
    id="NetworkInterfaceId",
    delete="delete_network_interface",
    tag_field="TagSet",
)

# What an id begins with, for those that others are made in.
_BY_PREFIX = {"vpc": _VPC, "subnet": _SUBNET, "rtb": _TABLE, "sg": _GROUP, "acl": _ACL}


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
    return _VPC.tags(ec2, item["VpcId"]) or tags


def _came_with_vpc(item: dict[str, Any]) -> bool:
    if "VpcId" not in item:
        return False
    main = any(each.get("Main") for each in item.get("Associations") or [])
    return main or item.get("GroupName") == "default" or (item.get("IsDefault") is True and "Entries" in item)


def _emptied(described: Described, empty: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    """Removing a resource that has to be emptied first."""

    def remove(ec2: "EC2Client", id: str) -> None:
        empty(ec2, id)
        described.remove(ec2, id)

    return remove


def _once(described: Described) -> Callable[[Any, str], None]:
    """Removing a resource that stays listed while AWS deletes it."""

    def remove(ec2: "EC2Client", id: str) -> None:
        item = described.read(ec2, id)
        if item and item["State"].lower() != "deleting":
            described.remove(ec2, id)

    return remove


def _disassociate(ec2: "EC2Client", id: str) -> None:
    table = _TABLE.read(ec2, id)
    for each in (table or {}).get("Associations", []):
        if not each.get("Main"):
            ec2.disassociate_route_table(AssociationId=each["RouteTableAssociationId"])


def _detach(ec2: "EC2Client", id: str) -> None:
    gateway = _GATEWAY.read(ec2, id)
    for each in (gateway or {}).get("Attachments", []):
        ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=each["VpcId"])


def _free(ec2: "EC2Client", id: str) -> None:
    address = _ADDRESS.read(ec2, id)
    association = (address or {}).get("AssociationId")
    if association:
        ec2.disassociate_address(AssociationId=association)


def _revoke_references(ec2: "EC2Client", id: str) -> None:
    """Two groups that name each other can only go when the rules are gone; a rule of others' groups stays theirs."""
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [id]}])["SecurityGroupRules"]
    for rule in found:
        if rule.get("ReferencedGroupInfo"):
            _revoke(ec2, rule)


def _rule_tags(ec2: "EC2Client", id: str) -> Tags | None:
    rule = _RULE.read(ec2, id)
    if rule is None:
        return None
    return _RULE.tags_of(rule) or whose(ec2, rule["GroupId"])


def _remove_rule(ec2: "EC2Client", id: str) -> None:
    rule = _RULE.read(ec2, id)
    if rule:
        _revoke(ec2, rule)


def _revoke(ec2: "EC2Client", rule: Mapping[str, Any]) -> None:
    revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _route_tags(ec2: "EC2Client", id: str) -> Tags | None:
    table_id, _, destination = id.partition("/")
    table = _TABLE.read(ec2, table_id)
    for route in (table or {}).get("Routes", []):
        if destination in (route.get(name) for name in _DESTINATIONS):
            return whose(ec2, table_id)
    return None


def _remove_route(ec2: "EC2Client", id: str) -> None:
    table_id, _, destination = id.partition("/")
    if destination.startswith("pl-"):
        ec2.delete_route(RouteTableId=table_id, DestinationPrefixListId=destination)
    elif ":" in destination:
        ec2.delete_route(RouteTableId=table_id, DestinationIpv6CidrBlock=destination)
    else:
        ec2.delete_route(RouteTableId=table_id, DestinationCidrBlock=destination)


def _association(ec2: "EC2Client", id: str) -> str:
    """The id of the association of a table with a subnet or gateway; empty when there is none."""
    table_id, _, end = id.partition("/")
    for each in (_TABLE.read(ec2, table_id) or {}).get("Associations", []):
        if end in (each.get("SubnetId"), each.get("GatewayId")):
            return str(each["RouteTableAssociationId"])
    return ""


def _association_tags(ec2: "EC2Client", id: str) -> Tags | None:
    return whose(ec2, id.partition("/")[0]) if _association(ec2, id) else None


def _remove_association(ec2: "EC2Client", id: str) -> None:
    association = _association(ec2, id)
    if association:
        ec2.disassociate_route_table(AssociationId=association)


NAT_GATEWAY = ec2_kind(
    _NAT,
    name="ec2 nat gateway",
    resource_type="natgateway",
    create="CreateNatGateway",
    delete="DeleteNatGateway",
    answer="NatGateway.NatGatewayId",
    parents=("SubnetId",),
    whose=whose,
    remove=_once(_NAT),
    uses=("ec2 subnet", "ec2 elastic ip", "ec2 internet gateway"),
    slow=True,
    wait_s=300.0,
)
ENDPOINT = ec2_kind(
    _ENDPOINT,
    name="ec2 vpc endpoint",
    resource_type="vpc-endpoint",
    create="CreateVpcEndpoint",
    delete="DeleteVpcEndpoints",
    answer="VpcEndpoint.VpcEndpointId",
    parents=("VpcId",),
    whose=whose,
    deleted_by=("VpcEndpointIds",),
    refused="Unsuccessful[].ResourceId",
    remove=_once(_ENDPOINT),
    facts="{type: VpcEndpointType, service: ServiceName, subnets: SubnetIds}",
    changes={
        "ModifyVpcEndpoint": CostChange(("VpcEndpointId",), '{"+subnets": AddSubnetIds, "-subnets": RemoveSubnetIds}')
    },
    uses=("ec2 subnet", "ec2 security group", "ec2 route table", "ec2 vpc"),
    slow=True,
    wait_s=300.0,
)
ADDRESS = ec2_kind(
    _ADDRESS,
    name="ec2 elastic ip",
    resource_type="elastic-ip",
    create="AllocateAddress",
    delete="ReleaseAddress",
    answer="AllocationId",
    remove=_emptied(_ADDRESS, _free),
    uses=("ec2 network interface", "ec2 internet gateway"),
)
INTERFACE = ec2_kind(
    _INTERFACE,
    name="ec2 network interface",
    resource_type="network-interface",
    create="CreateNetworkInterface",
    delete="DeleteNetworkInterface",
    answer="NetworkInterface.NetworkInterfaceId",
    parents=("SubnetId",),
    whose=whose,
    uses=("ec2 subnet", "ec2 security group"),
)
ROUTE = Kind(
    name="ec2 route",
    service="ec2",
    creates=("CreateRoute",),
    deletes=("DeleteRoute",),
    named_by=("RouteTableId", *_DESTINATIONS),
    parents=("RouteTableId",),
    whose=whose,
    tags=_route_tags,
    remove=_remove_route,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 route table", "ec2 internet gateway"),
)
ASSOCIATION = Kind(
    # Without tags its own id could not be found again, so it is known by its ends.
    name="ec2 route table association",
    service="ec2",
    creates=("AssociateRouteTable",),
    named_by=("RouteTableId", "SubnetId", "GatewayId"),
    parents=("RouteTableId",),
    whose=whose,
    tags=_association_tags,
    remove=_remove_association,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 route table", "ec2 subnet", "ec2 internet gateway"),
)
INTERNET_GATEWAY = ec2_kind(
    _GATEWAY,
    name="ec2 internet gateway",
    resource_type="internet-gateway",
    create="CreateInternetGateway",
    delete="DeleteInternetGateway",
    answer="InternetGateway.InternetGatewayId",
    remove=_emptied(_GATEWAY, _detach),
    uses=("ec2 vpc",),
)
GROUP_RULE = Kind(
    name="ec2 security group rule",
    service="ec2",
    creates=("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
    deletes=("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
    answer="SecurityGroupRules[].SecurityGroupRuleId",
    deleted_by=("SecurityGroupRuleIds",),
    parents=("GroupId",),
    whose=whose,
    tagging=Tagging(TagForm.SPECIFICATION, "security-group-rule"),
    tags=_rule_tags,
    found=_RULE.found,
    remove=_remove_rule,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 security group",),
)
GROUP = ec2_kind(
    _GROUP,
    name="ec2 security group",
    resource_type="security-group",
    create="CreateSecurityGroup",
    delete="DeleteSecurityGroup",
    answer="GroupId",
    parents=("VpcId",),
    whose=whose,
    remove=_emptied(_GROUP, _revoke_references),
    blockers=blockers,
    uses=("ec2 vpc",),
    # A network interface of a task or an endpoint may hold it for a while.
    wait_s=240.0,
)
SUBNET = ec2_kind(
    _SUBNET,
    name="ec2 subnet",
    resource_type="subnet",
    create="CreateSubnet",
    delete="DeleteSubnet",
    answer="Subnet.SubnetId",
    parents=("VpcId",),
    whose=whose,
    content={"AssociateSubnetCidrBlock": "SubnetId"},
    blockers=blockers,
    uses=("ec2 network acl", "ec2 route table", "ec2 vpc"),
    wait_s=240.0,
)
NETWORK_ACL = ec2_kind(
    _ACL,
    name="ec2 network acl",
    resource_type="network-acl",
    create="CreateNetworkAcl",
    delete="DeleteNetworkAcl",
    answer="NetworkAcl.NetworkAclId",
    parents=("VpcId",),
    whose=whose,
    content={"CreateNetworkAclEntry": "NetworkAclId"},
    uses=("ec2 vpc",),
)
ROUTE_TABLE = ec2_kind(
    _TABLE,
    name="ec2 route table",
    resource_type="route-table",
    create="CreateRouteTable",
    delete="DeleteRouteTable",
    answer="RouteTable.RouteTableId",
    parents=("VpcId",),
    whose=whose,
    remove=_emptied(_TABLE, _disassociate),
    uses=("ec2 vpc",),
)
VPC = ec2_kind(
    _VPC,
    name="ec2 vpc",
    resource_type="vpc",
    create="CreateVpc",
    delete="DeleteVpc",
    answer="Vpc.VpcId",
    whose=whose,
    content={"AttachInternetGateway": "VpcId", "AssociateVpcCidrBlock": "VpcId"},
    harmless=("CreateTags",),
    blockers=blockers,
)

KINDS = (
    NAT_GATEWAY, ENDPOINT, ADDRESS, INTERFACE, ROUTE, ASSOCIATION, INTERNET_GATEWAY, GROUP_RULE, GROUP, SUBNET,
    NETWORK_ACL, ROUTE_TABLE, VPC,
)  # fmt: skip
