"""One packet's way out of the source's subnet: security groups, network ACL, route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labs.network import fixes
from labs.network.dns import DnsTarget, Resolution
from labs.network.origin import Origin
from labs.network.path import DecideEndpoint, Fix, Hop, HopVerdict, PathStep
from labs.network.routes import choose
from labs.network.rules import ask_acl, ask_groups
from labs.network.snapshot import Snapshot
from labs.network.spans import Peer
from labs.network.vpc import Endpoint, EndpointKind, NetworkAcl, Route, TargetKind, traffic_words

OPEN, BLOCKED, CANNOT_CHECK = HopVerdict.OPEN, HopVerdict.BLOCKED, HopVerdict.CANNOT_CHECK


@dataclass(frozen=True)
class Walk:
    """What a walk to one address knows. ``protocol`` is a number, "6" or "17"; ``me`` is the origin as a peer."""

    snapshot: Snapshot
    origin: Origin
    me: Peer
    target: DnsTarget
    resolution: Resolution
    protocol: str
    port: int
    decide: DecideEndpoint | None

    @property
    def traffic(self) -> str:
        """``tcp 443``."""
        return traffic_words(self.protocol, (self.port, self.port))

    @property
    def cause(self) -> str:
        """Why the name is public, as an addition to a sentence."""
        return f"; the name is public because {self.resolution.cause}" if self.resolution.cause else ""

    @property
    def outside(self) -> bool:
        """Whether the destination is a public address."""
        return self.target.peer.stand_in or self.target.peer.span.public


def groups_hop(walk: Walk, step: PathStep, groups: tuple[str, ...], egress: bool, peer: Peer, label: str) -> Hop:
    """What the groups of one interface say of the other end. The fix is left to the caller."""
    side, to = ("outbound", "to") if egress else ("inbound", "from")
    named = ", ".join(groups) or "the default security group"
    if walk.snapshot.security_groups is None:
        return Hop(step, CANNOT_CHECK, named, "", "The security groups were not read.")
    ruling = ask_groups(walk.snapshot, groups, egress, peer, walk.protocol, walk.port)
    if ruling.allowed and ruling.rule:
        reason = f"{ruling.rule.group} allows {walk.traffic} {to} {label}."
        return Hop(step, OPEN, ruling.rule.group, ruling.rule.words, reason)
    if ruling.missing or not groups:
        missing = ", ".join(ruling.missing) or named
        return Hop(step, CANNOT_CHECK, missing, "", f"{missing} was not read, and no other group allows this.")
    if ruling.rule:
        reason = f"Whether this rule of {ruling.rule.group} holds {label} cannot be told from the snapshot."
        return Hop(step, CANNOT_CHECK, ruling.rule.group, ruling.rule.words, reason)
    return Hop(
        step,
        BLOCKED,
        named,
        f"no {side} rule for {walk.traffic} {to} {label}",
        f"No {side} rule of {named} allows {walk.traffic} {to} {label}.",
    )


def acl_hop(
    walk: Walk,
    step: PathStep,
    subnet: str,
    egress: bool,
    peer: Peer,
    ports: tuple[int, int],
    label: str,
    ask_for: tuple[int, int] | None = None,
) -> Hop:
    """What a subnet's network ACL says. ``ask_for``: the ports that the fix opens, if not ``ports``."""
    side, to = ("outbound", "to") if egress else ("inbound", "from")
    if walk.snapshot.network_acls is None:
        return Hop(step, CANNOT_CHECK, subnet, "", "The network ACLs were not read.")
    acl = walk.snapshot.acl_of(subnet, walk.origin.vpc)
    if acl is None:
        return Hop(step, CANNOT_CHECK, subnet, "", f"The network ACL of {subnet} is not in the snapshot.")
    traffic = traffic_words(walk.protocol, ports)
    ruling = ask_acl(acl, egress, peer, walk.protocol, ports)
    rule = ruling.entry.words if ruling.entry else f"rule *: {side}, deny, all traffic"
    if ruling.allowed:
        return Hop(step, OPEN, acl.id, rule, f"{acl.id} of {subnet} lets {traffic} {to} {label} pass.")
    if ruling.allowed is None:
        reason = f"Whether this rule of {acl.id} holds {label} cannot be told from the snapshot."
        return Hop(step, CANNOT_CHECK, acl.id, rule, reason)
    fix = _acl_fix(walk, acl, egress, peer, ask_for or ports)
    return Hop(step, BLOCKED, acl.id, rule, f"{acl.id} of {subnet} denies {traffic} {to} {label}.", fix)


def _acl_fix(walk: Walk, acl: NetworkAcl, egress: bool, peer: Peer, ports: tuple[int, int]) -> Fix:
    ruling = ask_acl(acl, egress, peer, walk.protocol, ports)
    far = walk.target.interface.subnet if walk.target.interface else ""
    other = (walk.snapshot.subnets or {}).get(walk.origin.subnet if peer is walk.me else far)
    block = fixes.acl_block(peer, None if other is None else other.cidr if peer.span.version == 4 else other.cidr6)
    return fixes.allow_in_acl(acl, egress, walk.protocol, ports, block, ruling.entry)


def groups_out(walk: Walk) -> Hop:
    """The source's security groups."""
    target = walk.target
    hop = groups_hop(walk, PathStep.GROUPS_OUT, walk.origin.groups, True, target.peer, target.label)
    if hop.verdict is not BLOCKED:
        return hop
    reason = hop.reason.removesuffix(".") + walk.cause + "."
    return Hop(hop.step, hop.verdict, hop.resource, hop.rule, reason, _egress_fix(walk))


def _egress_fix(walk: Walk) -> Fix:
    peer = walk.target.peer
    lists = walk.snapshot.lists_of(peer.service) if peer.service else ()
    if walk.outside and not lists:
        private = walk.resolution.fix or (None if _leads_out(walk) else private_way(walk))
        if private is not None:
            return private
    return fixes.allow_in_group(walk.origin.groups[0], True, walk.protocol, walk.port, peer, lists)


def _leads_out(walk: Walk) -> bool:
    table = walk.snapshot.table_of(walk.origin.subnet, walk.origin.vpc)
    chosen = None if table is None else choose(walk.snapshot, table, walk.target.peer).route
    return chosen is not None and not chosen.blackhole


def acl_out(walk: Walk) -> Iterator[Hop]:
    """The source subnet's network ACL, which traffic inside the subnet does not meet."""
    interface = walk.target.interface
    if interface is None or interface.subnet != walk.origin.subnet:
        ports = (walk.port, walk.port)
        yield acl_hop(walk, PathStep.ACL_OUT, walk.origin.subnet, True, walk.target.peer, ports, walk.target.label)


def find_route(walk: Walk, step: PathStep, subnet: str) -> Route | Hop:
    """The route out of a subnet to the target, or the hop that stops there. The fix is left to the caller."""
    label = walk.target.label
    if walk.snapshot.route_tables is None:
        return Hop(step, CANNOT_CHECK, subnet, "", "The route tables were not read.")
    table = walk.snapshot.table_of(subnet, walk.origin.vpc)
    if table is None:
        return Hop(step, CANNOT_CHECK, subnet, "", f"The route table of {subnet} is not in the snapshot.")
    choice = choose(walk.snapshot, table, walk.target.peer)
    if choice.unsure is not None:
        reason = f"Whether this route of {table.id} holds {label} cannot be told from the snapshot."
        return Hop(step, CANNOT_CHECK, table.id, choice.unsure.words, reason)
    if choice.route is None:
        reason = f"{table.id} of {subnet} has no route to {label}{walk.cause}."
        return Hop(step, BLOCKED, table.id, f"no route to {label}", reason)
    if choice.route.blackhole:
        reason = f"The route of {table.id} to {label} is a blackhole: its target is gone or not attached."
        return Hop(step, BLOCKED, table.id, choice.route.words, reason)
    return choice.route


def way_out(walk: Walk, stop: Hop, route: Route | None) -> Fix | None:
    """The change for a subnet that has no working route to the target."""
    if route is not None and route.blackhole:
        return fixes.delete_route(route)
    if not walk.outside:
        return None
    return walk.resolution.fix or private_way(walk) or _default_route(walk, stop.resource)


def private_way(walk: Walk) -> Fix | None:
    """The endpoint that would keep this AWS name inside the VPC; None for other names."""
    service, origin = walk.resolution.service, walk.origin
    if service is None or not service.name or service.region != (walk.snapshot.region or service.region):
        return None
    if not service.has_gateway:
        groups = next((e.groups for e in _interface_endpoints(walk) if e.groups), origin.groups)
        return fixes.create_interface_endpoint(origin.vpc, service.full_name, origin.subnet, groups)
    table = walk.snapshot.table_of(origin.subnet, origin.vpc)
    if table is None:
        return None
    for endpoint in walk.snapshot.endpoints_of(origin.vpc):
        if endpoint.kind is EndpointKind.GATEWAY and endpoint.service == service.full_name:
            return fixes.add_route_table(endpoint, table.id)
    return fixes.create_gateway_endpoint(origin.vpc, service.full_name, table.id)


def _interface_endpoints(walk: Walk) -> Iterator[Endpoint]:
    found = walk.snapshot.endpoints_of(walk.origin.vpc)
    return (endpoint for endpoint in found if endpoint.kind is EndpointKind.INTERFACE)


def _default_route(walk: Walk, table: str) -> Fix | None:
    """A default route to a gateway that the VPC has already."""
    snapshot, vpc, version = walk.snapshot, walk.origin.vpc, walk.target.peer.span.version
    if version == 6:
        for six in (snapshot.egress_only_gateways or {}).values():
            if vpc in six.vpcs:
                return fixes.create_route(table, 6, "EgressOnlyInternetGatewayId", six.id)
    if version == 4:
        for nat in (snapshot.nat_gateways or {}).values():
            if nat.vpc == vpc and nat.public and nat.state == "available" and nat.subnet != walk.origin.subnet:
                return fixes.create_route(table, 4, "NatGatewayId", nat.id)
    if walk.origin.public or version == 6:
        return default_through_internet_gateway(walk, table)
    return None


def default_through_internet_gateway(walk: Walk, table: str) -> Fix | None:
    """A default route to the internet gateway of the VPC; None when it has none."""
    for gateway in (walk.snapshot.internet_gateways or {}).values():
        if walk.origin.vpc in gateway.vpcs:
            return fixes.create_route(table, walk.target.peer.span.version, "GatewayId", gateway.id)
    return None


# What a packet meets beyond the VPC through these is not in a snapshot of it.
OUT_OF_MODEL = {
    TargetKind.PEERING,
    TargetKind.TRANSIT_GATEWAY,
    TargetKind.VIRTUAL_PRIVATE_GATEWAY,
    TargetKind.LOCAL_GATEWAY,
    TargetKind.CARRIER_GATEWAY,
    TargetKind.CORE_NETWORK,
    TargetKind.ODB_NETWORK,
    TargetKind.INTERFACE,
    TargetKind.OTHER,
}


def out_of_model(step: PathStep, route: Route) -> Hop:
    """The hop at a target that this model does not follow."""
    kind = route.kind.value
    article = "an" if kind[0] in "aeiou" else "a"
    reason = f"{route.target} is {article} {kind}; where it leads is out of this model."
    return Hop(step, CANNOT_CHECK, route.target, route.words, reason)
