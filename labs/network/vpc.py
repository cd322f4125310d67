"""What a VPC is made of, as far as packets care: frozen values read from EC2's describe_* answers.

Field meanings are those of the Amazon EC2 API Reference (data types of the same names).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from labs.network.spans import Span

ALL = "-1"
TCP = "6"
UDP = "17"
PROTOCOL_NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": "1", "icmpv6": "58", "all": ALL}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}


@dataclass(frozen=True)
class Vpc:
    """``dhcp_options``: an id, or ``default``. ``igw_block``: VPC Block Public Access, "off" when it is off."""

    id: str
    cidrs: tuple[Span, ...]
    dhcp_options: str
    igw_block: str = "off"
    name: str = ""


@dataclass(frozen=True)
class DnsAttributes:
    """The two attributes of a VPC; None when not read."""

    support: bool | None = None
    hostnames: bool | None = None


@dataclass(frozen=True)
class Subnet:
    """``igw_block`` is as for the VPC, exclusions counted in; "" when the answer says nothing."""

    id: str
    vpc: str
    zone: str
    cidr: Span | None
    cidr6: Span | None = None
    gives_ipv6: bool = False
    igw_block: str = ""
    name: str = ""


class TargetKind(enum.Enum):
    """Where a route leads."""

    LOCAL = "local"
    INTERNET_GATEWAY = "internet gateway"
    NAT_GATEWAY = "NAT gateway"
    EGRESS_ONLY_GATEWAY = "egress-only internet gateway"
    ENDPOINT = "VPC endpoint"
    PEERING = "VPC peering connection"
    TRANSIT_GATEWAY = "transit gateway"
    VIRTUAL_PRIVATE_GATEWAY = "virtual private gateway"
    LOCAL_GATEWAY = "local gateway"
    CARRIER_GATEWAY = "carrier gateway"
    CORE_NETWORK = "core network"
    ODB_NETWORK = "ODB network"
    INTERFACE = "network interface"
    OTHER = "unknown target"


@dataclass(frozen=True)
class Route:
    """One route. ``destination`` is None when it goes by ``prefix_list``. ``propagated`` means by a gateway."""

    table: str
    destination: Span | None
    prefix_list: str
    kind: TargetKind
    target: str
    blackhole: bool = False
    propagated: bool = False

    @property
    def key(self) -> str:
        """The destination as the route table shows it."""
        return self.prefix_list if self.destination is None else self.destination.text

    @property
    def words(self) -> str:
        """The route in one phrase."""
        state = " (blackhole)" if self.blackhole else ""
        return f"{self.key} -> {self.target}{state}"


@dataclass(frozen=True)
class RouteTable:
    """``main``: the VPC's main table, for the subnets without one of their own."""

    id: str
    vpc: str
    routes: tuple[Route, ...]
    subnets: tuple[str, ...] = ()
    main: bool = False
    name: str = ""


@dataclass(frozen=True)
class GroupRule:
    """One permission for one source or destination: a block, a security group or a prefix list (the others unset).

    ``protocol`` is an IP protocol number, "-1" for all traffic; ports are both included, None for all.
    """

    group: str
    egress: bool
    protocol: str
    ports: tuple[int, int] | None
    block: Span | None = None
    peer_group: str = ""
    prefix_list: str = ""

    @property
    def words(self) -> str:
        """The rule as a person writes it: ``outbound, tcp 443, to sg-1``."""
        side, to = ("outbound", "to") if self.egress else ("inbound", "from")
        other = self.block.text if self.block is not None else self.peer_group or self.prefix_list
        return f"{side}, {traffic_words(self.protocol, self.ports)}, {to} {other}"


@dataclass(frozen=True)
class SecurityGroup:
    """Its rules; what none of them allows is refused."""

    id: str
    vpc: str
    name: str
    inbound: tuple[GroupRule, ...] = ()
    outbound: tuple[GroupRule, ...] = ()

    def rules(self, egress: bool) -> tuple[GroupRule, ...]:
        """The rules of one direction."""
        return self.outbound if egress else self.inbound


@dataclass(frozen=True)
class AclEntry:
    """One rule of a network ACL. ``protocol`` and ``ports`` as in GroupRule."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    ports: tuple[int, int] | None
    block: Span

    @property
    def words(self) -> str:
        """``rule 100: inbound, allow, tcp 443, 10.0.0.0/16``; the last rule is ``*``, as the console shows it."""
        number = "*" if self.number > 32766 else str(self.number)
        side, act = "outbound" if self.egress else "inbound", "allow" if self.allow else "deny"
        return f"rule {number}: {side}, {act}, {traffic_words(self.protocol, self.ports)}, {self.block.text}"


@dataclass(frozen=True)
class NetworkAcl:
    """``inbound`` and ``outbound`` in rule order: the first that fits decides."""

    id: str
    vpc: str
    default: bool
    subnets: tuple[str, ...] = ()
    inbound: tuple[AclEntry, ...] = ()
    outbound: tuple[AclEntry, ...] = ()

    def entries(self, egress: bool) -> tuple[AclEntry, ...]:
        """The entries of one direction, in rule order."""
        return self.outbound if egress else self.inbound


@dataclass(frozen=True)
class Interface:
    """An elastic network interface. ``public_ip`` "" for none; ``dns_names`` are its private host names."""

    id: str
    vpc: str
    subnet: str
    zone: str
    groups: tuple[str, ...]
    addresses: tuple[Span, ...]
    public_ip: str = ""
    dns_names: tuple[str, ...] = ()
    description: str = ""


class EndpointKind(enum.Enum):
    """The types of VPC endpoint; the values are EC2's."""

    INTERFACE = "Interface"
    GATEWAY = "Gateway"
    LOAD_BALANCER = "GatewayLoadBalancer"
    RESOURCE = "Resource"
    SERVICE_NETWORK = "ServiceNetwork"


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint. ``policy``: its document as text, "" when it has none.

    ``inbound_resolver_only``: private DNS serves only an inbound resolver, not the VPC (S3's default).
    """

    id: str
    vpc: str
    service: str
    kind: EndpointKind
    state: str
    policy: str = ""
    private_dns: bool = False
    subnets: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    inbound_resolver_only: bool = False
    name: str = ""

    @property
    def available(self) -> bool:
        """EC2 says "available"; the CLI has been seen with a capital."""
        return self.state.casefold() == "available"


@dataclass(frozen=True)
class NatGateway:
    """``public``: connectivity type public. ``regional``: it has no subnet of its own. ``public_addresses``: those that
    the internet sees, as EC2 writes them."""

    id: str
    vpc: str
    subnet: str
    state: str
    public: bool = True
    regional: bool = False
    address: Span | None = None
    why_failed: str = ""
    public_addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class VpcGateway:
    """An internet gateway or egress-only internet gateway and the VPCs that it is attached to."""

    id: str
    vpcs: tuple[str, ...]


@dataclass(frozen=True)
class PrefixList:
    """``entries`` is None when they were not read. ``name`` as in ``com.amazonaws.us-east-1.s3``."""

    id: str
    name: str
    entries: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class DhcpOptions:
    """``servers``: the domain-name-servers it hands out."""

    id: str
    servers: tuple[str, ...] = ()


def traffic_words(protocol: str, ports: tuple[int, int] | None) -> str:
    """``tcp 443``, ``udp 1024-65535``, ``all traffic``."""
    if protocol == ALL:
        return "all traffic"
    name = PROTOCOL_NAMES.get(protocol, f"protocol {protocol}")
    if ports is None:
        return name
    return f"{name} {ports[0]}" if ports[0] == ports[1] else f"{name} {ports[0]}-{ports[1]}"
