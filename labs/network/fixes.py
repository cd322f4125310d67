"""The smallest changes, as calls of EC2 that a person can read and boto3 can send."""

from __future__ import annotations

from typing import Any

from labs.network.path import Fix
from labs.network.spans import Peer, Span
from labs.network.vpc import PROTOCOL_NAMES, AclEntry, Endpoint, NetworkAcl, Route, traffic_words

ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
_PROTOCOL = {"6": "tcp", "17": "udp"}
# As EC2 limits the numbers of a network ACL's own rules.
_LAST_RULE = 32766


def allow_in_group(group: str, egress: bool, protocol: str, port: int, peer: Peer, lists: tuple[str, ...]) -> Fix:
    """One rule for exactly this peer: by its security group, its prefix list, or its addresses."""
    permission: dict[str, Any] = {"IpProtocol": _PROTOCOL[protocol], "FromPort": port, "ToPort": port}
    if peer.groups:
        other = min(peer.groups)
        permission["UserIdGroupPairs"] = [{"GroupId": other}]
    elif lists:
        other = lists[0]
        permission["PrefixListIds"] = [{"PrefixListId": other}]
    else:
        other = ANYWHERE[peer.span.version] if peer.stand_in else peer.span.cidr
        key, inner = ("IpRanges", "CidrIp") if peer.span.version == 4 else ("Ipv6Ranges", "CidrIpv6")
        permission[key] = [{inner: other}]
    side, to = ("outbound", "to") if egress else ("inbound", "from")
    words = f"In {group}, allow {side} {PROTOCOL_NAMES[protocol]} {port} {to} {other}."
    operation = f"authorize_security_group_{'egress' if egress else 'ingress'}"
    return Fix(operation, {"GroupId": group, "IpPermissions": [permission]}, words)


def allow_in_acl(
    acl: NetworkAcl, egress: bool, protocol: str, ports: tuple[int, int], block: str, refusal: AclEntry | None
) -> Fix:
    """One entry before the one that refuses; where no number is free before it, that entry goes."""
    taken = {entry.number for entry in acl.entries(egress)}
    limit = min(refusal.number if refusal else _LAST_RULE + 1, _LAST_RULE + 1)
    free = [number for number in range(limit - 1, 0, -1) if number not in taken][:1]
    if limit == _LAST_RULE + 1:
        # Nothing refuses but the last rule: the next round number reads best.
        after = max((number for number in taken if number <= _LAST_RULE), default=0)
        free = [number for number in (after // 10 * 10 + 10,) if number <= _LAST_RULE] or free
    side = "outbound" if egress else "inbound"
    if not free:
        assert refusal is not None
        return Fix(
            "delete_network_acl_entry",
            {"NetworkAclId": acl.id, "RuleNumber": refusal.number, "Egress": egress},
            f"In {acl.id}, delete the {side} rule {refusal.number}.",
        )
    six = ":" in block
    entry = {
        "NetworkAclId": acl.id,
        "RuleNumber": free[0],
        "Egress": egress,
        "Protocol": protocol,
        "RuleAction": "allow",
        "Ipv6CidrBlock" if six else "CidrBlock": block,
        "PortRange": {"From": ports[0], "To": ports[1]},
    }
    to = "to" if egress else "from"
    words = f"In {acl.id}, add {side} rule {free[0]}: allow {traffic_words(protocol, ports)} {to} {block}."
    return Fix("create_network_acl_entry", entry, words)


def turn_on_dns(vpc: str, attribute: str) -> Fix:
    """``attribute``: enableDnsSupport or enableDnsHostnames."""
    key = attribute[0].upper() + attribute[1:]
    return Fix("modify_vpc_attribute", {"VpcId": vpc, key: {"Value": True}}, f"Turn {attribute} on in {vpc}.")


def turn_on_private_dns(endpoint: Endpoint) -> Fix:
    """Private DNS of an interface endpoint."""
    parameters = {"VpcEndpointId": endpoint.id, "PrivateDnsEnabled": True}
    return Fix("modify_vpc_endpoint", parameters, f"Turn private DNS on for {endpoint.id}.")


def create_interface_endpoint(vpc: str, service: str, subnet: str, groups: tuple[str, ...]) -> Fix:
    """An interface endpoint with private DNS, in the groups given: those of the VPC's other endpoints, if any."""
    parameters: dict[str, Any] = {
        "VpcEndpointType": "Interface",
        "VpcId": vpc,
        "ServiceName": service,
        "SubnetIds": [subnet],
        "PrivateDnsEnabled": True,
    }
    if groups:
        parameters["SecurityGroupIds"] = list(groups)
    words = f"Create an interface endpoint for {service} in {subnet}, with private DNS and a group that lets 443 in."
    return Fix("create_vpc_endpoint", parameters, words)


def create_gateway_endpoint(vpc: str, service: str, table: str) -> Fix:
    """A gateway endpoint with a route in one route table."""
    parameters = {"VpcEndpointType": "Gateway", "VpcId": vpc, "ServiceName": service, "RouteTableIds": [table]}
    words = f"Create a gateway endpoint for {service} with the route table {table}."
    return Fix("create_vpc_endpoint", parameters, words)


def add_route_table(endpoint: Endpoint, table: str) -> Fix:
    """A route table more for a gateway endpoint."""
    parameters = {"VpcEndpointId": endpoint.id, "AddRouteTableIds": [table]}
    return Fix("modify_vpc_endpoint", parameters, f"Associate {table} with {endpoint.id}.")


def add_subnet(endpoint: Endpoint, subnet: str) -> Fix:
    """A subnet for an interface endpoint that has none."""
    parameters = {"VpcEndpointId": endpoint.id, "AddSubnetIds": [subnet]}
    return Fix("modify_vpc_endpoint", parameters, f"Add {subnet} to {endpoint.id}.")


def leave_inbound_resolver_only(endpoint: Endpoint) -> Fix:
    """S3's names stay public in the VPC, so that they go through the gateway endpoint."""
    parameters = {"VpcEndpointId": endpoint.id, "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": True}}
    words = f"Let {endpoint.id} serve private DNS only for inbound resolver endpoints, and use an S3 gateway endpoint."
    return Fix("modify_vpc_endpoint", parameters, words)


def create_route(table: str, version: int, key: str, target: str) -> Fix:
    """A default route. ``key``: the parameter that names the target, as in ``NatGatewayId``."""
    destination = "DestinationCidrBlock" if version == 4 else "DestinationIpv6CidrBlock"
    parameters = {"RouteTableId": table, destination: ANYWHERE[version], key: target}
    return Fix("create_route", parameters, f"In {table}, route {ANYWHERE[version]} to {target}.")


def delete_route(route: Route) -> Fix:
    """Take away a route that leads nowhere, so that a wider one counts."""
    if route.destination is None:
        key = "DestinationPrefixListId"
    else:
        key = "DestinationCidrBlock" if route.destination.version == 4 else "DestinationIpv6CidrBlock"
    parameters = {"RouteTableId": route.table, key: route.key}
    return Fix("delete_route", parameters, f"In {route.table}, delete the route {route.words}.")


def attach_internet_gateway(gateway: str, vpc: str) -> Fix:
    """Attach it to the VPC."""
    parameters = {"InternetGatewayId": gateway, "VpcId": vpc}
    return Fix("attach_internet_gateway", parameters, f"Attach {gateway} to {vpc}.")


def assign_public_ip(subnet: str, groups: tuple[str, ...]) -> Fix:
    """Run the task with a public address."""
    configuration = {"subnets": [subnet], "securityGroups": list(groups), "assignPublicIp": "ENABLED"}
    words = "Run the task with assignPublicIp ENABLED."
    return Fix("run_task", {"networkConfiguration": {"awsvpcConfiguration": configuration}}, words)


def acl_block(peer: Peer, subnet: Span | None) -> str:
    """The block that a network ACL's entry should name: the peer's subnet, or everywhere for public addresses."""
    if peer.stand_in or peer.service or peer.span.public:
        return ANYWHERE[peer.span.version]
    return peer.span.cidr if subnet is None else subnet.cidr
