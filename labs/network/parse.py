"""The objects of EC2's describe_* answers, one function a kind. Each takes a Node and returns the value of model.py."""

from __future__ import annotations

from collections.abc import Iterator

from labs.network.reader import Node
from labs.network.spans import Span
from labs.network.vpc import (
    ALL,
    PROTOCOL_NUMBERS,
    AclEntry,
    DhcpOptions,
    DnsAttributes,
    Endpoint,
    EndpointKind,
    GroupRule,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TargetKind,
    Vpc,
    VpcGateway,
)

_ALL_PORTS = (0, 65535)
_PORTED = ("6", "17")
# The key of a route that names its target, and what the target is.
_TARGETS = {
    "NatGatewayId": TargetKind.NAT_GATEWAY,
    "EgressOnlyInternetGatewayId": TargetKind.EGRESS_ONLY_GATEWAY,
    "TransitGatewayId": TargetKind.TRANSIT_GATEWAY,
    "VpcPeeringConnectionId": TargetKind.PEERING,
    "LocalGatewayId": TargetKind.LOCAL_GATEWAY,
    "CarrierGatewayId": TargetKind.CARRIER_GATEWAY,
    "CoreNetworkArn": TargetKind.CORE_NETWORK,
    "OdbNetworkArn": TargetKind.ODB_NETWORK,
    "VpcEndpointId": TargetKind.ENDPOINT,
    "NetworkInterfaceId": TargetKind.INTERFACE,
    "InstanceId": TargetKind.INTERFACE,
}
# GatewayId names several kinds; the id says which.
_GATEWAYS = {
    "igw-": TargetKind.INTERNET_GATEWAY,
    "vgw-": TargetKind.VIRTUAL_PRIVATE_GATEWAY,
    "vpce-": TargetKind.ENDPOINT,
    "nat-": TargetKind.NAT_GATEWAY,
    "eigw-": TargetKind.EGRESS_ONLY_GATEWAY,
    "tgw-": TargetKind.TRANSIT_GATEWAY,
    "pcx-": TargetKind.PEERING,
    "lgw-": TargetKind.LOCAL_GATEWAY,
    "cagw-": TargetKind.CARRIER_GATEWAY,
}


def vpc(node: Node) -> Vpc:
    blocks = [node.block("CidrBlock")]
    blocks += [
        item.block("CidrBlock") for item in node.children("CidrBlockAssociationSet") if _associated(item, "Cidr")
    ]
    blocks += [
        item.block("Ipv6CidrBlock")
        for item in node.children("Ipv6CidrBlockAssociationSet")
        if _associated(item, "Ipv6Cidr")
    ]
    return Vpc(
        node.text("VpcId"),
        tuple(dict.fromkeys(_present(blocks))),
        node.optional("DhcpOptionsId"),
        node.child("BlockPublicAccessStates").optional("InternetGatewayBlockMode") or "off",
        node.name(),
    )


def dns_attributes(node: Node) -> DnsAttributes:
    def read(key: str) -> bool | None:
        # describe_vpc_attribute wraps the value.
        wrapped = key[0].upper() + key[1:]
        if node.has(wrapped):
            return node.child(wrapped).flag("Value")
        return node.flag(key) if node.has(key) else None

    return DnsAttributes(read("enableDnsSupport"), read("enableDnsHostnames"))


def subnet(node: Node) -> Subnet:
    blocks6 = [
        item.block("Ipv6CidrBlock")
        for item in node.children("Ipv6CidrBlockAssociationSet")
        if _associated(item, "Ipv6Cidr")
    ]
    return Subnet(
        node.text("SubnetId"),
        node.text("VpcId"),
        node.optional("AvailabilityZone"),
        node.block("CidrBlock"),
        next(iter(_present(blocks6)), None),
        node.flag("AssignIpv6AddressOnCreation"),
        node.child("BlockPublicAccessStates").optional("InternetGatewayBlockMode"),
        node.name(),
    )


def route_table(node: Node) -> RouteTable:
    id = node.text("RouteTableId")
    associations = list(node.children("Associations"))
    return RouteTable(
        id,
        node.text("VpcId"),
        tuple(_route(id, item) for item in node.children("Routes")),
        tuple(item.text("SubnetId") for item in associations if item.has("SubnetId")),
        any(item.flag("Main") for item in associations),
        node.name(),
    )


def _route(table: str, node: Node) -> Route:
    destination = node.block("DestinationCidrBlock") or node.block("DestinationIpv6CidrBlock")
    prefix_list = node.optional("DestinationPrefixListId")
    if destination is None and not prefix_list:
        node.fail("DestinationCidrBlock", "is missing; a route needs a destination.")
    kind, target = _target(node)
    return Route(
        table,
        destination,
        prefix_list,
        kind,
        target,
        node.optional("State") == "blackhole",
        node.optional("Origin") == "EnableVgwRoutePropagation",
    )


def _target(node: Node) -> tuple[TargetKind, str]:
    gateway = node.optional("GatewayId")
    if gateway == "local":
        return TargetKind.LOCAL, gateway
    if gateway:
        return next((kind for start, kind in _GATEWAYS.items() if gateway.startswith(start)), TargetKind.OTHER), gateway
    for key, kind in _TARGETS.items():
        if target := node.optional(key):
            return kind, target
    # A blackhole's target may be gone from the answer.
    return TargetKind.OTHER, "nothing"


def security_group(node: Node) -> SecurityGroup:
    id = node.text("GroupId")
    return SecurityGroup(
        id,
        node.optional("VpcId"),
        node.optional("GroupName"),
        tuple(rule for item in node.children("IpPermissions") for rule in _rules(id, False, item)),
        tuple(rule for item in node.children("IpPermissionsEgress") for rule in _rules(id, True, item)),
    )


def _rules(group: str, egress: bool, node: Node) -> Iterator[GroupRule]:
    protocol = _protocol(node, "IpProtocol")
    first, last = node.number("FromPort"), node.number("ToPort")
    ports = None if first is None or first == -1 else (first, first if last is None else last)
    if protocol not in _PORTED or ports == _ALL_PORTS:
        ports = None
    for key, inner in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for item in node.children(key):
            item.text(inner)
            yield GroupRule(group, egress, protocol, ports, block=item.block(inner))
    for item in node.children("UserIdGroupPairs"):
        yield GroupRule(group, egress, protocol, ports, peer_group=item.text("GroupId"))
    for item in node.children("PrefixListIds"):
        yield GroupRule(group, egress, protocol, ports, prefix_list=item.text("PrefixListId"))


def network_acl(node: Node) -> NetworkAcl:
    entries = sorted((_entry(item) for item in node.children("Entries")), key=lambda entry: entry.number)
    return NetworkAcl(
        node.text("NetworkAclId"),
        node.text("VpcId"),
        node.flag("IsDefault"),
        tuple(item.text("SubnetId") for item in node.children("Associations") if item.has("SubnetId")),
        tuple(entry for entry in entries if not entry.egress),
        tuple(entry for entry in entries if entry.egress),
    )


def _entry(node: Node) -> AclEntry:
    block = node.block("CidrBlock") or node.block("Ipv6CidrBlock")
    if block is None:
        node.fail("CidrBlock", "is missing.")
    number = node.number("RuleNumber")
    if number is None:
        node.fail("RuleNumber", "is missing.")
    action = node.optional("RuleAction")
    if action not in ("allow", "deny"):
        node.fail("RuleAction", f"must be 'allow' or 'deny', not '{action}'.")
    protocol = _protocol(node, "Protocol")
    ports = node.child("PortRange")
    first, last = ports.number("From"), ports.number("To")
    pair = None if first is None or last is None or protocol not in _PORTED else (first, last)
    return AclEntry(
        number, node.flag("Egress"), action == "allow", protocol, None if pair == _ALL_PORTS else pair, block
    )


def interface(node: Node) -> Interface:
    privates = list(node.children("PrivateIpAddresses"))
    blocks = [node.block("PrivateIpAddress"), *(item.block("PrivateIpAddress") for item in privates)]
    blocks += [item.block("Ipv6Address") for item in node.children("Ipv6Addresses")]
    public = node.child("Association").optional("PublicIp") or next(
        (ip for item in privates if (ip := item.child("Association").optional("PublicIp"))), ""
    )
    names = (node.optional("PrivateDnsName"), *(item.optional("PrivateDnsName") for item in privates))
    return Interface(
        node.text("NetworkInterfaceId"),
        node.text("VpcId"),
        node.text("SubnetId"),
        node.optional("AvailabilityZone"),
        tuple(item.text("GroupId") for item in node.children("Groups")),
        tuple(dict.fromkeys(_present(blocks))),
        public,
        tuple(dict.fromkeys(name.casefold() for name in names if name)),
        node.optional("Description"),
    )


def endpoint(node: Node) -> Endpoint:
    word = node.optional("VpcEndpointType") or EndpointKind.GATEWAY.value
    kind = next((kind for kind in EndpointKind if kind.value.casefold() == word.casefold()), None)
    if kind is None:
        node.fail("VpcEndpointType", f"'{word}' is not a type of endpoint.")
    options = node.child("DnsOptions")
    return Endpoint(
        node.text("VpcEndpointId"),
        node.text("VpcId"),
        node.optional("ServiceName"),
        kind,
        node.optional("State"),
        node.optional("PolicyDocument"),
        node.flag("PrivateDnsEnabled"),
        node.texts("SubnetIds"),
        node.texts("NetworkInterfaceIds"),
        tuple(item.text("GroupId") for item in node.children("Groups")),
        node.texts("RouteTableIds"),
        tuple(item.optional("DnsName").casefold() for item in node.children("DnsEntries")),
        options.flag("PrivateDnsOnlyForInboundResolverEndpoint"),
        node.name(),
    )


def nat_gateway(node: Node) -> NatGateway:
    addresses = [item.block("PrivateIp") for item in node.children("NatGatewayAddresses")]
    return NatGateway(
        node.text("NatGatewayId"),
        node.optional("VpcId"),
        node.optional("SubnetId"),
        node.optional("State"),
        node.optional("ConnectivityType") != "private",
        node.optional("AvailabilityMode") == "regional",
        next(iter(_present(addresses)), None),
        node.optional("FailureMessage"),
        tuple(filter(None, (item.optional("PublicIp") for item in node.children("NatGatewayAddresses")))),
    )


def internet_gateway(node: Node) -> VpcGateway:
    return VpcGateway(node.text("InternetGatewayId"), _attached(node))


def egress_only_gateway(node: Node) -> VpcGateway:
    return VpcGateway(node.text("EgressOnlyInternetGatewayId"), _attached(node))


def prefix_list(node: Node) -> PrefixList:
    """From describe_prefix_lists (Cidrs) or describe_managed_prefix_lists with the Entries added."""
    entries: tuple[Span, ...] | None = None
    if node.has("Entries"):
        entries = _present([item.block("Cidr") for item in node.children("Entries")])
    elif node.texts("Cidrs"):
        # An empty list is what an answer without them looks like, and no such list is empty.
        inner = (Node({"Cidr": text}, f"{node.at('Cidrs')}[{index}]") for index, text in enumerate(node.texts("Cidrs")))
        entries = _present([item.block("Cidr") for item in inner])
    return PrefixList(node.text("PrefixListId"), node.optional("PrefixListName"), entries)


def dhcp_options(node: Node) -> DhcpOptions:
    servers = [
        value.optional("Value")
        for item in node.children("DhcpConfigurations")
        if item.optional("Key") == "domain-name-servers"
        for value in item.children("Values")
    ]
    return DhcpOptions(node.text("DhcpOptionsId"), tuple(servers))


def _attached(node: Node) -> tuple[str, ...]:
    # AWS answers "available" here where the data type's page says "attached".
    states = ("available", "attached", "")
    return tuple(a.optional("VpcId") for a in node.children("Attachments") if a.optional("State") in states)


def _associated(node: Node, kind: str) -> bool:
    return node.child(f"{kind}BlockState").optional("State") in ("associated", "")


def _protocol(node: Node, key: str) -> str:
    value = node.optional(key) or ALL
    return PROTOCOL_NUMBERS.get(value.casefold(), value)


def _present(blocks: list[Span | None]) -> tuple[Span, ...]:
    return tuple(block for block in blocks if block is not None)
