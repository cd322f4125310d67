"""The resources of EC2: found by the kit's tag, described and deleted by their ids."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from labs.ledger import kinds
from labs.ledger.names import KIT_TAG, Names
from labs.ledger.removal.blocked import blockers
from labs.ledger.removal.remover import Remover, Tags, held_by_parent, plain

# Still listed for a while after its end (VpcEndpoint and NatGateway in the EC2 API reference).
_ENDED = "deleted"


@dataclass(frozen=True)
class Described:
    """How one kind is read and deleted: boto3's names.

    ``describe`` with ``ids`` answers ``items``, each with ``id``; ``delete`` takes ``id``, or the list ``ids``.
    """

    describe: str
    ids: str
    items: str
    id: str
    delete: str
    filters: str = "Filters"
    tags: str = "Tags"
    delete_many: bool = False

    def read(self, ec2: Any, id: str) -> dict[str, Any] | None:
        """The resource as AWS describes it; None when it has ended or is not listed. Raises ClientError."""
        items = getattr(ec2, self.describe)(**{self.ids: [id]})[self.items]
        return next((item for item in items if not _ended(item)), None)

    def tagged(self, ec2: Any, names: Names) -> Iterator[str]:
        """The ids that carry the kit's tag with a name of the lab's, whoever's they are."""
        # Security group rules know no filter "tag-key"; this one they all know, with * for the rest of a value.
        wanted = {self.filters: [{"Name": f"tag:{KIT_TAG}", "Values": [names.prefix, f"{names.prefix}-*"]}]}
        pages = (
            ec2.get_paginator(self.describe).paginate(**wanted)
            if ec2.can_paginate(self.describe)
            else [getattr(ec2, self.describe)(**wanted)]
        )
        for page in pages:
            for item in page[self.items]:
                # AWS makes and removes the interfaces of endpoints, NAT gateways and tasks itself.
                if not _ended(item) and not item.get("RequesterManaged"):
                    yield item[self.id]

    def tags_of(self, item: dict[str, Any]) -> Tags:
        """The tags of a described resource."""
        return plain(item.get(self.tags) or [])

    def drop(self, ec2: Any, id: str) -> None:
        """Delete one. Raises ClientError, also where AWS answers 200 and says that it did not delete."""
        answer = getattr(ec2, self.delete)(**({self.ids: [id]} if self.delete_many else {self.id: id}))
        for refused in answer.get("Unsuccessful") or []:
            raise ClientError({"Error": refused["Error"]}, self.delete)


_VPC = Described("describe_vpcs", "VpcIds", "Vpcs", "VpcId", "delete_vpc")
_SUBNET = Described("describe_subnets", "SubnetIds", "Subnets", "SubnetId", "delete_subnet")
_TABLE = Described("describe_route_tables", "RouteTableIds", "RouteTables", "RouteTableId", "delete_route_table")
_GROUP = Described("describe_security_groups", "GroupIds", "SecurityGroups", "GroupId", "delete_security_group")
_RULE = Described("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules",
                  "SecurityGroupRuleId", "")  # fmt: skip
_ENDPOINT = Described("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints", "VpcEndpointId",
                      "delete_vpc_endpoints", delete_many=True)  # fmt: skip
_NAT = Described("describe_nat_gateways", "NatGatewayIds", "NatGateways", "NatGatewayId", "delete_nat_gateway",
                 filters="Filter")  # fmt: skip
_ADDRESS = Described("describe_addresses", "AllocationIds", "Addresses", "AllocationId", "release_address")
_GATEWAY = Described("describe_internet_gateways", "InternetGatewayIds", "InternetGateways", "InternetGatewayId",
                     "delete_internet_gateway")  # fmt: skip
_ACL = Described("describe_network_acls", "NetworkAclIds", "NetworkAcls", "NetworkAclId", "delete_network_acl")
_INTERFACE = Described("describe_network_interfaces", "NetworkInterfaceIds", "NetworkInterfaces",
                       "NetworkInterfaceId", "delete_network_interface", tags="TagSet")  # fmt: skip

# What an id begins with, for those that others are made in.
_BY_PREFIX = {"vpc": _VPC, "subnet": _SUBNET, "rtb": _TABLE, "sg": _GROUP, "acl": _ACL}


def _ended(item: dict[str, Any]) -> bool:
    return str(item.get("State", "")).lower() == _ENDED


def lineage(ec2: Any, id: str) -> Tags | None:
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
    vpc = _VPC.read(ec2, item["VpcId"])
    return _VPC.tags_of(vpc) if vpc else tags


def _came_with_vpc(item: dict[str, Any]) -> bool:
    if "VpcId" not in item:
        return False
    main = any(each.get("Main") for each in item.get("Associations") or [])
    return main or item.get("GroupName") == "default" or (item.get("IsDefault") is True and "Entries" in item)


def _rows(described: Described) -> Remover:
    def tags(ec2: Any, id: str) -> Tags | None:
        item = described.read(ec2, id)
        return None if item is None else described.tags_of(item)

    return Remover(tags, described.drop, described.tagged)


def _dropped_after(described: Described, first: Callable[[Any, str], None], blocked: bool = False) -> Remover:
    """A remover that empties the resource before it deletes it."""
    plain_one = _rows(described)

    def remove(ec2: Any, id: str) -> None:
        first(ec2, id)
        described.drop(ec2, id)

    return Remover(plain_one.tags, remove, plain_one.named, blockers if blocked else None)


def _remove_nat(ec2: Any, id: str) -> None:
    gateway = _NAT.read(ec2, id)
    if gateway and gateway["State"] != "deleting":
        _NAT.drop(ec2, id)


def _remove_endpoint(ec2: Any, id: str) -> None:
    endpoint = _ENDPOINT.read(ec2, id)
    if endpoint and endpoint["State"].lower() != "deleting":
        _ENDPOINT.drop(ec2, id)


def _disassociate(ec2: Any, id: str) -> None:
    table = _TABLE.read(ec2, id)
    for each in (table or {}).get("Associations", []):
        if not each.get("Main"):
            ec2.disassociate_route_table(AssociationId=each["RouteTableAssociationId"])


def _detach(ec2: Any, id: str) -> None:
    gateway = _GATEWAY.read(ec2, id)
    for each in (gateway or {}).get("Attachments", []):
        ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=each["VpcId"])


def _free(ec2: Any, id: str) -> None:
    address = _ADDRESS.read(ec2, id)
    association = (address or {}).get("AssociationId")
    if association:
        ec2.disassociate_address(AssociationId=association)


def _nothing(_ec2: Any, _id: str) -> None:
    return


def _forget_references(ec2: Any, id: str) -> None:
    """Two groups that name each other can only go when the rules are gone; a rule of others' groups stays theirs."""
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [id]}])["SecurityGroupRules"]
    for rule in found:
        if rule.get("ReferencedGroupInfo"):
            _revoke(ec2, rule)


def _rule(ec2: Any, id: str) -> dict[str, Any] | None:
    return _RULE.read(ec2, id)


def _rule_tags(ec2: Any, id: str) -> Tags | None:
    rule = _rule(ec2, id)
    if rule is None:
        return None
    return _RULE.tags_of(rule) or lineage(ec2, rule["GroupId"])


def _remove_rule(ec2: Any, id: str) -> None:
    rule = _rule(ec2, id)
    if rule:
        _revoke(ec2, rule)


def _revoke(ec2: Any, rule: dict[str, Any]) -> None:
    revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _route_tags(ec2: Any, id: str) -> Tags | None:
    table_id, _, destination = id.partition("/")
    table = _TABLE.read(ec2, table_id)
    for route in (table or {}).get("Routes", []):
        if destination in (route.get(name) for name in _DESTINATIONS):
            return lineage(ec2, table_id)
    return None


def _remove_route(ec2: Any, id: str) -> None:
    table_id, _, destination = id.partition("/")
    form = 2 if destination.startswith("pl-") else 1 if ":" in destination else 0
    ec2.delete_route(RouteTableId=table_id, **{_DESTINATIONS[form]: destination})


def _association(ec2: Any, id: str) -> str:
    """The id of the association of a table with a subnet or gateway; empty when there is none."""
    table_id, _, end = id.partition("/")
    for each in (_TABLE.read(ec2, table_id) or {}).get("Associations", []):
        if end in (each.get("SubnetId"), each.get("GatewayId")):
            return str(each["RouteTableAssociationId"])
    return ""


def _association_tags(ec2: Any, id: str) -> Tags | None:
    return lineage(ec2, id.partition("/")[0]) if _association(ec2, id) else None


def _remove_association(ec2: Any, id: str) -> None:
    association = _association(ec2, id)
    if association:
        ec2.disassociate_route_table(AssociationId=association)


REMOVERS: dict[str, Remover] = {
    kinds.VPC.name: _dropped_after(_VPC, _nothing, blocked=True),
    kinds.SUBNET.name: _dropped_after(_SUBNET, _nothing, blocked=True),
    kinds.GROUP.name: _dropped_after(_GROUP, _forget_references, blocked=True),
    kinds.ROUTE_TABLE.name: _dropped_after(_TABLE, _disassociate),
    kinds.NETWORK_ACL.name: _rows(_ACL),
    kinds.INTERFACE.name: _rows(_INTERFACE),
    kinds.ADDRESS.name: _dropped_after(_ADDRESS, _free),
    kinds.INTERNET_GATEWAY.name: _dropped_after(_GATEWAY, _detach),
    kinds.NAT_GATEWAY.name: Remover(_rows(_NAT).tags, _remove_nat, _NAT.tagged),
    kinds.ENDPOINT.name: Remover(_rows(_ENDPOINT).tags, _remove_endpoint, _ENDPOINT.tagged),
    kinds.GROUP_RULE.name: Remover(_rule_tags, _remove_rule, _RULE.tagged),
    kinds.ROUTE.name: Remover(_route_tags, _remove_route, held_by_parent),
    kinds.ASSOCIATION.name: Remover(_association_tags, _remove_association, held_by_parent),
}
