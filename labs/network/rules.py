"""What security groups and network ACLs say of one packet.

Sources: Amazon VPC User Guide, vpc-security-groups and security-group-rules ("stateful"; a reference to a group allows
the private addresses of its interfaces), vpc-network-acls ("rules are evaluated starting with the lowest numbered
rule"; "stateless"), nacl-ephemeral-ports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labs.network.snapshot import Snapshot
from labs.network.spans import Peer
from labs.network.vpc import ALL, AclEntry, GroupRule, NetworkAcl

# "Many Linux kernels (including the Amazon Linux kernel) use ports 32768-61000"; "a NAT gateway uses 1024-65535".
LINUX_PORTS = (32768, 61000)
NAT_PORTS = (1024, 65535)


@dataclass(frozen=True)
class GroupRuling:
    """``allowed`` None: unknown. ``rule``: the one that allows, or that may. ``missing``: groups that were not read."""

    allowed: bool | None
    rule: GroupRule | None = None
    missing: tuple[str, ...] = ()


def ask_groups(
    snapshot: Snapshot, groups: Iterable[str], egress: bool, peer: Peer, protocol: str, port: int
) -> GroupRuling:
    """Whether any rule of any group allows the peer. The snapshot must have security groups."""
    maybe: GroupRule | None = None
    missing = []
    for id in groups:
        group = (snapshot.security_groups or {}).get(id)
        if group is None:
            missing.append(id)
            continue
        for rule in group.rules(egress):
            if rule.protocol not in (ALL, protocol) or not _has_port(rule.ports, port):
                continue
            fits = _fits(snapshot, rule, peer)
            if fits:
                return GroupRuling(True, rule)
            if fits is None:
                maybe = maybe or rule
    unknown = maybe is not None or missing
    return GroupRuling(None if unknown else False, maybe, tuple(missing))


def _fits(snapshot: Snapshot, rule: GroupRule, peer: Peer) -> bool | None:
    if rule.block is not None:
        return peer.within(rule.block)
    if rule.peer_group:
        return None if peer.groups is None else rule.peer_group in peer.groups
    return snapshot.list_holds(rule.prefix_list, peer)


def _has_port(ports: tuple[int, int] | None, port: int) -> bool:
    return ports is None or ports[0] <= port <= ports[1]


@dataclass(frozen=True)
class AclRuling:
    """``allowed`` None: unknown. ``entry``: the one that decided (or may), None for the last rule, ``*``."""

    allowed: bool | None
    entry: AclEntry | None


def ask_acl(acl: NetworkAcl, egress: bool, peer: Peer, protocol: str, ports: tuple[int, int]) -> AclRuling:
    """Whether the ACL lets all of ``ports`` pass: for each port the first entry that fits decides."""
    left = [ports]
    first: AclEntry | None = None
    unsure: list[AclEntry] = []
    for entry in acl.entries(egress):
        if entry.protocol not in (ALL, protocol):
            continue
        rest = _without(left, entry.ports)
        fits = peer.within(entry.block) if rest != left else False
        if fits is None:
            unsure.append(entry)
        if not fits:
            continue
        against = next((other for other in unsure if other.allow is not entry.allow), None)
        if not entry.allow:
            return AclRuling(None, against) if against else AclRuling(False, entry)
        first = first or entry
        left = rest
        if not left:
            return AclRuling(None, against) if against else AclRuling(True, first)
    against = next((other for other in unsure if other.allow), None)
    return AclRuling(None, against) if against else AclRuling(False, None)


def _without(left: list[tuple[int, int]], ports: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The ranges without the entry's ports."""
    if ports is None:
        return []
    rest = []
    for low, high in left:
        if high < ports[0] or ports[1] < low:
            rest.append((low, high))
            continue
        if low < ports[0]:
            rest.append((low, ports[0] - 1))
        if ports[1] < high:
            rest.append((ports[1] + 1, high))
    return rest
