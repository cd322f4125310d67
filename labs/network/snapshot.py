"""One moment of a VPC: EC2's describe_* answers, read once and indexed for the questions of a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from labs.network import parse
from labs.network.reader import MalformedSnapshot, Node
from labs.network.spans import Peer
from labs.network.vpc import (
    DhcpOptions,
    DnsAttributes,
    Endpoint,
    EndpointKind,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    TargetKind,
    Vpc,
    VpcGateway,
)

T = TypeVar("T")
ById = Mapping[str, T] | None


@dataclass(frozen=True)
class Snapshot:
    """What was read. Each mapping is by id; None means "not read", and a hop that needs it is CANNOT CHECK."""

    region: str
    vpcs: ById[Vpc] = None
    dns: ById[DnsAttributes] = None
    subnets: ById[Subnet] = None
    route_tables: ById[RouteTable] = None
    security_groups: ById[SecurityGroup] = None
    network_acls: ById[NetworkAcl] = None
    interfaces: ById[Interface] = None
    endpoints: ById[Endpoint] = None
    nat_gateways: ById[NatGateway] = None
    internet_gateways: ById[VpcGateway] = None
    egress_only_gateways: ById[VpcGateway] = None
    dhcp_options: ById[DhcpOptions] = None
    prefix_lists: ById[PrefixList] = None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Snapshot:
        """Read one JSON object: the lists of the describe_* answers under their own names (``Vpcs``, ``Subnets``, ...).

        ``VpcAttributes`` is ``{vpc-id: {enableDnsSupport, enableDnsHostnames}}``; an item of ``ManagedPrefixLists`` may
        carry the ``Entries`` of get_managed_prefix_list_entries; ``Region`` is a name. A list that is absent was not
        read. Raises MalformedSnapshot, which names the place.
        """
        if not isinstance(document, Mapping):
            raise MalformedSnapshot("", "must be one JSON object with the lists of the describe_* answers.")
        top = Node(document, "")

        def read(key: str, kind: Callable[[Node], T], id: Callable[[T], str]) -> Mapping[str, T] | None:
            if not top.has(key):
                return None
            return {id(item): item for item in map(kind, top.children(key))}

        made = cls(
            top.optional("Region"),
            read("Vpcs", parse.vpc, lambda item: item.id),
            _dns(top),
            read("Subnets", parse.subnet, lambda item: item.id),
            read("RouteTables", parse.route_table, lambda item: item.id),
            read("SecurityGroups", parse.security_group, lambda item: item.id),
            read("NetworkAcls", parse.network_acl, lambda item: item.id),
            read("NetworkInterfaces", parse.interface, lambda item: item.id),
            read("VpcEndpoints", parse.endpoint, lambda item: item.id),
            read("NatGateways", parse.nat_gateway, lambda item: item.id),
            read("InternetGateways", parse.internet_gateway, lambda item: item.id),
            read("EgressOnlyInternetGateways", parse.egress_only_gateway, lambda item: item.id),
            read("DhcpOptions", parse.dhcp_options, lambda item: item.id),
            _prefix_lists(top),
        )
        # Build every index now, so that no path pays for it.
        _ = (made._tables, made._acls, made._by_address, made._by_name, made._by_vpc, made._by_interface)
        _ = made.service_lists
        return made

    # Who belongs to whom.

    def table_of(self, subnet: str, vpc: str) -> RouteTable | None:
        """The subnet's route table: its own, else the VPC's main one; None when neither is in the snapshot."""
        return self._tables.get(subnet) or self._tables.get(vpc)

    def acl_of(self, subnet: str, vpc: str) -> NetworkAcl | None:
        """The subnet's network ACL: the associated one, else the VPC's default."""
        return self._acls.get(subnet) or self._acls.get(vpc)

    def default_group(self, vpc: str) -> SecurityGroup | None:
        """The VPC's default security group."""
        return next((g for g in (self.security_groups or {}).values() if g.vpc == vpc and g.name == "default"), None)

    def interface_at(self, vpc: str, address: int, version: int) -> Interface | None:
        """The network interface that has an address in a VPC."""
        return self._by_address.get((vpc, version, address))

    def interface_named(self, vpc: str, name: str) -> Interface | None:
        """The network interface with a private host name, in lower case."""
        return self._by_name.get((vpc, name))

    def endpoints_of(self, vpc: str) -> tuple[Endpoint, ...]:
        """The VPC's endpoints, the deleted ones not among them (EC2 shows them for a while)."""
        return self._by_vpc.get(vpc, ())

    def endpoint_of_interface(self, interface: str) -> Endpoint | None:
        """The interface endpoint that a network interface belongs to."""
        return self._by_interface.get(interface)

    # Prefix lists.

    def lists_of(self, service: str) -> tuple[str, ...]:
        """The ids of the AWS-managed prefix lists of ``com.amazonaws.<region>.s3`` or dynamodb."""
        return self.service_lists.get(service, ())

    def list_holds(self, list_id: str, peer: Peer) -> bool | None:
        """Whether a prefix list holds the peer; None when its entries are not known, or hold a part."""
        if peer.service and list_id in self.lists_of(peer.service):
            return True
        known = (self.prefix_lists or {}).get(list_id)
        name = (known.name if known else "") or self._list_services.get(list_id, "")
        if name.startswith("com.amazonaws.") and (peer.stand_in or not peer.span.public):
            # AWS's lists hold that service's addresses and no one else's.
            return False
        if known is None or known.entries is None:
            return None
        found = [peer.within(entry) for entry in known.entries]
        return True if True in found else None if None in found else False

    def entry_length(self, list_id: str, peer: Peer) -> int:
        """The prefix length of the entry that holds the peer; 1, less than any real one, when it is not known."""
        known = (self.prefix_lists or {}).get(list_id)
        entries = () if known is None or known.entries is None else known.entries
        return max((entry.length for entry in entries if peer.within(entry)), default=1)

    @cached_property
    def service_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Service name to prefix list ids, by the lists' names and by the routes to gateway endpoints."""
        found: dict[str, dict[str, None]] = {}
        for item in (self.prefix_lists or {}).values():
            if item.name.startswith("com.amazonaws."):
                found.setdefault(item.name, {})[item.id] = None
        for id, service in self._list_services.items():
            found.setdefault(service, {})[id] = None
        return {service: tuple(ids) for service, ids in found.items()}

    @cached_property
    def _list_services(self) -> Mapping[str, str]:
        """Prefix list id to service, as the routes to gateway endpoints tell."""
        found = {}
        for table in (self.route_tables or {}).values():
            for route in table.routes:
                if route.prefix_list and route.kind is TargetKind.ENDPOINT:
                    endpoint = (self.endpoints or {}).get(route.target)
                    if endpoint is not None and endpoint.kind is EndpointKind.GATEWAY:
                        found[route.prefix_list] = endpoint.service
        return found

    # Indexes.

    @cached_property
    def _tables(self) -> Mapping[str, RouteTable]:
        found = {}
        for table in (self.route_tables or {}).values():
            found.update(dict.fromkeys(table.subnets, table))
            if table.main:
                found[table.vpc] = table
        return found

    @cached_property
    def _acls(self) -> Mapping[str, NetworkAcl]:
        found = {}
        for acl in (self.network_acls or {}).values():
            found.update(dict.fromkeys(acl.subnets, acl))
            if acl.default:
                found[acl.vpc] = acl
        return found

    @cached_property
    def _by_address(self) -> Mapping[tuple[str, int, int], Interface]:
        return {
            (item.vpc, address.version, address.first): item
            for item in (self.interfaces or {}).values()
            for address in item.addresses
        }

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Interface]:
        return {(item.vpc, name): item for item in (self.interfaces or {}).values() for name in item.dns_names}

    @cached_property
    def _by_vpc(self) -> Mapping[str, tuple[Endpoint, ...]]:
        found: dict[str, tuple[Endpoint, ...]] = {}
        for endpoint in (self.endpoints or {}).values():
            if endpoint.state.casefold() not in ("deleting", "deleted"):
                found[endpoint.vpc] = (*found.get(endpoint.vpc, ()), endpoint)
        return found

    @cached_property
    def _by_interface(self) -> Mapping[str, Endpoint]:
        return {id: endpoint for endpoint in (self.endpoints or {}).values() for id in endpoint.interfaces}


def _dns(top: Node) -> ById[DnsAttributes]:
    if not top.has("VpcAttributes"):
        return None
    attributes = top.child("VpcAttributes")
    return {id: parse.dns_attributes(attributes.child(id)) for id in attributes.data}


def _prefix_lists(top: Node) -> ById[PrefixList]:
    """Both answers about prefix lists as one: the one that knows the entries wins."""
    keys = [key for key in ("ManagedPrefixLists", "PrefixLists") if top.has(key)]
    if not keys:
        return None
    found: dict[str, PrefixList] = {}
    for item in (parse.prefix_list(node) for key in keys for node in top.children(key)):
        before = found.get(item.id)
        if before is None or before.entries is None:
            found[item.id] = item
    return found
