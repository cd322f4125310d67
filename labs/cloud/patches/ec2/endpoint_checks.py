"""What CreateVpcEndpoint and ModifyVpcEndpoint refuse. All of it is asked before anything changes.

Sources: EC2 API reference, CreateVpcEndpoint, ModifyVpcEndpoint; PrivateLink guide, "Access an AWS service using an
interface VPC endpoint" and "Gateway endpoints"; the sentences in ``refusals``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labs import iam
from labs.cloud.patches.ec2 import ec2_errors, interfaces, lifetimes

GATEWAY, INTERFACE = "Gateway", "Interface"
ADDRESS_TYPES = ("ipv4", "dualstack", "ipv6")
_RECORD_TYPES = (*ADDRESS_TYPES, "service-defined")
_ANY_TYPE = (INTERFACE, GATEWAY, "GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel")


def service(backend: Any, name: str, asked: str) -> Mapping[str, Any]:
    """The catalogue's entry of a service for one type of endpoint."""
    from moto.ec2.exceptions import InvalidServiceName

    known = backend._collect_default_endpoint_services(backend.account_id, backend.region_name)
    own = (configuration.to_dict() for configuration in backend.configurations.values())
    found = [entry for entry in (*known, *own) if entry["ServiceName"] == name]
    if not found:
        raise InvalidServiceName(name)
    if asked not in _ANY_TYPE:
        raise ec2_errors.refused("endpoint.unknown_type", asked=asked)
    available = {kind["ServiceType"]: entry for entry in found for kind in entry["ServiceType"]}
    if asked not in available:
        raise ec2_errors.refused("endpoint.wrong_type", asked=asked, available=", ".join(sorted(available)))
    entry: Mapping[str, Any] = available[asked]
    return entry


def only_for(kind: str, parameters: Mapping[str, Any]) -> None:
    """Parameters that belong to the other type; names as in CreateVpcEndpoint."""
    if kind == INTERFACE:
        if parameters.get("RouteTableIds"):
            raise ec2_errors.refused("endpoint.route_tables_only_for_gateways")
        return
    if parameters.get("SubnetIds"):
        raise ec2_errors.refused("endpoint.subnets_not_for_gateways")
    if (parameters.get("DnsOptions") or {}).get("PrivateDnsOnlyForInboundResolverEndpoint"):
        raise ec2_errors.refused("endpoint.inbound_dns_not_for_gateways")
    for name in ("SecurityGroupIds", "PrivateDnsEnabled"):
        if parameters.get(name):
            raise ec2_errors.refused("endpoint.only_for_interfaces", parameter=name)


def options(parameters: Mapping[str, Any]) -> None:
    """The closed sets of values."""
    chosen = parameters.get("IpAddressType")
    if chosen and chosen not in ADDRESS_TYPES:
        raise ec2_errors.refused("endpoint.address_type", asked=chosen)
    record = (parameters.get("DnsOptions") or {}).get("DnsRecordIpType")
    if record and record not in _RECORD_TYPES:
        raise ec2_errors.refused("endpoint.record_type", asked=record)


def subnets(backend: Any, vpc_id: str, name: str, entry: Mapping[str, Any], ids: Sequence[str]) -> list[Any]:
    """The subnets of one endpoint: the VPC's, each in another zone that the service is in."""

    found, zones = [], set()
    for subnet_id in dict.fromkeys(ids):
        subnet = backend.get_subnet(subnet_id)
        if subnet.vpc_id != vpc_id:
            raise ec2_errors.refused("endpoint.subnet_elsewhere", subnet=subnet_id, vpc=vpc_id)
        if subnet.availability_zone in zones:
            raise ec2_errors.refused("endpoint.same_zone", subnet=subnet_id)
        if subnet.availability_zone not in entry["AvailabilityZones"]:
            raise ec2_errors.refused("endpoint.zone_not_served", service=name, subnet=subnet_id)
        zones.add(subnet.availability_zone)
        found.append(subnet)
    return found


def addressing(found: Iterable[Any], chosen: str) -> None:
    """IPv6 needs a range in every subnet."""
    for subnet in found if chosen != "ipv4" else ():
        if not subnet.ipv6_cidr_block_association_set:
            raise ec2_errors.refused("endpoint.no_ipv6", asked=chosen, subnet=subnet.id)


def groups(backend: Any, vpc_id: str, ids: Sequence[str]) -> None:
    """See ``interfaces.check_groups``."""
    interfaces.check_groups(backend, vpc_id, ids)


def route_tables(backend: Any, vpc_id: str, ids: Iterable[str], prefix_list_id: str) -> None:
    """The VPC's, none of which leads to the service already."""
    for table_id in dict.fromkeys(ids):
        table = backend.get_route_table(table_id)
        if table.vpc_id != vpc_id:
            raise ec2_errors.refused("endpoint.table_elsewhere", table=table_id, vpc=vpc_id)
        if any(route.destination_prefix_list_id == prefix_list_id for route in table.routes):
            raise ec2_errors.refused("endpoint.route_exists", table=table_id, prefix_list=prefix_list_id)


def policy(document: str | None) -> None:
    """A policy that can be read as one."""
    if not document:
        return
    try:
        iam.parse_policy(document, iam.PolicyKind.ENDPOINT)
    except iam.MalformedPolicy as error:
        detail = f". {error.detail}" if error.detail else ""
        raise ec2_errors.refused("endpoint.policy", line=error.line, column=error.column, detail=detail) from error


def private_dns(backend: Any, vpc_id: str, entry: Mapping[str, Any], besides: Any = None) -> None:
    """Both attributes of the VPC are on, and no other endpoint there has the name."""
    vpc = backend.get_vpc(vpc_id)
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise ec2_errors.refused("endpoint.dns_attributes", vpc=vpc_id)
    names = set(private_names(entry))
    if not names:
        raise ec2_errors.refused("endpoint.no_private_dns", service=entry["ServiceName"])
    for other in lifetimes.living(backend.vpc_end_points.values()):
        if other is besides or other.vpc_id != vpc_id or not other.private_dns_enabled:
            continue
        for name in sorted(names & set(other.private_names)):
            raise ec2_errors.refused("endpoint.dns_conflict", name=name.removeprefix("*."), vpc=vpc_id)


def private_names(entry: Mapping[str, Any]) -> list[str]:
    """The public names of a service that private DNS takes over."""
    return [item["PrivateDnsName"] for item in entry.get("PrivateDnsNames", []) if item.get("PrivateDnsName")]


def inbound_resolver(backend: Any, vpc_id: str, name: str, only_inbound: bool) -> None:
    """Private DNS for inbound resolvers only leaves the VPC's own traffic to a gateway endpoint: there must be one."""
    if only_inbound and not any(
        other.vpc_id == vpc_id and other.service_name == name and other.vpc_endpoint_type == GATEWAY
        for other in lifetimes.living(backend.vpc_end_points.values())
    ):
        raise ec2_errors.refused("endpoint.needs_gateway", vpc=vpc_id)
