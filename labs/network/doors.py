"""Which routes of a VPC lead out of it: to the internet, or to where a snapshot of the VPC does not show.

Sources: Amazon VPC User Guide, route-table-options (every target that a route may have), egress-only-internet-gateway,
vpc-nat-gateway ("Private ... can connect to other VPCs or your on-premises network"); AWS Wavelength Developer Guide
(a carrier gateway leads to the carrier's network and the internet); AWS PrivateLink guide, gateway-endpoints.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from labs.network.snapshot import Snapshot
from labs.network.vpc import EndpointKind, Route, TargetKind


class Beyond(enum.Enum):
    """What lies behind a route's target."""

    NOTHING = "nothing outside the VPC"
    INTERNET = "the internet"
    UNSEEN = "what a snapshot of the VPC does not show"


@dataclass(frozen=True)
class Door:
    """A route that leads out of the VPC. ``beyond`` is INTERNET or UNSEEN."""

    route: Route
    beyond: Beyond

    @property
    def target(self) -> str:
        """The target with its kind: ``the transit gateway tgw-1``."""
        kind, target = self.route.kind, self.route.target
        return "an unknown target" if kind is TargetKind.OTHER else f"the {kind.value} {target}"


# An endpoint's answer depends on its type, a NAT gateway's on its connectivity.
_BEYOND = {
    TargetKind.LOCAL: Beyond.NOTHING,
    TargetKind.INTERNET_GATEWAY: Beyond.INTERNET,
    TargetKind.EGRESS_ONLY_GATEWAY: Beyond.INTERNET,
    TargetKind.NAT_GATEWAY: Beyond.INTERNET,
    TargetKind.CARRIER_GATEWAY: Beyond.INTERNET,
    TargetKind.ENDPOINT: Beyond.UNSEEN,
    TargetKind.PEERING: Beyond.UNSEEN,
    TargetKind.TRANSIT_GATEWAY: Beyond.UNSEEN,
    TargetKind.VIRTUAL_PRIVATE_GATEWAY: Beyond.UNSEEN,
    TargetKind.LOCAL_GATEWAY: Beyond.UNSEEN,
    TargetKind.CORE_NETWORK: Beyond.UNSEEN,
    TargetKind.ODB_NETWORK: Beyond.UNSEEN,
    TargetKind.INTERFACE: Beyond.UNSEEN,
    TargetKind.OTHER: Beyond.UNSEEN,
}


def doors(snapshot: Snapshot, vpc: str) -> tuple[Door, ...]:
    """The doors of a VPC, those to the internet first. Every route of each of its route tables is asked, IPv4, IPv6 and
    prefix lists alike; a blackhole leads nowhere. What cannot be told is a door: nothing is taken for shut."""
    return tuple(sorted(_doors(snapshot, vpc), key=lambda door: door.beyond is not Beyond.INTERNET))


def _doors(snapshot: Snapshot, vpc: str) -> Iterator[Door]:
    for table in (snapshot.route_tables or {}).values():
        for route in table.routes if table.vpc == vpc else ():
            found = beyond(snapshot, route)
            if found is not Beyond.NOTHING:
                yield Door(route, found)


def beyond(snapshot: Snapshot, route: Route) -> Beyond:
    """What a route leads to."""
    if route.blackhole:
        return Beyond.NOTHING
    if route.kind is TargetKind.ENDPOINT:
        endpoint = (snapshot.endpoints or {}).get(route.target)
        # A gateway endpoint leads to one AWS service, under its own policy; any other kind hands packets on.
        gateway = endpoint is not None and endpoint.kind is EndpointKind.GATEWAY
        return Beyond.NOTHING if gateway else Beyond.UNSEEN
    if route.kind is TargetKind.NAT_GATEWAY:
        nat = (snapshot.nat_gateways or {}).get(route.target)
        return Beyond.UNSEEN if nat is not None and not nat.public else Beyond.INTERNET
    return _BEYOND[route.kind]
