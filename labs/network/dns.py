"""What a name resolves to inside a VPC, as the Amazon-provided DNS server answers.

Sources: Amazon VPC User Guide, AmazonDNS-concepts and vpc-dns (the two attributes; security groups and network ACLs do
not filter traffic to this server); AWS PrivateLink guide, privatelink-access-aws-services (private DNS) and
vpc-endpoints-s3; Amazon ECR User Guide, vpc-endpoints. Private hosted zones of Route 53 are not in a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.network import fixes
from labs.network.hosts import SUFFIXES, AwsService, is_layer_bucket, service_of
from labs.network.origin import Origin
from labs.network.path import Fix, Hop, HopVerdict, PathStep
from labs.network.snapshot import Snapshot
from labs.network.spans import AWS_ADDRESS, INTERNET_ADDRESS, Peer, is_address, span
from labs.network.vpc import Endpoint, EndpointKind, Interface

_AMAZON = ("amazonprovideddns", "169.254.169.253", "fd00:ec2::253")
# Names that only a private zone can know, or that AWS gives to load balancers, databases and the like, which may be
# private; their addresses are not in a snapshot.
_PRIVATE_ENDINGS = (".internal", ".local", ".lan", ".home.arpa", *(f".{each}" for each in SUFFIXES))


@dataclass(frozen=True)
class DnsTarget:
    """One address to reach. ``label`` names it to a person; ``interface`` is set inside the VPC."""

    peer: Peer
    label: str
    interface: Interface | None = None
    endpoint: Endpoint | None = None


@dataclass(frozen=True)
class Resolution:
    """``hops``: DNS, and an endpoint that cannot be reached at all; none for a plain address.

    For a name that resolves to public addresses, ``cause`` says why it does and ``fix`` makes it private, if an
    endpoint is there already. ``service`` is AWS's service behind the name.
    """

    hops: tuple[Hop, ...] = ()
    targets: tuple[DnsTarget, ...] = ()
    service: AwsService | None = None
    cause: str = ""
    fix: Fix | None = None


def resolve(snapshot: Snapshot, origin: Origin, host: str) -> Resolution:
    """The addresses behind a host name or address."""
    if is_address(host):
        return Resolution(targets=(_address(snapshot, origin, host),))
    name = host.casefold().rstrip(".")
    refusal = _server(snapshot, origin, name)
    if refusal is not None:
        return Resolution((refusal,))
    if snapshot.endpoints is None:
        return Resolution((_unknown(origin.vpc, f"The VPC endpoints were not read; {name} may belong to one."),))
    named = _endpoint_name(snapshot, origin, name)
    if named is not None:
        return _private(snapshot, origin, name, named)
    return _by_service(snapshot, origin, name)


def _address(snapshot: Snapshot, origin: Origin, host: str) -> DnsTarget:
    place = span(host)
    found = snapshot.interface_at(origin.vpc, place.first, place.version)
    if found is not None:
        return _interface(snapshot, found, host)
    unknown = snapshot.interfaces is None and not place.public
    return DnsTarget(Peer(place, None if unknown else frozenset()), host)


def _interface(snapshot: Snapshot, found: Interface, address: str) -> DnsTarget:
    endpoint = snapshot.endpoint_of_interface(found.id)
    groups = found.groups or (endpoint.groups if endpoint else ())
    return DnsTarget(Peer(span(address), frozenset(groups)), f"{address} ({found.id})", found, endpoint)


def _server(snapshot: Snapshot, origin: Origin, name: str) -> Hop | None:
    """The hop that stops here because of the DNS server itself; None when Amazon's answers."""
    vpc = (snapshot.vpcs or {}).get(origin.vpc)
    if vpc is None:
        return _unknown(origin.vpc, "The VPC was not read, so its DNS server is not known.")
    # moto's name, and AssociateDhcpOptions' word, for no set of one's own.
    if vpc.dhcp_options not in ("", "default"):
        options = (snapshot.dhcp_options or {}).get(vpc.dhcp_options)
        if options is None:
            return _unknown(vpc.dhcp_options, "The DHCP options were not read, so the DNS server is not known.")
        own = {str(block.first + 2) for block in vpc.cidrs if block.version == 4}
        others = [s for s in options.servers if s.casefold() not in _AMAZON and _number(s) not in own]
        if others or not options.servers:
            servers = ", ".join(others) or "none"
            return _unknown(
                options.id,
                f"The VPC's DHCP options name their own DNS servers ({servers}); what they answer is not known here.",
                f"domain-name-servers: {servers}",
            )
    attributes = (snapshot.dns or {}).get(origin.vpc)
    if attributes is None or attributes.support is None:
        return _unknown(origin.vpc, "The VPC's attribute enableDnsSupport was not read.")
    if not attributes.support:
        return Hop(
            PathStep.DNS,
            HopVerdict.BLOCKED,
            origin.vpc,
            "enableDnsSupport: false",
            f"The VPC has no DNS server while enableDnsSupport is off, so {name} does not resolve.",
            fixes.turn_on_dns(origin.vpc, "enableDnsSupport"),
        )
    return None


def _number(text: str) -> str:
    return str(span(text).first) if is_address(text) else ""


def _endpoint_name(snapshot: Snapshot, origin: Origin, name: str) -> Endpoint | None:
    """The endpoint whose own name this is (``vpce-...``); it needs no private DNS."""
    for endpoint in snapshot.endpoints_of(origin.vpc):
        if endpoint.kind is EndpointKind.INTERFACE and any(_own(n) and _is(n, name) for n in endpoint.dns_names):
            return endpoint
    return None


def _own(pattern: str) -> bool:
    return pattern.startswith(("vpce-", "*.vpce-"))


def _is(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _by_service(snapshot: Snapshot, origin: Origin, name: str) -> Resolution:
    service = service_of(name, snapshot.region)
    fitting = [e for e in snapshot.endpoints_of(origin.vpc) if _serves(e, service, name)]
    hostnames = (snapshot.dns or {})[origin.vpc].hostnames
    serving = next((e for e in fitting if e.private_dns and not e.inbound_resolver_only), None)
    if serving is not None and hostnames is None:
        return Resolution((_unknown(origin.vpc, "The VPC's attribute enableDnsHostnames was not read."),))
    if serving is not None and hostnames:
        return _private(snapshot, origin, name, serving)
    cause, fix = _why_public(origin, service, fitting, hostnames)
    named = snapshot.interface_named(origin.vpc, name)
    if named is not None and named.addresses:
        target = _interface(snapshot, named, named.addresses[0].text)
        return Resolution((_open(origin.vpc, name, f"is the network interface {named.id}"),), (target,))
    if service is None and ("." not in name or name.endswith(_PRIVATE_ENDINGS)):
        return Resolution(
            (_unknown(origin.vpc, f"The address of {name} is not in a snapshot; it may be a private one."),)
        )
    targets = _public(snapshot, service)
    hop = _open(origin.vpc, name, f"resolves to public addresses{cause and ', because ' + cause}")
    return Resolution((hop,), targets, service, cause, fix)


def _serves(endpoint: Endpoint, service: AwsService | None, name: str) -> bool:
    if endpoint.kind is not EndpointKind.INTERFACE:
        return False
    if service is not None and service.private and endpoint.service == service.full_name:
        return True
    return any(not _own(pattern) and _is(pattern, name) for pattern in endpoint.dns_names)


def _why_public(
    origin: Origin, service: AwsService | None, fitting: list[Endpoint], hostnames: bool | None
) -> tuple[str, Fix | None]:
    """Why an AWS name is public here, and the change that would make it private if an endpoint is there."""
    if fitting and fitting[0].inbound_resolver_only:
        return f"{fitting[0].id} answers only inbound resolver endpoints", None
    if fitting and hostnames is False:
        # EC2 refuses private DNS without it, so it comes first.
        cause = f"enableDnsHostnames is off in {origin.vpc}, so {fitting[0].id} has no private DNS"
        return cause, fixes.turn_on_dns(origin.vpc, "enableDnsHostnames")
    if fitting:
        return f"private DNS of {fitting[0].id} is off", fixes.turn_on_private_dns(fitting[0])
    if service is None or service.has_gateway or not service.name:
        return "", None
    return f"{origin.vpc} has no interface endpoint for {service.full_name}", None


def _public(snapshot: Snapshot, service: AwsService | None) -> tuple[DnsTarget, ...]:
    if service is None:
        return (DnsTarget(Peer(span(INTERNET_ADDRESS), stand_in=True), "a public address"),)
    if not service.has_gateway:
        return (DnsTarget(Peer(span(AWS_ADDRESS), stand_in=True), "a public address of AWS"),)
    known = [(snapshot.prefix_lists or {}).get(id) for id in snapshot.lists_of(service.full_name)]
    blocks = {b: None for item in known if item and item.entries for b in item.entries if b.version == 4}
    product = {"s3": "Amazon S3", "dynamodb": "DynamoDB"}[service.name]
    if not blocks:
        return (DnsTarget(Peer(span(AWS_ADDRESS), frozenset(), service.full_name, True), f"{product}'s addresses"),)
    return tuple(DnsTarget(Peer(b, frozenset(), service.full_name), f"{product}'s addresses {b.text}") for b in blocks)


def _private(snapshot: Snapshot, origin: Origin, name: str, endpoint: Endpoint) -> Resolution:
    hops: tuple[Hop, ...] = (
        _open(endpoint.id, name, f"resolves to the interfaces of {endpoint.id}", f"private DNS of {endpoint.id}"),
    )
    stop = _endpoint_stop(origin, endpoint)
    if stop is not None:
        return Resolution((*hops, stop))
    if endpoint.service.endswith(".s3") and is_layer_bucket(name):
        hops = (*hops, _layers_by_interface(name, endpoint))
    targets = []
    for id in endpoint.interfaces:
        found = (snapshot.interfaces or {}).get(id)
        if found is None or not found.addresses:
            missing = f"The network interface {id} of {endpoint.id} was not read."
            return Resolution((*hops, Hop(PathStep.ENDPOINT, HopVerdict.CANNOT_CHECK, endpoint.id, "", missing)))
        four = next((a for a in found.addresses if a.version == 4), found.addresses[0])
        targets.append(_interface(snapshot, found, four.text))
    return Resolution(hops, tuple(targets), service_of(name, snapshot.region))


def _layers_by_interface(name: str, endpoint: Endpoint) -> Hop:
    """ECR's layers through an interface endpoint: its guide (vpc-endpoints) asks for the gateway, and says no more."""
    reason = (
        f"{name} leads to {endpoint.id}, an interface endpoint. Amazon ECR's guide asks for a gateway endpoint; "
        "whether its layers come through this kind, AWS does not say."
    )
    fix = fixes.leave_inbound_resolver_only(endpoint)
    return Hop(PathStep.ENDPOINT, HopVerdict.CANNOT_CHECK, endpoint.id, "type: Interface", reason, fix)


def _endpoint_stop(origin: Origin, endpoint: Endpoint) -> Hop | None:
    """The hop at an endpoint that has no address to give."""
    if not endpoint.available:
        reason = f"{endpoint.id} is not available yet: its state is {endpoint.state or 'not known'}."
        return Hop(PathStep.ENDPOINT, HopVerdict.BLOCKED, endpoint.id, f"state: {endpoint.state}", reason)
    if not endpoint.interfaces and not endpoint.subnets:
        fix = fixes.add_subnet(endpoint, origin.subnet)
        reason = f"{endpoint.id} is in no subnet, so it has no address."
        return Hop(PathStep.ENDPOINT, HopVerdict.BLOCKED, endpoint.id, "subnets: none", reason, fix)
    if not endpoint.interfaces:
        reason = f"The network interfaces of {endpoint.id} are not in its description."
        return Hop(PathStep.ENDPOINT, HopVerdict.CANNOT_CHECK, endpoint.id, "", reason)
    return None


def _open(resource: str, name: str, what: str, rule: str = "AmazonProvidedDNS") -> Hop:
    return Hop(PathStep.DNS, HopVerdict.OPEN, resource, rule, f"{name} {what}.")


def _unknown(resource: str, reason: str, rule: str = "") -> Hop:
    return Hop(PathStep.DNS, HopVerdict.CANNOT_CHECK, resource, rule, reason)
