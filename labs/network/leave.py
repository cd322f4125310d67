"""Leaving the VPC: internet gateways, NAT gateways, gateway endpoints, and the way back.

Sources: Amazon VPC User Guide, VPC_Internet_Gateway, vpc-nat-gateway, nat-gateway-troubleshooting,
egress-only-internet-gateway, security-vpc-bpa; AWS PrivateLink guide, gateway-endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labs.network import fixes
from labs.network.arrive import policy
from labs.network.depart import (
    BLOCKED,
    CANNOT_CHECK,
    OPEN,
    OUT_OF_MODEL,
    Walk,
    acl_hop,
    default_through_internet_gateway,
    find_route,
    out_of_model,
)
from labs.network.path import Hop, PathStep
from labs.network.rules import LINUX_PORTS, NAT_PORTS
from labs.network.vpc import EndpointKind, NatGateway, Route, TargetKind

_BLOCK_ALL = "block-bidirectional"


def leave(walk: Walk, route: Route) -> Iterator[Hop]:
    """From the route's target to the destination and back."""
    if route.kind in OUT_OF_MODEL:
        yield out_of_model(PathStep.GATEWAY, route)
    elif route.kind is TargetKind.NAT_GATEWAY:
        yield from _through_nat(walk, route)
    elif route.kind is TargetKind.ENDPOINT:
        yield from _through_endpoint(walk, route, PathStep.GATEWAY)
        yield _back(walk)
    else:
        egress_only = route.kind is TargetKind.EGRESS_ONLY_GATEWAY
        yield _egress_only(walk, route) if egress_only else _internet_gateway(walk, route)
        yield _back(walk)


def _back(walk: Walk) -> Hop:
    target, subnet = walk.target, walk.origin.subnet
    return acl_hop(walk, PathStep.RETURN_ACL, subnet, False, target.peer, LINUX_PORTS, target.label, NAT_PORTS)


def _internet_gateway(walk: Walk, route: Route) -> Hop:
    stop = _gateway_stop(walk, route, PathStep.GATEWAY, walk.origin.subnet, via_nat=False)
    if stop is not None:
        return stop
    if walk.target.peer.span.version == 4 and not walk.origin.public:
        origin = walk.origin
        fix = None if origin.exists else fixes.assign_public_ip(origin.subnet, origin.groups)
        reason = f"{route.target} carries only traffic of public addresses, and {origin.label} has none."
        return Hop(PathStep.GATEWAY, BLOCKED, route.target, "no public IPv4 address", reason, fix)
    return Hop(PathStep.GATEWAY, OPEN, route.target, route.words, f"{route.target} leads to {walk.target.label}.")


def _gateway_stop(walk: Walk, route: Route, step: PathStep, subnet: str, *, via_nat: bool) -> Hop | None:
    """Why nothing passes an internet gateway; None when it works."""
    gateways = walk.snapshot.internet_gateways
    if gateways is None:
        return Hop(step, CANNOT_CHECK, route.target, route.words, "The internet gateways were not read.")
    gateway = gateways.get(route.target)
    if gateway is None or walk.origin.vpc not in gateway.vpcs:
        fix = fixes.attach_internet_gateway(route.target, walk.origin.vpc) if gateway else None
        reason = f"{route.target} is not attached to {walk.origin.vpc}."
        return Hop(step, BLOCKED, route.target, "not attached", reason, fix)
    if not walk.outside:
        reason = f"{walk.target.label} is not a public address, and {route.target} leads only to those."
        return Hop(step, BLOCKED, route.target, route.words, reason)
    mode = _public_access(walk, subnet)
    if mode == _BLOCK_ALL or (mode != "off" and not via_nat):
        # In block-ingress mode only NAT gateways and egress-only internet gateways may be used.
        reason = f"VPC Block Public Access ({mode}) stops the internet traffic of {subnet}."
        return Hop(step, BLOCKED, walk.origin.vpc, f"InternetGatewayBlockMode: {mode}", reason)
    return None


def _public_access(walk: Walk, subnet: str) -> str:
    found = (walk.snapshot.subnets or {}).get(subnet)
    vpc = (walk.snapshot.vpcs or {}).get(walk.origin.vpc)
    return (found.igw_block if found else "") or (vpc.igw_block if vpc else "") or "off"


def _egress_only(walk: Walk, route: Route) -> Hop:
    gateways = walk.snapshot.egress_only_gateways
    if gateways is None:
        reason = "The egress-only internet gateways were not read."
        return Hop(PathStep.GATEWAY, CANNOT_CHECK, route.target, route.words, reason)
    gateway = gateways.get(route.target)
    if gateway is None or walk.origin.vpc not in gateway.vpcs:
        reason = f"{route.target} is not attached to {walk.origin.vpc}."
        return Hop(PathStep.GATEWAY, BLOCKED, route.target, "not attached", reason)
    if not walk.outside:
        reason = f"{walk.target.label} is not a public address, and {route.target} leads only to those."
        return Hop(PathStep.GATEWAY, BLOCKED, route.target, route.words, reason)
    if _public_access(walk, walk.origin.subnet) == _BLOCK_ALL:
        reason = f"VPC Block Public Access ({_BLOCK_ALL}) stops the internet traffic of {walk.origin.subnet}."
        return Hop(PathStep.GATEWAY, BLOCKED, walk.origin.vpc, f"InternetGatewayBlockMode: {_BLOCK_ALL}", reason)
    return Hop(PathStep.GATEWAY, OPEN, route.target, route.words, f"{route.target} leads to {walk.target.label}.")


def _through_endpoint(walk: Walk, route: Route, step: PathStep) -> Iterator[Hop]:
    if walk.snapshot.endpoints is None:
        yield Hop(step, CANNOT_CHECK, route.target, route.words, "The VPC endpoints were not read.")
        return
    endpoint = walk.snapshot.endpoints.get(route.target)
    if endpoint is None:
        yield Hop(step, BLOCKED, route.target, route.words, f"There is no VPC endpoint {route.target}.")
        return
    if endpoint.kind is not EndpointKind.GATEWAY:
        reason = (
            f"{endpoint.id} is a {endpoint.kind.value} endpoint; what it does with the packet is out of this model."
        )
        yield Hop(step, CANNOT_CHECK, endpoint.id, route.words, reason)
        return
    if not endpoint.available:
        reason = f"{endpoint.id} is not available: its state is {endpoint.state or 'not known'}."
        yield Hop(step, BLOCKED, endpoint.id, f"state: {endpoint.state}", reason)
        return
    reason = f"The gateway endpoint {endpoint.id} leads to {endpoint.service}."
    yield Hop(step, OPEN, endpoint.id, route.words, reason)
    yield from policy(walk, endpoint)


def _through_nat(walk: Walk, route: Route) -> Iterator[Hop]:
    nats = walk.snapshot.nat_gateways
    if nats is None:
        yield Hop(PathStep.GATEWAY, CANNOT_CHECK, route.target, route.words, "The NAT gateways were not read.")
        return
    nat = nats.get(route.target)
    yield _nat(walk, route, nat)
    if nat is None or nat.regional:
        return
    origin, me, target, port = walk.origin, walk.me, walk.target, (walk.port, walk.port)
    apart = nat.subnet != origin.subnet
    if apart:
        yield acl_hop(walk, PathStep.NAT_ACL, nat.subnet, False, me, port, origin.label)
    yield from _from_nat(walk, nat)
    yield acl_hop(walk, PathStep.NAT_ACL, nat.subnet, True, target.peer, port, target.label)
    yield acl_hop(walk, PathStep.RETURN_ACL, nat.subnet, False, target.peer, NAT_PORTS, target.label)
    if apart:
        yield acl_hop(walk, PathStep.RETURN_ACL, nat.subnet, True, me, LINUX_PORTS, origin.label, NAT_PORTS)
        yield _back(walk)


def _nat(walk: Walk, route: Route, nat: NatGateway | None) -> Hop:
    if nat is None:
        return Hop(PathStep.GATEWAY, BLOCKED, route.target, route.words, f"There is no NAT gateway {route.target}.")
    if nat.state != "available":
        why = f" ({nat.why_failed})" if nat.why_failed else ""
        reason = f"{nat.id} is not available: its state is {nat.state or 'not known'}{why}."
        return Hop(PathStep.GATEWAY, BLOCKED, nat.id, f"state: {nat.state}", reason)
    if nat.regional:
        reason = f"{nat.id} is a regional NAT gateway, which is out of this model."
        return Hop(PathStep.GATEWAY, CANNOT_CHECK, nat.id, "AvailabilityMode: regional", reason)
    if not nat.public and walk.outside:
        reason = f"{nat.id} is a private NAT gateway, and an internet gateway drops what comes from one."
        return Hop(PathStep.GATEWAY, BLOCKED, nat.id, "ConnectivityType: private", reason)
    return Hop(PathStep.GATEWAY, OPEN, nat.id, route.words, f"{nat.id} in {nat.subnet} is available.")


def _from_nat(walk: Walk, nat: NatGateway) -> Iterator[Hop]:
    """Where the NAT gateway itself leads."""
    step = PathStep.NAT_ROUTE
    route = find_route(walk, step, nat.subnet)
    if isinstance(route, Hop):
        fix = default_through_internet_gateway(walk, route.resource) if route.verdict is BLOCKED else None
        yield replace(route, fix=fix)
        return
    if route.kind is TargetKind.ENDPOINT:
        yield from _through_endpoint(walk, route, step)
    elif route.kind is TargetKind.INTERNET_GATEWAY:
        stop = _gateway_stop(walk, route, step, nat.subnet, via_nat=True)
        yield stop or Hop(step, OPEN, route.target, route.words, f"{nat.id} leads on to {route.target}.")
    elif route.kind is TargetKind.NAT_GATEWAY:
        reason = f"The subnet of {nat.id} sends {walk.target.label} to a NAT gateway, so it never leaves the VPC."
        yield Hop(step, BLOCKED, nat.subnet, route.words, reason)
    else:
        yield out_of_model(step, route)
