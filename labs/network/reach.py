"""Whether an interface reaches a destination, hop by hop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labs.network.arrive import arrive
from labs.network.depart import Walk, acl_out, find_route, groups_out, way_out
from labs.network.dns import DnsTarget, Resolution, resolve
from labs.network.leave import leave
from labs.network.origin import Origin, find_origin
from labs.network.path import DecideEndpoint, Destination, Hop, HopVerdict, Path, PathStep, ProposedInterface
from labs.network.routes import choose
from labs.network.snapshot import Snapshot
from labs.network.vpc import PROTOCOL_NUMBERS, Endpoint, TargetKind


def reach(
    snapshot: Snapshot,
    source: str | ProposedInterface,
    destination: Destination | str,
    *,
    decide_endpoint: DecideEndpoint | None = None,
) -> Path:
    """The path from an interface (its id, or one that is only proposed) to a destination (``HOST:PORT``).

    ``decide_endpoint`` says whether an endpoint's policy allows the caller's request; without it endpoint policies are
    not looked at, since they decide requests and not packets. Raises UnknownSource and BadDestination.
    """
    wanted = Destination.parse(destination) if isinstance(destination, str) else destination
    origin = find_origin(snapshot, source)
    if isinstance(origin, Hop):
        return _path((origin,), origin.resource, wanted)
    resolution = resolve(snapshot, origin, wanted.host)
    if not resolution.targets:
        return _path(resolution.hops, origin.label, wanted)
    paths = []
    for target in resolution.targets:
        hops = tuple(_until_blocked(_hops(snapshot, origin, target, resolution, wanted, decide_endpoint)))
        paths.append((target, _path((*resolution.hops, *hops), origin.label, wanted)))
    target, path = min(paths, key=lambda found: _RANK[found[1].ok])
    if path.blocked_at is not None and any(other.ok for _, other in paths):
        path = _sometimes(path, wanted)
    endpoint = target.endpoint or _gateway(snapshot, path)
    return replace(path, address=target.peer.span.address, endpoint=endpoint)


# The worst of a name's addresses counts.
_RANK = {False: 0, None: 1, True: 2}


def _path(hops: tuple[Hop, ...], source: str, destination: Destination) -> Path:
    blocked = next((hop for hop in hops if hop.verdict is HopVerdict.BLOCKED), None)
    unknown = any(hop.verdict is HopVerdict.CANNOT_CHECK for hop in hops)
    return Path(False if blocked else None if unknown else True, hops, blocked, source, destination)


def _until_blocked(hops: Iterator[Hop]) -> Iterator[Hop]:
    for hop in hops:
        yield hop
        if hop.verdict is HopVerdict.BLOCKED:
            return


def _hops(
    snapshot: Snapshot,
    origin: Origin,
    target: DnsTarget,
    resolution: Resolution,
    wanted: Destination,
    decide: DecideEndpoint | None,
) -> Iterator[Hop]:
    version = target.peer.span.version
    me = origin.peer(version)
    if me is None:
        # A name is taken for its IPv4 addresses; a source without one may still have IPv6 ones to use.
        unsure = bool(resolution.hops)
        verdict = HopVerdict.CANNOT_CHECK if unsure else HopVerdict.BLOCKED
        reason = f"{origin.label} has no IPv{version} address."
        yield Hop(PathStep.SOURCE, verdict, origin.subnet, f"no IPv{version} address", reason)
        return
    protocol = PROTOCOL_NUMBERS[wanted.protocol]
    walk = Walk(snapshot, origin, me, target, resolution, protocol, wanted.port, decide)
    yield groups_out(walk)
    yield from acl_out(walk)
    route = find_route(walk, PathStep.ROUTE, origin.subnet)
    if isinstance(route, Hop):
        yield _with_way_out(walk, route)
        return
    local = route.kind is TargetKind.LOCAL
    reason = f"{route.table} sends {target.label} {'inside the VPC' if local else f'to {route.target}'}."
    yield Hop(PathStep.ROUTE, HopVerdict.OPEN, route.table, route.words, reason)
    yield from arrive(walk) if local else leave(walk, route)


def _with_way_out(walk: Walk, hop: Hop) -> Hop:
    if hop.verdict is not HopVerdict.BLOCKED:
        return hop
    table = walk.snapshot.table_of(walk.origin.subnet, walk.origin.vpc)
    route = None if table is None else choose(walk.snapshot, table, walk.target.peer).route
    return replace(hop, fix=way_out(walk, hop, route))


def _sometimes(path: Path, wanted: Destination) -> Path:
    """The same path, its block marked as that of some addresses of the name only."""
    hop = path.blocked_at
    assert hop is not None
    marked = replace(hop, reason=f"{hop.reason[:-1]}, while other addresses of {wanted.host} are open.")
    return replace(path, hops=(*path.hops[:-1], marked), blocked_at=marked)


def _gateway(snapshot: Snapshot, path: Path) -> Endpoint | None:
    """The gateway endpoint that the path goes through."""
    steps = (PathStep.GATEWAY, PathStep.NAT_ROUTE)
    found = ((snapshot.endpoints or {}).get(hop.resource) for hop in path.hops if hop.step in steps)
    return next((endpoint for endpoint in found if endpoint is not None), None)
