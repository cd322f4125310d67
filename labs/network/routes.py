"""Which route of a table a packet takes.

Source: Amazon VPC User Guide, route-tables-priority: the most specific route; then static before prefix list before
propagated routes; the local route before propagated ones, even more specific.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.network.snapshot import Snapshot
from labs.network.spans import Peer
from labs.network.vpc import Route, RouteTable, TargetKind

# Prefix length, static before propagated, CIDR before prefix list.
Rank = tuple[int, bool, bool]


@dataclass(frozen=True)
class Choice:
    """``route``: the most specific one that holds the peer, None for none. ``unsure``: one that may come before it."""

    route: Route | None
    unsure: Route | None = None


def choose(snapshot: Snapshot, table: RouteTable, peer: Peer) -> Choice:
    """The route to the peer."""
    sure: list[tuple[Rank, Route]] = []
    maybe: list[tuple[Rank, Route]] = []
    for route in table.routes:
        block = route.destination
        fits = snapshot.list_holds(route.prefix_list, peer) if block is None else peer.within(block)
        if fits is False:
            continue
        length = snapshot.entry_length(route.prefix_list, peer) if block is None else block.length
        (maybe if fits is None else sure).append(((length, not route.propagated, block is not None), route))
    if any(route.kind is TargetKind.LOCAL for _, route in sure):
        sure = [ranked for ranked in sure if not ranked[1].propagated]
        maybe = [ranked for ranked in maybe if not ranked[1].propagated]
    if not sure:
        return Choice(None, maybe[0][1] if maybe else None)
    rank, chosen = max(sure, key=lambda ranked: ranked[0])
    rivals = (route for other, route in maybe if other > rank and _leads(route) != _leads(chosen))
    return Choice(chosen, next(rivals, None))


def _leads(route: Route) -> tuple[TargetKind, str, bool]:
    return route.kind, route.target, route.blackhole
