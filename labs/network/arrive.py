"""Arriving at an interface in the same VPC, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labs.network import fixes
from labs.network.depart import BLOCKED, CANNOT_CHECK, OPEN, Walk, acl_hop, groups_hop
from labs.network.path import Fix, Hop, PathStep, PolicyAnswer
from labs.network.rules import LINUX_PORTS, NAT_PORTS
from labs.network.vpc import Endpoint

# EC2 keeps the first four addresses of a subnet and the last one (VPC User Guide, subnet-sizing).
_RESERVED = 4


def arrive(walk: Walk) -> Iterator[Hop]:
    """From the destination's subnet to its interface and back."""
    interface = walk.target.interface
    if interface is None:
        yield _nobody(walk)
        return
    origin, me = walk.origin, walk.me
    if walk.target.endpoint is not None:
        yield _endpoint(walk, walk.target.endpoint)
    else:
        reason = f"{walk.target.label} is in {interface.subnet}."
        yield Hop(PathStep.DESTINATION, OPEN, interface.id, interface.description, reason)
    crosses = interface.subnet != origin.subnet
    ports = (walk.port, walk.port)
    if crosses:
        yield acl_hop(walk, PathStep.ACL_IN, interface.subnet, False, me, ports, origin.label)
    groups = tuple(sorted(walk.target.peer.groups or ()))
    hop = groups_hop(walk, PathStep.GROUPS_IN, groups, False, me, origin.label)
    yield replace(hop, fix=_ingress_fix(walk, groups)) if hop.verdict is BLOCKED else hop
    if crosses:
        step, back = PathStep.RETURN_ACL, LINUX_PORTS
        yield acl_hop(walk, step, interface.subnet, True, me, back, origin.label, NAT_PORTS)
        yield acl_hop(walk, step, origin.subnet, False, walk.target.peer, back, walk.target.label, NAT_PORTS)
    if walk.target.endpoint is not None:
        yield from policy(walk, walk.target.endpoint)


def _ingress_fix(walk: Walk, groups: tuple[str, ...]) -> Fix:
    return fixes.allow_in_group(groups[0], False, walk.protocol, walk.port, walk.me, ())


def _endpoint(walk: Walk, endpoint: Endpoint) -> Hop:
    interface = walk.target.interface
    zone = interface.zone if interface else ""
    if not endpoint.available:
        reason = f"{endpoint.id} is not available: its state is {endpoint.state or 'not known'}."
        return Hop(PathStep.ENDPOINT, BLOCKED, endpoint.id, f"state: {endpoint.state}", reason)
    reason = f"{endpoint.id} for {endpoint.service} is available, with an interface in {zone or 'the VPC'}."
    if zone and walk.origin.zone and zone != walk.origin.zone:
        # Endpoint interfaces are "reachable ... in and across Availability Zones" (whitepaper aws-privatelink).
        reason = (
            f"{endpoint.id} for {endpoint.service} is available; its interface is in {zone}, which is another zone "
            f"than {walk.origin.zone} and is reached across zones."
        )
    return Hop(PathStep.ENDPOINT, OPEN, endpoint.id, f"state: {endpoint.state}", reason)


def _nobody(walk: Walk) -> Hop:
    span, label = walk.target.peer.span, walk.target.label
    if walk.snapshot.interfaces is None:
        return Hop(PathStep.DESTINATION, CANNOT_CHECK, label, "", "The network interfaces were not read.")
    for subnet in (walk.snapshot.subnets or {}).values():
        block = subnet.cidr if span.version == 4 else subnet.cidr6
        if subnet.vpc != walk.origin.vpc or block is None or not block.holds(span):
            continue
        if span.first - block.first < _RESERVED or span.first == block.last:
            reason = f"{label} is one of the addresses that AWS keeps in {subnet.id}; what answers there is its own."
            return Hop(PathStep.DESTINATION, CANNOT_CHECK, subnet.id, "reserved address", reason)
    reason = f"No network interface of {walk.origin.vpc} has the address {label}."
    return Hop(PathStep.DESTINATION, BLOCKED, walk.origin.vpc, f"no interface with {label}", reason)


def policy(walk: Walk, endpoint: Endpoint) -> Iterator[Hop]:
    """What the endpoint's policy says of the caller's request; nothing when there is no request to ask about."""
    if walk.decide is None:
        return
    if not endpoint.policy:
        reason = f"{endpoint.id} has no policy of its own, so it allows every request."
        yield Hop(PathStep.POLICY, OPEN, endpoint.id, "no policy", reason)
        return
    answer: PolicyAnswer = walk.decide(endpoint)
    verdict = CANNOT_CHECK if answer.allowed is None else OPEN if answer.allowed else BLOCKED
    default = {
        OPEN: f"The policy of {endpoint.id} allows the request.",
        BLOCKED: f"The policy of {endpoint.id} does not allow the request.",
        CANNOT_CHECK: f"What the policy of {endpoint.id} says of the request could not be decided.",
    }[verdict]
    fix = answer.fix if verdict is BLOCKED else None
    yield Hop(PathStep.POLICY, verdict, endpoint.id, answer.rule, answer.words or default, fix)
