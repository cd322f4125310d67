"""The interface that a path starts from, there already or only proposed."""

from __future__ import annotations

from dataclasses import dataclass

from labs.network.path import Hop, HopVerdict, PathStep, ProposedInterface, UnknownSource
from labs.network.snapshot import Snapshot
from labs.network.spans import Peer, Span


@dataclass(frozen=True)
class Origin:
    """``label`` names it to a person. ``spans``: its addresses; for a proposed interface its subnet's blocks."""

    label: str
    vpc: str
    subnet: str
    zone: str
    groups: tuple[str, ...]
    spans: tuple[Span, ...]
    public: bool
    exists: bool

    def peer(self, version: int) -> Peer | None:
        """As rules at the other end see it; None when it has no address of that IP version."""
        span = next((span for span in self.spans if span.version == version), None)
        return None if span is None else Peer(span, frozenset(self.groups))


def find_origin(snapshot: Snapshot, source: str | ProposedInterface) -> Origin | Hop:
    """The origin, or the hop that cannot be checked. Raises UnknownSource."""
    if isinstance(source, ProposedInterface):
        return _proposed(snapshot, source)
    if snapshot.interfaces is None:
        return _not_read(source, "The network interfaces were not read.")
    found = snapshot.interfaces.get(source)
    if found is None:
        raise UnknownSource(f"There is no network interface {source} in the snapshot.")
    subnet = (snapshot.subnets or {}).get(found.subnet)
    zone = found.zone or (subnet.zone if subnet else "")
    return Origin(
        found.id, found.vpc, found.subnet, zone, found.groups, found.addresses, bool(found.public_ip), exists=True
    )


def _proposed(snapshot: Snapshot, source: ProposedInterface) -> Origin | Hop:
    if snapshot.subnets is None:
        return _not_read(source.subnet, "The subnets were not read.")
    subnet = snapshot.subnets.get(source.subnet)
    if subnet is None:
        raise UnknownSource(f"There is no subnet {source.subnet} in the snapshot.")
    groups = source.groups
    if not groups:
        default = snapshot.default_group(subnet.vpc)
        groups = () if default is None else (default.id,)
    blocks = (subnet.cidr, subnet.cidr6 if subnet.gives_ipv6 else None)
    spans = tuple(block for block in blocks if block is not None)
    label = f"a new interface in {subnet.id}"
    return Origin(label, subnet.vpc, subnet.id, subnet.zone, groups, spans, source.public, exists=False)


def _not_read(resource: str, reason: str) -> Hop:
    return Hop(PathStep.SOURCE, HopVerdict.CANNOT_CHECK, resource, "", reason)
