"""The kinds of resources of a VPC: how each is tagged, found by the kit's tag, and removed.

Sources: the request and answer shapes of the EC2 API reference.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labs.ledger.ec2_kind import ABSENT, BUSY, Described, ec2_kind
from labs.ledger.kind import CostChange, Kind
from labs.ledger.tagging import TagForm, Tagging, Tags
from labs.subjects.vpc import described
from labs.subjects.vpc.in_use import blockers

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


def _emptied(kind: Described, empty: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    """Removing a resource that has to be emptied first."""

    def remove(ec2: "EC2Client", id: str) -> None:
        empty(ec2, id)
        kind.remove(ec2, id)

    return remove


def _once(kind: Described) -> Callable[[Any, str], None]:
    """Removing a resource that stays listed while AWS deletes it."""

    def remove(ec2: "EC2Client", id: str) -> None:
        item = kind.read(ec2, id)
        if item and item["State"].lower() != "deleting":
            kind.remove(ec2, id)

    return remove


def _disassociate(ec2: "EC2Client", id: str) -> None:
    table = described.TABLE.read(ec2, id)
    for each in (table or {}).get("Associations", []):
        if not each.get("Main"):
            ec2.disassociate_route_table(AssociationId=each["RouteTableAssociationId"])


def _detach(ec2: "EC2Client", id: str) -> None:
    gateway = described.GATEWAY.read(ec2, id)
    for each in (gateway or {}).get("Attachments", []):
        ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=each["VpcId"])


def _free(ec2: "EC2Client", id: str) -> None:
    address = described.ADDRESS.read(ec2, id)
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
    rule = described.RULE.read(ec2, id)
    if rule is None:
        return None
    return described.RULE.tags_of(rule) or described.whose(ec2, rule["GroupId"])


def _remove_rule(ec2: "EC2Client", id: str) -> None:
    rule = described.RULE.read(ec2, id)
    if rule:
        _revoke(ec2, rule)


def _revoke(ec2: "EC2Client", rule: Mapping[str, Any]) -> None:
    revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _route_tags(ec2: "EC2Client", id: str) -> Tags | None:
    table_id, _, destination = id.partition("/")
    table = described.TABLE.read(ec2, table_id)
    for route in (table or {}).get("Routes", []):
        if destination in (route.get(name) for name in _DESTINATIONS):
            return described.whose(ec2, table_id)
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
    for each in (described.TABLE.read(ec2, table_id) or {}).get("Associations", []):
        if end in (each.get("SubnetId"), each.get("GatewayId")):
            return str(each["RouteTableAssociationId"])
    return ""


def _association_tags(ec2: "EC2Client", id: str) -> Tags | None:
    return described.whose(ec2, id.partition("/")[0]) if _association(ec2, id) else None


def _remove_association(ec2: "EC2Client", id: str) -> None:
    association = _association(ec2, id)
    if association:
        ec2.disassociate_route_table(AssociationId=association)


NAT_GATEWAY = ec2_kind(
    described.NAT,
    name="ec2 nat gateway",
    resource_type="natgateway",
    create="CreateNatGateway",
    delete="DeleteNatGateway",
    answer="NatGateway.NatGatewayId",
    parents=("SubnetId",),
    whose=described.whose,
    remove=_once(described.NAT),
    uses=("ec2 subnet", "ec2 elastic ip", "ec2 internet gateway"),
    slow=True,
    wait_s=300.0,
)
ENDPOINT = ec2_kind(
    described.ENDPOINT,
    name="ec2 vpc endpoint",
    resource_type="vpc-endpoint",
    create="CreateVpcEndpoint",
    delete="DeleteVpcEndpoints",
    answer="VpcEndpoint.VpcEndpointId",
    parents=("VpcId",),
    whose=described.whose,
    deleted_by=("VpcEndpointIds",),
    refused="Unsuccessful[].ResourceId",
    remove=_once(described.ENDPOINT),
    facts="{type: VpcEndpointType, service: ServiceName, subnets: SubnetIds}",
    changes={
        "ModifyVpcEndpoint": CostChange(("VpcEndpointId",), '{"+subnets": AddSubnetIds, "-subnets": RemoveSubnetIds}')
    },
    uses=("ec2 subnet", "ec2 security group", "ec2 route table", "ec2 vpc"),
    slow=True,
    wait_s=300.0,
)
ADDRESS = ec2_kind(
    described.ADDRESS,
    name="ec2 elastic ip",
    resource_type="elastic-ip",
    create="AllocateAddress",
    delete="ReleaseAddress",
    answer="AllocationId",
    remove=_emptied(described.ADDRESS, _free),
    uses=("ec2 network interface", "ec2 internet gateway"),
)
INTERFACE = ec2_kind(
    described.INTERFACE,
    name="ec2 network interface",
    resource_type="network-interface",
    create="CreateNetworkInterface",
    delete="DeleteNetworkInterface",
    answer="NetworkInterface.NetworkInterfaceId",
    parents=("SubnetId",),
    whose=described.whose,
    uses=("ec2 subnet", "ec2 security group"),
)
ROUTE = Kind(
    name="ec2 route",
    service="ec2",
    creates=("CreateRoute",),
    deletes=("DeleteRoute",),
    named_by=("RouteTableId", *_DESTINATIONS),
    parents=("RouteTableId",),
    whose=described.whose,
    tags=_route_tags,
    remove=_remove_route,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 route table", "ec2 internet gateway", "ec2 egress-only internet gateway"),
)
ASSOCIATION = Kind(
    # Without tags its own id could not be found again, so it is known by its ends.
    name="ec2 route table association",
    service="ec2",
    creates=("AssociateRouteTable",),
    named_by=("RouteTableId", "SubnetId", "GatewayId"),
    parents=("RouteTableId",),
    whose=described.whose,
    tags=_association_tags,
    remove=_remove_association,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 route table", "ec2 subnet", "ec2 internet gateway"),
)
INTERNET_GATEWAY = ec2_kind(
    described.GATEWAY,
    name="ec2 internet gateway",
    resource_type="internet-gateway",
    create="CreateInternetGateway",
    delete="DeleteInternetGateway",
    answer="InternetGateway.InternetGatewayId",
    remove=_emptied(described.GATEWAY, _detach),
    uses=("ec2 vpc",),
)
EGRESS_ONLY_GATEWAY = ec2_kind(
    described.EGRESS_ONLY,
    name="ec2 egress-only internet gateway",
    resource_type="egress-only-internet-gateway",
    create="CreateEgressOnlyInternetGateway",
    delete="DeleteEgressOnlyInternetGateway",
    answer="EgressOnlyInternetGateway.EgressOnlyInternetGatewayId",
    parents=("VpcId",),
    whose=described.whose,
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
    whose=described.whose,
    tagging=Tagging(TagForm.SPECIFICATION, "security-group-rule"),
    tags=_rule_tags,
    found=described.RULE.found,
    claimed=described.RULE.claimed,
    remove=_remove_rule,
    absent=ABSENT,
    busy=BUSY,
    uses=("ec2 security group",),
)
GROUP = ec2_kind(
    described.GROUP,
    name="ec2 security group",
    resource_type="security-group",
    create="CreateSecurityGroup",
    delete="DeleteSecurityGroup",
    answer="GroupId",
    parents=("VpcId",),
    whose=described.whose,
    remove=_emptied(described.GROUP, _revoke_references),
    blockers=blockers,
    uses=("ec2 vpc",),
    # A network interface of a task or an endpoint may hold it for a while.
    wait_s=240.0,
)
SUBNET = ec2_kind(
    described.SUBNET,
    name="ec2 subnet",
    resource_type="subnet",
    create="CreateSubnet",
    delete="DeleteSubnet",
    answer="Subnet.SubnetId",
    parents=("VpcId",),
    whose=described.whose,
    content={"AssociateSubnetCidrBlock": "SubnetId"},
    blockers=blockers,
    uses=("ec2 network acl", "ec2 route table", "ec2 vpc"),
    wait_s=240.0,
)
NETWORK_ACL = ec2_kind(
    described.ACL,
    name="ec2 network acl",
    resource_type="network-acl",
    create="CreateNetworkAcl",
    delete="DeleteNetworkAcl",
    answer="NetworkAcl.NetworkAclId",
    parents=("VpcId",),
    whose=described.whose,
    content={"CreateNetworkAclEntry": "NetworkAclId"},
    uses=("ec2 vpc",),
)
ROUTE_TABLE = ec2_kind(
    described.TABLE,
    name="ec2 route table",
    resource_type="route-table",
    create="CreateRouteTable",
    delete="DeleteRouteTable",
    answer="RouteTable.RouteTableId",
    parents=("VpcId",),
    whose=described.whose,
    remove=_emptied(described.TABLE, _disassociate),
    uses=("ec2 vpc",),
)
VPC = ec2_kind(
    described.VPC,
    name="ec2 vpc",
    resource_type="vpc",
    create="CreateVpc",
    delete="DeleteVpc",
    answer="Vpc.VpcId",
    whose=described.whose,
    content={"AttachInternetGateway": "VpcId", "AssociateVpcCidrBlock": "VpcId"},
    harmless=("CreateTags",),
    blockers=blockers,
)

KINDS = (
    NAT_GATEWAY, ENDPOINT, ADDRESS, INTERFACE, ROUTE, ASSOCIATION, INTERNET_GATEWAY, EGRESS_ONLY_GATEWAY,
    GROUP_RULE, GROUP, SUBNET, NETWORK_ACL, ROUTE_TABLE, VPC,
)  # fmt: skip
